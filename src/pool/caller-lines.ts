/** Where a request of the pool was made: for warnings of unread responses. */

/** So many lines of a stack are looked at: layers, those of users too, stand between the pool and who has called. */
const MAX_LINES = 50
/** So many are told, as by an error. */
const SHOWN_LINES = 10

/** Who has called the pool: the lines of the stack before those of this package. */
export function callerLines(): string | undefined {
  const { stackTraceLimit } = Error
  const seen: { stack?: string } = {}
  Error.stackTraceLimit = MAX_LINES
  Error.captureStackTrace?.(seen, callerLines)
  Error.stackTraceLimit = stackTraceLimit
  const lines = seen.stack?.split('\n').slice(1)
  if (lines === undefined) return undefined
  const own = ownFolder(lines[0]!)
  const first = own === undefined ? 1 : lines.findIndex((line) => !line.includes(own))
  return lines.slice(first < 0 ? 1 : first, SHOWN_LINES + Math.max(first, 1)).join('\n')
}

/** The folder that this package was loaded from, as the line of one of its own calls has it. */
function ownFolder(line: string): string | undefined {
  return /[(\s]([^\s()]*\/(?:src|dist)\/)/.exec(line)?.[1]
}

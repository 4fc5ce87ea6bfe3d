/** Where a request of the pool was made: for warnings of responses that nobody reads. */

/** Who has called the pool: the lines of the stack below this package's own. */
export function callerLines(): string | undefined {
  const seen: { stack?: string } = {}
  Error.captureStackTrace?.(seen, callerLines)
  return seen.stack?.split('\n').slice(2).join('\n')
}

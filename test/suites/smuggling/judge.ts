// The verdict over one attempt: both readers understood the same of every stream; what they understood is exactly what was
// asked for, or nothing and an error of ours; nothing is left over on a stream that goes on; and the next request on the
// same object is one message again.

import { HTTPException } from '../../../src/index.ts'
import { type Attempt, complete } from './attempt.ts'
import { type Door, type EscapeName, type Expected, isHonest } from './door.ts'
import { type Message, trimBlanks } from './reader.ts'
import { type LineRecipe, meanings } from './recipes.ts'
import type { Recorder } from './stage.ts'
import { readStrictly } from './strict-server.ts'

/** How the use of a door ended. */
export interface Ending {
  readonly sent: 'answered' | 'refused' | 'never'
  readonly error?: unknown
  /** Undefined where there was nothing to probe. */
  readonly probed?: 'answered' | 'failed' | 'never'
  readonly probeError?: unknown
}

export interface Verdict {
  /** What must not be; undefined where all is well. */
  readonly violation: string | undefined
  /** True where the message that was asked for arrived. */
  readonly arrived: boolean
  /** The departures that were made use of. */
  readonly escapes: ReadonlySet<EscapeName>
}

/** Errors that can only be known when a message of declared length is complete already. */
const TOLD_LATE: readonly string[] = ['BODY_TOO_LONG', 'INVALID_BODY', 'IMPROPER_STATE']

export function judge(door: Door, attempt: Attempt, recorders: readonly Recorder[], ending: Ending): Verdict {
  const escapes = new Set<EscapeName>()
  const messages: Message[] = []
  const done = (violation: string | undefined, arrived = false): Verdict => ({ violation, arrived, escapes })
  for (const recorder of recorders) {
    const violation = judgeStream(door, recorder, escapes)
    if (violation !== undefined) return done(violation)
    messages.push(...recorder.messages)
  }
  if (ending.sent === 'never') return done('the call never settled')
  if (ending.sent === 'refused') {
    const foreign = judgeError(ending.error, isHonest(door, attempt))
    if (foreign !== undefined) return done(foreign)
  }
  const probe = judgeProbe(ending, messages)
  if (probe !== undefined) return done(probe)
  const isProbed = ending.probed === 'answered' && messages.at(-1)?.target === '/probe'
  const seen = isProbed ? messages.slice(0, -1) : messages
  const violation = judgeMessages(door, attempt, seen, ending, escapes)
  return done(violation, violation === undefined && ending.sent === 'answered')
}

/** One stream: both readers agree, and nothing is left over unless the client gave the stream up. */
function judgeStream(door: Door, recorder: Recorder, escapes: Set<EscapeName>): string | undefined {
  const { text, messages, malformed, leftover, isClosed } = recorder
  if (malformed !== undefined) return `the server cannot read it: ${malformed}`
  if (leftover !== '' && !isClosed)
    return `left over on an open stream: ${JSON.stringify(leftover.slice(0, 80))}`
  const strict = readStrictly(Buffer.from(text, 'latin1'), door.stage?.switching ?? 'refuse')
  if (
    strict.error === 'BAD_HOST_FIELD' &&
    lacksHost(recorder) &&
    door.escapes?.includes('no-host') === true
  ) {
    escapes.add('no-host')
    return undefined
  }
  if (strict.error !== undefined) return `the strict server refuses it: ${strict.error}`
  if (/\r\n[\t ]/.test(text) && door.escapes?.includes('folds') === true) escapes.add('folds')
  if (
    leftover === '' &&
    text !== '' &&
    door.stage?.switching === 'upgrade' &&
    /\r\n\r\n[^]*\r\n\r\n/.test(text)
  )
    escapes.add('foreign-bytes')
  if (strict.leftover !== (leftover !== '')) return 'the readers differ about what is left over'
  const [one, other] = [messages, strict.messages].map((list) => list.map(formatMessage).join('\n'))
  return one === other ? undefined : `the readers differ: ${one} and ${other}`
}

function hasHost({ fields }: Message): boolean {
  return fields.some(([name]) => name.toLowerCase() === 'host')
}

/** Of a message that is not complete only the text is there. */
function lacksHost({ text, messages }: Recorder): boolean {
  // A body may begin as a Host field does.
  const [head = ''] = text.split('\r\n\r\n')
  return messages.some((message) => !hasHost(message)) || !/\r\nhost:/i.test(head)
}

/** White space inside a value may be a fold, which each reader undoes in its own way. */
function formatMessage({ method, target, version, fields, body, trailers }: Message): string {
  const shown = fields.map(([name, value]) => [name, value.replace(/[\t ]+/g, ' ')])
  return JSON.stringify([method, target, version, shown, body, trailers])
}

function judgeError(error: unknown, isHonest: boolean): string | undefined {
  if (HTTPException.isHTTPException(error)) {
    return error.code === 'BAD_STATUS_LINE' || /LOST|REMOTE/.test(error.code)
      ? `the server was at a loss: ${error.message}`
      : undefined
  }
  // The type of an argument was wrong, and the types of the package say so.
  if (error instanceof TypeError && !isHonest) return undefined
  return `an error that is not ours: ${String(error)}`
}

function judgeProbe({ probed, probeError }: Ending, messages: readonly Message[]): string | undefined {
  if (probed === undefined) return undefined
  if (probed === 'never') return 'the next request never settled'
  if (probed === 'failed') return `the next request failed: ${String(probeError)}`
  const probes = messages.filter(({ target }) => target === '/probe')
  // An engine whose connection has ended sends none.
  if (probes.length > 1) return 'the next request came more than once'
  const [probe] = probes
  if (probe === undefined) return undefined
  const names = probe.fields.map(([name]) => name).join()
  const isSound =
    probe.method === 'GET' && probe.body === '' && /^(?:Host)?(?:,?Accept-Encoding)?$/.test(names)
  return isSound ? undefined : `the next request came as ${formatMessage(probe)}`
}

function judgeMessages(
  door: Door,
  attempt: Attempt,
  seen: readonly Message[],
  { sent, error }: Ending,
  escapes: Set<EscapeName>,
): string | undefined {
  const expected = door.expects(complete(attempt))
  if (seen.length > expected.length)
    return `${seen.length} messages came, ${expected.length} were meant: ${seen.map(formatMessage).join(' ')}`
  if (sent === 'answered' && seen.length < expected.length) return 'an answer, and no message'
  for (const [index, message] of seen.entries()) {
    // Of several, those before the last do not depend on what follows.
    const isLast = index === expected.length - 1
    const isLate = sent === 'refused' && isLast
    if (isLate && !isToldLate(door, error))
      return `an error (${String(error)}), and the message came all the same`
    if (isLate) escapes.add('cut-at-length')
    // An answer that ends the connection makes the rest of a body unwanted (RFC 9112 §9.5).
    const difference = compare(message, expected[index]!, isLate || hasClose(message))
    if (difference !== undefined) return `${difference}: ${formatMessage(message)}`
  }
  return undefined
}

function hasClose({ version, fields }: Message): boolean {
  return version === 10 || fields.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value))
}

function isToldLate({ slots }: Door, error: unknown): boolean {
  const isLate = HTTPException.isHTTPException(error)
    ? TOLD_LATE.includes(error.code)
    : error instanceof TypeError
  return slots.includes('body') && isLate
}

/** What differs between a message and what was asked for. */
function compare(message: Message, expected: Expected, isCut: boolean): string | undefined {
  if (!expected.methods.includes(message.method)) return 'another method'
  if (!expected.targets.includes(message.target)) return 'another target'
  if (!expected.versions.includes(message.version)) return 'another version'
  const isBody = isCut ? expected.body.startsWith(message.body) : expected.body === message.body
  if (!isBody) return 'another body'
  const differences = expected.fields.map((lines) => compareFields(message.fields, lines, expected.additions))
  if (differences.every((difference) => difference !== undefined)) return differences[0]
  const isTrailed = expected.trailers.some(
    (lines) => compareFields(message.trailers, lines, new Map()) === undefined,
  )
  return isTrailed || (isCut && message.trailers.length === 0) ? undefined : 'other trailers'
}

/** The caller's lines, each once and in order; between them only what may be added, each once. */
function compareFields(
  seen: Message['fields'],
  lines: readonly LineRecipe[],
  additions: Expected['additions'],
): string | undefined {
  const added = new Set<string>()
  let next = 0
  for (const [name, value] of seen) {
    const line = lines[next]
    if (line !== undefined && means(line, name, value)) {
      next++
      continue
    }
    const lower = name.toLowerCase()
    if (added.has(lower) || additions.get(lower)?.(value) !== true)
      return `a field that was not asked for (${name})`
    added.add(lower)
  }
  return next === lines.length ? undefined : 'a field is missing'
}

function means([name, value]: LineRecipe, seenName: string, seenValue: string): boolean {
  return (
    meanings(name).includes(seenName) && meanings(value).some((text) => squeeze(text) === squeeze(seenValue))
  )
}

/** A fold, and what stands around it, reads as one space. */
function squeeze(text: string): string {
  return trimBlanks(text.replace(/(?:\r\n)?[\t ]+/g, ' '))
}

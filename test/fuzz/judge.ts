// What must hold of every input: the oracle of the fuzzer. An input is read whole and in pieces, by runs of the same player
// that plays the wire corpus, and what came of it is held against rules that do not depend on what the input is.

import {
  LIMITS,
  type LimitName,
  type ReceivedInformational,
  type ReceivedRequest,
  type ReceivedResponse,
  RemoteProtocolError,
} from '../../src/h1/index.ts'
import { factsOf } from '../support/engine-events.ts'
import { joinPieces, type Script, WireRun } from '../support/wire-run.ts'
import type { FuzzInput } from './input.ts'
import { type NaiveMessage, readRequests, readResponses } from './naive-reader.ts'
import { rewrite } from './rewrite.ts'

/** A rule that was broken: its name, and what happened. */
export interface Violation {
  readonly rule: string
  readonly detail: string
}

export interface Verdict {
  readonly violation: Violation | undefined
  /** The first reading, for tallies. */
  readonly whole: WireRun | undefined
  /** Messages that were written and read again. */
  readonly rewritten: number
}

/** A reading longer than this is repeated; the machine may have been busy. */
const SUSPICIOUS_MS = 20
const REPEATS = 8
/** No reading takes longer at its best: some times what the slowest input takes, byte by byte. */
const MAX_MS_PER_READING = 4
const MAX_MS_PER_BYTE = 0.003

class Broken extends Error {
  readonly violation: Violation
  constructor(rule: string, detail: string) {
    super(rule)
    this.violation = { rule, detail }
  }
}

/** Reads an input in every way that it asks for, and says what rule it broke. */
export function judge(input: FuzzInput): Verdict {
  let whole: WireRun | undefined
  let rewritten = 0
  try {
    whole = readTimed(input, [])
    checkWhole(input, whole)
    if (input.cuts.length > 0) compare(whole, readTimed(input, input.cuts), 'depends on the cut')
    if (input.isHeld) checkHeld(input)
    if (input.isRewritten) rewritten = checkRewritten(input, whole)
    checkFinal(whole)
    return { violation: undefined, whole, rewritten }
  } catch (error) {
    const violation =
      error instanceof Broken
        ? error.violation
        : {
            rule: 'foreign error',
            detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
          }
    return { violation, whole, rewritten }
  }
}

// ------------------------------------------------------------------------------------------------------ in time

function readTimed(input: FuzzInput, cuts: readonly number[]): WireRun {
  const { script, tolerances } = input
  const read = (): WireRun => new WireRun(script, tolerances).play(cuts)
  const beganAt = performance.now()
  const run = read()
  const tookMs = performance.now() - beganAt
  if (tookMs > SUSPICIOUS_MS) checkTime(script, tookMs, read)
  // Each event but the answers that end a `receive` uses up a byte, or ends a message.
  const most = 2 * script.input.length + 2 * (cuts.length + 3) + 8
  if (run.events > most) throw new Broken('too many events', `${run.events}, at most ${most}`)
  return run
}

function checkTime({ input }: Script, tookMs: number, read: () => WireRun): void {
  const mostMs = MAX_MS_PER_READING + MAX_MS_PER_BYTE * input.length
  let leastMs = tookMs
  for (let repeat = 0; repeat < REPEATS && leastMs > mostMs; repeat++) {
    const beganAt = performance.now()
    read()
    leastMs = Math.min(leastMs, performance.now() - beganAt)
  }
  if (leastMs > mostMs) throw new Broken('too slow', `${leastMs.toFixed(1)} ms, at most ${mostMs.toFixed(1)}`)
}

// --------------------------------------------------------------------------------------------- however it is cut

function compare(whole: WireRun, cut: WireRun, rule: string): void {
  const [expected, actual] = [whole.log.join('\n'), cut.log.join('\n')]
  if (expected !== actual) throw new Broken(rule, `whole:\n${expected}\ncut:\n${actual}`)
  const [facts, cutFacts] = [JSON.stringify(factsOf(whole.failure)), JSON.stringify(factsOf(cut.failure))]
  if (facts !== cutFacts) throw new Broken(rule, `${facts}, ${cutFacts}`)
}

// -------------------------------------------------------------------------------------------------- what was read

type Head = ReceivedRequest | ReceivedInformational | ReceivedResponse

/** A message as the engine gave it. */
interface ReadMessage {
  readonly head: Head
  body: string
  hasEnded: boolean
  trailers: ReceivedRequest['fields']
}

function checkWhole(input: FuzzInput, run: WireRun): void {
  const { failure } = run
  if (failure !== undefined && !(failure instanceof RemoteProtocolError))
    throw new Broken('error of another kind', `${failure.name}: ${failure.message}`)
  const messages = gather(run)
  for (const { head, trailers } of messages) {
    checkFields(input, head, 'head')
    checkFields(input, { ...head, fields: trailers }, 'trailers')
    for (const defect of head.defects) {
      const tolerance = TOLERANCE_OF[defect]
      if (tolerance !== undefined && !(input.tolerances as readonly string[]).includes(tolerance))
        throw new Broken('tolerated without leave', defect)
    }
  }
  checkNumbers(input.script, messages)
  checkAgainstNaive(input.script, run, messages)
}

/** The defects that only a tolerance may let through. */
const TOLERANCE_OF: Readonly<Partial<Record<Head['defects'][number], string>>> = {
  'bare-lf': 'bareLf',
  'control-in-value': 'controlInValue',
  'space-before-colon': 'spaceBeforeColon',
  'skipped-field': 'skipBadFields',
  http09: 'http09',
}

function gather(run: WireRun): ReadMessage[] {
  const messages: ReadMessage[] = []
  let open: ReadMessage | undefined
  const needOpen = (): ReadMessage => {
    if (open === undefined || open.hasEnded) throw new Broken('order of events', run.log.join('\n'))
    return open
  }
  for (const event of run.seen) {
    switch (event.type) {
      case 'request':
      case 'informational':
      case 'response':
        if (open !== undefined && !open.hasEnded) throw new Broken('order of events', run.log.join('\n'))
        messages.push({ head: event, body: '', hasEnded: false, trailers: [] })
        open = event.type === 'informational' ? undefined : messages.at(-1)
        break
      case 'data':
        needOpen().body += joinPieces(event).toString('latin1')
        break
      case 'end': {
        const message = needOpen()
        message.hasEnded = true
        message.trailers = event.trailers
        break
      }
      default:
    }
  }
  return messages
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Fields are what the grammar allows, and within the limits that were set. */
function checkFields({ script, tolerances }: FuzzInput, head: Head, part: 'head' | 'trailers'): void {
  const { fields, defects } = head
  const bad = tolerances.includes('controlInValue') ? /[\r\n\0]/ : /[^\t\x20-\x7e\x80-\xff]/
  let bytes = 0
  for (const [name, value] of fields) {
    if (!NAME.test(name) || bad.test(value) || /^[ \t]|[ \t]$/.test(value))
      throw new Broken('malformed field', JSON.stringify([name, value]))
    bytes += name.length + value.length + 1
    if (!defects.includes('folded-field') && name.length + value.length + 1 > limitOf(script, 'maxLineBytes'))
      throw new Broken('limit passed', `maxLineBytes: ${name}`)
  }
  if (fields.length > limitOf(script, 'maxFields'))
    throw new Broken('limit passed', `maxFields: ${fields.length}`)
  if (bytes > limitOf(script, part === 'head' ? 'maxHeadBytes' : 'maxTrailerBytes'))
    throw new Broken('limit passed', `the ${part} has ${bytes} bytes in fields`)
}

function limitOf({ limits }: Script, name: LimitName): number {
  return limits[name] ?? LIMITS[name].default
}

/** No response without a request, and no more informational ones than allowed. */
function checkNumbers(script: Script, messages: readonly ReadMessage[]): void {
  let informational = 0
  let finals = 0
  for (const { head } of messages) {
    if (head.type === 'response') finals++
    informational = head.type === 'informational' ? informational + 1 : 0
    if (informational > limitOf(script, 'maxInformational'))
      throw new Broken('limit passed', `${informational} informational responses`)
  }
  if (script.role === 'client' && finals > script.requests.length)
    throw new Broken('response without a request', `${finals} for ${script.requests.length}`)
}

// ------------------------------------------------------------------------------------------- the second reader

function checkAgainstNaive(script: Script, run: WireRun, messages: readonly ReadMessage[]): void {
  const text = script.input.toString('latin1')
  const naive =
    script.role === 'server'
      ? readRequests(text)
      : readResponses(
          text,
          script.requests.map(({ method }) => method),
          script.eof,
        )
  // What is refused or has to wait is not read on; all else that a plain reader sees has to be there.
  const mayLack = run.failure !== undefined || run.last === 'paused'
  for (const [index, expected] of naive.entries()) {
    const message = messages[index]
    if (message === undefined) {
      if (mayLack) return
      throw new Broken('message lost', `${expected.start}, read as\n${run.log.join('\n')}`)
    }
    if (!isSameHead(message.head, expected)) throw differs(expected, run)
    if (expected.refusal !== undefined) throw new Broken('accepted what is to be refused', expected.refusal)
    if (expected.isInformational) continue
    if (expected.end === 'unsure') return
    if (message.hasEnded) {
      const { body, trailers } = message
      if (expected.end === 'broken') throw new Broken('message ended where it does not', run.log.join('\n'))
      if (expected.extensionBytes > limitOf(script, 'maxChunkExtensionBytes'))
        throw new Broken('limit passed', `${expected.extensionBytes} bytes of chunk extensions`)
      if (body !== expected.body || !isSame(trailers, expected.trailers)) throw differs(expected, run)
    } else if (expected.end === 'complete' && !mayLack) {
      throw new Broken('end of message lost', run.log.join('\n'))
    }
    if (expected.end === 'broken') return
  }
}

function isSameHead(head: Head, expected: NaiveMessage): boolean {
  const start = head.type === 'request' ? `${head.method} ${head.target}` : String(head.status)
  return start === expected.start && isSame(head.fields, expected.fields)
}

function isSame(fields: Head['fields'], expected: NaiveMessage['fields']): boolean {
  return (
    fields.length === expected.length &&
    fields.every(([name, value], index) => name === expected[index]![0] && value === expected[index]![1])
  )
}

function differs(expected: NaiveMessage, run: WireRun): Broken {
  return new Broken('read in another way', `${JSON.stringify(expected)}\n${run.log.join('\n')}`)
}

// ------------------------------------------------------------------------------------------ what is held, what stays

/** Half of an input is given; what the engine then holds is bounded by the limits, and not by what was declared. */
function checkHeld({ script, tolerances, cuts }: FuzzInput): void {
  const { input } = script
  const end = cuts[cuts.length >> 1] ?? input.length
  const run = new WireRun(script, tolerances)
  run.feed(cuts, end)
  if (run.last === 'paused') return
  const most = Math.max(limitOf(script, 'maxHeadBytes'), limitOf(script, 'maxTrailerBytes')) + 2
  const isInBody = run.failure === undefined && run.seen.at(-1)?.type === 'data'
  if (run.failure !== undefined) for (let more = 0; more < 4; more++) run.engine.receive(Buffer.alloc(16_384))
  const held = run.engine.takeTrailing().length
  if (run.failure === undefined ? held > most : held > 0)
    throw new Broken(
      'holds too much',
      `${held} bytes of ${end}, at most ${run.failure === undefined ? most : 0}`,
    )
  if (isInBody && held > limitOf(script, 'maxTrailerBytes') + 2)
    throw new Broken('holds too much', `${held} bytes inside a body`)
}

/** Nothing that comes later changes an error, or makes the engine usable again. */
function checkFinal({ engine, failure }: WireRun): void {
  if (failure === undefined) return
  for (const more of [Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), null]) {
    engine.receive(more)
    let error: unknown
    try {
      error = engine.nextEvent()
    } catch (again) {
      error = again
    }
    if (error !== failure || engine.isReusable || engine.canSendRequest)
      throw new Broken('error not final', String(error))
  }
}

function checkRewritten({ script }: FuzzInput, run: WireRun): number {
  const { messages, difference } = rewrite(script, run.seen)
  if (difference !== undefined) throw new Broken('written and read again differs', difference)
  return messages
}

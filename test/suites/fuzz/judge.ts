// What must hold of every input: the oracle of the fuzzer. An input is read whole and in pieces, by runs of the same player
// that plays the wire corpus, and what came of it is held against rules that do not depend on what the input is.

import { factsOf } from '../../support/engine-events.ts'
import { type Script, WireRun } from '../../support/wire-run.ts'
import type { FuzzInput } from './input.ts'
import { checkWhole } from './reading.ts'
import { rewrite } from './rewrite.ts'
import { Broken, limitOf, type Violation } from './violation.ts'

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

/** Reads an input in every way that it asks for, and says what rule it broke. */
export function judge(input: FuzzInput): Verdict {
  let whole: WireRun | undefined
  let rewritten = 0
  try {
    whole = readTimed(input, [])
    checkWhole(input, whole)
    if (input.cuts.length > 0) {
      const cut = readTimed(input, input.cuts)
      compare(whole, cut, 'depends on the cut')
      checkShared(whole, cut)
    }
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
    const used = process.cpuUsage()
    read()
    const { user, system } = process.cpuUsage(used)
    // The clock on the wall runs while others have the processor; that of the process while its other threads have it.
    leastMs = Math.min(leastMs, performance.now() - beganAt, (user + system) / 1_000)
  }
  if (leastMs > mostMs) throw new Broken('too slow', `${leastMs.toFixed(1)} ms, at most ${mostMs.toFixed(1)}`)
}

// --------------------------------------------------------------------------------------------- however it is cut

function compare(whole: WireRun, cut: WireRun, rule: string): void {
  const [expected, actual] = [whole.log.join('\n'), cut.log.join('\n')]
  if (expected !== actual) throw new Broken(rule, `whole:\n${expected}\ncut:\n${actual}`)
  const [facts, cutFacts] = [JSON.stringify(factsOf(whole.failure)), JSON.stringify(factsOf(cut.failure))]
  if (facts !== cutFacts) throw new Broken(rule, `${facts}, ${cutFacts}`)
  const [progress, cutProgress] = [JSON.stringify(whole.engine.progress), JSON.stringify(cut.engine.progress)]
  if (progress !== cutProgress) throw new Broken(rule, `progress ${progress}, ${cutProgress}`)
}

// ------------------------------------------------------------------------------------------------- what is shared

/** What two engines have both handed out cannot be changed: neither could know of the other. */
function checkShared(one: WireRun, other: WireRun): void {
  const here = new Set(other.seen.flatMap(objectsOf))
  for (const object of one.seen.flatMap(objectsOf)) {
    if (here.has(object) && !Object.isFrozen(object))
      throw new Broken('shared and mutable', JSON.stringify(object))
  }
}

/** The records and lists in an event; the pieces of a body are the player's own. */
function objectsOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return []
  return [value, ...Object.values(value).flatMap(objectsOf)]
}

// ------------------------------------------------------------------------------------------ what is held, what stays

/** So much more is received behind an error, to see that nothing of it is kept. */
const BEHIND_AN_ERROR = [16_384, 16_384, 16_384]

/** A part of an input is given; what the engine then holds is bounded by the limits, and not by what was declared. */
function checkHeld({ script, tolerances, cuts }: FuzzInput): void {
  const { input } = script
  const given = cuts[cuts.length >> 1] ?? input.length
  const run = new WireRun(script, tolerances)
  run.feed(cuts, given)
  // What is paused is not read: whoever feeds it decides how much is held.
  if (run.last === 'paused') return
  if (run.failure !== undefined) for (const bytes of BEHIND_AN_ERROR) run.engine.receive(Buffer.alloc(bytes))
  const held = run.engine.takeTrailing().length
  const most = mostHeld(script, run)
  if (held > most) throw new Broken('holds too much', `${held} bytes of ${given}, at most ${most}`)
}

/** A head or a trailer section is held until it is complete, with the CR LF in front or behind; a body never is. */
function mostHeld(script: Script, run: WireRun): number {
  if (run.failure !== undefined) return 0
  const isInBody = run.seen.at(-1)?.type === 'data'
  const trailers = limitOf(script, 'maxTrailerBytes')
  return 2 + (isInBody ? trailers : Math.max(trailers, limitOf(script, 'maxHeadBytes')))
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

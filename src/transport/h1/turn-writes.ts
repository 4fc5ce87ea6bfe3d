/**
 * Lets requests of one turn of the event loop, on many connections, leave together at its end: a server that is written to once in a
 * while falls asleep in between, and each write has to wake it. One for a whole pool.
 *
 * It is worth something only where many requests are begun in a turn, and where turns are short: a request must not wait for what
 * somebody does with the response of another. So each turn is looked at when it is over, and where it was not so, what comes next is
 * written at once for a while.
 */

import type { Clock } from '../../time/clock.ts'

/** Fewer than these in a turn are not worth the wait: a server answers one of them while the others are read. */
const MIN_TOGETHER = 16
/** So many leave together at most, so that the server can begin. */
const MAX_TOGETHER = 32
/** Longer than this, in milliseconds, nothing should have waited. */
const LONGEST_MS = 2
/** So many are written at once then. */
const RESTS = 256

/** Holds back a write. */
export interface HeldWriter {
  /** Writes it, if it is still wanted. Does not throw. */
  endTurn(): void
}

export class TurnWrites {
  readonly #clock: Clock
  readonly #afterTurn: (act: () => void) => void
  #held: HeldWriter[] = []
  /** How many were held back in this turn. */
  #inTurn = 0
  /** When the first of those that are held was added, in milliseconds on the clock. */
  #since = 0
  #isLong = false
  /** How many are still to be written at once. */
  #rests = 0
  readonly #onEnd = (): void => {
    this.#flush(this.#clock.now())
    if (this.#inTurn < MIN_TOGETHER || this.#isLong) this.#rests = RESTS
    this.#inTurn = 0
    this.#isLong = false
  }

  /** Undefined where the clock knows nothing of turns: each request leaves at once then. */
  static of(clock: Clock): TurnWrites | undefined {
    // Security: what another package wrote onto `Object.prototype` is no method of a clock.
    if (Object.hasOwn(Object.prototype, 'afterTurn') && !Object.hasOwn(clock, 'afterTurn')) return undefined
    return clock.afterTurn === undefined ? undefined : new TurnWrites(clock, (act) => clock.afterTurn!(act))
  }

  /** @param afterTurn - calls back once what there is to tell in this turn was told */
  constructor(clock: Clock, afterTurn: (act: () => void) => void) {
    this.#clock = clock
    this.#afterTurn = afterTurn
  }

  /** Whether the next write is to be held back; to be asked once for each. */
  get holds(): boolean {
    if (this.#rests === 0) return !this.#isLong
    this.#rests--
    return false
  }

  /**
   * `writer` holds a write back until it is told.
   * @param nowMs - what the clock says
   */
  add(writer: HeldWriter, nowMs: number): void {
    if (this.#inTurn++ === 0) this.#afterTurn(this.#onEnd)
    if (this.#held.length === 0) this.#since = nowMs
    this.#held.push(writer)
    if (this.#held.length === MAX_TOGETHER || nowMs - this.#since > LONGEST_MS) this.#flush(nowMs)
  }

  #flush(nowMs: number): void {
    const held = this.#held
    if (held.length === 0) return
    this.#isLong ||= nowMs - this.#since > LONGEST_MS
    this.#held = []
    for (const writer of held) writer.endTurn()
  }
}

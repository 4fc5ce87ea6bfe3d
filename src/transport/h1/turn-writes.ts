/**
 * Lets requests of one turn of the event loop, on many connections, leave together at its end: a server that is written to once in a
 * while falls asleep in between, and each write has to wake it. One for a whole pool.
 *
 * It is worth something only where many requests are begun in a turn, and where turns are short: a request must not wait for what
 * somebody does with the response of another. So turns are watched to their end: what is begun in a turn waits where the one before had
 * been worth it, and after one that was not, what comes next is written at once for a while. Where the end of a turn is never told,
 * nothing ever waits.
 */

import type { Clock } from '../../time/clock.ts'

/** What is worth a wait. */
export interface TurnLimits {
  /** Fewer than these in a turn are not: a server answers one of them while the others are read. */
  readonly minTogether: number
  /** So many leave together at most, so that the server can begin. */
  readonly maxTogether: number
  /** Longer than this, in milliseconds, nothing should have waited. */
  readonly longestMs: number
  /** So many are written at once then, before the next turn is watched. */
  readonly rests: number
}

const LIMITS: TurnLimits = Object.freeze({ minTogether: 16, maxTogether: 32, longestMs: 2, rests: 256 })

/** Holds back a write. */
export interface HeldWriter {
  /** Writes it, if it is still wanted. Does not throw. */
  endTurn(): void
}

export class TurnWrites {
  readonly #clock: Clock
  readonly #afterTurn: (act: () => void) => void
  readonly #limits: TurnLimits
  #held: HeldWriter[] = []
  /** The end of this turn will be told. */
  #isWatched = false
  /** How many were begun in the turn that is watched. */
  #inTurn = 0
  /** When the first of the newest `maxTogether` of them was begun, in milliseconds on the clock. */
  #since = 0
  #isLong = false
  /** The turn before was worth it. */
  #isWorth = false
  /** How many are still to be written at once. */
  #rests = 0
  readonly #onEnd = (): void => {
    this.#look(this.#clock.now())
    const { minTogether, rests } = this.#limits
    this.#isWorth = this.#inTurn >= minTogether && !this.#isLong
    if (!this.#isWorth) this.#rests = rests
    this.#isWatched = false
    this.#inTurn = 0
    this.#isLong = false
    // At last: a stream that answers while it is written to has the next request begun, in another turn.
    this.#flush()
  }

  /** Undefined where the clock knows nothing of turns: each request leaves at once then. */
  static of(clock: Clock): TurnWrites | undefined {
    // Security: what another package wrote onto `Object.prototype` is no method of a clock.
    if (Object.hasOwn(Object.prototype, 'afterTurn') && !Object.hasOwn(clock, 'afterTurn')) return undefined
    if (typeof clock.afterTurn !== 'function') return undefined
    return new TurnWrites(clock, (act) => clock.afterTurn!(act))
  }

  /** @param afterTurn - calls back once what there is to tell in this turn was told */
  constructor(clock: Clock, afterTurn: (act: () => void) => void, limits: TurnLimits = LIMITS) {
    this.#clock = clock
    this.#afterTurn = afterTurn
    this.#limits = limits
  }

  /**
   * Whether the next write is to be held back, by `add`; to be asked once for each.
   * @param nowMs - what the clock says
   * @throws what the clock throws when it is asked for the end of the turn
   */
  holds(nowMs: number): boolean {
    if (this.#rests > 0) {
      this.#rests--
      return false
    }
    if (!this.#isWatched) this.#watch()
    if (this.#inTurn % this.#limits.maxTogether === 0) this.#since = nowMs
    this.#inTurn++
    this.#look(nowMs)
    return this.#isWorth && !this.#isLong && this.#isWatched
  }

  /** `writer` holds a write back until it is told. */
  add(writer: HeldWriter): void {
    this.#held.push(writer)
    if (this.#inTurn % this.#limits.maxTogether === 0) this.#flush()
  }

  #watch(): void {
    // Before the clock is asked: it may call back at once.
    this.#isWatched = true
    try {
      this.#afterTurn(this.#onEnd)
    } catch (error) {
      this.#isWatched = false
      throw error
    }
  }

  /** What waits leaves as soon as it is seen to have waited for long, and nothing waits in the rest of that turn. */
  #look(nowMs: number): void {
    if (this.#isLong || this.#inTurn === 0 || nowMs - this.#since <= this.#limits.longestMs) return
    this.#isLong = true
    this.#flush()
  }

  #flush(): void {
    const held = this.#held
    if (held.length === 0) return
    this.#held = []
    for (const writer of held) writer.endTurn()
  }
}

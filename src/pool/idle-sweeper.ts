/**
 * Says when to look for connections that have been idle too long: one timer for a whole pool, which keeps no process alive.
 */

import type { Clock, Timer } from '../time/clock.ts'
import { type ConnectionFacts, expiresAt } from './assign.ts'
import type { PoolLimits } from './limits.ts'

/** Idle connections are closed this late, and a moment more, at most, so that many of them cost few looks. Whether one is used is decided each time. */
const LATEST_MS = 1_000
/** What Node's timers can wait at most. */
const LONGEST_TIMER_MS = 2_147_483_647

export class IdleSweeper {
  readonly #clock: Clock
  readonly #limits: PoolLimits
  readonly #sweep: () => void
  #timer: Timer | undefined
  #dueAt = Infinity

  constructor(clock: Clock, limits: PoolLimits, sweep: () => void) {
    this.#clock = clock
    this.#limits = limits
    this.#sweep = sweep
  }

  /** A connection has become idle, or is idle still. */
  watch(connection: ConnectionFacts): void {
    const at = expiresAt(connection, this.#limits)
    // The look that comes anyway is in time for one that is a little earlier, and for all that are later.
    if (at + LATEST_MS + 1 >= this.#dueAt || at === Infinity) return
    this.#timer?.cancel()
    const now = this.#clock.now()
    const graceMs = Math.min(LATEST_MS, this.#limits.idleMs / 16)
    // A moment after the last at which it may be used.
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(1, at - now + graceMs + 1))
    this.#dueAt = now + delayMs
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined
      this.#dueAt = Infinity
      this.#sweep()
    })
    this.#timer.keepAlive(false)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#dueAt = Infinity
  }
}

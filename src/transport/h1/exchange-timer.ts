/**
 * Times what a connection waits for: one deadline, for the exchange whose turn it is. Which timeout runs is decided by
 * `decidePhase`; this sets it, and says whose it was when it is over.
 */

import type { Clock } from '../../time/clock.ts'
import { type Deadline, makeDeadline } from '../../time/deadline.ts'
import { type AwaitedPhase, decidePhase } from '../decisions.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeQueue } from './exchange-queue.ts'

/** What is timed: the exchanges of a connection, and whether either side holds the other back. */
export interface TimedWaits {
  readonly queue: ExchangeQueue
  /** The peer takes what is sent. */
  readonly isWritable: boolean
  /** The caller does not take what comes. */
  readonly isPaused: boolean
}

/** Is told that a timeout is over: which, and whose. `timeoutMs` is what the caller had set. */
export type OnTimeout = (phase: AwaitedPhase['name'], timeoutMs: number, exchange: Exchange) => void

export class ExchangeTimer {
  readonly #clock: Clock
  readonly #waits: TimedWaits
  readonly #onTimeout: OnTimeout
  #deadline: Deadline | undefined
  #phase: AwaitedPhase | undefined

  constructor(clock: Clock, waits: TimedWaits, onTimeout: OnTimeout) {
    this.#clock = clock
    this.#waits = waits
    this.#onTimeout = onTimeout
  }

  /** Sets the deadline for what is waited for now, or clears it. Called whenever that changes, and at each progress. */
  watch(at?: number): void {
    const timed = this.#timed
    if (timed === undefined) {
      this.stop()
      return
    }
    const now = at ?? this.#clock.now()
    const phase = this.#phaseOf(timed, now)
    this.#phase = phase
    this.#deadline ??= makeDeadline(this.#clock, ExchangeTimer.#fire, this)
    this.#deadline.set(phase.dueInMs, now)
  }

  /** Nothing is waited for. */
  stop(): void {
    this.#phase = undefined
    this.#deadline?.clear()
    // The next wait makes another one: most connections of a pool are idle.
    this.#deadline = undefined
  }

  /** Whose wait is timed: that of the oldest, or of a later one that the peer does not take while the oldest is unread. */
  get #timed(): Exchange | undefined {
    const { queue, isWritable, isPaused } = this.#waits
    const { oldest } = queue
    if (isWritable || !isPaused || oldest?.upload === 'sending') return oldest
    const newest = queue.members.at(-1)
    return newest?.upload === 'sending' ? newest : oldest
  }

  #phaseOf(exchange: Exchange, now: number): AwaitedPhase {
    const { isWritable, isPaused } = this.#waits
    const { hasHead, isEnded, upload, deadlines } = exchange
    const isSending = upload === 'sending' || (!isWritable && (!hasHead || isEnded))
    return decidePhase({
      timeouts: deadlines.timeouts,
      isSending,
      hasHead,
      isWritable,
      isHeldBack: isPaused,
      awaitedMs: isSending ? 0 : exchange.awaitedMs(now),
      leftMs: this.#waits.queue.endsAt - now,
    })
  }

  static readonly #fire = (timer: ExchangeTimer): void => timer.#fired()

  #fired(): void {
    const { queue } = this.#waits
    const { oldest } = queue
    if (oldest === undefined || this.#phase === undefined) return
    const { name, timeoutMs } = this.#phase
    if (name !== 'total') {
      this.#onTimeout(name, timeoutMs, this.#timed ?? oldest)
      return
    }
    const now = this.#clock.now()
    const late = queue.members.find(({ deadlines }) => deadlines.endsAt <= now) ?? oldest
    this.#onTimeout('total', late.deadlines.totalMs, late)
  }
}

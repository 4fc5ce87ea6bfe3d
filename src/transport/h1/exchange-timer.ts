/**
 * Times what a connection waits for: one deadline, for the exchange whose turn it is. Which timeout runs is decided by
 * `decidePhase`; this sets it, and says whose it was when it is over.
 */

import { TimeoutError } from '../../errors/index.ts'
import type { Clock } from '../../time/clock.ts'
import { type Deadline, makeDeadline } from '../../time/deadline.ts'
import { type AwaitedPhase, decidePhase } from '../decisions.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeQueue } from './exchange-queue.ts'

/** What is timed: the exchanges of a connection, and whether either side holds the other back. */
export interface TimedWaits {
  readonly clock: Clock
  readonly queue: ExchangeQueue
  /** The peer takes what is sent. */
  readonly isWritable: boolean
  /** The caller does not take what comes. */
  readonly isPaused: boolean
  /** Is told whose time is over. */
  abort(exchange: Exchange, error: TimeoutError): void
}

export class ExchangeTimer {
  readonly #waits: TimedWaits
  #deadline: Deadline | undefined
  #phase: AwaitedPhase | undefined
  /** Whose phase it is. */
  #timed: Exchange | undefined
  /** Whose body is waited for, and since when without progress. */
  #reading: Exchange | undefined
  #readingSince = 0
  /** Since when the peer takes nothing; undefined while it does. */
  #stalledSince: number | undefined

  constructor(waits: TimedWaits) {
    this.#waits = waits
  }

  /** Something came: who waits for a body has its time again. A request that is not taken has it where the answer is its own. */
  received(at: number): void {
    const { queue } = this.#waits
    this.#reading = undefined
    if (queue.concerned === queue.members.at(-1)) this.#stalledSince = undefined
    this.watch(at)
  }

  /** The peer takes what is sent. */
  taken(): void {
    this.#reading = undefined
    this.#stalledSince = undefined
    this.watch()
  }

  /** Sets the deadline for what is waited for now, or clears it. Called whenever that may have changed. */
  watch(at?: number): void {
    const first = this.#waits.queue.concerned
    if (first === undefined) {
      this.stop()
      return
    }
    const now = at ?? this.#waits.clock.now()
    this.#stalledSince = this.#waits.isWritable ? undefined : (this.#stalledSince ?? now)
    this.#timed = first
    this.#phase = this.#phaseOf(first, now)
    const untaken = this.#untaken()
    if (untaken !== undefined && this.#phase.name !== 'send') {
      const phase = this.#sendPhaseOf(untaken, now)
      if (phase.dueInMs < this.#phase.dueInMs) {
        this.#timed = untaken
        this.#phase = phase
      }
    }
    this.#deadline ??= makeDeadline(this.#waits.clock, ExchangeTimer.#fire, this)
    this.#deadline.set(this.#phase.dueInMs, now)
  }

  /** Nothing is waited for. */
  stop(): void {
    this.#phase = undefined
    this.#timed = undefined
    this.#reading = undefined
    this.#stalledSince = undefined
    this.#deadline?.clear()
  }

  /** A request that the peer does not take: the newest, for it was written last. Who reads a response before it is no matter. */
  #untaken(): Exchange | undefined {
    if (this.#waits.isWritable) return undefined
    const newest = this.#waits.queue.members.at(-1)!
    return newest.upload === 'sending' || !newest.hasHead || newest.isUndrained ? newest : undefined
  }

  #phaseOf(exchange: Exchange, now: number): AwaitedPhase {
    const { isWritable, isPaused } = this.#waits
    const { hasHead, isEnded, upload } = exchange
    const isSending = upload === 'sending' || (!isWritable && (!hasHead || isEnded))
    if (isSending) return this.#sendPhaseOf(exchange, now)
    const isUnread = isPaused || !this.#isBodyAwaited(exchange)
    return decidePhase({
      timeouts: exchange.deadlines.timeouts,
      isSending,
      hasHead,
      isWritable,
      isUnread,
      awaitedMs: hasHead ? this.#readMs(isUnread ? undefined : exchange, now) : exchange.awaitedMs(now),
      leftMs: this.#waits.queue.endsAt - now,
    })
  }

  #sendPhaseOf({ deadlines, startedAt, hasHead }: Exchange, now: number): AwaitedPhase {
    const { isWritable } = this.#waits
    return decidePhase({
      timeouts: deadlines.timeouts,
      isSending: true,
      hasHead,
      isWritable,
      isUnread: false,
      awaitedMs: now - Math.max(startedAt, this.#stalledSince ?? now),
      leftMs: this.#waits.queue.endsAt - now,
    })
  }

  /** The body is waited for by who reads it, and by who waits for what comes after it: the next, or the newest to be taken. */
  #isBodyAwaited(exchange: Exchange): boolean {
    if (exchange.isBodyAwaited) return true
    const { members } = this.#waits.queue
    const newest = members.at(-1)!
    if (newest === exchange) return false
    return newest.isAwaited || members[members.indexOf(exchange) + 1]!.isAwaited
  }

  /** How long a body has been waited for without progress; undefined for none. */
  #readMs(reading: Exchange | undefined, now: number): number {
    if (this.#reading !== reading) {
      this.#reading = reading
      this.#readingSince = now
    }
    return now - this.#readingSince
  }

  static readonly #fire = (timer: ExchangeTimer): void => timer.#fired()

  #fired(): void {
    const timed = this.#timed
    if (timed === undefined || this.#phase === undefined) return
    const { name, timeoutMs } = this.#phase
    if (name !== 'total') {
      this.#waits.abort(timed, new TimeoutError(name, timeoutMs))
      return
    }
    const now = this.#waits.clock.now()
    const late = this.#waits.queue.members.find(({ deadlines }) => deadlines.endsAt <= now) ?? timed
    this.#waits.abort(late, new TimeoutError('total', late.deadlines.totalMs))
  }
}

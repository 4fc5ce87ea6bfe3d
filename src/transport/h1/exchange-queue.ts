/**
 * The exchanges of one connection that are not complete, oldest first: responses come in the order of the requests.
 */

import { appended, EMPTY_LIST, withoutFirst } from '../../core/short-list.ts'
import type { Clock } from '../../time/clock.ts'
import type { Exchange } from '../exchange.ts'
import { EarliestEnd } from './earliest-end.ts'

export class ExchangeQueue {
  #members: Exchange[] = EMPTY_LIST
  #begun = 0
  #idleSince: number | undefined
  /** Made for the first exchange that has a total timeout. */
  #earliestEnd: EarliestEnd | undefined

  /** @param now - the connection is idle from then on, in milliseconds on the clock */
  constructor(now: number) {
    this.#idleSince = now
  }

  get members(): readonly Exchange[] {
    return this.#members
  }

  get oldest(): Exchange | undefined {
    return this.#members.at(0)
  }

  /** Whose response comes next. One that was answered early may still stand before it: the peer has yet to take its request. */
  get unanswered(): Exchange | undefined {
    const oldest = this.#members.at(0)
    return oldest?.isEnded === true ? this.#members.find(({ isEnded }) => !isEnded) : oldest
  }

  /** Whom an end concerns: who waits for a response; where nobody does, who waits for the peer to take the rest of a request. */
  get concerned(): Exchange | undefined {
    return this.unanswered ?? this.#members.at(0)
  }

  get length(): number {
    return this.#members.length
  }

  /** What goes on for a caller. */
  get busy(): 'sending' | 'awaited' | undefined {
    if (this.#members.some(({ upload, isUndrained }) => upload === 'sending' || isUndrained)) return 'sending'
    return this.#members.some(({ isAwaited }) => isAwaited) ? 'awaited' : undefined
  }

  /** How many were begun in the life of the connection. */
  get begun(): number {
    return this.#begun
  }

  /** Since when it is empty; undefined while it is not. */
  get idleSince(): number | undefined {
    return this.#idleSince
  }

  /** When the first of the total timeouts is over, on the clock; Infinity where there is none. */
  get endsAt(): number {
    return this.#earliestEnd?.value ?? Infinity
  }

  add(exchange: Exchange): void {
    const { endsAt } = exchange.deadlines
    if (endsAt !== Infinity) {
      this.#earliestEnd ??= new EarliestEnd()
      this.#earliestEnd.add(endsAt)
    }
    this.#begun++
    this.#idleSince = undefined
    this.#members = appended(this.#members, exchange)
  }

  /**
   * Takes the oldest out once both its halves are over; undefined where they are not.
   * @param at - what the clock says, if it was asked just now
   */
  takeOver(clock: Clock, at?: number): Exchange | undefined {
    const oldest = this.#members.at(0)
    // What is written and not taken is still the caller's memory: a response that came early does not end its exchange.
    if (oldest?.isEnded !== true || oldest.upload === 'sending' || oldest.isUndrained) return undefined
    this.#members = withoutFirst(this.#members)
    this.#earliestEnd?.remove(oldest.deadlines.endsAt)
    if (this.#members.length === 0) this.#idleSince = at ?? clock.now()
    return oldest
  }

  /** Takes all out: the connection is over. */
  takeAll(now: number): readonly Exchange[] {
    const members = this.#members
    this.#members = EMPTY_LIST
    this.#earliestEnd = undefined
    this.#idleSince ??= now
    return members
  }

  /** The peer takes more of what is sent. */
  drained(): void {
    for (const exchange of this.#members) exchange.drained()
  }
}

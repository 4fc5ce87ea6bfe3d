/**
 * Those who wait for a connection, in the order in which they came. Joining, leaving from anywhere and serving the first cost
 * the same however long the line is.
 */

import type { ResolvedTimeouts } from '../core/timeouts.ts'
import type { Need } from './assign.ts'

/** One that waits for a connection, of whatever kind `C`. */
export interface Waiter<C> {
  readonly need: Need
  /** When it came, as a number that grows. */
  readonly arrival: number
  /** When it came, on the clock, in milliseconds. */
  readonly sinceMs: number
  /** Its time in the queue has run out while a connection was being opened for it. */
  isOverdue: boolean
  /** Gives it a connection. `isNew` where that was opened just now. Answers false where its time is over: it is for the next one. */
  readonly serve: (connection: C, isNew: boolean) => boolean
  readonly fail: (error: unknown) => void
  /** Its time in the queue is over, and no connection is being opened for it any more. */
  readonly late: () => void
  /** What it asks for; undefined for a connection that is taken by hand. */
  readonly url: string | undefined
  /** How long a dial for it may take. */
  readonly timeouts: ResolvedTimeouts
  before: Waiter<C> | undefined
  after: Waiter<C> | undefined
  line: WaitingLine<C> | undefined
}

/** A line of those who wait. */
export class WaitingLine<C> implements Iterable<Waiter<C>> {
  #first: Waiter<C> | undefined
  #last: Waiter<C> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): Waiter<C> | undefined {
    return this.#first
  }

  get last(): Waiter<C> | undefined {
    return this.#last
  }

  join(waiter: Waiter<C>): void {
    waiter.line = this
    waiter.before = this.#last
    if (this.#last === undefined) this.#first = waiter
    else this.#last.after = waiter
    this.#last = waiter
    this.#length++
  }

  /** Takes one out, wherever it stands. Answers false where it stands in this line no more. */
  leave(waiter: Waiter<C>): boolean {
    if (waiter.line !== this) return false
    const { before, after } = waiter
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#last = before
    else after.before = before
    waiter.line = undefined
    waiter.before = undefined
    waiter.after = undefined
    this.#length--
    return true
  }

  /** From the first on. The one that was handed out last may leave meanwhile. */
  *[Symbol.iterator](): Generator<Waiter<C>, void, void> {
    let waiter = this.#first
    while (waiter !== undefined) {
      const { after } = waiter
      yield waiter
      waiter = after
    }
  }
}

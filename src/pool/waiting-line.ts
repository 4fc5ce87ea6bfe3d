/** Those who wait for a connection, in the order in which they came. */

import type { Linked, LinkedList } from '../core/linked-list.ts'
import type { OutgoingRequest } from '../core/request.ts'
import type { ResolvedTimeouts } from '../core/timeouts.ts'
import type { Need } from './assign.ts'

/** One that waits for a connection, of whatever kind `C`. */
export interface Waiter<C> extends Linked<Waiter<C>> {
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
  /** What is to be sent; undefined for a connection that is taken by hand. */
  readonly request: OutgoingRequest | undefined
  /** How long a dial for it may take. */
  readonly timeouts: ResolvedTimeouts
}

/** A line of those who wait. */
export type WaitingLine<C> = LinkedList<Waiter<C>>

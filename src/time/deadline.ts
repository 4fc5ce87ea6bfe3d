/**
 * Timeouts by one shared timer for each clock, never a timer for each request: a deadline is a number that is written, and
 * the timer looks at all numbers when the nearest may be due. Deadlines are rounded up to a grid, so that the timer fires
 * seldom; a timeout is never early and at most a grid step late.
 */

import { type Linked, LinkedList } from '../core/linked-list.ts'
import type { Clock, Timer } from './clock.ts'

/** The grid is this part of the timeout, within the bounds below. */
const GRID_PART = 32
const FINEST_GRID_MS = 5
const COARSEST_GRID_MS = 1_000
/** What Node's timers can wait at most, 24.8 days; with more they fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** One deadline that can be set and cleared any number of times. */
export interface Deadline {
  /** Fires `timeoutMs` from `now`, the clock's by default, unless set again or cleared; Infinity clears. */
  set(timeoutMs: number, now?: number): void
  clear(): void
}

/** A deadline as the timer sees it, in the list of those that are set. */
interface Armed extends Linked<Armed> {
  dueAt: number
  fire(): void
}

class SharedTimer {
  readonly #clock: Clock
  readonly #armed: LinkedList<Armed> = new LinkedList()
  #timer: Timer | undefined
  #firesAt = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  arm(deadline: Armed, timeoutMs: number, now: number = this.#clock.now()): void {
    const grid = Math.min(COARSEST_GRID_MS, Math.max(FINEST_GRID_MS, timeoutMs / GRID_PART))
    deadline.dueAt = Math.ceil((now + timeoutMs) / grid) * grid
    if (this.#armed.length === 0) this.#timer?.keepAlive(true)
    if (deadline.list === undefined) this.#armed.join(deadline)
    if (deadline.dueAt < this.#firesAt) this.#schedule(deadline.dueAt)
  }

  /** Answers whether the deadline was set. */
  disarm(deadline: Armed): boolean {
    if (!this.#armed.leave(deadline)) return false
    if (this.#armed.length === 0) this.#timer?.keepAlive(false)
    return true
  }

  #schedule(at: number): void {
    this.#timer?.cancel()
    this.#firesAt = at
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(0, at - this.#clock.now()))
    this.#timer = this.#clock.after(delayMs, () => this.#fire())
  }

  #fire(): void {
    this.#timer = undefined
    this.#firesAt = Infinity
    const now = this.#clock.now()
    const due: Armed[] = []
    let next = Infinity
    for (const deadline of this.#armed) {
      if (deadline.dueAt <= now) due.push(deadline)
      else if (deadline.dueAt < next) next = deadline.dueAt
    }
    if (next < Infinity) this.#schedule(next)
    for (const deadline of due) {
      // One that fired before it may have cleared it or set it again.
      if (deadline.dueAt <= now && this.disarm(deadline)) deadline.fire()
    }
  }
}

class ArmedDeadline<T> implements Deadline, Armed {
  dueAt = Infinity
  before: Armed | undefined
  after: Armed | undefined
  list: LinkedList<Armed> | undefined
  readonly #shared: SharedTimer
  readonly #fire: (of: T) => void
  readonly #of: T

  constructor(shared: SharedTimer, fire: (of: T) => void, of: T) {
    this.#shared = shared
    this.#fire = fire
    this.#of = of
  }

  fire(): void {
    this.#fire(this.#of)
  }

  set(timeoutMs: number, now?: number): void {
    if (timeoutMs === Infinity) this.clear()
    else this.#shared.arm(this, timeoutMs, now)
  }

  clear(): void {
    this.#shared.disarm(this)
  }
}

const sharedTimers = new WeakMap<Clock, SharedTimer>()

/**
 * A deadline on `clock` that calls `fire` when it runs out, with `of`: one function may serve many. It is not set yet.
 */
export function makeDeadline(clock: Clock, fire: () => void): Deadline
export function makeDeadline<T>(clock: Clock, fire: (of: T) => void, of: T): Deadline
export function makeDeadline<T>(clock: Clock, fire: (of?: T) => void, of?: T): Deadline {
  let shared = sharedTimers.get(clock)
  if (shared === undefined) {
    shared = new SharedTimer(clock)
    sharedTimers.set(clock, shared)
  }
  return new ArmedDeadline(shared, fire, of)
}

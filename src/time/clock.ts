/**
 * Time, as a seam: everything above reads it here, so that a whole client can run on a virtual clock.
 */

import { monotonicMs } from '../core/runtime.ts'

/** A call that is still to come. */
export interface Timer {
  /** Takes the timer back; nothing happens if it has fired. */
  cancel(): void
  /** Whether this timer keeps the process alive. */
  keepAlive(keep: boolean): void
}

/** Tells the time and waits: the option `clock` puts another in the place of the machine's. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never runs backwards. */
  now(): number
  /** Calls `fire` once, not before `delayMs` have passed. */
  after(delayMs: number, fire: () => void): Timer
  /**
   * Calls `act` once, when everything was told that there is to tell in this turn of the event loop: `setImmediate` for the machine's clock.
   * With it, requests that a client makes in one turn leave together at its end where they were many in the one before. Default: each leaves at once.
   */
  readonly afterTurn?: ((act: () => void) => void) | undefined
}

// The platform's own, as they were when this module was loaded: what a test puts in their place for a while would leave a timer
// behind that never fires, and on which everything waits from then on.
const { clearTimeout: stop, setTimeout: start } = globalThis
/** Some environments of tests have none. */
const soon = globalThis.setImmediate as typeof setImmediate | undefined

/** What Node's timers can wait at most, 24.8 days; with more they fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/** A timer of any length, of those that a clock has: one after the other. */
export function longTimer(clock: Clock, delayMs: number, fire: () => void): Timer {
  const dueAt = clock.now() + delayMs
  let keepsAlive = true
  const step = (): Timer => {
    const left = dueAt - clock.now()
    const isLast = left <= LONGEST_TIMER_MS
    const next = isLast ? clock.after(left, fire) : clock.after(LONGEST_TIMER_MS, () => void (timer = step()))
    if (!keepsAlive) next.keepAlive(false)
    return next
  }
  let timer = step()
  return {
    cancel: () => timer.cancel(),
    keepAlive: (keep) => {
      keepsAlive = keep
      timer.keepAlive(keep)
    },
  }
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: monotonicMs,
  afterTurn: soon === undefined ? undefined : (act) => void soon(act),
  after: (delayMs, fire) => {
    if (delayMs > LONGEST_TIMER_MS) return longTimer(systemClock, delayMs, fire)
    const timeout = start(fire, delayMs)
    return {
      cancel: () => stop(timeout),
      keepAlive: (keep) => {
        if (keep) timeout.ref()
        else timeout.unref()
      },
    }
  },
}

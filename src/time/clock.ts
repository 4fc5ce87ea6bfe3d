/**
 * Time, as a seam: everything above reads it here, so that a whole client can run on a virtual clock.
 */

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
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, fire) => {
    const timeout = setTimeout(fire, delayMs)
    return {
      cancel: () => clearTimeout(timeout),
      keepAlive: (keep) => {
        if (keep) timeout.ref()
        else timeout.unref()
      },
    }
  },
}

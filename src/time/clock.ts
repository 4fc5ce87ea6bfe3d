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

// The platform's own, as they were when this module was loaded: what a test puts in their place for a while would leave a timer
// behind that never fires, and on which everything waits from then on.
const { clearTimeout: stop, performance: machine, setTimeout: start } = globalThis
const now = machine.now.bind(machine)

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => now(),
  after: (delayMs, fire) => {
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

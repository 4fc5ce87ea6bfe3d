// A clock that stands still until a test moves it. Timers fire in the order in which they are due, each at its own time.

import type { Clock, Timer } from '../../src/time/clock.ts'

interface Deadlines {
  readonly at: number
  readonly fire: () => void
  isRef: boolean
}

export class ManualClock implements Clock {
  #now: number
  readonly #waiting = new Set<Deadlines>()

  constructor(now = 1_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, fire: () => void): Timer {
    const waiting: Deadlines = { at: this.#now + delayMs, fire, isRef: true }
    this.#waiting.add(waiting)
    return {
      cancel: () => void this.#waiting.delete(waiting),
      keepAlive: (keep) => {
        waiting.isRef = keep
      },
    }
  }

  /** How many timers would keep the process alive. */
  get pending(): number {
    return [...this.#waiting].filter(({ isRef }) => isRef).length
  }

  /** When the timers are due, in milliseconds from now, the nearest first. */
  get delays(): number[] {
    return [...this.#waiting].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  /** Moves the time on and fires what falls due, also what is set meanwhile. */
  advance(byMs: number): void {
    const until = this.#now + byMs
    while (true) {
      const next = [...this.#waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#waiting.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.fire()
    }
    this.#now = until
  }

  /** As `advance`, in steps, with everything that waits on promises done after each. */
  async pass(byMs: number, stepMs: number = byMs): Promise<void> {
    for (let left = byMs; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left))
      await settle()
    }
  }
}

/** Lets everything run that waits on promises, and one turn of the loop for I/O. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

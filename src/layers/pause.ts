/**
 * A wait between two requests: over at its time or at an abort, and nothing is left of it then. All waits of a client can be ended
 * together.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import type { Clock } from '../time/clock.ts'

/** How long something is waited for. */
export interface UntilOptions {
  readonly clock: Clock
  /** In milliseconds; Infinity for any time. */
  readonly ms: number
  readonly signal: AbortSignal | undefined
  readonly late: () => Error
}

/** The waits of one client. */
export class Pauses {
  readonly #ends: Set<(reason: unknown) => void> = new Set()
  #reason: (() => unknown) | undefined

  /** Ends all of them, and those to come: each rejects with a reason of its own. */
  end(reason: () => unknown): void {
    this.#reason ??= reason
    for (const end of this.#ends) end(reason())
    this.#ends.clear()
  }

  /**
   * Waits for something else than time, and no longer than `ms`: rejects with what `late` gives then.
   * @throws what `work` throws; `signal.reason`, untouched; what `end` was given
   */
  until<T>(work: Promise<T>, { clock, ms, signal, late }: UntilOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        timer?.cancel()
        if (signal !== undefined) stopListeningForAbort(signal, onAbort)
        this.#ends.delete(end)
      }
      const end = (reason: unknown): void => {
        over()
        reject(reason)
      }
      const onAbort = (): void => end(signal?.reason)
      const timer = ms === Infinity ? undefined : clock.after(Math.max(0, ms), () => end(late()))
      const settle = (value: T): void => {
        over()
        resolve(value)
      }
      work.then(settle, end)
      if (this.#reason !== undefined) end(this.#reason())
      else if (signal?.aborted === true) onAbort()
      else {
        this.#ends.add(end)
        if (signal !== undefined) listenForAbort(signal, onAbort)
      }
    })
  }

  /**
   * Waits; at once where there is nothing to wait for.
   * @throws `signal.reason`, untouched; what `end` was given
   */
  pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#reason !== undefined) return Promise.reject(this.#reason())
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const over = (): void => {
        timer.cancel()
        if (signal !== undefined) stopListeningForAbort(signal, onAbort)
        this.#ends.delete(end)
      }
      const end = (reason: unknown): void => {
        over()
        reject(reason)
      }
      const onAbort = (): void => end(signal?.reason)
      const timer = clock.after(ms, () => {
        over()
        resolve()
      })
      this.#ends.add(end)
      if (signal !== undefined) listenForAbort(signal, onAbort)
    })
  }
}

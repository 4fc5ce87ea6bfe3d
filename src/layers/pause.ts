/**
 * A wait between two requests: over at its time or at an abort, and nothing is left of it then. All waits of a client can be ended
 * together.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import type { RequestDeadlines } from '../core/request.ts'
import { TimeoutError } from '../errors/index.ts'
import type { Clock } from '../time/clock.ts'

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
   * What somebody else's promise gives, within the time of a request: a jar or a store that never answers holds nobody.
   * @throws what it rejects with; `signal.reason`; TimeoutError of `total`; what `end` was given
   */
  within<T>(answer: Promise<T>, clock: Clock, { signal, endsAt, totalMs }: RequestDeadlines): Promise<T> {
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
      const isBounded = endsAt !== Infinity
      const timer = isBounded
        ? clock.after(Math.max(0, endsAt - clock.now()), () => end(new TimeoutError('total', totalMs)))
        : undefined
      this.#ends.add(end)
      answer.then((value) => {
        over()
        return resolve(value)
      }, end)
      if (signal?.aborted === true) onAbort()
      else if (signal !== undefined) listenForAbort(signal, onAbort)
      if (this.#reason !== undefined) end(this.#reason())
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

/**
 * A wait between two requests: over at its time or at an abort, and nothing is left of it then. All waits of a client can be ended
 * together.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import { hearPromise } from '../core/outgoing-body.ts'
import { type Findings, keepAsIs } from '../errors/exception.ts'
import type { Clock } from '../time/clock.ts'

/** How long something is waited for. */
export interface UntilOptions {
  readonly clock: Clock
  /** In milliseconds; Infinity for any time. */
  readonly ms: number
  readonly signal: AbortSignal | undefined
  readonly late: () => Error
  /** What is known of the exchange by then: told by the error of an end that is made for it. */
  readonly facts: Findings | undefined
}

/** Makes what a wait that is ended rejects with, of what is known of its exchange. */
export type EndReason = (facts: Findings | undefined) => unknown

/** How a wait ends. */
interface Ends<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** The waits of one client. */
export class Pauses {
  readonly #ends: Set<(reason: EndReason) => void> = new Set()
  #reason: EndReason | undefined

  /** Ends all of them, and those to come: each rejects with a reason of its own. */
  end(reason: EndReason): void {
    this.#reason ??= reason
    for (const end of this.#ends) end(reason)
    this.#ends.clear()
  }

  /**
   * Waits for something else than time, and no longer than `ms`: rejects with what `late` gives then.
   * @throws what `work` throws; `signal.reason`, untouched; what `end` was given
   */
  until<T>(work: Promise<T>, { clock, ms, signal, late, facts }: UntilOptions): Promise<T> {
    // Where the wait is over before it begins, what fails is nobody's.
    hearPromise(work)
    return this.#wait<T>({ signal, facts }, ({ resolve, reject }) => {
      work.then(resolve, reject)
      return ms === Infinity ? undefined : clock.after(Math.max(0, ms), () => reject(late()))
    })
  }

  /** Waits for something else, for as long as that takes: gives `instead` once all waits are ended. */
  unlessEnded<T>(work: Promise<T>, instead: T): Promise<T> {
    // Where the wait is over, what fails is nobody's.
    hearPromise(work)
    if (this.#reason !== undefined) return Promise.resolve(instead)
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(instead)
      this.#ends.add(end)
      work.finally(() => this.#ends.delete(end)).then(resolve, reject)
    })
  }

  /**
   * Waits; at once where there is nothing to wait for.
   * @throws `signal.reason`, untouched; what `end` was given
   */
  pause(clock: Clock, ms: number, signal: AbortSignal | undefined, facts?: Findings): Promise<void> {
    const isNow = ms <= 0 && signal?.aborted !== true && this.#reason === undefined
    if (isNow) return Promise.resolve()
    return this.#wait<void>({ signal, facts }, ({ resolve }) => clock.after(Math.max(0, ms), resolve))
  }

  /** @param begin - starts the wait; answers the timer that is cancelled when it is over */
  #wait<T>(
    { signal, facts }: Pick<UntilOptions, 'signal' | 'facts'>,
    begin: (ends: Ends<T>) => { cancel(): void } | undefined,
  ): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(keepAsIs(signal.reason))
    if (this.#reason !== undefined) return Promise.reject(this.#reason(facts))
    return new Promise((resolve, reject) => {
      const over = (): void => {
        timer?.cancel()
        if (signal !== undefined) stopListeningForAbort(signal, onAbort)
        this.#ends.delete(end)
      }
      const fail = (reason: unknown): void => {
        over()
        reject(reason)
      }
      const end = (reason: EndReason): void => fail(reason(facts))
      const onAbort = (): void => fail(keepAsIs(signal?.reason))
      this.#ends.add(end)
      if (signal !== undefined) listenForAbort(signal, onAbort)
      const timer = begin({
        resolve: (value) => {
          over()
          resolve(value)
        },
        reject: fail,
      })
    })
  }
}

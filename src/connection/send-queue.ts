/**
 * What a hand-driven connection has been given to send: one thing after the other, in the order of the calls. A wait that has
 * no timeout of its own (for the turn, for the size of a file) ends with the request's time, with its signal, with the source of
 * its body, and with close().
 */

import type { FileHandleLike } from '../core/file-source.ts'
import { ChunkedBody, closeBody, isMeasured, measureBody, type OutgoingBody } from '../core/outgoing-body.ts'
import type { RequestDeadlines } from '../core/request.ts'
import type { Clock } from '../time/clock.ts'
import { waitFor } from '../time/wait.ts'
import { describeWaitFailure } from '../transport/exchange-failure.ts'
import { unlessItFails } from '../transport/h1/send-request.ts'

/** How long a wait may take that has no timeout by itself. */
const NO_PHASES = { dns: Infinity, connect: Infinity, tls: Infinity }

const NOTHING = (): void => {}

/** What something is sent for: a request, or one that was begun. */
export interface SendingOf {
  readonly method: string
  readonly url: string
  readonly deadlines: RequestDeadlines
}

export class SendQueue {
  readonly #clock: Clock
  /** Settles when everything that was given is sent; undefined where nothing is under way. */
  #last: Promise<void> | undefined
  /** How many things were given and are neither sent nor given up. */
  #count = 0
  /** Ends the waits that have no transport yet. */
  #waits: Set<(error: unknown) => void> | undefined
  /** How often `close` was called: what waits can tell that it was. */
  #generation = 0
  /** Makes the error of `close`, one for each who waited. */
  #makeReason: (() => unknown) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True while something is being sent, or waits for its turn. */
  get isBusy(): boolean {
    return this.#count > 0
  }

  /** To be compared by `throwIfClosed`. */
  get generation(): number {
    return this.#generation
  }

  /**
   * To be called after each await, and after code of the caller: close() may have come meanwhile.
   * @throws the reason of `close`
   */
  throwIfClosed(generation: number): void {
    if (this.#generation !== generation) throw this.#makeReason?.()
  }

  /** Ends every wait with an error that `makeReason` makes; what is asked later begins again. */
  close(makeReason: () => unknown): void {
    this.#generation++
    this.#makeReason = makeReason
    this.#count = 0
    const waits = this.#waits
    this.#waits = undefined
    for (const giveUp of waits ?? []) giveUp(makeReason())
  }

  /**
   * Runs what sends a body, after what was given before. A file is measured first. The body is given back where that fails.
   * `onEnd` is called before the promise settles.
   */
  run(
    taken: OutgoingBody | FileHandleLike,
    request: SendingOf,
    send: (measured: OutgoingBody) => Promise<unknown>,
    onEnd: () => void,
  ): Promise<void> {
    const isFirst = !this.isBusy
    this.#count++
    return isFirst && isMeasured(taken)
      ? (this.#last = this.#sendFirst(taken, send, onEnd))
      : this.#sendAfter(isFirst ? undefined : this.#last, taken, request, send, onEnd)
  }

  /** The common case, in which nothing is waited for but the sending. */
  #sendFirst(
    body: OutgoingBody,
    send: (measured: OutgoingBody) => Promise<unknown>,
    onEnd: () => void,
  ): Promise<void> {
    const generation = this.#generation
    const fail = (error: unknown): never => {
      closeBody(body, error)
      this.#over(generation)
      onEnd()
      throw error
    }
    const end = (): void => {
      this.#over(generation)
      onEnd()
    }
    return send(body).then(end, fail)
  }

  #sendAfter(
    last: Promise<void> | undefined,
    taken: OutgoingBody | FileHandleLike,
    request: SendingOf,
    send: (measured: OutgoingBody) => Promise<unknown>,
    onEnd: () => void,
  ): Promise<void> {
    const generation = this.#generation
    const before = last?.catch(NOTHING)
    let isWaiting = before !== undefined
    const work = async (): Promise<void> => {
      let body: OutgoingBody | undefined = isMeasured(taken) ? taken : undefined
      try {
        if (before !== undefined) await this.#within(request, 'queue', before, body)
        isWaiting = false
        this.throwIfClosed(generation)
        body ??= await this.#within(request, 'send', measureBody(taken), undefined)
        this.throwIfClosed(generation)
        await send(body)
      } catch (error) {
        closeBody(body, error)
        throw error
      } finally {
        this.#over(generation)
        onEnd()
      }
    }
    const sending = work()
    // Who comes next waits for those before, too, where this one gives up.
    this.#last = sending.catch(() => (isWaiting ? before : undefined))
    return sending
  }

  /** One of those that were given is sent, or given up. */
  #over(generation: number): void {
    if (this.#generation === generation && --this.#count === 0) this.#last = undefined
  }

  async #within<T>(
    request: SendingOf,
    phase: 'queue' | 'send',
    work: Promise<T>,
    body: OutgoingBody | undefined,
  ): Promise<T> {
    const startedAt = this.#clock.now()
    // Heard also where it is not waited for: an abort may come first.
    work.catch(NOTHING)
    const waiting = { ...request.deadlines, timeouts: NO_PHASES, clock: this.#clock }
    const waited = waitFor<T>(waiting, 'connect', '', (outcome) => {
      const giveUp = (error: unknown): void => outcome.reject(error)
      this.#waits ??= new Set()
      this.#waits.add(giveUp)
      const forget = (): void => void this.#waits?.delete(giveUp)
      const follow = async (): Promise<void> => {
        try {
          outcome.resolve(await work)
        } catch (error) {
          outcome.reject(error)
        } finally {
          forget()
        }
      }
      void follow()
      return forget
    })
    try {
      return await (body instanceof ChunkedBody ? unlessItFails(body, waited) : waited)
    } catch (error) {
      throw describeWaitFailure(error, request, phase, startedAt, this.#clock.now())
    }
  }
}

/**
 * The requests of a client that are under way, from the call to the head of their answer: redirects, further attempts, the waits
 * between them and what layers do besides are part of them. `close()` waits for them, `destroy()` ends their waits.
 */

import { endSignal, keepSignal, letSignalGo } from '../core/any-signal.ts'
import type { HTTPResponse } from '../core/response.ts'
import { ConnectionLost, NotConnected } from '../errors/index.ts'
import { Pauses } from '../layers/pause.ts'

export class Underway {
  /** The waits of its layers. */
  readonly pauses: Pauses = new Pauses()
  #count = 0
  #empty: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  /** @throws NotConnected after `close()` */
  check(): void {
    if (this.#empty !== undefined) throw new NotConnected('the client was closed')
  }

  /**
   * One has begun, and is over when its answer is there. A stack trace of its error follows what is given back.
   * @param signal - what may call it off
   * @param isOwn - whether the signal was made for this request alone
   */
  watch(
    answer: Promise<HTTPResponse>,
    signal: AbortSignal | undefined,
    isOwn: boolean,
  ): Promise<HTTPResponse> {
    // What cannot be followed is not counted: nobody would hear of its end.
    const followed =
      signal === undefined ? answer.then(this.#answered, this.#failed) : this.#follow(answer, signal, isOwn)
    this.#count++
    return followed
  }

  #follow(answer: Promise<HTTPResponse>, signal: AbortSignal, isOwn: boolean): Promise<HTTPResponse> {
    keepSignal(signal)
    return answer.then(
      (response) => {
        letSignalGo(signal)
        if (isOwn && response.isClosed) endSignal(signal)
        return this.#answered(response)
      },
      (error: unknown) => {
        letSignalGo(signal)
        if (isOwn) endSignal(signal)
        return this.#failed(error)
      },
    )
  }

  readonly #answered = (response: HTTPResponse): HTTPResponse => {
    this.#end()
    return response
  }

  readonly #failed = (error: unknown): never => {
    this.#end()
    throw error
  }

  #end(): void {
    this.#count--
    if (this.#count === 0) this.#onEmpty?.()
  }

  /** Takes nothing new. Gives what has to be waited for: undefined where nothing is under way. */
  close(): Promise<void> | undefined {
    this.#empty ??= new Promise((resolve) => {
      this.#onEmpty = resolve
    })
    return this.#count === 0 ? undefined : this.#empty
  }

  /** Ends all waits at once. */
  destroy(error: unknown): void {
    this.pauses.end(
      error === undefined
        ? () => new ConnectionLost('the client was destroyed', undefined, 'CONNECTION_CLOSED')
        : () => error,
    )
  }
}

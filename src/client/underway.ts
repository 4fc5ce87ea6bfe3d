/**
 * The requests of a client that are under way, from the call to the head of their answer: redirects, further attempts, the waits
 * between them and what layers do besides are part of them. `close()` waits for them, `destroy()` ends their waits.
 */

import { keepSignal, letSignalGo } from '../core/abort-listeners.ts'
import type { Continuation, ContinuingHandler } from '../core/continuation.ts'
import type { OutgoingRequest } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import { addFacts, type Findings, type HTTPException, keepAsIs } from '../errors/exception.ts'
import { ConnectionLost, NotConnected } from '../errors/index.ts'
import { UNSENT } from '../errors/unsent.ts'
import { Pauses } from '../layers/pause.ts'

export class Underway {
  /** The waits of its layers. */
  readonly pauses: Pauses = new Pauses()
  #count = 0
  #empty: Promise<void> | undefined
  #onEmpty: (() => void) | undefined
  /** What is said to who asks after `destroy()`. */
  #refusal: (() => unknown) | undefined

  get count(): number {
    return this.#count
  }

  /**
   * To be asked before a function of the caller's is called for the request.
   * @throws NotConnected after `close()` and `destroy()`; what `destroy()` was given
   */
  check(): void {
    if (this.#refusal !== undefined) throw this.#refusal()
    if (this.#empty !== undefined) throw new NotConnected('the client was closed', UNSENT)
  }

  /** Sends one that has no signal. It is over when its answer is there. */
  send(chain: ContinuingHandler, request: OutgoingRequest): Promise<HTTPResponse> {
    this.#count++
    try {
      return chain(request, this.#over)
    } catch (error) {
      this.#end()
      throw error
    }
  }

  /**
   * One has begun, and is over when its answer, or the connection that it asks for, is there. A stack trace of its error follows
   * what is given back.
   * @param signal - what may call it off: layers hear it until then
   */
  watch<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    // What cannot be followed is not counted: its end would go unheard.
    const followed =
      signal === undefined ? answer.then(this.#answered, this.#failed) : this.#follow(answer, signal)
    this.#count++
    return followed
  }

  #follow<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    keepSignal(signal)
    return answer.then(
      (response) => {
        letSignalGo(signal)
        return this.#answered(response)
      },
      (error: unknown) => {
        letSignalGo(signal)
        return this.#failed(error)
      },
    )
  }

  readonly #answered = <T>(response: T): T => {
    this.#end()
    return response
  }

  readonly #failed = (error: unknown): never => {
    this.#end()
    throw error
  }

  readonly #over: Continuation = { answered: this.#answered, failed: this.#failed }

  #end(): void {
    this.#count--
    if (this.#count === 0) this.#onEmpty?.()
  }

  /** Takes nothing new. Gives what has to be waited for: undefined where nothing is under way, or all was ended. */
  close(): Promise<void> | undefined {
    this.#empty ??= new Promise((resolve) => {
      this.#onEmpty = resolve
    })
    return this.#count === 0 || this.#refusal !== undefined ? undefined : this.#empty
  }

  /**
   * Ends all waits at once, that of `close()` too: what a layer of the caller still waits for is its own.
   * @param error - what is told to all; undefined for an error for each
   * @param make - makes the error for each wait
   */
  destroy(
    error: unknown,
    make: (() => HTTPException) | undefined = error === undefined ? destroyed : undefined,
  ): void {
    if (make === undefined) keepAsIs(error)
    const refused = make === destroyed ? 'the client was destroyed' : 'the client was closed'
    this.#refusal ??= () => (make === undefined ? error : new NotConnected(refused, UNSENT))
    // Only upon what is made for it is written what is known of a request: another one is of all of them.
    this.pauses.end(make === undefined ? () => error : (facts) => withFacts(make(), facts))
    this.#onEmpty?.()
  }
}

function destroyed(): HTTPException {
  return new ConnectionLost('the client was destroyed', undefined, 'CONNECTION_CLOSED')
}

function withFacts(error: HTTPException, facts: Findings | undefined): HTTPException {
  if (facts !== undefined) addFacts(error, facts)
  return error
}

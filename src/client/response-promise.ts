/**
 * What a verb of the client gives: the promise of a response, with the ways of reading it on it.
 */

import type { HTTPResponse } from '../core/response.ts'
import type { StandardSchema } from '../core/standard-schema.ts'

/** Whether a response that is read at once has to be good: undefined where nobody has said. */
type ThrowOnError = boolean | ((response: HTTPResponse) => boolean) | undefined

/**
 * The promise of a response. `await` gives the response; the verbs read its body, and take a status of 400 or more for an error
 * unless `throwOnError` says otherwise.
 */
export class ResponsePromise extends Promise<HTTPResponse> {
  #throwOnError: ThrowOnError

  /** The promise as a verb gives it. @internal */
  static of(answer: Promise<HTTPResponse>, throwOnError: ThrowOnError): ResponsePromise {
    const promise = new ResponsePromise((resolve) => resolve(answer))
    promise.#throwOnError = throwOnError
    return promise
  }

  /**
   * The body as JSON.
   * @param schema - says what it has to be, and gives its type: any Standard Schema
   * @throws StatusError; DecodeError if it is not JSON, or not what the schema asks for
   */
  json<T = unknown>(schema?: StandardSchema<T>): Promise<T> {
    return this.#good().then((response) => response.json<T>(schema))
  }

  /**
   * The body as text, by the charset of Content-Type, else UTF-8.
   * @throws StatusError
   */
  text(): Promise<string> {
    return this.#good().then((response) => response.text())
  }

  /**
   * The body.
   * @throws StatusError
   */
  bytes(): Promise<Uint8Array> {
    return this.#good().then((response) => response.bytes())
  }

  #good(): Promise<HTTPResponse> {
    // What was said was done already.
    if (this.#throwOnError !== undefined) return this
    return this.then((response) => (response.status < 400 ? response : response.orThrow()))
  }
}

// `then`, `await` and `Promise.all` make plain promises of it, by the short way of the engine.
const { prototype }: { prototype: object } = ResponsePromise
Object.defineProperty(prototype, 'constructor', { value: Promise })

/**
 * What a verb of the client gives: the promise of a response, with the ways of reading it on it.
 */

import type { HTTPResponse } from '../core/response.ts'
import type { StandardSchema } from '../core/standard-schema.ts'
import { refuseStatus } from './hooks.ts'

/** Whether a response that is read at once has to be good: undefined where that was not said. */
type ThrowOnError = boolean | ((response: HTTPResponse) => boolean) | undefined

/**
 * The promise of a response. `await` gives the response; the verbs read its body, and take a status of 400 or more for an error
 * unless `throwOnError` says otherwise.
 */
export class ResponsePromise extends Promise<HTTPResponse> {
  #throwOnError: ThrowOnError

  /** The promise as a verb gives it. @internal */
  static of(answer: Promise<HTTPResponse>, throwOnError: ThrowOnError): ResponsePromise {
    // By its own reactions: to resolve a promise with another one costs two more turns.
    const promise = new ResponsePromise((resolve, reject) => {
      answer.then(resolve, reject)
    })
    promise.#throwOnError = throwOnError
    return promise
  }

  /**
   * The body as JSON.
   * @param schema - says what it has to be, and gives its type: any Standard Schema
   * @throws StatusError; DecodeError if it is not JSON, or not what the schema asks for
   */
  json<T = unknown>(schema?: StandardSchema<T>): Promise<T> {
    const read = (response: HTTPResponse): T | Promise<T> => response.jsonAtOnce<T>(schema)
    return this.then(
      this.#throwOnError === undefined
        ? (response) => (response.status < 400 ? read(response) : refuseStatus(response))
        : read,
    )
  }

  /**
   * The body as text, by the charset of Content-Type, else UTF-8.
   * @throws StatusError
   */
  text(): Promise<string> {
    return this.then(this.#throwOnError === undefined ? textOfGood : textOf)
  }

  /**
   * The body.
   * @throws StatusError
   */
  bytes(): Promise<Uint8Array> {
    return this.then(this.#throwOnError === undefined ? bytesOfGood : bytesOf)
  }
}

// What the verbs do with a response: one reaction for each call, and no closure. Where `throwOnError` was said, a layer has seen
// to it; else a status of 400 or more is thrown here. What is there is given as it is: a promise of it would take two more turns.

function textOf(response: HTTPResponse): string | Promise<string> {
  return response.textAtOnce()
}

function textOfGood(response: HTTPResponse): string | Promise<string> {
  return response.status < 400 ? response.textAtOnce() : refuseStatus(response)
}

function bytesOf(response: HTTPResponse): Uint8Array | Promise<Uint8Array> {
  return response.bytesAtOnce()
}

function bytesOfGood(response: HTTPResponse): Uint8Array | Promise<Uint8Array> {
  return response.status < 400 ? response.bytesAtOnce() : refuseStatus(response)
}

// `then`, `await` and `Promise.all` make plain promises of it, by the short way of the engine.
const { prototype }: { prototype: object } = ResponsePromise
Object.defineProperty(prototype, 'constructor', { value: Promise })

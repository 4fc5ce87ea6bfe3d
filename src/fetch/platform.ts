/**
 * The classes of the platform, as they were when this module was loaded: what another package puts in their place later
 * changes nothing here. And the base of our answers, which is a `Response` without the cost of one.
 */

import type { Blob as BlobClass } from 'node:buffer'

/** The platform's own `Request`. */
export const PlatformRequest: typeof Request = globalThis.Request
/** The platform's own `Response`. */
export const PlatformResponse: typeof Response = globalThis.Response
/** The platform's own `Headers`. */
export const PlatformHeaders: typeof Headers = globalThis.Headers
/** The platform's own `Blob`. */
export const PlatformBlob: typeof BlobClass = globalThis.Blob
/** The platform's own `TextDecoderStream`. */
export const PlatformTextDecoder: typeof TextDecoderStream = globalThis.TextDecoderStream
/** The platform's own `DOMException`. */
export const PlatformException: typeof DOMException = globalThis.DOMException

/**
 * Under which symbols the platform keeps what a `Response` is, where it does: Node 20 and 22. From Node 24 on it is in private
 * fields, which cannot be reached.
 */
export interface StateKeys {
  readonly state: symbol
  readonly headers: symbol
}

/** The symbols; undefined where the platform has none. */
export const STATE_KEYS: StateKeys | undefined = findStateKeys()

function findStateKeys(): StateKeys | undefined {
  const keys = Object.getOwnPropertySymbols(new PlatformResponse(null))
  const state = keys.find(({ description }) => description === 'state')
  const headers = keys.find(({ description }) => description === 'headers')
  if (state === undefined || headers === undefined) return undefined
  // Believed only where an object that has nothing but that state passes for a Response.
  const probe = Object.create(PlatformResponse.prototype, { [state]: { value: { status: 299 } } }) as Response
  try {
    return Reflect.get(PlatformResponse.prototype, 'status', probe) === 299 ? { state, headers } : undefined
  } catch {
    return undefined
  }
}

/**
 * What an answer is made on: an instance of the platform's `Response`. Where its state can be given later, nothing is
 * made now.
 */
export const AnswerBase: AnswerBaseClass = STATE_KEYS === undefined ? makeFullBase() : makeHollowBase()

/** The class of that base. */
export type AnswerBaseClass = new (status: number, statusText: string) => object

/** What the platform cannot be told later it is told now, as far as it takes it. */
function makeFullBase(): AnswerBaseClass {
  return class extends PlatformResponse {
    constructor(status: number, statusText: string) {
      super(null, { status: status > 599 ? 599 : Math.max(status, 200), statusText })
    }
  }
}

function makeHollowBase(): AnswerBaseClass {
  Hollow.prototype = Object.create(PlatformResponse.prototype)
  return Hollow as unknown as AnswerBaseClass
}

/** Makes nothing: the state is given when it is asked for. */
function Hollow(): void {}

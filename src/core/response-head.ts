/**
 * What a response is made of besides its body: what its head said, what came before it, and how long it took.
 */

import type { FieldLine } from './fields.ts'
import type { HTTPHeaders } from './headers.ts'

/** A 1xx response that came before the final one. */
export interface InformationalResponse {
  /** The status code, 100 to 199. */
  readonly status: number
  /** The reason phrase as it came; may be empty. */
  readonly reason: string
  /** Its fields. */
  readonly headers: HTTPHeaders
}

/** How long each phase took, in milliseconds; undefined for a phase that has not happened or not ended. */
export interface Timings {
  /** Waiting for a connection that was in use by others; undefined where there was no wait. */
  queue?: number | undefined
  /** Looking up the name; undefined on a reused connection. */
  dns?: number | undefined
  /** Connecting to an address; undefined on a reused connection. */
  connect?: number | undefined
  /** The TLS handshake; undefined on a reused connection and without TLS. */
  tls?: number | undefined
  /** From the beginning of the request to the head of the final response. */
  headers?: number | undefined
  /** From the head to the end of the body. */
  body?: number | undefined
}

/** What the head of a response said. */
export interface ResponseHead {
  readonly version: 9 | 10 | 11 | 20
  readonly status: number
  readonly reason: string
  readonly fields: readonly FieldLine[]
  /** The fields as they came, where a layer has taken away those that told of a coded body. */
  readonly wireFields?: readonly FieldLine[] | undefined
  /** Transfer codings still applied to the body. */
  readonly codings: readonly string[]
  readonly defects: readonly string[]
  /** How the end of the body is found, and whether the connection may go on after it; where there is a connection. */
  readonly framing?: BodyFraming | undefined
  readonly persists?: boolean
}

/** How the end of a body is found, in the engine's words. */
export type BodyFraming =
  | { readonly kind: 'none' | 'chunked' | 'until-close' | 'switch' }
  | { readonly kind: 'length'; readonly length: number }

/** What `fetch` takes and gives, as types: those of the platform, and what is ours besides, which is all optional. */

import type { Client } from '../client/client.ts'
import type { InformationalResponse, Timings } from '../core/response.ts'

/** The platform's `RequestInit`, and what is ours. */
export interface FetchInit extends RequestInit {
  /** The client that sends the request, instead of the one that this `fetch` stands on. */
  client?: Client
  /** Is told of each 1xx response. */
  onInformational?: (response: InformationalResponse) => void
}

/** The platform's `Response`, and what is ours. */
export interface FetchResponse extends Response {
  /** The fields that came after the body; settles once the body has been read to its end. */
  readonly trailers?: Promise<Headers>
  /** How long each phase took, in milliseconds, as far as it has come. */
  readonly timings?: Timings
}

/** A `fetch`: assignable to and from `typeof globalThis.fetch`. */
export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<FetchResponse>

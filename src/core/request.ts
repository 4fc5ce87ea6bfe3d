/**
 * A request as one value, from the verb that was called down to the connection that writes it. It is frozen: who wants
 * another one makes it.
 */

import { type FieldLine, hasField } from './fields.ts'
import { lengthOf, type OutgoingBody, type TrailerSource, takeChangedBody } from './outgoing-body.ts'
import { maskField } from './redact.ts'
import type { RequestSettings } from './settings.ts'
import { shownUrl } from './shown-url.ts'
import type { ResolvedTimeouts } from './timeouts.ts'

/** How long a request may take, and who may call it off: the only carrier of time and cancellation. */
export interface RequestDeadlines {
  /** Timeouts by phase, in milliseconds. */
  readonly timeouts: ResolvedTimeouts
  /** When everything must be over, on the clock, in milliseconds; Infinity for never. */
  readonly endsAt: number
  /** The total timeout that `endsAt` comes from, in milliseconds; Infinity for none. */
  readonly totalMs: number
  /** Calls it off; undefined without one. */
  readonly signal: AbortSignal | undefined
}

/** Where a request goes, as far as its head and its URL name it. */
export interface RequestOrigin {
  /** The port that a Host field leaves out. */
  readonly defaultPort: number
  /** The Host field of a target that names no authority. */
  readonly host: FieldLine
  /** Scheme and authority: what stands before the path in a URL. */
  readonly prefix: string
  /** Fields that most requests to it have by default. */
  readonly defaults: readonly FieldLine[]
  /** All fields of a request that has only those: Host and `defaults`; none where what they frame has to be looked at. */
  readonly plainFields: readonly FieldLine[]
}

/** What of a request may be shown. */
export interface ShownRequest {
  /** The method. */
  readonly method: string
  /** The URL: origin and path. */
  readonly url: string
  /** The fields that are said, with credentials masked. */
  readonly fields: readonly FieldLine[]
  /** Its length in bytes; undefined where it is not known. */
  readonly body: { readonly kind: OutgoingBody['kind']; readonly length: number | undefined }
  /** Which attempt it is, from 1. */
  readonly attempt: number
}

/** A request as one frozen value: what a layer is given. */
export class OutgoingRequest {
  /** The method, as it is written. */
  readonly method: string
  /** Where it goes. */
  readonly origin: RequestOrigin
  /** The second word of the request line: a path with its query, or `*`, `host:port`, an absolute URL. */
  readonly target: string
  /** The version that is written: 11, or 10 for HTTP/1.0. */
  readonly version: 10 | 11
  /** Fields that are sent unless `fields` has one of their name; they come before the framing. */
  readonly defaults: readonly FieldLine[]
  /** What the caller says, in order. Host and framing are added unless they are among it. */
  readonly fields: readonly FieldLine[]
  /** True for fields that are the whole head, written step by step: nothing is added. */
  readonly isHeadComplete: boolean
  /** The body, taken over from the caller. */
  readonly body: OutgoingBody
  /** Fields to be sent after the body, or what gives them. */
  readonly trailers: TrailerSource
  /** Sends the body chunked although its length is known. */
  readonly chunked: boolean
  /** How long to wait for a 100 (Continue) before the body; undefined for not at all. */
  readonly expectContinueMs: number | undefined
  /** How long it may take, and who may call it off. */
  readonly deadlines: RequestDeadlines
  /** What a client has decided of it; undefined for a request of a hand-driven connection. */
  readonly settings: RequestSettings | undefined
  /** Which attempt it is, from 1; a redirect begins again. */
  readonly attempt: number
  /** The request that this one was made of, by redirects, retries and layers; undefined for that one itself. */
  readonly first: OutgoingRequest | undefined

  constructor(parts: RequestParts) {
    this.method = parts.method
    this.origin = parts.origin
    this.target = parts.target
    this.version = parts.version
    this.defaults = parts.defaults
    this.fields = parts.fields
    this.isHeadComplete = parts.isHeadComplete
    this.body = parts.body
    this.trailers = parts.trailers
    this.chunked = parts.chunked
    this.expectContinueMs = parts.expectContinueMs
    this.deadlines = parts.deadlines
    this.settings = parts.settings
    this.attempt = parts.attempt ?? 1
    this.first = parts.first
    Object.freeze(this)
  }

  /** The URL that is asked for. */
  get url(): string {
    const { target } = this
    return target.startsWith('/') || target === '*' ? this.origin.prefix + target : target
  }

  /** What of it may be shown: method, origin and path, fields with credentials masked, and the body in words. */
  toJSON(): ShownRequest {
    const { method, url, attempt, body } = this
    const isOwn = (name: string): boolean => hasField(this.fields, name.toLowerCase())
    const lines = [...this.defaults.filter(([name]) => !isOwn(name)), ...this.fields]
    return {
      method,
      url: shownUrl(url),
      fields: lines.map(([name, value]) => [name, maskField(name, value)] as const),
      body: { kind: body.kind, length: lengthOf(body) },
      attempt,
    }
  }
}

// The same for `console.log`. A member of a computed name would ask for more in the declarations than it is worth.
Object.defineProperty(OutgoingRequest.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(
    this: OutgoingRequest,
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ) {
    return depth < 0 ? '[OutgoingRequest]' : `OutgoingRequest ${inspect(this.toJSON(), options)}`
  },
})

type LaterParts = 'settings' | 'attempt' | 'first'

/** What a request is made of. What only a client says may be left out. */
export type RequestParts = Readonly<
  Omit<OutgoingRequest, 'url' | 'toJSON' | LaterParts> & {
    [K in LaterParts]?: OutgoingRequest[K] | undefined
  }
>

const PARTS = {
  method: true,
  origin: true,
  target: true,
  version: true,
  defaults: true,
  fields: true,
  isHeadComplete: true,
  body: true,
  trailers: true,
  chunked: true,
  expectContinueMs: true,
  deadlines: true,
  settings: true,
  attempt: true,
  first: true,
} as const satisfies Record<keyof RequestParts, true>

/** What may be changed of a request: any part; the body also by text, sent as UTF-8, or bytes. */
export type RequestChanges = Partial<Omit<RequestParts, 'body'>> & {
  /** Text, bytes, the body of another request, or `{ kind: 'none' }`. */
  readonly body?: OutgoingBody | string | ArrayBufferView | ArrayBufferLike
}

/** The request that the caller has made, of which layers have made this one. */
export function rootOf(request: OutgoingRequest): OutgoingRequest {
  return request.first ?? request
}

/** The same request with other fields: what most changes are, and nothing else is looked at. */
export function withFields(request: OutgoingRequest, fields: readonly FieldLine[]): OutgoingRequest {
  return new OutgoingRequest({
    method: request.method,
    origin: request.origin,
    target: request.target,
    version: request.version,
    defaults: request.defaults,
    fields,
    isHeadComplete: request.isHeadComplete,
    body: request.body,
    trailers: request.trailers,
    chunked: request.chunked,
    expectContinueMs: request.expectContinueMs,
    deadlines: request.deadlines,
    settings: request.settings,
    attempt: request.attempt,
    first: request.first ?? request,
  })
}

/**
 * The same request with other parts.
 * @throws TypeError for a part that a request does not have, and for a body that is neither text nor bytes, nor the body of a request
 */
export function withChanges(request: OutgoingRequest, changes: RequestChanges): OutgoingRequest {
  const parts: RequestParts = request
  for (const name of Object.keys(changes)) {
    if (!Object.hasOwn(PARTS, name))
      throw new TypeError(`withChanges: unknown part '${name}'; known: ${Object.keys(PARTS).join(', ')}`)
  }
  const body = Object.hasOwn(changes, 'body') ? takeChangedBody(changes.body) : request.body
  return new OutgoingRequest({ ...parts, first: request.first ?? request, ...changes, body })
}

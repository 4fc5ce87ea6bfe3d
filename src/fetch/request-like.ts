/**
 * A `Request` of the platform, of undici, of node-fetch or of another package, by its shape: `instanceof` knows only one of them.
 *
 * What its body was made of is written down where the package keeps it under a symbol; else it is read, for as long as
 * it comes without waiting, so that a body that is there has its length, and one that comes in pieces is sent in pieces.
 */

import { IterableSource } from '../core/body-sources.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { openStream } from '../core/open-stream.ts'
import { ChunkedBody, type OutgoingBody } from '../core/outgoing-body.ts'
import { isStreamUsed } from './body-feed.ts'
import { parseMimeType } from './mime-type.ts'
import { PlatformRequest } from './platform.ts'
import { readBody } from './read-body.ts'

/** As much of a `Request` as is used. */
export interface RequestLike {
  readonly url: string
  readonly method: string
  readonly headers: Iterable<readonly [string, string]>
  readonly body?: unknown
  readonly bodyUsed?: boolean
  readonly signal?: unknown
  readonly redirect?: string
  readonly credentials?: string
  readonly integrity?: string
  readonly keepalive?: boolean
  readonly mode?: string
  readonly cache?: string
  readonly referrer?: unknown
  readonly referrerPolicy?: unknown
}

/** True for a `Request` of any package. */
export function isRequestLike(input: unknown): input is RequestLike {
  if (typeof input !== 'object' || input === null) return false
  const { url, method, headers } = input as Partial<RequestLike>
  return (
    typeof url === 'string' &&
    typeof method === 'string' &&
    typeof headers === 'object' &&
    headers !== null &&
    Symbol.iterator in headers
  )
}

/**
 * Takes the body of a `Request` over; it is used from then on.
 * @param mode - what the request is sent in, whatever it was made for
 * @throws TypeError where it was used before, and for a stream in the mode `no-cors`
 */
export function takeRequestBody(
  request: RequestLike,
  makeBoundary: () => string,
  mode: string | undefined,
): OutgoingBody | FileHandleLike | Promise<OutgoingBody> {
  const context = { makeBoundary, keepalive: false, isHalfDuplex: true, mode, isOfRequest: true } as const
  // What only looks like a Request may have any body.
  if (!isReadable(request.body)) return readBody(request.body, context)
  const stream = request.body
  const isWeb = 'getReader' in stream
  if (request.bodyUsed === true || (isWeb && stream.locked) || isStreamUsed(stream as ReadableStream)) {
    throw new TypeError('Cannot construct a Request with a Request object that has already been used.')
  }
  const written = writtenSource(request)
  if (written === undefined) return peek(bodyIn(mode, request) ?? stream)
  // Made of a stream: its length is not known.
  if (written.source === null) return readBody(stream, context)
  if (isWeb) void stream.cancel()
  const body = readBody(written.source, {
    makeBoundary: () => boundaryOf(request) ?? makeBoundary(),
    ...PLAIN,
  })
  // The media type is among the fields since the Request was made, unless its owner took it away.
  if (body instanceof ChunkedBody) return body.untyped()
  return 'kind' in body && body.kind === 'bytes' ? { ...body, contentType: undefined } : body
}

function isReadable(body: unknown): body is ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

const PLAIN = { keepalive: false, isHalfDuplex: false, mode: undefined, isOfRequest: true } as const

/**
 * The body of a `Request` that only its platform knows the source of: in the mode `no-cors` that is asked whether it may be sent. Undefined
 * where there is nothing to ask.
 * @throws TypeError for a stream
 */
function bodyIn(mode: string | undefined, request: object): ReadableStream<Uint8Array> | undefined {
  if (mode !== 'no-cors' || !(request instanceof PlatformRequest)) return undefined
  // Without a prototype: what another package wrote onto `Object.prototype` is no member of it.
  const init: RequestInit = Object.assign(Object.create(null) as object, { mode } as const)
  return new PlatformRequest(request, init).body ?? undefined
}

/** A form was given its boundary when the Request was made: its Content-Type has it. */
function boundaryOf({ headers }: RequestLike): string | undefined {
  for (const [name, value] of headers)
    if (name.toLowerCase() === 'content-type') return parseMimeType(value)?.parameters.get('boundary')
  return undefined
}

/** What the body was made of, where the package has written it down: undici 5 and 6, which is in Node 18 to 22. */
function writtenSource(request: object): { readonly source: unknown } | undefined {
  const body = ownMember(writtenUnder(request, 'state'), 'body')
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'source')
    ? { source: (body as { readonly source: unknown }).source }
    : undefined
}

/** A member of its own: what another package wrote onto `Object.prototype` is none. */
function ownMember(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined
}

/** The dispatcher that a `Request` was made with, where the package has written it down: as its body. */
export function writtenDispatcher(request: object): unknown {
  return writtenUnder(request, 'dispatcher')
}

/** What the package keeps under a symbol with this name. */
function writtenUnder(request: object, description: string): unknown {
  const key = Object.getOwnPropertySymbols(request).find((symbol) => symbol.description === description)
  return key === undefined ? undefined : Reflect.get(request, key)
}

/** How much of a body is read before it is sent, so that its length is known. */
const MAX_PEEKED_BYTES = 1_048_576

/** Reads what is there already: all of it, or the beginning of a body that is sent in pieces. */
async function peek(stream: AsyncIterable<Uint8Array>): Promise<OutgoingBody> {
  const iterator = openStream(stream) as AsyncIterator<Uint8Array>
  const pieces: Buffer[] = []
  let length = 0
  while (length < MAX_PEEKED_BYTES) {
    const next = iterator.next()
    const result = await Promise.race([next, soon()])
    if (result === undefined) return inPieces(pieces, iterator, next)
    if (result.done === true) {
      const bytes = Buffer.concat(pieces)
      return { kind: 'bytes', bytes, length: bytes.length, contentType: undefined }
    }
    const piece = Buffer.from(result.value)
    pieces.push(piece)
    length += piece.length
  }
  return inPieces(pieces, iterator, iterator.next())
}

/** The platform's own, as it was when this module was loaded: tests with false timers take it away. */
const nextImmediate = globalThis.setImmediate

/** After everything that is on its way by promises alone. */
function soon(): Promise<undefined> {
  return new Promise((resolve) => {
    let turns = 2
    const turn = (): unknown => (turns-- > 0 ? nextImmediate(turn) : resolve(undefined))
    turn()
  })
}

function inPieces(
  pieces: readonly Buffer[],
  iterator: AsyncIterator<Uint8Array>,
  next: Promise<IteratorResult<Uint8Array>>,
): OutgoingBody {
  const ready = pieces.values()
  let coming: Promise<IteratorResult<Uint8Array>> | undefined = next
  const all: AsyncIterableIterator<unknown> = {
    next: async () => {
      const piece = ready.next()
      if (piece.done !== true) return piece
      const result = coming ?? iterator.next()
      coming = undefined
      return await result
    },
    return: async () => {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => all,
  }
  next.catch(() => {
    // Told to the sender of the body.
  })
  return new ChunkedBody(() => new IterableSource(all), undefined)
}

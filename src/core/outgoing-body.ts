/**
 * The body of a request in one form: none, bytes that are there, or chunks to come. `takeBody` takes what a caller gives
 * over: from then on its errors are heard, and its holder gives it back by `close`, on every way out.
 *
 * Length: one form of a body, and each kind of value that is taken for one.
 */

import type { Readable } from 'node:stream'
import { LocalProtocolError } from '../errors/index.ts'
import {
  type AnyIterator,
  type ChunkSource,
  IterableSource,
  ListSource,
  memoryError,
  NodeStreamSource,
  SegmentSource,
  WebStreamSource,
} from './body-sources.ts'
import { isArrayBuffer, isBytes, isMemory, isSetOrMap, tagOf } from './brands.ts'
import { type FileHandleLike, isFileHandle, measureFile } from './file-source.ts'
import { isBlobLike, isFormLike, writeForm } from './form-data.ts'
import { type HeadersInput, toFieldLines } from './headers.ts'
import { describe, isPromiseLike } from './options.ts'
import { assertString, bytesOfMemory, plainView, plainViewOfAny } from './snapshot.ts'

/** A chunk of a body that comes in chunks. */
export type BodyChunk = string | Uint8Array

/** A body that can be sent once, or, as bytes, any number of times. Strings are sent as UTF-8. */
export type PlainBody =
  | string
  | ArrayBufferView
  | ArrayBufferLike
  | URLSearchParams
  | FormData
  | Blob
  | FileHandleLike
  | ReadableStream<BodyChunk>
  | Iterable<BodyChunk>
  | AsyncIterable<BodyChunk>
  | null
  | undefined

/** What the body of a request may be; a factory makes it replayable, and is called for each time it is sent. */
export type RequestBody = PlainBody | (() => PlainBody)

/** Trailers, or what gives them once the body has been sent. */
export type TrailerSource =
  | HeadersInput
  | Promise<HeadersInput>
  | (() => HeadersInput | Promise<HeadersInput>)
  | undefined

export interface NoBody {
  readonly kind: 'none'
}

export interface BytesBody {
  readonly kind: 'bytes'
  /** The caller's memory, until it is sent. */
  readonly bytes: Uint8Array
  /** How many bytes it was when it was given. */
  readonly length: number
  readonly contentType: string | undefined
}

/** A body in one form. */
export type OutgoingBody = NoBody | BytesBody | ChunkedBody

/** The body of a request that has none. */
export const NO_BODY: NoBody = Object.freeze({ kind: 'none' })

/** A body that comes in chunks: owned by its sender. */
export class ChunkedBody {
  readonly kind = 'chunks'
  /** In bytes; undefined where it is not known. */
  readonly length: number | undefined
  readonly contentType: string | undefined
  /** True where `open` may be called more than once. */
  readonly isReplayable: boolean
  readonly #source: ChunkSource
  /** What the source died of while it was not read. */
  #failure: { readonly error: unknown } | undefined
  #onFailure: ((error: unknown) => void) | undefined
  #onGivenBack: (() => void) | undefined
  #isClosed = false
  #wasOpened = false
  #isOpen = false
  #isClaimed = false
  /** Bodies of its own that were made of it for further sendings, as far as they may still be sent. */
  #replays: ChunkedBody[] = []

  constructor(
    make: (onFailure: (error: unknown) => void) => ChunkSource,
    length: number | undefined,
    contentType?: string,
  ) {
    this.#source = make((error) => this.#fail(error))
    this.length = length
    this.contentType = contentType
    this.isReplayable = this.#source.isReplayable
  }

  /** What the source failed with before or while it was sent; undefined where it has not. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Names who is told, once, when the source fails by itself; at once where it has. */
  listen(onFailure: ((error: unknown) => void) | undefined): void {
    this.#onFailure = onFailure
    if (this.#failure !== undefined) onFailure?.(this.#failure.error)
  }

  /** True where it is known that nothing comes, as of an empty list. */
  get isEmpty(): boolean {
    return this.length === 0 || (this.#source instanceof ListSource && this.#source.isEmpty)
  }

  /** True once it was begun to be read. */
  get wasOpened(): boolean {
    return this.#wasOpened
  }

  /**
   * To be called by the one that is going to send it, before anything is written. Gives the body to be sent: another one with the same
   * chunks where this one is being sent already, as by a layer that asks twice.
   * @throws TypeError for one that can be sent once, and was sent or given back before: what is left of it would look whole
   */
  claim(): ChunkedBody {
    if (this.isReplayable) return this.#isOpen ? this.again() : this
    if (this.#isClaimed || this.#isClosed) {
      throw new TypeError(
        'The body can be sent once, and was sent or given back before; give bytes, a string, a Blob, a form, or a function that makes it',
      )
    }
    this.#isClaimed = true
    return this
  }

  /** Begins to read. */
  open(): AnyIterator {
    this.#isClosed = false
    this.#wasOpened = true
    this.#isOpen = true
    return this.#source.open()
  }

  /** A body of its own with the same chunks, for where this one may still be read: only where `isReplayable`. */
  again(): ChunkedBody {
    const make = (onFailure: (error: unknown) => void): ChunkSource => this.#source.again!(onFailure)
    const replay = new ChunkedBody(make, this.length, this.contentType)
    this.#replays = [...this.#replays.filter((one) => !one.#isOver()), replay]
    return replay
  }

  /** The same body without a media type of its own: as `again`. */
  untyped(): ChunkedBody {
    return new ChunkedBody((onFailure) => this.#source.again!(onFailure), this.length)
  }

  /** Names who is told where it is given back by another in the middle: what was sent of it is not the whole. */
  guard(onGivenBack: (() => void) | undefined): void {
    this.#onGivenBack = onGivenBack
  }

  /** All of it was read: there is nothing to be given back. */
  finish(): void {
    this.#onFailure = undefined
    this.#onGivenBack = undefined
    this.#isOpen = false
    if (this.#isClosed) return
    this.#isClosed = true
    this.#source.finish()
  }

  /** As `close`, for all of its sendings: none of them is waited for. */
  giveUp(reason?: unknown): void {
    this.close(reason)
    const replays = this.#replays
    this.#replays = []
    for (const replay of replays) replay.giveUp(reason)
  }

  /** True where nothing is left to be given up. */
  #isOver(): boolean {
    return this.#isClosed && this.#replays.every((one) => one.#isOver())
  }

  /** Gives back what was not read, for one sending. Idempotent. */
  close(reason?: unknown): void {
    const onGivenBack = this.#onGivenBack
    this.#onFailure = undefined
    this.#onGivenBack = undefined
    this.#isOpen = false
    if (this.#isClosed) return
    this.#isClosed = true
    this.#source.close(reason)
    onGivenBack?.()
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#isClosed) return
    this.#failure = { error }
    this.#onFailure?.(error)
  }
}

/** Gives a body back that will not be sent, or whose rest is not wanted. */
export function closeBody(body: OutgoingBody | FileHandleLike | undefined, reason?: unknown): void {
  if (body instanceof ChunkedBody) body.close(reason)
}

/** True for a body that can be sent once more, or is none. */
export function isReplayable(body: OutgoingBody): boolean {
  return !(body instanceof ChunkedBody) || body.isReplayable
}

/**
 * The body for sending it once more: what the first sending still does to its own, and be it late, does nothing to this one.
 * Only for one that is replayable.
 */
export function replayOf(body: OutgoingBody): OutgoingBody {
  return body instanceof ChunkedBody ? body.again() : body
}

/** True where it is known that no content comes, however it is framed. */
export function isEmptyBody(body: OutgoingBody): boolean {
  return body instanceof ChunkedBody ? body.isEmpty : lengthOf(body) === 0
}

/** A body's length as far as it is known, in bytes; undefined where it is not. */
export function lengthOf(body: OutgoingBody): number | undefined {
  if (body.kind === 'none') return 0
  return body.length
}

/**
 * Bytes as a body. They are the caller's memory until they are sent.
 * @throws TypeError where that memory was transferred
 */
export function bytesBody(bytes: Uint8Array, contentType?: string): BytesBody {
  return { kind: 'bytes', bytes, length: bytes.length, contentType }
}

/**
 * To be asked before bytes are sent that had to wait.
 * @throws TypeError where their memory was transferred or made another size since they were given
 */
export function assertHeld(body: OutgoingBody): void {
  if (body.kind !== 'bytes' || body.bytes.length === body.length) return
  throw memoryError()
}

/**
 * Takes a body over, at once. A file has to be measured first and comes back as it is: see `measureBody`.
 * @param makeBoundary - gives the boundary of a form
 * @throws TypeError for what cannot be a body, and for a stream or an iterator that was read before
 * @throws LocalProtocolError for a list with a member that is neither bytes nor a string
 */
export function takeBody(body: RequestBody, makeBoundary: () => string): OutgoingBody | FileHandleLike {
  if (body === undefined || body === null) return NO_BODY
  if (typeof body === 'string') return bytesBody(Buffer.from(body))
  if (isBytes(body)) return bytesBody(plainView(body))
  if (typeof body === 'function') return takeMade(body, makeBoundary)
  if (typeof body !== 'object') throw notABody(body)
  if (ignoresPromise(body)) throw new TypeError('A body cannot be a promise; await it and give what it gives')
  return takeBytes(body) ?? takeChunks(body, makeBoundary)
}

/**
 * The body that a layer or a hook gives a request: one that was taken over before, or text or bytes, which can be taken over
 * without anything else. What is neither would be waited for, and would never come.
 * @throws TypeError for anything else
 */
export function takeChangedBody(body: unknown): OutgoingBody {
  if (typeof body === 'string') return bytesBody(Buffer.from(body))
  if (isBytes(body)) return bytesBody(plainView(body))
  if (typeof body === 'object' && body !== null) {
    if (isOutgoingBody(body)) return body
    if (ArrayBuffer.isView(body) || isMemory(body)) return takeBytes(body)!
  }
  ignoresPromise(body)
  throw new TypeError(
    `The body of a changed request is a string, bytes, the body of another request, or { kind: 'none' }, not ${describe(body)}`,
  )
}

function isOutgoingBody(body: object): body is OutgoingBody {
  if (body instanceof ChunkedBody) return true
  const { kind, bytes, length } = body as { [K in keyof BytesBody]?: unknown }
  if (kind === 'none') return true
  return kind === 'bytes' && isBytes(bytes) && Number.isInteger(length)
}

/** @throws TypeError for a factory that makes no body */
function takeMade(factory: () => PlainBody, makeBoundary: () => string): OutgoingBody | FileHandleLike {
  const made: unknown = factory()
  if (typeof made === 'function') throw new TypeError('A body factory must give a body, not another factory')
  if (ignoresPromise(made)) throw new TypeError('A body factory must give its body at once, not a promise')
  const body = takeBody(made as PlainBody, makeBoundary)
  if (!(body instanceof ChunkedBody) || body.isReplayable) return body
  return new ChunkedBody(
    (onFailure) => {
      body.listen(onFailure)
      return new FactorySource(body, factory, makeBoundary, onFailure)
    },
    body.length,
    body.contentType,
  )
}

/** What is bytes already, in another form. */
function takeBytes(body: object): BytesBody | undefined {
  if (isMemory(body)) return bytesBody(bytesOfMemory(body))
  if (ArrayBuffer.isView(body)) return bytesBody(plainViewOfAny(body))
  if (tagOf(body) === 'URLSearchParams') {
    const contentType = 'application/x-www-form-urlencoded;charset=UTF-8'
    return bytesBody(Buffer.from((body as URLSearchParams).toString()), contentType)
  }
  return undefined
}

function takeChunks(body: object, makeBoundary: () => string): OutgoingBody | FileHandleLike {
  if (isBlobLike(body)) {
    const source = new SegmentSource([body])
    return new ChunkedBody(() => source, source.length, body.type === '' ? undefined : body.type)
  }
  if (isFormLike(body)) {
    const boundary = makeBoundary()
    const source = new SegmentSource(writeForm(body, boundary))
    return new ChunkedBody(() => source, source.length, `multipart/form-data; boundary=${boundary}`)
  }
  if (isNodeStream(body)) return new ChunkedBody((fail) => new NodeStreamSource(body, fail), undefined)
  if (isWebStream(body)) return new ChunkedBody((fail) => new WebStreamSource(body, fail), undefined)
  if (isFileHandle(body)) return body
  if (Symbol.asyncIterator in body || Symbol.iterator in body) {
    const iterable = body as AsyncIterable<unknown> | Iterable<unknown>
    if (Array.isArray(iterable) || isSetOrMap(iterable)) return takeList(iterable as Iterable<unknown>)
    return new ChunkedBody(() => new IterableSource(iterable), undefined)
  }
  throw notABody(body)
}

/** A list is looked through at once: what is no chunk, as the entries of a Map, is refused. */
function takeList(list: Iterable<unknown>): OutgoingBody {
  const chunks = Array.from(list, (chunk) => (typeof chunk === 'string' ? chunk : plainView(toBytes(chunk))))
  return new ChunkedBody(() => new ListSource(chunks), undefined)
}

function isNodeStream(body: object): body is Readable {
  const { on, destroy, read } = body as Partial<Readable>
  return (
    typeof on === 'function' &&
    typeof destroy === 'function' &&
    typeof read === 'function' &&
    Symbol.asyncIterator in body
  )
}

/** True for a stream of the platform, ours or another package's. */
export function isWebStream(body: object): body is ReadableStream {
  return 'locked' in body && typeof (body as Partial<ReadableStream>).getReader === 'function'
}

function notABody(body: unknown): TypeError {
  if (typeof body === 'object' && body !== null && 'pipe' in body) {
    // Streams of the old kind: the package form-data makes one.
    return new TypeError(
      'A body cannot be a stream of the old kind; pipe it into a PassThrough and give that',
    )
  }
  return new TypeError(
    `A body cannot be made of ${describe(body)}; JSON has to be written out: JSON.stringify(value)`,
  )
}

/** A factory's body: made when it was taken, or else when it is opened; each further `open` makes another one. */
class FactorySource implements ChunkSource {
  readonly isReplayable = true
  readonly #factory: () => PlainBody
  readonly #makeBoundary: () => string
  readonly #onFailure: (error: unknown) => void
  /** What is there and was not opened. */
  #first: ChunkedBody | undefined
  #current: ChunkedBody | undefined

  constructor(
    first: ChunkedBody | undefined,
    factory: () => PlainBody,
    makeBoundary: () => string,
    onFailure: (error: unknown) => void,
  ) {
    this.#factory = factory
    this.#makeBoundary = makeBoundary
    this.#onFailure = onFailure
    this.#first = first
    this.#current = first
  }

  open(): AnyIterator {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first.open()
    const next = takeBody(this.#factory(), this.#makeBoundary)
    if (!(next instanceof ChunkedBody))
      throw new TypeError('A body factory must give a body of the same kind each time')
    this.#current = next
    next.listen(this.#onFailure)
    return next.open()
  }

  again(onFailure: (error: unknown) => void): ChunkSource {
    return new FactorySource(undefined, this.#factory, this.#makeBoundary, onFailure)
  }

  close(reason: unknown): void {
    // Given back, it cannot be opened any more: the next one is made again.
    this.#first = undefined
    this.#current?.close(reason)
  }

  finish(): void {
    this.#current?.finish()
  }
}

/**
 * Measures a file; any other body comes back as it is.
 * @throws what reading the file throws
 */
export async function measureBody(body: OutgoingBody | FileHandleLike): Promise<OutgoingBody> {
  if (isMeasured(body)) return body
  const measured = await measureFile(body)
  if (measured.kind === 'bytes') return bytesBody(measured.bytes)
  return new ChunkedBody(() => measured.source, measured.length)
}

/** True for a body that has not to be measured. */
export function isMeasured(body: OutgoingBody | FileHandleLike): body is OutgoingBody {
  // Own: what another package wrote onto `Object.prototype` makes no file a body.
  return body === NO_BODY || Object.hasOwn(body, 'kind')
}

/**
 * The bytes of a chunk.
 * @throws LocalProtocolError for anything but bytes and strings
 * @throws TypeError where the memory of the bytes was transferred, or made smaller
 */
export function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk.length === 0 ? plainView(chunk) : chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  if (isBytes(chunk)) return plainView(chunk)
  if (isArrayBuffer(chunk)) return bytesOfMemory(chunk)
  ignoresPromise(chunk)
  throw new LocalProtocolError('INVALID_BODY', `a chunk of it is ${describe(chunk)}`)
}

/** True for a promise, which is heard: nothing else would know that it was given, and has failed. */
function ignoresPromise(value: unknown): value is PromiseLike<unknown> {
  if (!isPromiseLike(value)) return false
  Promise.resolve(value).catch(() => {
    // Refused, whatever it gives.
  })
  return true
}

/**
 * Takes trailers over: fields are looked at once, a promise is heard at once.
 * @throws TypeError for what are no fields
 */
export function takeTrailers(trailers: TrailerSource): TrailerSource {
  if (trailers === undefined || typeof trailers === 'function') return trailers
  if (!isPromiseLike(trailers)) {
    const lines = toFieldLines(trailers)
    // A Date of the caller may write itself as anything.
    for (const [, value] of lines) assertString(value, 'The value of a trailer')
    return lines
  }
  const later = Promise.resolve(trailers)
  hearPromise(later)
  return later
}

/** Hears a promise that may never be awaited: its rejection could be caught nowhere. */
export function hearPromise(value: unknown): void {
  // What only has a `then` is not asked: it may begin its work by that.
  if (!(value instanceof Promise) && tagOf(value) !== 'Promise') return
  Promise.resolve(value).catch(() => {
    // Told to the caller that waits for it, if there is one.
  })
}

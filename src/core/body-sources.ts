/**
 * The sources of a body that comes in chunks, each with one way to read it, one to give it back, and one to hear that it
 * failed by itself. A source is heard from the moment it is given: a stream without a listener ends the process with
 * its error.
 */

import { Readable } from 'node:stream'
import type { ReadableStreamDefaultReader } from 'node:stream/web'
import { isBlobLike, type Segment } from './form-data.ts'
import { type AnyIterator, destroyStream, hearUntilClosed, SegmentReader } from './open-stream.ts'

export type { AnyIterator } from './open-stream.ts'
export { destroyStream } from './open-stream.ts'

/** Where the chunks of a body come from. */
export interface ChunkSource {
  /** True where `open` may be called again, for the same chunks. */
  readonly isReplayable: boolean
  /** Begins to read. */
  open(): AnyIterator
  /**
   * A source of its own for the same chunks; only where `isReplayable`. What still reads this one, or gives it back late, does
   * nothing to the other.
   */
  again?(onFailure: OnFailure): ChunkSource
  /** Gives back what was not read: destroys, cancels, returns. Never throws; a second call does nothing. */
  close(reason: unknown): void
  /** All of it was read: nothing is to be given back. */
  finish(): void
}

/** Is told that a source failed while it was not being read. */
export type OnFailure = (error: unknown) => void

/** Nothing is lost where giving back goes wrong: what was to be sent has been decided. */
const ignore = (): void => {}

/** Streams and one-shot iterators that were given as a body: their content belongs to the first request. */
const SPENT = new WeakSet<object>()

/** True for what gives its chunks itself: a member `next` may be anything else, as in a list whose members are linked. */
function isIterator(iterable: object): iterable is AnyIterator {
  return typeof (iterable as { readonly next?: unknown }).next === 'function'
}

/**
 * Notes that an iterable was given as a body. What is its own iterator, as a generator is, is there once.
 * @throws TypeError for an iterator that was given before
 */
export function spend(iterable: object): void {
  if (SPENT.has(iterable)) {
    throw new TypeError('The iterator was sent before: its content is gone; give a new one, or a factory')
  }
  if (isIterator(iterable)) SPENT.add(iterable)
}

/** True for a stream whose content is gone: given before, read, at least in part, ended, failed or destroyed. */
export function isSpentStream(stream: Readable): boolean {
  if (SPENT.has(stream)) return true
  return stream.destroyed || Readable.isDisturbed(stream) || stream.readableEnded || !stream.readable
}

/**
 * Gives a stream back that is not sent. What it says on its way to its end is heard: there may be no other listener. One that
 * other code reads, or sends, is left to them.
 */
export function discardStream(stream: Readable): void {
  if (SPENT.has(stream)) return
  if (stream.readableFlowing === true || stream.listenerCount('readable') > 0) hearUntilClosed(stream)
  else destroyStream(stream)
}

/** A Node stream. */
export class NodeStreamSource implements ChunkSource {
  readonly isReplayable = false
  readonly #stream: Readable
  readonly #onError: (error: Error) => void
  readonly #onClose: () => void

  /**
   * @throws TypeError for a stream that was read or destroyed, and for one that gives text in another encoding than UTF-8:
   *   its bytes would arrive as other bytes
   * @throws what the stream has failed with
   */
  constructor(stream: Readable, onFailure: OnFailure) {
    const refusal = findRefusal(stream)
    if (refusal !== undefined) {
      discardStream(stream)
      throw refusal
    }
    SPENT.add(stream)
    this.#stream = stream
    this.#onError = (error) => onFailure(error)
    this.#onClose = () => {
      // Destroyed without an error, in the middle.
      if (!stream.readableEnded && (stream.errored ?? null) === null) {
        onFailure(new Error('The stream of the body was closed before its end'))
      }
    }
    stream.on('error', this.#onError)
    stream.on('close', this.#onClose)
  }

  open(): AnyIterator {
    const stream = this.#stream
    // A socket that has ended may still be written to: what was read whole is not destroyed.
    return typeof stream.iterator === 'function'
      ? stream.iterator({ destroyOnReturn: false })
      : stream[Symbol.asyncIterator]()
  }

  close(): void {
    this.#unlisten()
    destroyStream(this.#stream)
  }

  finish(): void {
    this.#unlisten()
    // An error may still be on its way, and perhaps there is no other listener.
    hearUntilClosed(this.#stream)
  }

  #unlisten(): void {
    this.#stream.off('close', this.#onClose)
    this.#stream.off('error', this.#onError)
  }
}

/** Why a stream cannot be sent; undefined where it can. */
function findRefusal(stream: Readable): Error | undefined {
  if (isSpentStream(stream)) {
    const gone = 'The stream was read, sent or destroyed before: its content is gone; give a new one'
    return stream.errored ?? new TypeError(gone)
  }
  // Of streams that are not Node's own it is undefined.
  const readableEncoding = stream.readableEncoding ?? 'utf8'
  if (/^utf-?8$/i.test(readableEncoding)) return undefined
  return new TypeError(
    `A stream that gives text in ${readableEncoding} is no body, for text is sent as UTF-8; give it without setEncoding()`,
  )
}

/** A web stream: locked from the moment it is given. */
export class WebStreamSource implements ChunkSource {
  readonly isReplayable = false
  readonly #reader: ReadableStreamDefaultReader<unknown>
  readonly #keepsLock: boolean
  #wasOpened = false

  /**
   * @param keepsLock - once it was begun to be read it stays locked, as the Fetch standard leaves it; else the caller gets it back
   * @throws TypeError for a stream that was read or is locked
   */
  constructor(stream: ReadableStream, onFailure: OnFailure, keepsLock = false) {
    if (stream.locked || Readable.isDisturbed(stream as unknown as Readable)) {
      if (!stream.locked) stream.cancel().catch(ignore)
      throw new TypeError('The stream is locked, or was read before; give a new one')
    }
    this.#keepsLock = keepsLock
    this.#reader = stream.getReader() as ReadableStreamDefaultReader<unknown>
    this.#reader.closed.catch(onFailure)
  }

  open(): AnyIterator {
    this.#wasOpened = true
    return { next: () => this.#reader.read() as Promise<IteratorResult<unknown>> }
  }

  close(reason: unknown): void {
    // A reader that was released refuses, and one that was cancelled has nothing left: a second call does no harm.
    this.#reader.cancel(reason).then(() => this.#release(), ignore)
  }

  finish(): void {
    this.#release()
  }

  #release(): void {
    if (!this.#keepsLock || !this.#wasOpened) this.#reader.releaseLock()
  }
}

/** A list: its chunks are there, and can be read again. What the caller does to the list afterwards does nothing to them. */
export class ListSource implements ChunkSource {
  readonly isReplayable = true
  readonly #chunks: readonly (string | Uint8Array)[]
  /** How many bytes each was when it was given. */
  readonly #lengths: number[]

  constructor(
    chunks: readonly (string | Uint8Array)[],
    lengths: number[] = chunks.map((chunk) => chunk.length),
  ) {
    this.#chunks = chunks
    this.#lengths = lengths
  }

  /** True where nothing comes. */
  get isEmpty(): boolean {
    return this.#lengths.every((length) => length === 0)
  }

  open(): AnyIterator {
    return this.#read()
  }

  /** @throws TypeError where the memory of a chunk was transferred or made another size */
  *#read(): Generator<string | Uint8Array, void, void> {
    for (const [at, chunk] of this.#chunks.entries()) {
      if (chunk.length !== this.#lengths[at]) throw memoryError()
      yield chunk
    }
  }

  again(): ChunkSource {
    return new ListSource(this.#chunks, this.#lengths)
  }

  close(): void {}

  finish(): void {}
}

/** Of bytes that have to wait, and are the caller's. */
export function memoryError(): TypeError {
  return new TypeError('The memory of the body was transferred or made another size before it was sent')
}

/** An iterable or an iterator: a generator, anything with `Symbol.asyncIterator` or `Symbol.iterator`. */
export class IterableSource implements ChunkSource {
  readonly isReplayable = false
  readonly #iterable: AsyncIterable<unknown> | Iterable<unknown>
  #iterator: AnyIterator | undefined

  /** @throws TypeError for an iterator that was sent before */
  constructor(iterable: AsyncIterable<unknown> | Iterable<unknown>) {
    spend(iterable)
    this.#iterable = iterable
    if (isIterator(iterable)) this.#iterator = iterable
  }

  open(): AnyIterator {
    const iterable = this.#iterable
    this.#iterator =
      Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
    return this.#iterator
  }

  close(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    if (iterator !== undefined) giveBack(iterator)
  }

  finish(): void {}
}

/**
 * Tells an iterator that no more is wanted: generators run their `finally`. In a moment: it may be its own code that is running and
 * called the request off, and a generator refuses to return while it runs.
 */
function giveBack(iterator: AnyIterator): void {
  const tell = async (): Promise<void> => {
    await Promise.resolve()
    await iterator.return?.()
  }
  tell().catch(ignore)
}

/** Segments whose lengths are known: a Blob, or the parts of a form. They can be read any number of times. */
export class SegmentSource implements ChunkSource {
  readonly isReplayable = true
  readonly length: number
  readonly #segments: readonly Segment[]
  #iterator: SegmentReader | undefined

  constructor(segments: readonly Segment[]) {
    this.#segments = segments
    this.length = segments.reduce((sum, one) => sum + (isBlobLike(one) ? one.size : one.length), 0)
  }

  open(): AnyIterator {
    this.#iterator = new SegmentReader(this.#segments)
    return this.#iterator
  }

  again(): ChunkSource {
    return new SegmentSource(this.#segments)
  }

  close(): void {
    const iterator = this.#iterator
    this.#iterator = undefined
    if (iterator !== undefined) giveBack(iterator)
  }

  finish(): void {}
}

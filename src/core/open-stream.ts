/**
 * What gives chunks, as an iterator that gives it back at once. Those of web streams and of Node's, and every generator, wait for
 * the next chunk before they return, and it may never come.
 */

import type { Readable } from 'node:stream'
import { isBlobLike, type Segment } from './form-data.ts'

/** An iterator of one of the two kinds. */
export type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

/** Nothing is lost where giving back goes wrong: what was to be sent has been decided. */
const ignore = (): void => {}

/** Streams that were asked to destroy themselves: once, also where they have thrown. */
const ASKED = new WeakSet<object>()

/** Destroys a stream. What it says on its way to its end is heard. */
export function destroyStream(stream: Readable): void {
  if (ASKED.has(stream)) return
  ASKED.add(stream)
  hearUntilClosed(stream)
  try {
    stream.destroy()
  } catch {
    // A stream of another make may refuse: what was to be sent has been decided.
  }
}

/** Hears what a stream says on its way to its end: `closed` is true before the error of a failed one is told. */
export function hearUntilClosed(stream: Readable): void {
  if (stream.closed && (stream.errored ?? null) === null) return
  stream.on('error', ignore)
  stream.once('close', () => stream.off('error', ignore))
}

const OVER: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined })

/** Begins to read a web stream, a Node stream, or anything else that is iterated. */
export function openStream(stream: object): AnyIterator {
  if (typeof (stream as Partial<ReadableStream>).getReader === 'function') {
    const reader = (stream as ReadableStream<unknown>).getReader()
    return {
      next: async () => {
        const result = await reader.read()
        if (result.done) reader.releaseLock()
        return result as IteratorResult<unknown>
      },
      return: () => reader.cancel().then(() => OVER),
    }
  }
  const iterable = stream as AsyncIterable<unknown> | Iterable<unknown>
  const iterator =
    Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
  const { destroy, on } = stream as Partial<Readable>
  if (typeof destroy !== 'function' || typeof on !== 'function') return iterator
  return {
    next: () => iterator.next() as Promise<IteratorResult<unknown>>,
    return: () => {
      destroyStream(stream as Readable)
      return Promise.resolve(OVER)
    },
  }
}

/** Reads segments one after the other. */
export class SegmentReader implements AsyncIterator<unknown> {
  readonly #segments: readonly Segment[]
  #at = 0
  #blob: AnyIterator | undefined

  constructor(segments: readonly Segment[]) {
    this.#segments = segments
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (true) {
      if (this.#blob !== undefined) {
        const result = await this.#blob.next()
        if (result.done !== true) return { done: false, value: result.value }
        this.#blob = undefined
      }
      if (this.#at === this.#segments.length) return OVER
      const segment = this.#segments[this.#at++]!
      if (!isBlobLike(segment)) return { done: false, value: segment }
      this.#blob = openStream(segment.stream() as object)
    }
  }

  async return(): Promise<IteratorResult<unknown>> {
    const blob = this.#blob
    this.#blob = undefined
    this.#at = this.#segments.length
    await blob?.return?.()
    return OVER
  }
}

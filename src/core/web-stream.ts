/**
 * The pieces of a body as a web stream of bytes. One of bytes, for its `tee()` and the `clone()` of what is made of it ask for a
 * piece when one of their readers does; those of any other stream read one piece ahead, and would have the body waited for without a reader.
 */

import type { ReadableByteStreamController, UnderlyingByteSource } from 'node:stream/web'
import { ownBytes } from './body-reader.ts'

/** Without a prototype: what another package wrote onto `Object.prototype` says nothing here. */
function plain<T extends object>(members: T): T {
  return Object.assign(Object.create(null) as T, members)
}

const NOTHING_AHEAD = plain({ highWaterMark: 0 })

/** A stream that is pulled: nothing is read before its reader reads. */
export function makeWebStream(source: {
  /** The next piece; undefined at the end. */
  readonly next: () => Promise<Buffer | undefined>
  readonly cancel: () => void
}): ReadableStream<Uint8Array> {
  const bytes: UnderlyingByteSource = plain({
    type: 'bytes',
    async pull(controller: ReadableByteStreamController): Promise<void> {
      let piece = await source.next()
      // A stream of bytes takes no empty ones.
      while (piece?.length === 0) piece = await source.next()
      if (piece !== undefined) return controller.enqueue(ownBytes(piece))
      controller.close()
      // Who waits with memory of its own is told by an answer of none.
      controller.byobRequest?.respond(0)
    },
    cancel: () => source.cancel(),
  })
  return new ReadableStream<Uint8Array>(bytes as never, NOTHING_AHEAD)
}

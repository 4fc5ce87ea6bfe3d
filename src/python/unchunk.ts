/**
 * Takes apart a body that the caller has put into chunks: `send('%x\r\n%s\r\n' % (len(data), data))`, as programs did before
 * Python could. The engine frames every body itself, so that no data can end a message; so the caller's framing is
 * read, strictly, and written again. Chunks keep their sizes where each comes in one piece; chunk extensions are dropped.
 */

import type { FieldLine } from '../core/fields.ts'
import { HTTPException, LocalProtocolError } from '../errors/index.ts'
import { ChunkedDecoder } from '../h1/body-decoders.ts'
import { resolveLimits } from '../h1/limits.ts'
import { ReceiveBuffer } from '../h1/receive-buffer.ts'
import { resolveTolerances } from '../h1/tolerances.ts'
import { piecesOf, type TakenBody } from './body.ts'

/** Reads chunks that the caller wrote, piece by piece. */
export class Unchunker {
  /** The trailer section, once the last chunk was read. */
  trailers: readonly FieldLine[] = []
  readonly #buffer = new ReceiveBuffer()
  readonly #decoder = new ChunkedDecoder(
    { tolerances: resolveTolerances(), limits: resolveLimits(), isHead: false },
    [],
  )
  #isEnded = false

  /** True once the last chunk and its trailer section were read. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /**
   * The data of the chunks in `bytes`, without their framing.
   * @throws LocalProtocolError for what are no chunks, and for bytes after the last one
   */
  read(bytes: Uint8Array): Uint8Array[] {
    const data: Uint8Array[] = []
    this.#buffer.receive(bytes)
    while (!this.#isEnded) {
      const decoded = this.#decode()
      if (decoded === undefined) break
      if (decoded.bytes !== undefined) {
        // A view of a buffer that is used again.
        data.push(Buffer.from(decoded.bytes))
      } else {
        this.#isEnded = true
        this.trailers = decoded.trailers
      }
    }
    if (this.#isEnded && this.#buffer.length > 0) {
      throw new LocalProtocolError('BODY_TOO_LONG', 'the last chunk was sent already')
    }
    this.#buffer.settle()
    return data
  }

  #decode(): ReturnType<ChunkedDecoder['decode']> {
    try {
      return this.#decoder.decode(this.#buffer)
    } catch (cause) {
      if (!HTTPException.isHTTPException(cause)) throw cause
      throw new LocalProtocolError(
        'INVALID_BODY',
        'with Transfer-Encoding: chunked, send() takes chunks, or endheaders() makes them with encode_chunked',
        { cause },
      )
    }
  }
}

/**
 * The data of the chunks in a body that the caller has put into chunks. An iterator, and no generator: a generator that waits for its
 * source cannot be told to give it back.
 */
export function takeApart(data: TakenBody, unchunker: Unchunker): AsyncIterableIterator<Uint8Array> {
  const given = piecesOf(data)
  const pieces = Symbol.iterator in given ? given[Symbol.iterator]() : given
  let ready: Iterator<Uint8Array> = [].values()
  const apart: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      while (true) {
        const { done, value } = ready.next()
        if (done !== true) return { done: false, value }
        const next = await pieces.next()
        if (next.done === true) return { done: true, value: undefined }
        ready = unchunker.read(next.value).values()
      }
    },
    return: async () => {
      await pieces.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => apart,
  }
  return apart
}

/**
 * The body of a request out of a BodyInit of any package, with the media type that the standard gives it ("extract a body").
 */

import { type AnyIterator, type ChunkSource, IterableSource, WebStreamSource } from '../core/body-sources.ts'
import { isBytes, isMemory, tagOf } from '../core/brands.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { isFileHandle } from '../core/file-source.ts'
import { isBlobLike, isFormLike } from '../core/form-data.ts'
import {
  bytesBody,
  ChunkedBody,
  isWebStream,
  NO_BODY,
  type OutgoingBody,
  type RequestBody,
  takeBody,
} from '../core/outgoing-body.ts'
import { bytesOfMemory, plainViewOfAny } from '../core/snapshot.ts'
import { isStreamUsed } from './body-feed.ts'
import { toText } from './web-idl.ts'

/** What is said besides the body. */
export interface BodyContext {
  readonly makeBoundary: () => string
  /** Whether `duplex: 'half'` was given, as a body that comes in pieces needs it. */
  readonly isHalfDuplex: boolean
  readonly keepalive: boolean
  /** Of the request; undefined where none was said. */
  readonly mode: string | undefined
  /** Whether it is the body of a `Request`, which is sent through a stream of its own: the one it was made of is not locked afterwards. */
  readonly isOfRequest: boolean
}

/**
 * Takes a body over.
 * @throws TypeError for a stream that is locked or used, for one without `duplex`, and for one in the mode `no-cors`
 */
export function readBody(body: unknown, context: BodyContext): OutgoingBody | FileHandleLike {
  if (body === undefined || body === null) return NO_BODY
  if (typeof body === 'object') {
    const known = readObject(body, context)
    if (known !== undefined) return known
  }
  return bytesBody(Buffer.from(toText(body)), 'text/plain;charset=UTF-8')
}

function readObject(body: object, context: BodyContext): OutgoingBody | FileHandleLike | undefined {
  const { makeBoundary } = context
  if (ArrayBuffer.isView(body)) return copyOf(plainViewOfAny(body))
  if (isMemory(body)) return copyOf(bytesOfMemory(body))
  if (tagOf(body) === 'URLSearchParams' || isBlobLike(body) || isFormLike(body) || isFileHandle(body))
    return takeBody(body as RequestBody, makeBoundary)
  if (isWebStream(body)) return readStream(body, context)
  if (Symbol.asyncIterator in body) return readPieces(body as AsyncIterable<unknown>, context)
  // A stream of the old kind would be sent as "[object Object]".
  if ('pipe' in body) return takeBody(body as RequestBody, makeBoundary)
  return undefined
}

/** The standard sends the bytes as they were when the call was made. */
function copyOf(bytes: Uint8Array): OutgoingBody {
  return bytesBody(Buffer.from(bytes))
}

function readStream(stream: ReadableStream, context: BodyContext): OutgoingBody {
  refusePieces(context)
  if (stream.locked || isStreamUsed(stream)) throw usedError()
  const keepsLock = !context.isOfRequest
  return new ChunkedBody(
    (onFailure) => new BytesOnly(new WebStreamSource(stream, onFailure, keepsLock)),
    undefined,
  )
}

function readPieces(pieces: AsyncIterable<unknown>, context: BodyContext): OutgoingBody | FileHandleLike {
  refusePieces(context)
  if ('destroy' in pieces && 'on' in pieces) return takeStream(pieces as RequestBody, context)
  return new ChunkedBody(() => new IterableSource(pieces), undefined)
}

/** A stream of Node. */
function takeStream(stream: RequestBody, { makeBoundary }: BodyContext): OutgoingBody | FileHandleLike {
  try {
    return takeBody(stream, makeBoundary)
  } catch (cause) {
    // What it was destroyed with, too: it failed before anything was sent.
    throw usedError({ cause })
  }
}

function refusePieces({ keepalive, isHalfDuplex, mode }: BodyContext): void {
  if (keepalive) throw new TypeError('keepalive')
  if (!isHalfDuplex) throw new TypeError('RequestInit: duplex option is required when sending a body.')
  // A preflight would have to ask for it, and this mode has none (Fetch §5.4, step 39.2).
  if (mode === 'no-cors')
    throw new TypeError('If request is made from ReadableStream, mode should be "same-origin" or "cors"')
}

function usedError(options?: ErrorOptions): TypeError {
  return new TypeError('Response body object should not be disturbed or locked', options)
}

/** A web stream whose chunks have to be bytes, as the standard wants them. */
class BytesOnly implements ChunkSource {
  readonly isReplayable = false
  readonly #source: ChunkSource

  constructor(source: ChunkSource) {
    this.#source = source
  }

  open(): AnyIterator {
    const iterator = this.#source.open()
    return {
      next: async () => {
        const result = await iterator.next()
        if (result.done !== true && !isBytes(result.value))
          throw new TypeError('Received non-Uint8Array chunk')
        return result
      },
    }
  }

  close(reason: unknown): void {
    this.#source.close(reason)
  }

  finish(): void {
    this.#source.finish()
  }
}

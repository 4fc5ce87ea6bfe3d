/**
 * Bodies that are watched while they move, in both directions: how much has moved, and what is being waited for. What is made of
 * it is the matter of a watch: `progress.ts` tells the caller, `min-speed.ts` gives a slow transfer up.
 */

import { withEarlierBytes } from '../core/body-gathering.ts'
import type { BodyReader } from '../core/body-reader.ts'
import type { AnyIterator, ChunkSource, OnFailure } from '../core/body-sources.ts'
import { isArrayBuffer, isBytes } from '../core/brands.ts'
import type { FieldLine } from '../core/fields.ts'
import { assertHeld, type BytesBody, ChunkedBody, type OutgoingBody } from '../core/outgoing-body.ts'
import { ImproperConnectionState } from '../errors/index.ts'

/** What is told of a transfer. `moved` and `ended` may throw, or give a promise that is waited for: the transfer fails with that. */
export interface TransferWatch {
  /** Bytes are waited for: of the peer, or for the peer to take them. */
  waits(): void
  /** They are still to come, but the caller does not wait for them: they are read ahead. `waits()` again when it does. */
  pauses(): void
  /** So many have moved; nothing is waited for any more. */
  moved(bytes: number): void | Promise<void>
  /** All have moved. */
  ended(): void | Promise<void>
  /** No more will: it failed, or is not wanted. Ends the wait for what `moved` or `ended` gave. */
  stopped(): void
}

/** Makes the watch of one transfer; `giveUp` ends the transfer with an error. */
export type MakeWatch = (giveUp: (error: unknown) => void) => TransferWatch

/** The body of a response, watched. */
export class WatchedBody implements BodyReader {
  readonly #inner: BodyReader
  readonly #watch: TransferWatch
  #failure: { readonly error: unknown } | undefined
  #isReading = false
  /** Bytes are on their way from the body inside. */
  #isAwaited = false
  #isAhead = false

  constructor(inner: BodyReader, makeWatch: MakeWatch) {
    this.#inner = inner
    this.#watch = makeWatch((error) => this.#giveUp(error))
  }

  get isDone(): boolean {
    return this.#failure !== undefined || this.#inner.isDone
  }

  get trailers(): readonly FieldLine[] {
    return this.#inner.trailers
  }

  get maxLength(): number | undefined {
    return this.#inner.maxLength
  }

  readInto(target: Uint8Array): Promise<number> {
    return this.#alone(() =>
      this.#read(
        () => this.#inner.readInto(target),
        (count) => count,
      ),
    )
  }

  readChunk(): Promise<Buffer | undefined> {
    return this.#alone(() => this.#readPiece())
  }

  readAll(): Promise<Buffer> {
    return this.#alone(() => this.#readPieces())
  }

  #readPiece(): Promise<Buffer | undefined> {
    return this.#read(
      () => this.#inner.readChunk(),
      (piece) => piece?.length ?? 0,
    )
  }

  async #readPieces(): Promise<Buffer> {
    const pieces: Buffer[] = []
    try {
      for (let piece = await this.#readPiece(); piece !== undefined; piece = await this.#readPiece()) {
        pieces.push(piece)
      }
    } catch (error) {
      throw withEarlierBytes(error, pieces)
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /** What is watched is read piece by piece. */
  takeAll(): undefined {
    return undefined
  }

  cancel(): void {
    this.#isAwaited = false
    this.#watch.stopped()
    this.#inner.cancel()
  }

  /** The caller does not wait for what is read from now on, or does again. */
  readAhead(isAhead: boolean): void {
    if (this.#isAhead === isAhead) return
    this.#isAhead = isAhead
    if (!this.#isAwaited) return
    if (isAhead) this.#watch.pauses()
    else this.#watch.waits()
  }

  /** One read at a time, however many pieces it takes: another one would have some of them. */
  async #alone<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isReading) {
      throw new ImproperConnectionState('the body is being read already; wait for that read first')
    }
    this.#isReading = true
    try {
      return await read()
    } finally {
      this.#isReading = false
    }
  }

  async #read<T>(read: () => Promise<T>, lengthOf: (result: T) => number): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      this.#isAwaited = true
      if (!this.#isAhead) this.#watch.waits()
      const result = await read()
      this.#isAwaited = false
      await this.#tell(lengthOf(result))
      return result
    } catch (error) {
      this.#isAwaited = false
      this.#watch.stopped()
      throw this.#toldInstead(error)
    }
  }

  /** Where it was given up, a read fails with the reason. */
  #toldInstead(error: unknown): unknown {
    return this.#failure === undefined ? error : this.#failure.error
  }

  async #tell(length: number): Promise<void> {
    try {
      const given = length === 0 ? this.#watch.ended() : this.#watch.moved(length)
      if (given !== undefined) await given
    } catch (error) {
      this.#giveUp(error)
    }
    // It may have been given up while the read went well.
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #giveUp(error: unknown): void {
    this.#failure ??= { error }
    this.#isAwaited = false
    this.#inner.cancel()
  }
}

/** The body of a request, watched: as long, of the same type, and as often to be sent. Each time it is sent has a watch of its own. */
export function watchUpload(body: OutgoingBody, makeWatch: MakeWatch): OutgoingBody {
  if (body.kind === 'none' || body.length === 0) return body
  // A layer around gives back what it knows, which is the body itself: what was sent of it is not the whole.
  const watched: ChunkedBody = new ChunkedBody(
    (onFailure) => new WatchedSource(body, makeWatch, onFailure, () => watched.close()),
    body.length,
    body.contentType,
  )
  return watched
}

/** How much of a body that is there is sent at a time. */
const SLICE_BYTES = 65_536

function* slicesOf(body: BytesBody): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) {
    assertHeld(body)
    yield body.bytes.subarray(at, at + SLICE_BYTES)
  }
}

class WatchedSource implements ChunkSource {
  readonly isReplayable: boolean
  #body: BytesBody | ChunkedBody
  readonly #makeWatch: MakeWatch
  readonly #onFailure: OnFailure
  readonly #onGivenBack: () => void
  #watch: TransferWatch | undefined
  #isClosed = false

  /** @param onGivenBack - the body inside was given back by another */
  constructor(
    body: BytesBody | ChunkedBody,
    makeWatch: MakeWatch,
    onFailure: OnFailure,
    onGivenBack: () => void,
  ) {
    this.#body = body
    this.#makeWatch = makeWatch
    this.#onFailure = onFailure
    this.#onGivenBack = onGivenBack
    this.isReplayable = body.kind === 'bytes' || body.isReplayable
    if (body.kind === 'bytes') return
    body.listen(onFailure)
    body.guard(onGivenBack)
  }

  open(): AnyIterator {
    // A layer that asks twice has it watched twice.
    const body = this.#body.kind === 'chunks' && this.#body.isReplayable ? this.#body.claim() : this.#body
    this.#body = body
    const watch = this.#makeWatch(this.#onFailure)
    this.#watch = watch
    const isClosed = (): boolean => this.#isClosed
    this.#isClosed = false
    if (body.kind === 'bytes') return watchChunks(slicesOf(body), watch, isClosed)
    const chunks = body.open()
    body.listen(this.#onFailure)
    body.guard(this.#onGivenBack)
    return watchChunks(chunks, watch, isClosed)
  }

  again(onFailure: OnFailure): ChunkSource {
    const body = this.#body.kind === 'chunks' ? this.#body.again() : this.#body
    return new WatchedSource(body, this.#makeWatch, onFailure, () =>
      onFailure(new Error('The body was given back before it was sent')),
    )
  }

  close(reason: unknown): void {
    this.#isClosed = true
    this.#watch?.stopped()
    if (this.#body.kind === 'chunks') this.#body.close(reason)
  }

  finish(): void {
    this.#watch?.stopped()
    if (this.#body.kind === 'chunks') this.#body.finish()
  }
}

/** A chunk has moved when the next one is asked for: as much as the connection held back was waited for. */
function watchChunks(
  chunks: AnyIterator,
  watch: TransferWatch,
  isClosed: () => boolean,
): AsyncIterator<unknown> {
  let given = 0
  return {
    next: async () => {
      if (given > 0) await watch.moved(given)
      const result = await chunks.next()
      if (result.done === true) {
        // A source that was given back meanwhile has ended, and was not sent as a whole.
        if (!isClosed()) await watch.ended()
        return result
      }
      given = lengthOf(result.value)
      // What the source was asked for before it was given back is not sent any more.
      if (!isClosed()) watch.waits()
      return result
    },
  }
}

/** What is no chunk is refused where it is sent. */
function lengthOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk)
  return isBytes(chunk) || isArrayBuffer(chunk) ? chunk.byteLength : 0
}

/**
 * The body of an answer as a web stream of bytes, made only when it is asked for. It is pulled: nothing is read before
 * the caller reads; then one piece ahead, so that a reader is told of the end, and of a failure, also where it does not ask.
 *
 * A reader's own memory (BYOB) is filled by the platform from a chunk, not from the connection: the reader may give its lock back while
 * the bytes are on their way, which is not told, and what is then answered to the request for its memory reaches the next
 * reader late or, at the end, never (Node 20).
 */

import { Readable } from 'node:stream'
import type { ReadableByteStreamController } from 'node:stream/web'
import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import { ownBytes } from '../core/body-reader.ts'
import type { HTTPResponse } from '../core/response.ts'
import { terminationOf } from './errors.ts'
import { PlatformResponse } from './platform.ts'

/** The platform's own class, as it was when this module was loaded. */
const PlatformStream = globalThis.ReadableStream

/** A strategy without a prototype: what another package wrote onto `Object.prototype` is none. */
const NOTHING_AHEAD: { readonly highWaterMark: number } = Object.assign(Object.create(null) as object, {
  highWaterMark: 0,
})

/** A feed that is not read any more is not kept alive by a signal that outlives it. */
const COLLECTED = new FinalizationRegistry<{ readonly signal: AbortSignal; readonly onAbort: () => void }>(
  ({ signal, onAbort }) => stopListeningForAbort(signal, onAbort),
)

/** Node and Bun tell of a web stream whether it was used; Deno's `isDisturbed` says of all of them that they were not. */
const TELLS_OF_USE = Symbol.for('nodejs.stream.disturbed') in PlatformStream.prototype

/** True once a stream was read or cancelled. */
export function isStreamUsed(stream: ReadableStream): boolean {
  if (TELLS_OF_USE || !(stream instanceof PlatformStream))
    return Readable.isDisturbed(stream as unknown as Readable)
  return !stream.locked && isRefusedAsBody(stream)
}

/** Whether the platform takes a stream that is not locked for used: it makes no `Response` of one. */
export function isRefusedAsBody(stream: ReadableStream): boolean {
  try {
    void new PlatformResponse(stream)
    return false
  } catch {
    return true
  }
}

/** Gives a stream from the body of a response. */
export class BodyFeed {
  readonly type = 'bytes'
  /** Said, so that nothing is looked for on `Object.prototype`. */
  readonly autoAllocateChunkSize: undefined = undefined
  readonly stream: ReadableStream<Uint8Array>
  readonly #response: HTTPResponse
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: (() => void) | undefined
  readonly #onEnd: (error?: unknown) => void
  #pieces: AsyncIterator<Buffer> | undefined
  /** The piece after the last one given. */
  #ahead: Promise<Buffer | undefined> | undefined
  #controller: ReadableByteStreamController | undefined
  /** What another reader waits for, where the body went to that one. */
  #elsewhere: Promise<void> | undefined
  #isOver = false
  /** It was read, or cancelled; nothing is pulled before. */
  #isTouched = false

  /**
   * @param signal - of the request; an abort errors the stream, also one that is not read
   * @param onEnd - is told once that the body was read to its end, was cancelled, or could not be read
   */
  constructor(response: HTTPResponse, signal: AbortSignal | undefined, onEnd: (error?: unknown) => void) {
    this.#response = response
    this.#signal = signal
    this.#onEnd = onEnd
    this.stream = new PlatformStream<Uint8Array>(this as never, NOTHING_AHEAD)
    if (signal === undefined || signal.aborted || response.isClosed) return
    const held = new WeakRef(this)
    const onAbort = (): void => {
      const feed = held.deref()
      if (feed !== undefined) feed.#abort()
    }
    this.#onAbort = onAbort
    listenForAbort(signal, onAbort)
    COLLECTED.register(this, { signal, onAbort }, this)
  }

  /** True once the stream was read or cancelled. */
  get isUsed(): boolean {
    return this.#isTouched || isStreamUsed(this.stream)
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller
    if (this.#response.hasEnded) this.#end(controller)
    // What broke off before it was asked for tells why when it is read.
    else if (this.#signal?.aborted === true && !this.#response.isClosed) this.#abort()
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    this.#isTouched = true
    if (this.#elsewhere !== undefined) return this.#elsewhere
    let piece: Buffer | undefined
    this.#response.readAhead(false)
    try {
      piece = await (this.#ahead ?? this.#next())
    } catch (error) {
      throw this.#failed(error)
    }
    if (this.#isOver) return
    if (piece === undefined) return this.#end(controller)
    controller.enqueue(ownBytes(piece))
    this.#lookAhead(controller)
  }

  cancel(): void {
    this.#isTouched = true
    this.#isOver = true
    this.#stopListening()
    this.#response.close()
    this.#onEnd()
  }

  /**
   * The body goes to another reader: the stream is locked from now on, used, and ends when that one is done.
   * @param done - settles when the other reader has all of it
   */
  giveAway(done: Promise<unknown>): void {
    this.#stopListening()
    this.#elsewhere = done.then(
      () => this.#end(this.#controller!),
      (error: unknown) => this.#controller?.error(error),
    )
    const reader = this.stream.getReader()
    reader.closed.catch(() => {
      // Told to the other reader.
    })
    reader.read().catch(() => {
      // Likewise.
    })
  }

  /** The body goes to streams made of two branches of it: this one is locked from now on, and no abort concerns it. */
  leave(): void {
    this.#isOver = true
    this.#stopListening()
    this.stream.getReader()
  }

  /** The next piece; undefined at the end. */
  async #next(): Promise<Buffer | undefined> {
    this.#pieces ??= this.#response[Symbol.asyncIterator]()
    while (true) {
      const { done, value } = await this.#pieces.next()
      if (done === true) return undefined
      if (value.length > 0) return value
    }
  }

  #lookAhead(controller: ReadableByteStreamController): void {
    this.#response.readAhead(true)
    const ahead = this.#next()
    this.#ahead = ahead
    void this.#watch(ahead, controller)
  }

  async #watch(ahead: Promise<Buffer | undefined>, controller: ReadableByteStreamController): Promise<void> {
    try {
      if ((await ahead) === undefined) this.#end(controller)
    } catch (error) {
      if (!this.#isOver) controller.error(this.#failed(error))
    }
  }

  #failed(error: unknown): unknown {
    const failure = terminationOf(error, this.#signal)
    this.#isOver = true
    this.#stopListening()
    this.#onEnd(failure)
    return failure
  }

  #end(controller: ReadableByteStreamController): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopListening()
    // The message is whole, whatever its reader makes of it.
    this.#onEnd()
    // Throws, and the reader is told, where the last of the bytes do not fill an element of the reader's memory.
    controller.close()
    // Who waits with memory of its own is told by an answer of none.
    controller.byobRequest?.respond(0)
  }

  #abort(): void {
    if (this.#isOver) return
    this.#isOver = true
    const reason: unknown = this.#signal?.reason
    this.#controller?.error(reason)
    this.#response.close()
    this.#onEnd(reason)
  }

  #stopListening(): void {
    if (this.#signal === undefined || this.#onAbort === undefined) return
    stopListeningForAbort(this.#signal, this.#onAbort)
    COLLECTED.unregister(this)
  }
}

/** A stream of nothing. */
export function makeClosedStream(): ReadableStream<Uint8Array> {
  return new PlatformStream<Uint8Array>({
    type: 'bytes',
    start: (controller: ReadableByteStreamController) => controller.close(),
  } as never)
}

/** A stream as the standard leaves it when another method has read the body: closed, locked and used. */
export function makeSpentStream(): ReadableStream<Uint8Array> {
  const stream = makeClosedStream()
  void stream.getReader().read()
  return stream
}

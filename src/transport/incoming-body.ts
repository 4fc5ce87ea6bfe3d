/**
 * The body of a response while it comes in: keeps what was not asked for yet, hands out what is waited for, and
 * says when the peer has to be held back. Bytes are copied once, into the caller's own memory where there is a target.
 *
 * Invariant: a byte is in the queue, or was given to one caller; the end is told only after the last byte.
 */

import { type BodyReader, copyInto } from '../core/body-reader.ts'
import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import { ownMember } from '../core/owns.ts'
import { factsOf } from '../errors/exception.ts'
import { ImproperConnectionState, IncompleteRead } from '../errors/index.ts'
import { rejectionWithCaller } from './caller-stack.ts'

// The global one is behind a getter; to import it asks for all members of its module.
const { Buffer } = globalThis

/** How much may wait unread before the peer is held back: a few reads' worth. */
const HIGH_WATER_BYTES = 65_536

/** Pieces up to this size are gathered into one: a peer that sends byte by byte must not cost a Buffer for each byte. */
const GATHERED_BYTES = 4_096

/** What the body needs of the connection it comes from. */
export interface BodySource {
  /** The caller does not take the bytes: stop reading. */
  pause(): void
  /** The caller does again. */
  resume(): void
  /** A caller waits for bytes from now on. */
  awaited(): void
  /** The rest is not wanted. */
  cancel(): void
  /** Nothing more will be given out. */
  consumed(): void
}

/** Who waits is told of a failure by a promise that rejects with it: its stack shows who waits. */
type Resolve<T> = (value: T | Promise<never>) => void

type Waiter =
  | {
      readonly kind: 'into'
      readonly target: Uint8Array
      readonly length: number
      readonly resolve: Resolve<number>
    }
  | { readonly kind: 'chunk'; readonly resolve: Resolve<Buffer | undefined> }
  | { readonly kind: 'all'; readonly resolve: Resolve<Buffer> }

/** The queue of a body that has none; pieces are put into one of its own. */
const NO_PIECES: Buffer[] = []
const NO_TRAILERS: readonly FieldLine[] = freezeDeep([])

export class IncomingBody implements BodyReader {
  trailers: readonly FieldLine[] = NO_TRAILERS
  readonly #source: BodySource
  #queue: Buffer[] = NO_PIECES
  #queuedBytes = 0
  /** The memory in which small pieces are gathered; the last piece of the queue may be its beginning. */
  #block: Buffer | undefined
  #waiter: Waiter | undefined
  #state: 'open' | 'ended' | 'failed' | 'cancelled' = 'open'
  #failure: unknown
  #isPaused = false

  constructor(source: BodySource) {
    this.#source = source
  }

  get isDone(): boolean {
    return this.#state !== 'open' && this.#queue.length === 0
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isWhole(): boolean {
    return this.#state === 'ended'
  }

  /** True while a caller waits for bytes that are not there. */
  get isAwaited(): boolean {
    return this.#waiter !== undefined
  }

  // ------------------------------------------------------------------------------------- from the connection

  /** Bytes came, borrowed. */
  push(bytes: Uint8Array): void {
    if (this.#state !== 'open') return
    const waiter = this.#waiter
    if (waiter === undefined || waiter.kind === 'all') {
      this.#enqueue(bytes)
      if (waiter === undefined && this.#queuedBytes >= HIGH_WATER_BYTES && !this.#isPaused) {
        this.#isPaused = true
        this.#source.pause()
      }
      return
    }
    this.#waiter = undefined
    if (waiter.kind === 'chunk') {
      waiter.resolve(copyOf(bytes))
      return
    }
    let count: number
    try {
      count = copyInto(waiter.target, bytes, waiter.length)
    } catch (error) {
      // The memory is gone, the bytes are not: the next read has them.
      this.#enqueue(bytes)
      waiter.resolve(rejectionWithCaller(error))
      return
    }
    if (count < bytes.length) this.#enqueue(bytes.subarray(count))
    waiter.resolve(count)
  }

  /** The message is complete. */
  finish(trailers: readonly FieldLine[]): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.trailers = trailers
    // What waits unread here must not hold the next response back.
    this.#resume()
    const waiter = this.#takeWaiter()
    if (waiter?.kind === 'into') waiter.resolve(0)
    else if (waiter?.kind === 'chunk') waiter.resolve(undefined)
    else if (waiter?.kind === 'all') waiter.resolve(this.#takeQueue())
    this.#tellIfConsumed()
  }

  /** The message broke off. What has come can still be read; then every read rejects. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = error
    this.#takeWaiter()?.resolve(rejectionWithCaller(this.#takeFailure()))
    this.#tellIfConsumed()
  }

  // ------------------------------------------------------------------------------------------ from the caller

  readInto(target: Uint8Array): Promise<number> {
    if (this.#waiter !== undefined) return refuseSecond()
    const first = this.#queue[0]
    if (first !== undefined) {
      let count: number
      try {
        count = copyInto(target, first)
      } catch (error) {
        return Promise.reject(error)
      }
      if (count === first.length) this.#queue.shift()
      else this.#queue[0] = first.subarray(count)
      this.#queuedBytes -= count
      this.#afterTaking()
      return Promise.resolve(count)
    }
    return this.#wait(0, (resolve) => ({ kind: 'into', target, length: target.length, resolve }))
  }

  readChunk(): Promise<Buffer | undefined> {
    if (this.#waiter !== undefined) return refuseSecond()
    const chunk = this.#queue.shift()
    if (chunk !== undefined) {
      this.#queuedBytes -= chunk.length
      this.#afterTaking()
      return Promise.resolve(chunk)
    }
    return this.#wait<Buffer | undefined>(undefined, (resolve) => ({ kind: 'chunk', resolve }))
  }

  readAll(): Promise<Buffer> {
    const all = this.takeAll()
    if (all !== undefined) return Promise.resolve(all)
    return this.#wait<Buffer>(Buffer.alloc(0), (resolve) => ({ kind: 'all', resolve }))
  }

  takeAll(): Buffer | undefined {
    if (this.#state !== 'ended') return undefined
    const all = this.#takeQueue()
    this.#tellIfConsumed()
    return all
  }

  cancel(): void {
    if (this.isDone) return
    const wasOpen = this.#state === 'open'
    this.#takeQueue()
    if (wasOpen) {
      this.#state = 'cancelled'
      this.stopWaiting()
      this.#source.cancel()
    }
    this.#tellIfConsumed()
  }

  /** The read that waits rejects; what comes is for the next one. */
  stopWaiting(): void {
    this.#takeWaiter()?.resolve(rejectionWithCaller(closedError()))
  }

  // -------------------------------------------------------------------------------------------------- inside

  #wait<T>(atEnd: T, make: (resolve: Resolve<T>) => Waiter): Promise<T> {
    if (this.#waiter !== undefined) return refuseSecond()
    if (this.#state === 'ended') return Promise.resolve(atEnd)
    if (this.#state === 'failed') {
      const failure = this.#takeFailure()
      this.#tellIfConsumed()
      return rejectionWithCaller(failure)
    }
    if (this.#state === 'cancelled') return Promise.reject(closedError())
    return new Promise<T>((resolve) => {
      this.#waiter = make(resolve)
      this.#resume()
      this.#source.awaited()
    })
  }

  /** Copies borrowed bytes into the queue: after the last piece, in its own memory, where both are small. */
  #enqueue(bytes: Uint8Array): void {
    this.#queuedBytes += bytes.length
    const { length } = this.#queue
    if (length === 0) {
      // Most bodies come in one piece: a list of one, which `push` would make with room for seventeen.
      this.#queue = [copyOf(bytes)]
      return
    }
    const at = length - 1
    const last = this.#queue[at]!
    if (last.length + bytes.length > GATHERED_BYTES) {
      this.#queue.push(copyOf(bytes))
      return
    }
    let start = last.byteOffset
    if (last.buffer !== this.#block?.buffer || start + last.length + bytes.length > GATHERED_BYTES) {
      this.#block = Buffer.allocUnsafeSlow(GATHERED_BYTES)
      this.#block.set(last)
      start = 0
    }
    const end = start + last.length
    this.#block.set(bytes, end)
    this.#queue[at] = this.#block.subarray(start, end + bytes.length)
  }

  #takeQueue(): Buffer {
    const queue = this.#queue
    this.#queue = NO_PIECES
    this.#queuedBytes = 0
    // An empty one is made again, too: its memory belongs to the caller that is given it.
    return queue.length === 1 ? queue[0]! : Buffer.concat(queue)
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter
    this.#waiter = undefined
    return waiter
  }

  /** The error of a broken message, with the bytes that were not given out. */
  #takeFailure(): unknown {
    const failure = this.#failure
    const rest = this.#takeQueue()
    if (!(failure instanceof IncompleteRead) || rest.length === 0) return failure
    const cause = ownMember(failure, 'cause')
    return new IncompleteRead(rest, failure.expected, { ...factsOf(failure), cause })
  }

  #afterTaking(): void {
    if (this.#queuedBytes > 0) return
    this.#resume()
    this.#tellIfConsumed()
  }

  #tellIfConsumed(): void {
    if (this.isDone) this.#source.consumed()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }
}

/** The bytes in memory of their own; `Buffer.from` looks at what it is given first, which takes as long again. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length)
  copy.set(bytes)
  return copy
}

/** What a read waits for is not given to another one meanwhile: of what has come for it, nothing would be in order. */
function refuseSecond(): Promise<never> {
  return Promise.reject(
    new ImproperConnectionState('the body is being read already; wait for that read first'),
  )
}

function closedError(): ImproperConnectionState {
  return new ImproperConnectionState('the response was closed before its body was read')
}

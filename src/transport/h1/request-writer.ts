/**
 * Writes the bytes of requests to a stream, counts them for their exchanges, and tells who looks on. Where requests follow
 * each other, those that are whole are gathered: what is written in one turn goes out together.
 *
 * Security: who looks on is told after the fact. A sink that makes a request of its own is written after what it was told of.
 */

import { ownMember } from '../../core/owns.ts'
import type { WireBytes } from '../../h1/events.ts'
import type { ByteStream } from '../../io/byte-stream.ts'
import type { Exchange } from '../exchange.ts'
import { GatheredWrites } from './gathered-writes.ts'
import type { HeldWriter, TurnWrites } from './turn-writes.ts'
import { borrowedBytes, joinInto, joinParts, lengthOf } from './wire-parts.ts'

/** Who is told of what goes out. */
export interface WriterOwner {
  /** Is shown it, after the fact. */
  sent(data: Uint8Array | string): void
  /** The stream does not take more: what was gathered is written when nobody looks. */
  full(): void
  /** What had waited cannot be written. */
  abort(exchange: Exchange, error: unknown): void
}

/** Up to so many bytes of a body are copied: joined with the head, or with the framing, into one write. */
export const MAX_COPIED_BYTES = 16_384
/** A piece of a body that comes in pieces, with its framing: to copy 64 KiB costs less than what Node does for three writes. */
const MAX_PIECE_BYTES = 65_536 + 64
/** What is shorter is copied into memory of Node's own pool. */
const MIN_PIECE_BYTES = 4_096

export class RequestWriter implements HeldWriter {
  readonly #stream: ByteStream
  readonly #owner: WriterOwner
  readonly #gathered: GatheredWrites | undefined
  readonly #turn: TurnWrites | undefined
  /** A whole request that waits for the end of the turn, and its exchange. */
  #held: Uint8Array | string | undefined
  #heldFor: Exchange | undefined
  #isWritable = true
  /** True where memory can be used again once the stream has taken it. */
  readonly #reusesMemory: boolean
  /** Where pieces are put together with their framing; in no use while the stream is writable. Weak: a connection may be kept for long. */
  #piece: WeakRef<Buffer> | undefined

  /** @param isGathering - true to write requests that are sent at one time together */
  constructor(stream: ByteStream, isGathering: boolean, owner: WriterOwner, turn?: TurnWrites) {
    this.#stream = stream
    this.#owner = owner
    this.#turn = turn
    this.#reusesMemory = ownMember(stream, 'keepsNothing') === true
    this.#gathered = isGathering ? new GatheredWrites((data) => this.#toStream(data)) : undefined
  }

  /** True while a whole request waits for the end of the turn: nothing of it was sent. */
  get isHolding(): boolean {
    return this.#heldFor !== undefined
  }

  /** False while the caller should wait for `drained`. */
  get isWritable(): boolean {
    return this.#isWritable
  }

  /** The stream has taken what was written. */
  drained(): void {
    this.#isWritable = true
  }

  /** Writes parts of a request at once, after what was gathered. */
  write(exchange: Exchange, parts: WireBytes): void {
    if (parts.length === 0) return
    this.endTurn()
    this.#gathered?.flush()
    const data =
      parts.length === 1 ? parts[0]! : borrowedBytes(parts) <= MAX_COPIED_BYTES ? joinParts(parts) : undefined
    if (data !== undefined) {
      this.#writeAndShow(exchange, data)
      return
    }
    this.#stream.cork?.()
    for (const part of parts) this.#writeOne(exchange, part)
    this.#stream.uncork?.()
    for (const part of parts) this.#owner.sent(part)
  }

  /** Writes more of a request that was begun: a piece of its body with the framing in one write, or its end. */
  writeMore(exchange: Exchange, parts: WireBytes): void {
    this.#gathered?.flush()
    const length = parts.length < 2 || !this.#reusesMemory ? 0 : lengthOf(parts)
    if (length < MIN_PIECE_BYTES || length > MAX_PIECE_BYTES || !this.#isWritable) this.write(exchange, parts)
    else this.#writeAndShow(exchange, joinInto(this.#takePiece(), parts))
  }

  #takePiece(): Buffer {
    let piece = this.#piece?.deref()
    if (piece === undefined) {
      piece = Buffer.allocUnsafeSlow(MAX_PIECE_BYTES)
      this.#piece = new WeakRef(piece)
    }
    return piece
  }

  /**
   * Writes a request that is whole, perhaps together with others. `isLast` where none can follow.
   * @param nowMs - what the clock says, where it may wait for the end of the turn
   */
  writeWhole(exchange: Exchange, parts: WireBytes, isLast: boolean, nowMs: number | undefined): void {
    if (!isLast && nowMs !== undefined && this.#mayWait(parts, nowMs)) {
      this.#heldFor = exchange
      this.#held = parts.length === 1 ? parts[0] : joinParts(parts)
      this.#turn!.add(this)
      return
    }
    const gathered = this.#gathered
    // What is large goes out without being copied.
    if (gathered === undefined || borrowedBytes(parts) > MAX_COPIED_BYTES) {
      this.write(exchange, parts)
      return
    }
    for (const part of parts) gathered.add(part, exchange)
    if (isLast) gathered.flush()
    for (const part of parts) this.#owner.sent(part)
  }

  /** Writes now what was gathered. */
  flush(): void {
    this.#gathered?.flush()
  }

  /** What is borrowed does not wait: it is the caller's again when the call has returned. */
  #mayWait(parts: WireBytes, nowMs: number): boolean {
    if (this.#turn === undefined || this.#heldFor !== undefined) return false
    const isOurs =
      parts.length === 1 ? typeof parts[0] === 'string' : borrowedBytes(parts) <= MAX_COPIED_BYTES
    return isOurs && this.#turn.holds(nowMs)
  }

  endTurn(): void {
    const exchange = this.#heldFor
    const data = this.#held
    this.#heldFor = undefined
    this.#held = undefined
    // What was given up meanwhile is not sent.
    if (exchange === undefined || data === undefined || exchange.failure !== undefined) return
    try {
      this.#writeAndShow(exchange, data)
    } catch (error) {
      this.#owner.abort(exchange, error)
    }
  }

  #writeAndShow(exchange: Exchange, data: Uint8Array | string): void {
    this.#writeOne(exchange, data)
    this.#owner.sent(data)
  }

  #writeOne(exchange: Exchange, data: Uint8Array | string): void {
    exchange.wrote(data.length)
    this.#toStream(data)
  }

  #toStream(data: Uint8Array | string): void {
    if (this.#stream.write(data)) return
    this.#isWritable = false
    this.#owner.full()
  }
}

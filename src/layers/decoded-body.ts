/**
 * A body with one content coding undone: pulled, so that a reader who stops stops the decoder, and the peer. Codings in a chain
 * are such bodies over each other.
 *
 * Security: decoded bytes are counted as they come, one piece at a time, and a body that comes to more than its limits is given
 * up with at most one piece in memory that is not allowed. The ratio of each body of a chain is to the bytes that came over.
 *
 * Invariant: the end is told only when the coding was at its end and the message, too. What is open of zlib is closed on every
 * way out: the end, a failure, `cancel`.
 */

import { withEarlierBytes } from '../core/body-gathering.ts'
import { type BodyReader, copyInto } from '../core/body-reader.ts'
import { escapeText } from '../core/escape.ts'
import type { FieldLine } from '../core/fields.ts'
import type { DecompressSettings } from '../core/settings.ts'
import { factsOf } from '../errors/exception.ts'
import {
  DecodeError,
  type HTTPException,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
} from '../errors/index.ts'
import type { ContentCoding } from './content-codings.ts'
import { decodeAtOnce, SMALL_CODED_BYTES } from './decode-at-once.ts'
import { type Decoder, makeDecoder } from './decoders.ts'
import { type MakeEngine, type Pulled, TruncatedCoding } from './zlib-stream.ts'

/** Below it the ratio says nothing: a page of blanks is no bomb. */
export const UNJUDGED_BYTES = 1_048_576
/** How much of the coded bytes an error shows. */
const SHOWN_BYTES = 32
const NO_BYTES: Buffer = Buffer.alloc(0)

/** How many bytes came over, for all bodies of a chain. */
export interface WireCount {
  bytes: number
}

export interface DecodingOptions {
  readonly coding: ContentCoding
  readonly limits: DecompressSettings
  /** The count of the body below, where that was decoded, too; undefined for the first of a chain. */
  readonly wire: WireCount | undefined
  /** What an error says of the response: status and media type. */
  readonly about: string
  /** Writes onto an error which request it belongs to. */
  readonly name: <E extends HTTPException>(error: E) => E
  readonly make: MakeEngine
}

/**
 * Which limit a body has come to.
 * @param decoded - bytes so far
 * @param wire - coded bytes so far, as they came over
 */
export function exceededLimit(
  decoded: number,
  wire: number,
  { maxBytes, maxRatio }: DecompressSettings,
): 'LIMIT_DECODED' | 'LIMIT_RATIO' | undefined {
  if (decoded > maxBytes) return 'LIMIT_DECODED'
  return decoded > UNJUDGED_BYTES && decoded > wire * maxRatio ? 'LIMIT_RATIO' : undefined
}

export class DecodedBody implements BodyReader {
  readonly wire: WireCount
  readonly #inner: BodyReader
  readonly #options: DecodingOptions
  #state: 'fresh' | 'open' | 'ended' | 'failed' | 'cancelled' = 'fresh'
  #decoder: Decoder | undefined
  /** Coded bytes that were taken to be decoded at once, and could not be. */
  #coded: Buffer | undefined
  /** True if `inner` has given all it has. */
  #isInnerAtEnd = false
  /** The message broke off; what came of it is decoded first. */
  #broken: IncompleteRead | undefined
  #failure: unknown
  /** Decoded bytes that were too many for a target. */
  #rest: Buffer | undefined
  #decoded = 0
  #first: Buffer = NO_BYTES
  #isReading = false

  constructor(inner: BodyReader, options: DecodingOptions) {
    this.#inner = inner
    this.#options = options
    this.wire = options.wire ?? { bytes: 0 }
  }

  get isDone(): boolean {
    return this.#state !== 'fresh' && this.#state !== 'open' && this.#rest === undefined
  }

  get trailers(): readonly FieldLine[] {
    return this.#inner.trailers
  }

  /** More than this is never given: there is no need for another count. */
  get maxLength(): number {
    return this.#options.limits.maxBytes
  }

  readInto(target: Uint8Array): Promise<number> {
    const { length } = target
    return this.#alone(
      () => this.#piece(),
      (piece) => {
        if (piece === undefined) return 0
        // Kept until it is copied: where the target cannot take it, the next read has it.
        this.#rest = piece
        const count = copyInto(target, piece, length)
        this.#rest = count < piece.length ? piece.subarray(count) : undefined
        return count
      },
    )
  }

  readChunk(): Promise<Buffer | undefined> {
    return this.#alone(() => this.#piece(), asRead)
  }

  async #piece(): Promise<Buffer | undefined> {
    const rest = this.#takeRest()
    if (rest !== undefined) return rest
    const all = this.#takeAll()
    if (all === undefined) return await this.#next()
    return all.length === 0 ? undefined : all
  }

  readAll(): Promise<Buffer> {
    return this.#alone(async () => {
      const all = this.#takeAll()
      if (all !== undefined) return all
      if (this.#state === 'fresh') {
        await this.#gatherSmall()
        const small = this.#decodeSmall()
        if (small !== undefined) return small
      }
      return await this.#readRest()
    }, asRead)
  }

  takeAll(): Buffer | undefined {
    return this.#isReading ? undefined : this.#takeAll()
  }

  cancel(): void {
    this.#rest = undefined
    if (this.#state !== 'fresh' && this.#state !== 'open') return
    this.#state = 'cancelled'
    this.#coded = undefined
    this.#decoder?.close()
    this.#inner.cancel()
  }

  /**
   * One read at a time: two would share the pieces between them.
   * @param give - makes what the caller gets; what it throws is the caller's doing, and no failure of the body
   */
  async #alone<R, T>(read: () => Promise<R>, give: (result: R) => T): Promise<T> {
    if (this.#isReading) {
      throw new ImproperConnectionState('the body is being read already; wait for that read first')
    }
    this.#isReading = true
    try {
      return give(await this.#orFail(read))
    } finally {
      this.#isReading = false
    }
  }

  async #orFail<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #takeRest(): Buffer | undefined {
    const rest = this.#rest
    this.#rest = undefined
    return rest
  }

  #takeAll(): Buffer | undefined {
    if (this.#state === 'ended') return this.#takeRest() ?? Buffer.alloc(0)
    if (this.#state !== 'fresh') return undefined
    const coded = this.#inner.takeAll()
    if (coded === undefined) return undefined
    this.#isInnerAtEnd = true
    this.#took(coded)
    this.#coded = coded
    return this.#decodeSmall()
  }

  async #readRest(): Promise<Buffer> {
    const pieces: Buffer[] = []
    const rest = this.#takeRest()
    if (rest !== undefined) pieces.push(rest)
    try {
      for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) pieces.push(piece)
    } catch (error) {
      throw withEarlierBytes(error, pieces)
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /** Takes coded bytes until there are none, or too many to be decoded at once. */
  async #gatherSmall(): Promise<void> {
    const pieces: Buffer[] = []
    let length = 0
    while (length <= SMALL_CODED_BYTES) {
      const piece = await this.#readInner()
      if (piece === undefined) break
      pieces.push(piece)
      length += piece.length
    }
    this.#coded = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length)
  }

  /** All of the body, if what was taken of it is whole, small and plain; else that waits for the decoder of streams. */
  #decodeSmall(): Buffer | undefined {
    const { coding, limits } = this.#options
    const coded = this.#coded!
    this.#state = 'open'
    if (!this.#isInnerAtEnd || this.#broken !== undefined) return undefined
    const all = coded.length === 0 ? coded : decodeAtOnce(coding, coded, limits.maxBytes)
    if (all === undefined) return undefined
    this.#coded = undefined
    this.#state = 'ended'
    return all
  }

  /** The next decoded bytes; undefined at the end. */
  async #next(): Promise<Buffer | undefined> {
    if (this.#state === 'ended') return undefined
    if (this.#state === 'failed') throw this.#failure
    this.#refuseCancelled()
    this.#state = 'open'
    while (true) {
      const pulled = this.#decoder === undefined ? 'hungry' : await this.#pull(this.#decoder)
      this.#refuseCancelled()
      if (pulled === 'ended') return await this.#finish()
      if (pulled !== 'hungry') {
        this.#count(pulled.length)
        return pulled
      }
      await this.#feed()
      // Nothing came: an empty body is empty, whatever its coding.
      if (this.#decoder === undefined && this.#isInnerAtEnd) return await this.#finish()
    }
  }

  async #pull(decoder: Decoder): Promise<Pulled> {
    try {
      return await decoder.pull()
    } catch (error) {
      throw this.#decodingFailure(error as Error)
    }
  }

  async #feed(): Promise<void> {
    const piece = this.#coded ?? (await this.#readInner())
    this.#coded = undefined
    this.#refuseCancelled()
    if (piece === undefined) {
      if (this.#broken !== undefined) throw brokenOff(this.#broken)
      this.#decoder?.end()
    } else if (piece.length > 0) {
      const { coding, make } = this.#options
      this.#decoder ??= makeDecoder(coding, make)
      this.#decoder.write(piece)
    }
  }

  /** The coding is at its end; what follows it is not looked at, but the message has to be whole. */
  async #finish(): Promise<undefined> {
    this.#decoder?.close()
    while ((await this.#readInner()) !== undefined) this.#refuseCancelled()
    if (this.#broken !== undefined) throw brokenOff(this.#broken)
    this.#refuseCancelled()
    this.#state = 'ended'
    return undefined
  }

  /** Coded bytes; undefined where there are no more, also because the message broke off. */
  async #readInner(): Promise<Buffer | undefined> {
    if (this.#isInnerAtEnd) return undefined
    let piece: Buffer | undefined
    try {
      piece = await this.#inner.readChunk()
    } catch (error) {
      if (!(error instanceof IncompleteRead)) throw error
      this.#broken = error
      if (error.partial.length > 0) piece = error.partial
    }
    this.#isInnerAtEnd = piece === undefined || this.#broken !== undefined
    if (piece !== undefined) this.#took(piece)
    return piece
  }

  #took(coded: Buffer): void {
    if (this.#options.wire === undefined) this.wire.bytes += coded.length
    if (this.#first.length >= SHOWN_BYTES) return
    this.#first = Buffer.concat([this.#first, coded.subarray(0, SHOWN_BYTES - this.#first.length)])
  }

  #count(length: number): void {
    this.#decoded += length
    const { limits, name } = this.#options
    const code = exceededLimit(this.#decoded, this.wire.bytes, limits)
    if (code === 'LIMIT_DECODED') throw name(new LimitExceeded(code, 'decompress.maxBytes', limits.maxBytes))
    if (code === 'LIMIT_RATIO') throw name(new LimitExceeded(code, 'decompress.maxRatio', limits.maxRatio))
  }

  #refuseCancelled(): void {
    if (this.#state === 'cancelled') throw closedError()
  }

  /** Gives everything back; every further read rejects with the same. */
  #fail(error: unknown): unknown {
    if (this.#state === 'cancelled') return closedError()
    if (this.#state === 'failed') return error
    this.#failure = error instanceof IncompleteRead ? withoutBytes(error) : error
    this.#state = 'failed'
    this.#coded = undefined
    this.#decoder?.close()
    this.#inner.cancel()
    return error
  }

  #decodingFailure(error: Error): HTTPException {
    const { name, coding, about } = this.#options
    if (error instanceof TruncatedCoding) {
      return name(new IncompleteRead(NO_BYTES, undefined, { cause: error }, 'INCOMPLETE_CODING'))
    }
    const bytes = escapeText(this.#first.toString('latin1'))
    const detail = `${coding}: ${error.message}, ${about}`
    return name(new DecodeError('BAD_CONTENT_CODING', detail, { bytes, cause: error }))
  }
}

const asRead = <T>(result: T): T => result

function closedError(): ImproperConnectionState {
  return new ImproperConnectionState('the response was closed before its body was read')
}

/** The message broke off. What its error has in hand is coded, and was decoded. */
function brokenOff(error: IncompleteRead): IncompleteRead {
  const code = error.code === 'INCOMPLETE_CODING' ? error.code : 'INCOMPLETE_BODY'
  return new IncompleteRead(NO_BYTES, undefined, { ...factsOf(error), cause: error }, code)
}

/** What came was given with the error the first time. */
function withoutBytes(error: IncompleteRead): IncompleteRead {
  return error.partial.length === 0 ? error : brokenOff(error)
}

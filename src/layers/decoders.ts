/**
 * What undoes one coding, pulled: one of Node's streams for `br`; for `deflate`, one of the two kinds; for `gzip` one for each
 * member. `zstd` has a file of its own.
 *
 * What stands after the end of a coding is not looked at, as in browsers: padding and leftovers of a server are no part of the
 * body.
 */

import type { ContentCoding } from './content-codings.ts'
import {
  AT_ONCE,
  atOnce,
  CodedInput,
  chunkSizeFor,
  type Decoder,
  MEMBERS_A_TURN,
  type Small,
  type Told,
} from './decoder.ts'
import { GzipHeader } from './gzip-header.ts'
import { zlib } from './zlib.ts'
import {
  dataError,
  type MakeEngine,
  type Pulled,
  TruncatedCoding,
  type ZlibFormat,
  ZlibStream,
} from './zlib-stream.ts'
import { ZstdDecoder } from './zstd-decoder.ts'

export type { Decoder } from './decoder.ts'

/** What undoes `coding`. */
export function makeDecoder(coding: ContentCoding, make: MakeEngine): Decoder {
  if (coding === 'gzip') return new GzipDecoder(make)
  if (coding === 'zstd') return new ZstdDecoder(make)
  return new PlainDecoder(make, FORMATS[coding])
}

/** What begins at `bytes`; undefined for not known yet. */
type DecideFormat = (bytes: Uint8Array) => ZlibFormat | undefined

const FORMATS: Readonly<Record<'br' | 'deflate', DecideFormat>> = {
  br: () => 'br',
  deflate: deflateKind,
}

/**
 * Which kind of `deflate` it is: what the RFC calls so has a header of zlib (RFC 1950 §2.2), and some servers leave it out.
 * Undefined where it takes another byte to know.
 */
export function deflateKind(first: Uint8Array): 'raw' | 'zlib' | undefined {
  const [method, flags] = first
  if (method === undefined || flags === undefined) return undefined
  const isZlib = (method & 0x0f) === 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 === 0
  return isZlib ? 'zlib' : 'raw'
}

/** What a small member holds that is there whole; undefined where it needs a stream. */
function inflateMember(bytes: Buffer): Small | undefined {
  const small = atOnce(() => zlib().inflateRawSync(bytes, AT_ONCE) as unknown as Told)
  // Without a byte after it, it is not known whether it is at its end.
  return small?.taken === bytes.length ? undefined : small
}

/** A coding that Node undoes by itself; what follows it is dropped. */
class PlainDecoder implements Decoder {
  readonly #make: MakeEngine
  readonly #decide: DecideFormat
  readonly #input = new CodedInput()
  #stream: ZlibStream | undefined

  constructor(make: MakeEngine, decide: DecideFormat) {
    this.#make = make
    this.#decide = decide
  }

  write(bytes: Buffer): void {
    this.#input.add(bytes)
  }

  end(): void {
    this.#input.end()
  }

  async pull(): Promise<Pulled> {
    const input = this.#input
    while (true) {
      const { bytes } = input
      const stream = this.#stream
      if (stream === undefined) {
        const format = bytes === undefined ? undefined : this.#decide(bytes)
        if (bytes === undefined || format === undefined) return input.edge()
        this.#stream = new ZlibStream(this.#make(format, chunkSizeFor(bytes)))
        continue
      }
      const pulled = await stream.pull()
      if (pulled !== 'hungry') return pulled
      if (bytes !== undefined) {
        input.take(bytes.length)
        stream.write(bytes)
      } else if (input.isOver) stream.end()
      else return 'hungry'
    }
  }

  close(): void {
    this.#stream?.close()
  }
}

const TRAILER_BYTES = 8

/**
 * Members in a row, each with its check; what follows the last and begins no other one is dropped.
 *
 * Security: a stream costs 60 µs and a member may have 20 bytes, so that a megabyte of them would cost seconds. Small ones after the
 * first are decoded at once, for 10 µs.
 */
class GzipDecoder implements Decoder {
  readonly #make: MakeEngine
  /** Coded bytes that nobody has looked at. */
  #bytes: Buffer | undefined
  #isOver = false
  #members = 0
  #header = new GzipHeader()
  #isBegun = false
  #stream: ZlibStream | undefined
  #trailer: Buffer | undefined
  #crc = 0
  #size = 0

  constructor(make: MakeEngine) {
    this.#make = make
  }

  write(bytes: Buffer): void {
    this.#bytes = bytes
  }

  end(): void {
    this.#isOver = true
  }

  async pull(): Promise<Pulled> {
    while (true) {
      if (this.#stream !== undefined) {
        const piece = await this.#pullStream(this.#stream)
        if (piece !== undefined) return piece
      } else if (this.#bytes === undefined) {
        if (!this.#isOver) return 'hungry'
        if (!this.#isBegun) return 'ended'
        throw new TruncatedCoding('unexpected end of file')
      } else if (this.#trailer !== undefined) this.#takeTrailer(this.#bytes, this.#trailer)
      else {
        const piece = this.#takeHeader(this.#bytes)
        if (piece !== undefined) return piece
      }
    }
  }

  close(): void {
    this.#stream?.close()
  }

  /** A piece of a member; undefined at its end. */
  async #pullStream(stream: ZlibStream): Promise<Buffer | 'hungry' | undefined> {
    const piece = await stream.pull()
    if (piece === 'ended') {
      this.#bytes = stream.unused
      this.#stream = undefined
      this.#trailer = Buffer.alloc(0)
      stream.close()
      return undefined
    }
    if (piece === 'hungry') {
      const bytes = this.#bytes
      this.#bytes = undefined
      if (bytes !== undefined) stream.write(bytes)
      else if (this.#isOver) stream.end()
      else return 'hungry'
      return undefined
    }
    return this.#counted(piece)
  }

  /** Answers `ended` where no member begins there, and one was before; else what the member holds, if that is there at once. */
  #takeHeader(bytes: Buffer): Buffer | 'ended' | undefined {
    const header = this.#header
    this.#isBegun = true
    const count = header.take(bytes)
    const rest = count < bytes.length ? bytes.subarray(count) : undefined
    this.#bytes = rest
    if (header.state === 'bad') {
      if (this.#members > 0 && !header.isKnown) return 'ended'
      throw dataError('incorrect header check')
    }
    if (header.state === 'open') return undefined
    const isTurn = this.#members % MEMBERS_A_TURN === 0
    const small = isTurn || rest === undefined ? undefined : inflateMember(rest)
    this.#crc = 0
    this.#size = 0
    if (small === undefined) {
      this.#stream = new ZlibStream(this.#make('raw', chunkSizeFor(bytes)))
      return undefined
    }
    this.#bytes = rest!.subarray(small.taken)
    this.#trailer = Buffer.alloc(0)
    return small.piece.length === 0 ? undefined : this.#counted(small.piece)
  }

  #counted(piece: Buffer): Buffer {
    this.#crc = zlib().crc32(piece, this.#crc)
    this.#size = (this.#size + piece.length) >>> 0
    return piece
  }

  /** The check and the size (RFC 1952 §2.3.1). */
  #takeTrailer(bytes: Buffer, earlier: Buffer): void {
    const count = Math.min(bytes.length, TRAILER_BYTES - earlier.length)
    const trailer = Buffer.concat([earlier, bytes.subarray(0, count)])
    this.#bytes = count < bytes.length ? bytes.subarray(count) : undefined
    this.#trailer = trailer
    if (trailer.length < TRAILER_BYTES) return
    if (trailer.readUInt32LE(0) !== this.#crc) throw dataError('incorrect data check')
    if (trailer.readUInt32LE(4) !== this.#size) throw dataError('incorrect length check')
    this.#trailer = undefined
    this.#members++
    this.#header = new GzipHeader()
    this.#isBegun = false
  }
}

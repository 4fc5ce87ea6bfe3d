/**
 * What undoes one coding, pulled: one of Node's streams for `br`; for `deflate`, one of the two kinds; for `zstd` one for each
 * frame, for `gzip` one for each member.
 *
 * What stands after the end of a coding is not looked at, as in browsers: padding and leftovers of a server are no part of the
 * body.
 */

import zlib from 'node:zlib'
import { type ContentCoding, ZSTD_PARAMS } from './content-codings.ts'
import { GzipHeader } from './gzip-header.ts'
import {
  dataError,
  type MakeEngine,
  type Pulled,
  TruncatedCoding,
  type ZlibFormat,
  ZlibStream,
} from './zlib-stream.ts'

/** Undoes one coding. */
export interface Decoder {
  /** Gives coded bytes in: after `hungry`, and never none. */
  write(bytes: Buffer): void
  /** There are no more coded bytes: after `hungry`. */
  end(): void
  /** @throws TruncatedCoding, or an error that says what is wrong with the coded bytes */
  pull(): Promise<Pulled>
  /** Gives back what it holds. */
  close(): void
}

/** How much is decoded at a time: four times what came at first, within these bounds. */
const SMALLEST_CHUNK_BYTES = 16_384
const LARGEST_CHUNK_BYTES = 262_144

/** A body that comes in drops is decoded in small pieces; one that comes in floods in large ones, which cost less. */
function chunkSizeFor(first: Buffer): number {
  return Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, first.length * 4))
}

/** What undoes `coding`. */
export function makeDecoder(coding: ContentCoding, make: MakeEngine): Decoder {
  return coding === 'gzip' ? new GzipDecoder(make) : new FrameDecoder(make, FRAMES[coding])
}

/** What begins at `bytes`, after so many frames: one of a format, nothing that is looked at, or undefined for not known yet. */
type DecideFrame = (bytes: Uint8Array, frames: number) => ZlibFormat | 'nothing' | undefined

const FRAMES: Readonly<Record<Exclude<ContentCoding, 'gzip'>, DecideFrame>> = {
  br: (_bytes, frames) => (frames === 0 ? 'br' : 'nothing'),
  deflate: (bytes, frames) => (frames === 0 ? deflateKind(bytes) : 'nothing'),
  // What is wrong with a first frame zstd says itself.
  zstd: (bytes, frames) => (frames === 0 ? 'zstd' : zstdFrame(bytes)),
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

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const
/** After a first byte of 0x50 to 0x5f. */
const SKIPPABLE_MAGIC = [0x2a, 0x4d, 0x18] as const

/** Whether a further frame begins there (RFC 8878 §3): Node ends at the first. */
export function zstdFrame(bytes: Uint8Array): 'zstd' | 'nothing' | undefined {
  const magic = (bytes[0]! & 0xf0) === 0x50 ? [bytes[0]!, ...SKIPPABLE_MAGIC] : ZSTD_MAGIC
  if (!magic.every((byte, at) => at >= bytes.length || bytes[at] === byte)) return 'nothing'
  return bytes.length < magic.length ? undefined : 'zstd'
}

/** A member or a frame that comes to more has a stream. */
const SMALL_MEMBER_BYTES = 65_536
/** After so many small ones others have a turn on the event loop. */
const MEMBERS_A_TURN = 64
const AT_ONCE = { info: true, chunkSize: 4_096, maxOutputLength: SMALL_MEMBER_BYTES }
const ZSTD_AT_ONCE = { ...AT_ONCE, params: ZSTD_PARAMS }

/** What the option `info` makes of an answer of zlib. */
interface Told {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** What was decoded in one call, and of how many bytes. */
interface Small {
  readonly piece: Buffer
  readonly taken: number
}

function atOnce(decode: () => Told): Small | undefined {
  try {
    const { buffer, engine } = decode()
    return { piece: buffer, taken: engine.bytesWritten }
  } catch {
    // It is cut, broken or large: a stream tells which.
    return undefined
  }
}

/** What a small member holds that is there whole; undefined where it needs a stream. */
function inflateMember(bytes: Buffer): Small | undefined {
  const small = atOnce(() => zlib.inflateRawSync(bytes, AT_ONCE) as unknown as Told)
  // Without a byte after it, it is not known whether it is at its end.
  return small?.taken === bytes.length ? undefined : small
}

/** The same of a frame of zstd. */
function decodeFrame(bytes: Buffer): Small | undefined {
  const { zstdDecompressSync } = zlib as unknown as {
    zstdDecompressSync: (bytes: Buffer, options: typeof ZSTD_AT_ONCE) => Told
  }
  return atOnce(() => zstdDecompressSync(bytes, ZSTD_AT_ONCE))
}

/** Frames in a row, one for most codings; what follows the last is dropped. */
class FrameDecoder implements Decoder {
  readonly #make: MakeEngine
  readonly #decide: DecideFrame
  /** Coded bytes that were not given to a stream yet. */
  #bytes: Buffer | undefined
  #frames = 0
  #stream: ZlibStream | undefined
  #isOver = false

  constructor(make: MakeEngine, decide: DecideFrame) {
    this.#make = make
    this.#decide = decide
  }

  write(bytes: Buffer): void {
    this.#bytes = this.#bytes === undefined ? bytes : Buffer.concat([this.#bytes, bytes])
  }

  end(): void {
    this.#isOver = true
  }

  async pull(): Promise<Pulled> {
    while (true) {
      const bytes = this.#bytes
      const stream = this.#stream
      if (stream === undefined) {
        const frame = bytes === undefined ? undefined : this.#decide(bytes, this.#frames)
        if (frame === 'nothing') return 'ended'
        if (bytes === undefined || frame === undefined) return this.#atEdge()
        const small = frame === 'zstd' ? this.#takeSmall(bytes) : undefined
        if (small !== undefined && small.length > 0) return small
        if (small !== undefined) continue
        this.#stream = new ZlibStream(this.#make(frame, chunkSizeFor(bytes)))
        continue
      }
      const pulled = await stream.pull()
      if (pulled === 'ended') {
        this.#bytes = stream.unused
        this.#stream = undefined
        this.#frames++
        stream.close()
      } else if (pulled !== 'hungry') return pulled
      else if (bytes !== undefined) {
        this.#bytes = undefined
        stream.write(bytes)
      } else if (this.#isOver) stream.end()
      else return 'hungry'
    }
  }

  close(): void {
    this.#stream?.close()
  }

  /** What a small frame holds, of those after the first: they may be many, and a stream for each costs most of it. */
  #takeSmall(bytes: Buffer): Buffer | undefined {
    if (this.#frames % MEMBERS_A_TURN === 0) return undefined
    const small = decodeFrame(bytes)
    if (small === undefined) return undefined
    this.#frames++
    this.#bytes = small.taken < bytes.length ? bytes.subarray(small.taken) : undefined
    return small.piece
  }

  /** Between two frames, or in the first bytes of one. */
  #atEdge(): 'hungry' | 'ended' {
    if (!this.#isOver) return 'hungry'
    if (this.#bytes === undefined) return 'ended'
    throw new TruncatedCoding('unexpected end of file')
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
    this.#crc = zlib.crc32(piece, this.#crc)
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

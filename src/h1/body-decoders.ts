/**
 * Takes the bytes of a body out of the received stream: one decoder for each framing, all with one small interface. The
 * decoder lives inside the engine's reading state, so a body cannot be read where there is none. RFC 9112 §6, §7.
 *
 * Decoders hand out views of the receive buffer; nothing is copied, and nothing is allocated from a declared length.
 */

import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import { BYTE_CLASSES, HEX_DIGIT, isBlank, VALUE_BYTE } from '../core/grammar.ts'
import { octets } from '../core/octets.ts'
import { IncompleteRead } from '../errors/index.ts'
import type { Defect, Framing } from './events.ts'
import { type FieldRules, note, parseFieldLines } from './head-parser.ts'
import { HeadScanner } from './head-scanner.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'
import { limitExceeded, violation } from './violation.ts'

/** Bytes of a body. Both members are its own: what another package wrote onto `Object.prototype` makes no end of them. */
interface DecodedData {
  readonly bytes: Uint8Array
  readonly trailers: undefined
}

/** The end of a body. */
interface DecodedEnd {
  readonly bytes: undefined
  readonly trailers: readonly FieldLine[]
}

/** What a decoder answers: bytes of the body, the end with its trailers, or nothing until more input comes. */
export type Decoded = DecodedData | DecodedEnd | undefined

export interface BodyDecoder {
  /** How many bytes are announced and not handed out yet; undefined where the peer has not said. */
  readonly missing: number | undefined
  /** Takes the next piece out of `buffer`. */
  decode(buffer: ReceiveBuffer): Decoded
  /** The connection ended: answers the end of the body if it may end here, or raises IncompleteRead. */
  finish(buffer: ReceiveBuffer): Decoded
}

/**
 * The decoder for a framing.
 * @param defects - where a chunked body notes what it lets through
 */
export function makeBodyDecoder(framing: Framing, rules: FieldRules, defects: Defect[]): BodyDecoder {
  switch (framing.kind) {
    case 'chunked':
      return new ChunkedDecoder({ ...rules, isHead: false }, defects)
    case 'until-close':
      return new UntilCloseDecoder()
    default:
      return new LengthDecoder(framing.kind === 'length' ? framing.length : 0)
  }
}

const END: Decoded = freezeDeep({ bytes: undefined, trailers: [] })

/** The connection ended in the middle of the body. What came of it was handed out. */
function brokenOff(missing: number | undefined): IncompleteRead {
  return new IncompleteRead(octets.copy(new Uint8Array(0)), missing)
}

/** Takes up to `most` unread bytes, as a view. */
function take(buffer: ReceiveBuffer, most: number): Uint8Array {
  const { start, end, bytes } = buffer
  const length = Math.min(most, end - start)
  buffer.consumeTo(start + length)
  return start === 0 && length === bytes.length ? bytes : bytes.subarray(start, start + length)
}

/** A body of known length; 0 for no body. */
export class LengthDecoder implements BodyDecoder {
  #remaining: number

  constructor(length: number) {
    this.#remaining = length
  }

  get missing(): number {
    return this.#remaining
  }

  decode(buffer: ReceiveBuffer): Decoded {
    if (this.#remaining === 0) return END
    if (buffer.length === 0) return undefined
    const bytes = take(buffer, this.#remaining)
    this.#remaining -= bytes.length
    return { bytes, trailers: undefined }
  }

  finish(): Decoded {
    throw brokenOff(this.#remaining)
  }
}

/** A body that ends where the connection does. */
export class UntilCloseDecoder implements BodyDecoder {
  readonly missing = undefined

  decode(buffer: ReceiveBuffer): Decoded {
    return buffer.length === 0 ? undefined : { bytes: take(buffer, Infinity), trailers: undefined }
  }

  finish(): Decoded {
    return END
  }
}

type ChunkState =
  | 'size'
  | 'size-blank'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailers'

const CR = 0x0d
const LF = 0x0a
const ZERO = 0x30
const SEMICOLON = 0x3b

/** Pieces up to this size are gathered where more stands after them: each event costs as much as copying so much. */
const MAX_GATHERED_BYTES = 2_048
/** After the data of a chunk this much may be the end of the body; with more there is another chunk. */
const END_BYTES = '\r\n0\r\n\r\n'.length
const SCRATCH_BYTES = 16_384
/** So few bytes are copied sooner one by one than by a view made for them. */
const MAX_LOOPED_BYTES = 32

/** A size below this takes another digit of those that are read at once: six at the most. */
const PLAIN_SIZE = 16 ** 5
/** The end of a chunk, six digits, a line end. */
const PLAIN_LINE_BYTES = '\r\n123456\r\n'.length

/**
 * The chunked coding (RFC 9112 §7.1): one method for each state. A size is one or more hexadecimal digits and
 * below 2^53; every line end is CR LF, whatever the tolerances; extensions are skipped within a budget for the whole body.
 */
export class ChunkedDecoder implements BodyDecoder {
  readonly #rules: FieldRules
  readonly #defects: Defect[]
  #state: ChunkState = 'size'
  #size = 0
  #hasDigit = false
  /** Bytes of the current chunk that have not come yet. */
  #remaining = 0
  /** Bytes of extensions, and of leading zeros, seen in this body. */
  #extensionBytes = 0
  readonly #trailers: HeadScanner
  /** Where small chunks are gathered; made for the first. */
  #scratch: Uint8Array | undefined
  #gathered = 0
  /** What is wrong after data that had to be handed out first. */
  #failure: Error | undefined

  constructor(rules: FieldRules, defects: Defect[]) {
    this.#rules = rules
    this.#defects = defects
    this.#trailers = new HeadScanner(rules.limits, 'trailers')
  }

  /** Of the chunk that has begun. */
  get missing(): number | undefined {
    return this.#state === 'data' ? this.#remaining : undefined
  }

  decode(buffer: ReceiveBuffer): Decoded {
    if (this.#failure !== undefined) throw this.#failure
    this.#gathered = 0
    let decoded: Decoded
    try {
      decoded = this.#decodeNext(buffer)
    } catch (error) {
      if (this.#gathered === 0) throw error
      this.#failure = error as Error
    }
    return this.#gathered === 0
      ? decoded
      : { bytes: this.#scratch!.subarray(0, this.#gathered), trailers: undefined }
  }

  /** Answers nothing where data was gathered: that comes first. */
  #decodeNext(buffer: ReceiveBuffer): Decoded {
    while (buffer.start < buffer.end) {
      if (this.#state === 'data') {
        if (this.#gather(buffer)) continue
        return this.#gathered === 0 ? this.#readData(buffer) : undefined
      }
      if (this.#state === 'trailers') {
        return this.#gathered === 0 ? this.#readTrailers(buffer) : undefined
      }
      if (this.#takePlainLine(buffer)) continue
      const at = buffer.start
      this.#step(buffer.bytes[at]!, buffer.offsetOf(at))
      buffer.consumeTo(at + 1)
    }
    return undefined
  }

  /** Copies a small piece after those before it; false where it is not worth it, or there is no room. */
  #gather(buffer: ReceiveBuffer): boolean {
    const { bytes, start, end } = buffer
    const length = this.#remaining
    if (length > MAX_GATHERED_BYTES || this.#gathered + length > SCRATCH_BYTES) return false
    if (end - start <= length + (this.#gathered === 0 ? END_BYTES : 0)) return false
    this.#scratch ??= new Uint8Array(SCRATCH_BYTES)
    if (length > MAX_LOOPED_BYTES) this.#scratch.set(bytes.subarray(start, start + length), this.#gathered)
    else for (let i = 0; i < length; i++) this.#scratch[this.#gathered + i] = bytes[start + i]!
    this.#gathered += length
    buffer.consumeTo(start + length)
    this.#remaining = 0
    this.#state = 'data-cr'
    return true
  }

  /**
   * Takes the end of a chunk and the size of the next one at once, where they are all there and as most servers write them. Where
   * not, nothing is taken and the answer is false: the states below read the same byte by byte, and know what is wrong.
   */
  #takePlainLine(buffer: ReceiveBuffer): boolean {
    const { bytes, start, end } = buffer
    let at = start
    if (end - at < PLAIN_LINE_BYTES || this.#hasDigit) return false
    if (this.#state === 'data-cr') {
      if (bytes[at] !== CR || bytes[at + 1] !== LF) return false
      at += 2
    } else if (this.#state !== 'size') return false
    if (bytes[at] === ZERO) return false
    let size = 0
    for (let byte = bytes[at]!; (BYTE_CLASSES[byte]! & HEX_DIGIT) !== 0; byte = bytes[++at]!) {
      if (size >= PLAIN_SIZE) return false
      size = size * 16 + hexValue(byte)
    }
    if (size === 0 || bytes[at] !== CR || bytes[at + 1] !== LF) return false
    buffer.consumeTo(at + 2)
    this.#remaining = size
    this.#state = 'data'
    return true
  }

  finish(): Decoded {
    throw brokenOff(this.missing)
  }

  /** One byte of the framing between two pieces of data. */
  #step(byte: number, offset: number): void {
    switch (this.#state) {
      case 'size':
        return this.#readSize(byte, offset)
      case 'size-blank':
        return this.#readSizeBlank(byte, offset)
      case 'extension':
        return this.#readExtension(byte, offset)
      case 'size-lf':
        if (byte !== LF) throw violation('BARE_CR', offset - 1, '\r')
        return this.#endSizeLine()
      case 'data-cr':
        if (byte !== CR) throw violation('BAD_CHUNK_END', offset, String.fromCharCode(byte))
        this.#state = 'data-lf'
        return
      default:
        if (byte !== LF) throw violation('BAD_CHUNK_END', offset, String.fromCharCode(byte))
        this.#state = 'size'
    }
  }

  #readSize(byte: number, offset: number): void {
    if ((BYTE_CLASSES[byte]! & HEX_DIGIT) !== 0) {
      // A zero in front of another digit is noise, and counted as such.
      if (this.#hasDigit && this.#size === 0) this.#countExtension(offset - 1)
      this.#hasDigit = true
      this.#size = this.#size * 16 + hexValue(byte)
      if (this.#size > Number.MAX_SAFE_INTEGER) throw badSize(byte, offset)
    } else if (!this.#hasDigit) {
      if (!isBlank(byte)) throw badSize(byte, offset)
      this.#takePadding(byte, offset)
      this.#countExtension(offset)
    } else if (byte === CR) {
      this.#state = 'size-lf'
    } else if (byte === SEMICOLON) {
      this.#state = 'extension'
      this.#countExtension(offset)
    } else if (isBlank(byte)) {
      this.#state = 'size-blank'
      this.#countExtension(offset)
    } else if (byte === LF) {
      throw violation('BARE_LF', offset, '\n')
    } else {
      throw badSize(byte, offset)
    }
  }

  /** Bad white space before `;` (RFC 9110 §5.6.3); before the line end it is padding, which needs its tolerance. */
  #readSizeBlank(byte: number, offset: number): void {
    if (byte === CR) {
      this.#takePadding(byte, offset)
      this.#state = 'size-lf'
      return
    }
    if (byte === SEMICOLON) this.#state = 'extension'
    else if (!isBlank(byte)) throw badSize(byte, offset)
    this.#countExtension(offset)
  }

  #takePadding(byte: number, offset: number): void {
    if (!this.#rules.tolerances.chunkSizePadding) throw badSize(byte, offset)
    note(this.#defects, 'chunk-size-padding')
  }

  #readExtension(byte: number, offset: number): void {
    if (byte === CR) this.#state = 'size-lf'
    else if (byte === LF) throw violation('BARE_LF', offset, '\n')
    else if ((BYTE_CLASSES[byte]! & VALUE_BYTE) === 0) {
      throw violation('BAD_CHUNK_EXTENSION', offset, String.fromCharCode(byte))
    } else this.#countExtension(offset)
  }

  #countExtension(offset: number): void {
    const { limits } = this.#rules
    if (++this.#extensionBytes > limits.maxChunkExtensionBytes) {
      throw limitExceeded('maxChunkExtensionBytes', limits, offset)
    }
  }

  #endSizeLine(): void {
    this.#remaining = this.#size
    this.#state = this.#size === 0 ? 'trailers' : 'data'
    this.#size = 0
    this.#hasDigit = false
  }

  #readData(buffer: ReceiveBuffer): Decoded {
    const bytes = take(buffer, this.#remaining)
    this.#remaining -= bytes.length
    if (this.#remaining === 0) this.#state = 'data-cr'
    return { bytes, trailers: undefined }
  }

  #readTrailers(buffer: ReceiveBuffer): Decoded {
    const { limits } = this.#rules
    const { start, end, bytes } = buffer
    const scan = this.#trailers.scan(bytes, start, end)
    if (scan.kind === 'more') return undefined
    if (scan.kind === 'limit') throw limitExceeded(scan.limit, limits, buffer.offsetOf(scan.at))
    const text = buffer.text(start, scan.end)
    const trailers = parseFieldLines(text, 0, buffer.offsetOf(start), this.#rules, this.#defects)
    buffer.consumeTo(scan.end)
    return trailers.length === 0 ? END : { bytes: undefined, trailers }
  }
}

function badSize(byte: number, offset: number): Error {
  return violation('BAD_CHUNK_SIZE', offset, String.fromCharCode(byte))
}

function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
}

/**
 * Where a frame of zstd ends (RFC 8878 §3.1), read as it comes, whatever the cuts: no byte of it is kept. Pure.
 *
 * Node's own decoders know it, too, and do not tell all of it: on Node 22 a frame that is cut looks whole, and what follows one is
 * dropped.
 */

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const
/** After a first byte of 0x50 to 0x5f. */
const SKIPPABLE_MAGIC = [0x2a, 0x4d, 0x18] as const

/** What begins at `bytes`: a frame of data, one to be skipped, none; undefined where it takes another byte to know. */
export function zstdFrameAt(bytes: Uint8Array): 'data' | 'skippable' | 'none' | undefined {
  const isSkippable = (bytes[0]! & 0xf0) === 0x50
  const magic = isSkippable ? [bytes[0]!, ...SKIPPABLE_MAGIC] : MAGIC
  if (!magic.every((byte, at) => at >= bytes.length || bytes[at] === byte)) return 'none'
  if (bytes.length < magic.length) return undefined
  return isSkippable ? 'skippable' : 'data'
}

const DATA_MAGIC = 0xfd2fb528
const SINGLE_SEGMENT = 0x20
const HAS_CHECK = 0x04
/** By the two lowest bits of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
/** By the two highest; a single segment has at least one byte. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const CHECK_BYTES = 4

const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/** Those that are read as a number, the lowest byte first. */
type NumberPart = 'magic' | 'descriptor' | 'block' | 'size'
/** Those that are passed over. */
type OtherPart = 'header' | 'content' | 'check'

const NUMBERS: ReadonlySet<string> = new Set<NumberPart>(['magic', 'descriptor', 'block', 'size'])

export class ZstdFrame {
  #part: NumberPart | OtherPart | 'done' | 'bad' = 'magic'
  /** Bytes that are left of the part. */
  #left = 4
  #number = 0
  /** What the next byte of the number counts. */
  #unit = 1
  #hasCheck = false
  #isLast = false

  /** `open`: more has to come; `done`: it is at its end; `bad`: no frame goes on so. */
  get state(): 'open' | 'done' | 'bad' {
    return this.#part === 'done' || this.#part === 'bad' ? this.#part : 'open'
  }

  /** Takes bytes in; answers how many belong to the frame. It begins as `zstdFrameAt` has said. */
  take(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length && this.state === 'open') {
      const count = Math.min(this.#left, bytes.length - at)
      if (NUMBERS.has(this.#part)) this.#count(bytes.subarray(at, at + count))
      this.#left -= count
      at += count
      while (this.#left === 0 && this.state === 'open') this.#goOn()
    }
    return at
  }

  #count(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#number += byte * this.#unit
      this.#unit *= 256
    }
  }

  #begin(part: NumberPart | OtherPart, bytes: number): void {
    this.#part = part
    this.#left = bytes
    this.#number = 0
    this.#unit = 1
  }

  #goOn(): void {
    const number = this.#number
    switch (this.#part) {
      case 'magic':
        if (number === DATA_MAGIC) this.#begin('descriptor', 1)
        else this.#begin('size', 4)
        break
      case 'size':
        this.#isLast = true
        this.#begin('content', number)
        break
      case 'descriptor':
        this.#begin('header', this.#headerBytes(number))
        break
      case 'block':
        this.#beginBlock(number)
        break
      case 'content':
        if (!this.#isLast) this.#begin('block', 3)
        else if (this.#hasCheck) this.#begin('check', CHECK_BYTES)
        else this.#part = 'done'
        break
      case 'check':
        this.#part = 'done'
        break
      default:
        this.#begin('block', 3)
    }
  }

  #headerBytes(descriptor: number): number {
    const isSingle = (descriptor & SINGLE_SEGMENT) !== 0
    this.#hasCheck = (descriptor & HAS_CHECK) !== 0
    const size = CONTENT_SIZE_BYTES[descriptor >> 6]!
    // A single segment has no window, and always says its size.
    return DICTIONARY_ID_BYTES[descriptor & 0x03]! + (isSingle ? Math.max(1, size) : size + 1)
  }

  /** RFC 8878 §3.1.1.2. */
  #beginBlock(header: number): void {
    this.#isLast = (header & 1) === 1
    const type = (header >> 1) & 3
    if (type === RESERVED_BLOCK) this.#part = 'bad'
    else this.#begin('content', type === RLE_BLOCK ? 1 : header >> 3)
  }
}

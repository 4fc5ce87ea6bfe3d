/**
 * The header of a member of a gzip file (RFC 1952 §2.3), read as it comes, whatever the cuts: no byte of it is kept. Pure.
 *
 * Node's own decoder reads it, too, but takes what follows the last member for a broken header, and loses what it had decoded
 * together with it.
 */

import { zlib } from './zlib.ts'

const FIXED_BYTES = 10
const MAGIC = [0x1f, 0x8b, 0x08] as const
const FLAGS_AT = 3
const HAS_CHECK = 0x02
const HAS_EXTRA = 0x04
const HAS_NAME = 0x08
const HAS_COMMENT = 0x10
/** RFC 1952 §2.3.1.2: a reserved flag that is set is an error, for it may say that there are further fields. */
const RESERVED = 0xe0

type Step = 'fixed' | 'extra-length' | 'extra' | 'name' | 'comment' | 'check' | 'done' | 'bad'

/** Takes the header in; `state` tells how far it is. */
export class GzipHeader {
  #step: Step = 'fixed'
  /** Bytes of the part that is being read. */
  #count = 0
  #flags = 0
  /** A number of two bytes. */
  #number = 0
  #crc = 0
  #isKnown = false

  /** `open`: more has to come; `done`: the compressed bytes follow; `bad`: that is no header. */
  get state(): 'open' | 'done' | 'bad' {
    return this.#step === 'done' || this.#step === 'bad' ? this.#step : 'open'
  }

  /** True once the bytes so far can only be a header: magic and method. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** Takes bytes in; answers how many belong to the header. */
  take(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length && this.state === 'open') {
      const from = at
      const step = this.#step
      at += this.#takePart(bytes, at)
      if (step !== 'check') this.#crc = zlib().crc32(bytes.subarray(from, at), this.#crc)
      // A field of no bytes ends before any comes.
      while (this.#step === 'extra' && this.#number === 0) this.#goOn()
    }
    return at
  }

  #takePart(bytes: Uint8Array, at: number): number {
    switch (this.#step) {
      case 'fixed':
        this.#takeFixed(bytes[at]!)
        return 1
      case 'extra': {
        const count = Math.min(this.#number, bytes.length - at)
        this.#number -= count
        if (this.#number === 0) this.#goOn()
        return count
      }
      case 'name':
      case 'comment': {
        const end = bytes.indexOf(0, at)
        if (end < 0) return bytes.length - at
        this.#goOn()
        return end + 1 - at
      }
      default:
        this.#takeNumber(bytes[at]!)
        return 1
    }
  }

  #takeFixed(byte: number): void {
    const at = this.#count++
    if (at < MAGIC.length && byte !== MAGIC[at]) this.#step = 'bad'
    else if (at === MAGIC.length - 1) this.#isKnown = true
    if (at === FLAGS_AT) {
      this.#flags = byte
      if ((byte & RESERVED) !== 0) this.#step = 'bad'
    }
    if (this.#count === FIXED_BYTES) this.#goOn()
  }

  /** The length of the extra field, or the check of the header: two bytes, the lower first. */
  #takeNumber(byte: number): void {
    this.#number |= byte << (8 * this.#count++)
    if (this.#count < 2) return
    if (this.#step === 'check' && this.#number !== (this.#crc & 0xffff)) this.#step = 'bad'
    else this.#goOn(this.#number)
  }

  /** On to the next part that the flags announce. */
  #goOn(number = 0): void {
    const flags = this.#flags
    const parts: readonly (readonly [Step, boolean])[] = [
      ['fixed', true],
      ['extra-length', (flags & HAS_EXTRA) !== 0],
      ['extra', (flags & HAS_EXTRA) !== 0],
      ['name', (flags & HAS_NAME) !== 0],
      ['comment', (flags & HAS_COMMENT) !== 0],
      ['check', (flags & HAS_CHECK) !== 0],
      ['done', true],
    ]
    const at = parts.findIndex(([step]) => step === this.#step)
    this.#step = parts.slice(at + 1).find(([, isThere]) => isThere)![0]
    this.#count = 0
    this.#number = this.#step === 'extra' ? number : 0
  }
}

/**
 * The bytes received and not used up yet. Input is borrowed: `receive` only points at the caller's bytes, and `settle`
 * copies what is left of them into a buffer of our own before the caller takes them back. Appending doubles the buffer,
 * so feeding byte by byte costs time linear in the bytes; nothing is allocated from a declared length.
 */

import { octets } from '../core/octets.ts'

const EMPTY = new Uint8Array(0)
const SMALLEST_BYTES = 1024

export class ReceiveBuffer {
  /** The unread bytes are `bytes[start]` to `bytes[end - 1]`. */
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0
  #owned = true
  /** Index in the received stream of `bytes[0]`. */
  #base = 0

  get length(): number {
    return this.end - this.start
  }

  /** Index in the received stream of `bytes[index]`. */
  offsetOf(index: number): number {
    return this.#base + index
  }

  /** Adds input. The caller's bytes are only looked at, until `settle`. */
  receive(input: Uint8Array): void {
    if (this.start === this.end) {
      this.#base += this.end
      this.bytes = input
      this.start = 0
      this.end = input.length
      this.#owned = false
      return
    }
    this.settle()
    this.#append(input)
  }

  /** Moves the beginning of the unread bytes to `index`. */
  consumeTo(index: number): void {
    this.start = index
  }

  /** Takes a copy of what is still unread, so that the caller may reuse the bytes it gave. */
  settle(): void {
    if (this.#owned) return
    if (this.start === this.end) {
      this.#base += this.end
      this.bytes = EMPTY
      this.start = 0
      this.end = 0
      this.#owned = true
      return
    }
    const rest = this.bytes.subarray(this.start, this.end)
    this.#base += this.start
    this.bytes = new Uint8Array(Math.max(SMALLEST_BYTES, rest.length))
    this.bytes.set(rest)
    this.start = 0
    this.end = rest.length
    this.#owned = true
  }

  /** Takes everything out. */
  takeAll(): Buffer {
    const rest = octets.copy(this.bytes.subarray(this.start, this.end))
    this.start = this.end
    return rest
  }

  /** Lets go of everything: of the caller's bytes and of our own. */
  clear(): void {
    this.bytes = EMPTY
    this.start = 0
    this.end = 0
    this.#owned = true
  }

  /** The bytes from `from` to `to` as text, one character per byte. */
  text(from: number, to: number): string {
    return octets.decodeLatin1(this.bytes, from, to)
  }

  #append(input: Uint8Array): void {
    const length = this.end - this.start
    if (this.end + input.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(SMALLEST_BYTES, 2 * (length + input.length)))
      grown.set(this.bytes.subarray(this.start, this.end))
      this.#base += this.start
      this.bytes = grown
      this.start = 0
      this.end = length
    }
    this.bytes.set(input, this.end)
    this.end += input.length
  }
}

/**
 * Remembers the last response head of a connection: servers send the same bytes again and again, and a head that is equal,
 * byte for byte, need not be scanned, decoded and parsed anew. Comparing costs a tenth of parsing.
 *
 * It stops where heads turn out to differ each time (a request id, a clock in milliseconds), so that nobody pays for a trick
 * that does not help. What it hands out is frozen: two responses share it.
 */

import type { ReceiveBuffer } from './receive-buffer.ts'

/** Larger heads are parsed each time: remembering one costs a copy. */
const MAX_HEAD_BYTES = 4_096
/** After so many heads in a row that were not the one before, it gives up for the rest of the connection. */
const MAX_MISSES = 8

export class HeadMemo<T> {
  #bytes: Buffer | undefined
  #value: T | undefined
  #misses = 0

  /** What was remembered of the head that stands at the beginning of `buffer`, which it then takes out. */
  take(buffer: ReceiveBuffer): T | undefined {
    const remembered = this.#bytes
    if (remembered === undefined || remembered.length > buffer.length) return undefined
    const { bytes, start } = buffer
    // Backwards: what differs between two heads of one server stands rarely in the status line.
    for (let i = remembered.length - 1; i >= 0; i--) {
      if (remembered[i] !== bytes[start + i]) return undefined
    }
    this.#misses = 0
    buffer.consumeTo(start + remembered.length)
    return this.#value
  }

  /** Whether a head of this many bytes is going to be remembered. */
  wants(length: number): boolean {
    return length <= MAX_HEAD_BYTES && this.#misses <= MAX_MISSES
  }

  /** Remembers `value` for the head that ended with the unread bytes of `buffer`, `length` bytes before them. */
  remember(buffer: ReceiveBuffer, length: number, value: T): void {
    if (!this.wants(length)) {
      this.#bytes = undefined
      return
    }
    this.#misses++
    this.#bytes = Buffer.from(buffer.bytes.subarray(buffer.start - length, buffer.start))
    this.#value = value
  }
}

/**
 * Remembers the last response head of a connection: servers send the same bytes again and again, and a head that is equal,
 * byte for byte, need not be scanned, decoded and parsed again. Comparing costs a tenth of parsing.
 *
 * Connections that read by the same rules share what they remember: ten thousand of them to one server keep one head.
 *
 * It stops where heads turn out to differ each time (a request id, a clock in milliseconds), so that nobody pays for a trick
 * that does not help. What it hands out is frozen: many responses share it.
 */

import { octets } from '../core/octets.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** Larger heads are parsed each time: remembering one costs a copy. */
const MAX_HEAD_BYTES = 4_096
/** After so many heads in a row that were not the one before, it gives up for the rest of the connection. */
const MAX_MISSES = 8
/** How many heads are kept for connections to share, the newest. */
const MAX_SHARED = 32

interface Remembered<T> {
  readonly bytes: Uint8Array
  readonly value: T
}

/** What connections share, by the text of the head. */
export type SharedHeads<T> = Map<string, Remembered<T>>

export class HeadMemo<T> {
  readonly #shared: SharedHeads<T>
  #last: Remembered<T> | undefined
  #misses = 0

  constructor(shared: SharedHeads<T>) {
    this.#shared = shared
  }

  /** What was remembered of the head that stands at the beginning of `buffer`, which it then takes out. */
  take(buffer: ReceiveBuffer): T | undefined {
    const remembered = this.#last?.bytes
    if (remembered === undefined || remembered.length > buffer.length) return undefined
    const { bytes, start } = buffer
    // Backwards: what differs between two heads of one server stands rarely in the status line. Four at a time takes
    // a fifth less than one by one.
    let i = remembered.length - 1
    for (; i >= 3; i -= 4) {
      const at = start + i
      const difference =
        (remembered[i]! ^ bytes[at]!) |
        (remembered[i - 1]! ^ bytes[at - 1]!) |
        (remembered[i - 2]! ^ bytes[at - 2]!) |
        (remembered[i - 3]! ^ bytes[at - 3]!)
      if (difference !== 0) return undefined
    }
    for (; i >= 0; i--) if (remembered[i] !== bytes[start + i]) return undefined
    this.#misses = 0
    buffer.consumeTo(start + remembered.length)
    return this.#last!.value
  }

  /** What another connection remembers of the head with this text; this one does so, too, from now on. */
  recall(text: string): T | undefined {
    const known = this.#wants(text) ? this.#shared.get(text) : undefined
    if (known === undefined) return undefined
    this.#misses++
    this.#last = known
    return known.value
  }

  /** Remembers what `make` gives for the head with this text, if it is to be remembered. */
  remember(text: string, make: () => T): void {
    if (!this.#wants(text)) {
      this.#last = undefined
      return
    }
    this.#misses++
    this.#last = { bytes: octets.encodeLatin1(text), value: make() }
    const shared = this.#shared
    shared.set(text, this.#last)
    if (shared.size > MAX_SHARED) shared.delete(shared.keys().next().value!)
  }

  #wants(text: string): boolean {
    return text.length <= MAX_HEAD_BYTES && this.#misses <= MAX_MISSES
  }
}

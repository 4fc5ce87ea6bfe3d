/**
 * Joins what is written at one time into one write: requests that are sent behind each other cost one call of the system,
 * not one each. Used where requests are pipelined; a single request goes out at once.
 */

import { joinParts } from './wire-parts.ts'

/** More than this is not kept back. */
const MAX_GATHERED_BYTES = 65_536

export class GatheredWrites {
  readonly #write: (data: Uint8Array | string) => void
  #parts: (Uint8Array | string)[] = []
  #bytes = 0
  #isDue = false
  /** How many parts there were at the last look. */
  #seen = 0
  readonly #onDue = (): void => {
    // As long as more is added between two looks, more may come: callers that await one request before the next.
    if (this.#parts.length > this.#seen) {
      this.#seen = this.#parts.length
      queueMicrotask(this.#onDue)
      return
    }
    this.#isDue = false
    this.flush()
  }

  constructor(write: (data: Uint8Array | string) => void) {
    this.#write = write
  }

  /** Writes `data` soon, behind what was added before it. */
  add(data: Uint8Array | string): void {
    this.#parts.push(data)
    this.#bytes += data.length
    if (this.#bytes > MAX_GATHERED_BYTES) {
      this.flush()
    } else if (!this.#isDue) {
      this.#isDue = true
      queueMicrotask(this.#onDue)
    }
  }

  /** Writes now what was gathered. */
  flush(): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    this.#bytes = 0
    this.#seen = 0
    if (parts.every((part) => typeof part === 'string')) this.#write(parts.join(''))
    else this.#write(joinParts(parts))
  }
}

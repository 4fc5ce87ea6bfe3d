/**
 * Joins what is written in one turn into one write: requests that are sent behind each other cost one call of the system,
 * not one each. Used where requests are pipelined; a single request goes out at once.
 */

import { atEndOfTurn } from '../../io/turn.ts'
import { joinParts } from './wire-parts.ts'

/** More than this is not kept back. */
const MAX_GATHERED_BYTES = 65_536

export class GatheredWrites {
  readonly #write: (data: Uint8Array | string) => void
  #parts: (Uint8Array | string)[] = []
  #bytes = 0
  #isDue = false
  readonly #onDue = (): void => {
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
      atEndOfTurn(this.#onDue)
    }
  }

  /** Writes now what was gathered. */
  flush(): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    this.#bytes = 0
    if (parts.every((part) => typeof part === 'string')) this.#write(parts.join(''))
    else this.#write(joinParts(parts))
  }
}

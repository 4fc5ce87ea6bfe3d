/**
 * Joins what is written in one turn into one write: requests that are sent after each other cost one call of the system,
 * not one each. Used where requests are pipelined; a single request goes out at once.
 *
 * Bytes are copied when they are added: they are the caller's, whose promise resolves before they are written.
 */

import { atEndOfTurn } from '../../io/turn.ts'
import { joinParts } from './wire-parts.ts'

/** More than this is not kept back. */
const MAX_GATHERED_BYTES = 65_536

/** Whose bytes are gathered: is told when they are written. */
export interface Writer {
  wrote(bytes: number): void
}

export class GatheredWrites {
  readonly #write: (data: Uint8Array | string) => void
  #parts: (Uint8Array | string)[] = []
  /** Whose part each is. */
  #writers: Writer[] = []
  #bytes = 0
  #isDue = false
  readonly #onDue = (): void => {
    this.#isDue = false
    this.flush()
  }

  constructor(write: (data: Uint8Array | string) => void) {
    this.#write = write
  }

  /** Writes `data` soon, after what was added before it. */
  add(data: Uint8Array | string, writer: Writer): void {
    this.#parts.push(typeof data === 'string' ? data : Buffer.from(data))
    this.#writers.push(writer)
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
    const writers = this.#writers
    this.#parts = []
    this.#writers = []
    this.#bytes = 0
    for (let i = 0; i < parts.length; i++) writers[i]!.wrote(parts[i]!.length)
    if (parts.every((part) => typeof part === 'string')) this.#write(parts.join(''))
    else this.#write(joinParts(parts))
  }
}

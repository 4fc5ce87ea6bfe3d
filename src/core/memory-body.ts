/** Bytes as the body of a response that no connection gave. They are given away: each once. */

import { type BodyReader, copyInto } from './body-reader.ts'
import type { FieldLine } from './fields.ts'

const NO_TRAILERS: readonly FieldLine[] = Object.freeze([])
const NO_BYTES = Buffer.alloc(0)

export class MemoryBody implements BodyReader {
  readonly trailers: readonly FieldLine[]
  #bytes: Buffer

  constructor(bytes: Buffer, trailers: readonly FieldLine[] = NO_TRAILERS) {
    this.#bytes = bytes
    this.trailers = trailers
  }

  get isDone(): boolean {
    return this.#bytes.length === 0
  }

  readInto(target: Uint8Array): Promise<number> {
    if (this.isDone) return Promise.resolve(0)
    const count = copyInto(target, this.#bytes)
    this.#bytes = this.#bytes.subarray(count)
    return Promise.resolve(count)
  }

  readChunk(): Promise<Buffer | undefined> {
    return Promise.resolve(this.isDone ? undefined : this.takeAll())
  }

  readAll(): Promise<Buffer> {
    return Promise.resolve(this.takeAll())
  }

  takeAll(): Buffer {
    const bytes = this.#bytes
    this.#bytes = NO_BYTES
    return bytes
  }

  cancel(): void {
    this.#bytes = NO_BYTES
  }
}

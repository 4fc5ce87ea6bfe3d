/** A body whose bytes are there already, or come from a Blob: what a response has that no connection gave. */

import type { Blob } from 'node:buffer'
import { type BodyReader, copyInto } from '../core/body-reader.ts'
import type { FieldLine } from '../core/fields.ts'

const NO_TRAILERS: readonly FieldLine[] = Object.freeze([])
const NO_BYTES = Buffer.alloc(0)

/** Bytes as a body. They are given away: each once. */
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

const BLOB_PIECE_BYTES = 262_144

/** A Blob as a body, read piece by piece. */
export class BlobBody implements BodyReader {
  readonly trailers: readonly FieldLine[] = NO_TRAILERS
  #blob: Blob | undefined

  constructor(blob: Blob) {
    this.#blob = blob.size === 0 ? undefined : blob
  }

  get isDone(): boolean {
    return this.#blob === undefined
  }

  async readInto(target: Uint8Array): Promise<number> {
    const piece = await this.#take(target.length)
    return piece === undefined ? 0 : copyInto(target, piece)
  }

  readChunk(): Promise<Buffer | undefined> {
    return this.#take(BLOB_PIECE_BYTES)
  }

  async readAll(): Promise<Buffer> {
    return (await this.#take(Infinity)) ?? Buffer.alloc(0)
  }

  takeAll(): undefined {
    // What a Blob holds has to be waited for.
  }

  cancel(): void {
    this.#blob = undefined
  }

  async #take(size: number): Promise<Buffer | undefined> {
    const blob = this.#blob
    if (blob === undefined) return undefined
    this.#blob = size >= blob.size ? undefined : blob.slice(size)
    return Buffer.from(await (size >= blob.size ? blob : blob.slice(0, size)).arrayBuffer())
  }
}

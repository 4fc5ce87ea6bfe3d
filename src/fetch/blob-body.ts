/** A Blob as the body of a response: what a `blob:` URL names. */

import type { Blob } from 'node:buffer'
import { type BodyReader, copyInto } from '../core/body-reader.ts'
import type { FieldLine } from '../core/fields.ts'

const NO_TRAILERS: readonly FieldLine[] = Object.freeze([])

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

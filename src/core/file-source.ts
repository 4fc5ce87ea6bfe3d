/**
 * A file opened by `fs.promises.open` as a body. Its size is measured: what `stat` says of a special file, and of one that
 * is being written, is no length to declare. Read with `FileHandle.read`, which leaves no listener on the handle; the handle
 * stays open, it is the caller's.
 */

import type { AnyIterator, ChunkSource } from './body-sources.ts'

/** A file opened by `fs.promises.open`, as far as it is used here. */
export interface FileHandleLike {
  readonly fd: number
  stat(): Promise<{ readonly size: number; isFile(): boolean }>
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<{ readonly bytesRead: number }>
}

/** True for a file opened by `fs.promises.open`. */
export function isFileHandle(body: object): body is FileHandleLike {
  const { fd, read, stat } = body as Partial<FileHandleLike>
  return typeof fd === 'number' && typeof read === 'function' && typeof stat === 'function'
}

const CHUNK_BYTES = 262_144
/** A file up to this size is read before the head is written: what was read is what is declared. */
export const MEASURED_BYTES = 65_536

/** What measuring a file found. */
export type MeasuredFile =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'chunks'; readonly source: ChunkSource; readonly length: number | undefined }

/**
 * Measures a file from its beginning. A small one is read; of a large one the size is believed, and the sender holds what
 * comes against it. A pipe or a device has no size and no positions: it is read from where it is, once.
 */
export async function measureFile(handle: FileHandleLike): Promise<MeasuredFile> {
  const stat = await handle.stat()
  if (!stat.isFile()) {
    return { kind: 'chunks', source: new FileSource(handle, undefined, undefined), length: undefined }
  }
  if (stat.size > MEASURED_BYTES) {
    return { kind: 'chunks', source: new FileSource(handle, 0, stat.size), length: stat.size }
  }
  const head = new Uint8Array(MEASURED_BYTES + 1)
  let filled = 0
  while (filled < head.length) {
    const { bytesRead } = await handle.read(head, filled, head.length - filled, filled)
    if (bytesRead === 0) return { kind: 'bytes', bytes: head.slice(0, filled) }
    filled += bytesRead
  }
  // It said that it is small, and is not: its length is not known.
  return { kind: 'chunks', source: new FileSource(handle, 0, undefined), length: undefined }
}

class FileSource implements ChunkSource {
  readonly isReplayable: boolean
  readonly #handle: FileHandleLike
  readonly #start: number | undefined
  readonly #length: number | undefined
  #isWanted = true

  constructor(handle: FileHandleLike, start: number | undefined, length: number | undefined) {
    this.#handle = handle
    this.#start = start
    this.#length = length
    this.isReplayable = start !== undefined
  }

  open(): AnyIterator {
    this.#isWanted = true
    return this.#read()
  }

  again(): ChunkSource {
    return new FileSource(this.#handle, this.#start, this.#length)
  }

  /** A read that is under way ends by itself; the handle is not closed. */
  close(): void {
    this.#isWanted = false
  }

  finish(): void {}

  /** One buffer serves for all chunks: the sender is done with one when it asks for the next. */
  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, this.#length ?? CHUNK_BYTES))
    let left = this.#length ?? Infinity
    let position = this.#start
    while (left > 0 && this.#isWanted) {
      const size = Math.min(buffer.length, left)
      const { bytesRead } = await this.#handle.read(buffer, 0, size, position ?? null)
      if (bytesRead === 0) return
      left -= bytesRead
      if (position !== undefined) position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }
}

/**
 * The body of a response as a file: what `fp` and the old class's `getfile()` give. Every way of reading takes from the same
 * body; each byte is given once.
 */

/** The response that is read through the file. */
interface FileOwner {
  readonly fp: object | null
  read(amt?: number | null): Promise<Buffer>
  readline(limit?: number): Promise<Buffer>
  readlines(hint?: number): Promise<Buffer[]>
  [Symbol.asyncIterator](): AsyncIterator<Buffer, void, void>
  close(): void
}

/** A file to be read, with the methods of Python's. */
export class ResponseFile implements AsyncIterable<Buffer> {
  readonly #owner: FileOwner

  constructor(owner: FileOwner) {
    this.#owner = owner
  }

  /** True once the end was reached, or the file was closed. */
  get closed(): boolean {
    return this.#owner.fp === null
  }

  /** Reads what is left, or the next `size` bytes; none at the end. */
  read(size: number = -1): Promise<Buffer> {
    return this.#owner.read(size)
  }

  /** Reads a line with its line end, or `limit` bytes of it; nothing at the end. */
  readline(limit: number = -1): Promise<Buffer> {
    return this.#owner.readline(limit)
  }

  /** Reads all lines that are left, or lines until they have more than `hint` bytes together. */
  readlines(hint: number = -1): Promise<Buffer[]> {
    return this.#owner.readlines(hint)
  }

  /** The lines, as `readline` gives them. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, void, void> {
    return this.#owner[Symbol.asyncIterator]()
  }

  /** Gives up what was not read. */
  close(): void {
    this.#owner.close()
  }
}

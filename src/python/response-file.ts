/**
 * The body of a response as a file: what `fp` and the old class's `getfile()` give. Every way of reading takes from the same
 * body; each byte is given once.
 */

import type { HTTPResponse as Response } from '../core/response.ts'

/** The response that is read through the file: it counts, and knows when the end was reached. */
export interface FileOwner {
  readonly fp: object | null
  read(amt?: number | null): Promise<Buffer>
  take(read: () => Promise<Buffer>): Promise<Buffer>
  close(): void
}

/** A file to be read, with the methods of Python's. */
export class ResponseFile implements AsyncIterable<Buffer> {
  readonly #owner: FileOwner
  readonly #response: Response

  constructor(owner: FileOwner, response: Response) {
    this.#owner = owner
    this.#response = response
  }

  /** True once the end was reached, or the file was closed. */
  get closed(): boolean {
    return this.#owner.fp === null
  }

  /** Reads what is left, or the next `size` bytes; none at the end. */
  read(size: number = -1): Promise<Buffer> {
    return this.#owner.read(size)
  }

  /** Reads a line with its line end; nothing at the end. */
  async readline(): Promise<Buffer> {
    if (this.closed) return Buffer.alloc(0)
    return this.#owner.take(() => this.#response.readLine(Infinity))
  }

  /** Reads all lines that are left. */
  async readlines(): Promise<Buffer[]> {
    const lines: Buffer[] = []
    for await (const line of this) lines.push(line)
    return lines
  }

  /** The lines, as `readline` gives them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    while (true) {
      const line = await this.readline()
      if (line.length === 0) return
      yield line
    }
  }

  /** Gives up what was not read. */
  close(): void {
    this.#owner.close()
  }
}

/**
 * Reads the body of a response the way Python's files are read: so many bytes, a line, what is there, what comes next without
 * taking it. Knows nothing of lengths and of closing: that is the response's.
 *
 * A body that breaks off raises IncompleteRead from every call, with the bytes that the call had got.
 */

import { withEarlierBytes } from '../core/body-gathering.ts'
import type { HTTPResponse as Response } from '../core/response.ts'

/** No bytes: a new object for each caller. */
export const nothing = (): Buffer => Buffer.alloc(0)
const LF = 0x0a

export class BodyFile {
  readonly #response: Response
  readonly #pieces: AsyncIterator<Buffer>
  /** Bytes that came and were not given out. */
  #rest: Buffer = nothing()
  #isEnded = false

  constructor(response: Response) {
    this.#response = response
    this.#pieces = response[Symbol.asyncIterator]()
  }

  /** All that is left. */
  async takeAll(): Promise<Buffer> {
    const rest = this.#take(this.#rest.length)
    if (this.#isEnded) return rest
    try {
      const others = await this.#response.read()
      return rest.length === 0 ? others : Buffer.concat([rest, others])
    } catch (error) {
      throw withEarlierBytes(error, [rest])
    }
  }

  /** The next `size` bytes; fewer only at the end. */
  takeBytes(size: number): Promise<Buffer> {
    return this.#collect(size, () => -1)
  }

  /** Up to and including the next LF, or to the end, and not more than `limit` bytes where that is not negative. */
  takeLine(limit: number): Promise<Buffer> {
    return this.#collect(limit < 0 ? Infinity : limit, (bytes) => bytes.indexOf(LF))
  }

  /** What is there, or else what comes next, and not more than `size` bytes where that is not negative; nothing at the end. */
  async takeSome(size: number): Promise<Buffer> {
    await this.hasMore()
    return this.#take(size < 0 ? this.#rest.length : Math.min(size, this.#rest.length))
  }

  /** Whether there is another byte; waits for it. */
  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#isEnded) {
      const { done, value } = await this.#pieces.next()
      if (done === true) this.#isEnded = true
      else this.#rest = value
    }
    return this.#rest.length > 0
  }

  /** A copy of what is there, or else of what comes next; it stays to be read. */
  async peek(): Promise<Buffer> {
    await this.hasMore()
    return Buffer.from(this.#rest)
  }

  /** Puts bytes back that could not be given out. */
  putBack(bytes: Buffer): void {
    this.#rest = Buffer.concat([bytes, this.#rest])
  }

  /** Takes bytes until there are `size`, or one is the last of those wanted. */
  async #collect(size: number, findLast: (bytes: Buffer) => number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let missing = size; missing > 0; ) {
      try {
        if (!(await this.hasMore())) break
      } catch (error) {
        throw withEarlierBytes(error, parts)
      }
      const last = findLast(this.#rest)
      const part = this.#take(Math.min(missing, last < 0 ? this.#rest.length : last + 1))
      parts.push(part)
      missing -= part.length
      if (last >= 0 && part.length === last + 1) break
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return taken
  }
}

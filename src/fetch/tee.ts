/**
 * One body for two readers, as `clone()` needs it: what one reads waits for the other. As with the platform's `tee()`, the
 * faster reader sets the pace, and what the slower one has not read is held without a limit.
 */

import { type BodyReader, copyInto } from '../core/body-reader.ts'
import type { FieldLine } from '../core/fields.ts'
import type { BranchReaders } from '../core/response-source.ts'
import { ImproperConnectionState } from '../errors/index.ts'

/**
 * The two bodies made of one.
 * @param readers - is told each time that one of them waits for the body, and when one is given up
 */
export function teeBody(inner: BodyReader, readers?: BranchReaders): readonly [BodyReader, BodyReader] {
  const shared = new Shared(inner, readers)
  return [shared.first, shared.second]
}

/** What both branches read from. */
class Shared {
  readonly first: Branch
  readonly second: Branch
  readonly inner: BodyReader
  #reading: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  isEnded = false

  constructor(inner: BodyReader, readers: BranchReaders | undefined) {
    this.inner = inner
    this.first = new Branch(this, 0, readers)
    this.second = new Branch(this, 1, readers)
  }

  /** Waits until there is another piece, or the end; one read serves both. */
  more(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    this.#reading ??= this.#read()
    return this.#reading
  }

  async #read(): Promise<void> {
    try {
      this.#give(await this.inner.readChunk())
    } catch (error) {
      this.#failure = { error }
      throw error
    } finally {
      this.#reading = undefined
    }
  }

  /** All that is left of the inner body, where it is there. */
  takeRest(): boolean {
    if (this.#reading !== undefined || this.#failure !== undefined) return false
    const rest = this.inner.takeAll()
    if (rest === undefined) return false
    if (rest.length > 0) this.#give(rest)
    this.isEnded = true
    return true
  }

  #give(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.isEnded = true
      return
    }
    this.first.push(chunk)
    // Its own memory: what one reader does to its bytes is not seen by the other.
    this.second.push(Buffer.from(chunk))
  }

  cancelled(): void {
    if (this.first.isCancelled && this.second.isCancelled) this.inner.cancel()
  }
}

class Branch implements BodyReader {
  readonly #shared: Shared
  readonly #index: 0 | 1
  readonly #readers: BranchReaders | undefined
  #queue: Buffer[] = []
  isCancelled = false

  constructor(shared: Shared, index: 0 | 1, readers: BranchReaders | undefined) {
    this.#shared = shared
    this.#index = index
    this.#readers = readers
  }

  get isDone(): boolean {
    if (this.isCancelled) return true
    const { isEnded, inner } = this.#shared
    return this.#queue.length === 0 && (isEnded || inner.isDone)
  }

  get trailers(): readonly FieldLine[] {
    return this.#shared.inner.trailers
  }

  push(chunk: Buffer): void {
    if (!this.isCancelled) this.#queue.push(chunk)
  }

  async readInto(target: Uint8Array): Promise<number> {
    const { length } = target
    if (!(await this.#fill())) return 0
    const first = this.#queue[0]!
    const count = copyInto(target, first, length)
    if (count === first.length) this.#queue.shift()
    else this.#queue[0] = first.subarray(count)
    return count
  }

  async readChunk(): Promise<Buffer | undefined> {
    return (await this.#fill()) ? this.#queue.shift() : undefined
  }

  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = []
    while (await this.#fill()) pieces.push(...this.#takeQueue())
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  takeAll(): Buffer | undefined {
    if (this.isCancelled || (!this.#shared.isEnded && !this.#shared.takeRest())) return undefined
    const queue = this.#takeQueue()
    return queue.length === 1 ? queue[0]! : Buffer.concat(queue)
  }

  cancel(): void {
    if (this.isCancelled) return
    this.isCancelled = true
    this.#queue = []
    this.#readers?.leaves(this.#index)
    this.#shared.cancelled()
  }

  /** Whether there is a piece, once it is known. */
  async #fill(): Promise<boolean> {
    while (this.#queue.length === 0) {
      if (this.isCancelled)
        throw new ImproperConnectionState('the response was closed before its body was read')
      if (this.#shared.isEnded) return false
      this.#readers?.waits(this.#index)
      await this.#shared.more()
    }
    return true
  }

  #takeQueue(): Buffer[] {
    const queue = this.#queue
    this.#queue = []
    return queue
  }
}

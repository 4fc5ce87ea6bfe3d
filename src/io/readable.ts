/**
 * A response as a Node stream, made only when asked for.
 */

import { Readable } from 'node:stream'

/** What can be read as a stream: a response, as far as it matters here. */
export interface StreamSource extends AsyncIterable<Buffer> {
  close(): void
  /** Told of a read for which nobody waits, and when somebody does. */
  readAhead?(isAhead: boolean): void
}

/** So much a stream reads ahead of its reader, on every Node: the defaults differ, and the response holds some back already. */
const READ_AHEAD_BYTES = 16_384

/** A Node stream of the rest of the body. Destroying it closes the response; a broken message is its error. */
export function makeReadable(source: StreamSource): Readable {
  return new BodyStream(source)
}

/**
 * A stream fills its buffer also while nobody takes anything out of it. It says so: such a read is nobody's wait, and no
 * timeout of the body runs meanwhile.
 */
class BodyStream extends Readable {
  readonly #source: StreamSource
  readonly #iterator: AsyncIterator<Buffer>
  #isReading = false
  /** Who calls `read()` got something the last time, and has that to deal with. */
  #hasPiece = false
  /** What who iterates does: waits for the next piece, or has one; undefined where nobody does. */
  #iterating: 'waits' | 'has one' | undefined

  constructor(source: StreamSource) {
    super({ highWaterMark: READ_AHEAD_BYTES })
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
    this.on('pause', () => this.#tell())
    this.on('resume', () => this.#tell())
    const heard = (name: string | symbol): void => {
      if (name === 'readable') process.nextTick(() => this.#tell())
    }
    this.on('newListener', heard)
    this.on('removeListener', heard)
  }

  override read(size?: number): unknown {
    const piece: unknown = super.read(size)
    // With 0 nothing is asked for but that the buffer is filled.
    if (size !== 0) this.#hasPiece = piece !== null
    this.#tell()
    return piece
  }

  override [Symbol.asyncIterator](): ReturnType<Readable['iterator']> {
    return this.#watched(super[Symbol.asyncIterator]())
  }

  override iterator(options?: { destroyOnReturn?: boolean }): ReturnType<Readable['iterator']> {
    return this.#watched(super.iterator(options))
  }

  override _read(): void {
    this.#isReading = true
    this.#tell()
    void this.#next()
  }

  /** What a listener throws where a piece is given out is its own matter, and no error of the stream. */
  async #next(): Promise<void> {
    let result: IteratorResult<Buffer>
    try {
      result = await this.#iterator.next()
    } catch (error) {
      this.#over()
      this.destroy(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#over()
    this.push(result.done === true ? null : result.value)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.close()
    done(error)
  }

  #watched(iterator: ReturnType<Readable['iterator']>): ReturnType<Readable['iterator']> {
    const next = iterator.next.bind(iterator)
    iterator.next = async (...args) => {
      this.#iterate('waits')
      try {
        return await next(...args)
      } finally {
        this.#iterate('has one')
      }
    }
    return iterator
  }

  #iterate(state: 'waits' | 'has one'): void {
    this.#iterating = state
    this.#tell()
  }

  #over(): void {
    this.#isReading = false
    this.#source.readAhead?.(false)
  }

  #tell(): void {
    if (this.#isReading) this.#source.readAhead?.(this.#isAhead)
  }

  /**
   * Paused, or there is something to be taken, or taken and dealt with. What flows is waited for, and so is the next piece by who
   * listens for it.
   */
  get #isAhead(): boolean {
    if (this.#iterating !== undefined) return this.#iterating === 'has one'
    if (this.readableFlowing === true) return false
    if (this.listenerCount('readable') > 0) return this.readableLength > 0
    return this.readableFlowing === false || this.#hasPiece || this.readableLength > 0
  }
}

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

  constructor(source: StreamSource) {
    super({ highWaterMark: READ_AHEAD_BYTES })
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
    this.on('pause', () => this.#tell())
    this.on('resume', () => this.#tell())
  }

  override read(size?: number): unknown {
    const piece: unknown = super.read(size)
    // With 0 nothing is asked for but that the buffer is filled.
    if (size !== 0) this.#hasPiece = piece !== null
    this.#tell()
    return piece
  }

  override _read(): void {
    this.#isReading = true
    this.#tell()
    void this.#next()
  }

  async #next(): Promise<void> {
    try {
      const result = await this.#iterator.next()
      this.#over()
      this.push(result.done === true ? null : result.value)
    } catch (error) {
      this.#over()
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.close()
    done(error)
  }

  #over(): void {
    this.#isReading = false
    this.#source.readAhead?.(false)
  }

  #tell(): void {
    if (this.#isReading) this.#source.readAhead?.(this.#isAhead)
  }

  /** Paused, or read by hand by somebody who has something. What flows is waited for. */
  get #isAhead(): boolean {
    if (this.readableFlowing === true) return false
    const isPaused = this.readableFlowing === false && this.listenerCount('readable') === 0
    return isPaused || this.#hasPiece || this.readableLength > 0
  }
}

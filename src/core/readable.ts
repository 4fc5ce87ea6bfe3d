/**
 * A response as a Node stream, made only when asked for.
 */

import { Readable } from 'node:stream'
import { ImproperConnectionState } from '../errors/index.ts'
import { isError } from './brands.ts'

// The platform's own, as they were when this module was loaded: tests with false timers take these away.
const { queueMicrotask: atOnce, setImmediate: soon } = globalThis

/** What can be read as a stream: a response, as far as it matters here. */
export interface StreamSource extends AsyncIterable<Buffer> {
  close(): void
  /** Told of a read for which no caller waits, and when one does. */
  readAhead?(isAhead: boolean): void
}

/** So much a stream reads ahead of its reader, on every Node: the defaults differ, and the response holds some back already. */
const READ_AHEAD_BYTES = 16_384

/** A Node stream of the rest of the body. Destroying it closes the response; a broken message is its error. */
export function makeReadable(source: StreamSource): Readable {
  return new BodyStream(source)
}

type PieceIterator = ReturnType<Readable['iterator']>
type Listener = Parameters<Readable['removeListener']>[1]

/**
 * A stream fills its buffer also while nobody takes anything out of it. It says so: such a read is nobody's wait, and no
 * timeout of the body runs meanwhile.
 */
class BodyStream extends Readable {
  readonly #source: StreamSource
  readonly #iterator: AsyncIterator<Buffer>
  #isReading = false
  /** A read was refused, for the body is another reader's: it took nothing, and ends nothing but this stream. */
  #isRefused = false
  /** What the last `read()` of a reader gave, until something comes. */
  #lastRead: 'a piece' | 'nothing' | undefined
  /** Iterators that were begun, and calls of theirs for the next piece that are not answered. */
  #iterators = 0
  #nexts = 0

  constructor(source: StreamSource) {
    super({ highWaterMark: READ_AHEAD_BYTES })
    this.#source = source
    this.#iterator = source[Symbol.asyncIterator]()
    this.#listen()
  }

  /** What is listened to for ourselves: a caller who takes all listeners off means those of others. */
  #listen(): void {
    for (const [name, listener] of this.#own)
      if (!this.listeners(name).includes(listener)) this.on(name, listener)
  }

  readonly #own: readonly (readonly [name: string, listener: Listener])[] = [
    [
      'pause',
      () => {
        // What flowed reads until there is nothing.
        this.#lastRead = undefined
        this.#tell()
      },
    ],
    ['resume', () => this.#tell()],
    ['newListener', (name: string | symbol) => this.#tellOf(name)],
  ]

  override read(size?: number): unknown {
    const piece: unknown = super.read(size)
    // With 0 nothing is asked for but that the buffer is filled.
    if (size !== 0) this.#lastRead = piece === null ? 'nothing' : 'a piece'
    this.#tell()
    return piece
  }

  override [Symbol.asyncIterator](): PieceIterator {
    return this.#watched(super[Symbol.asyncIterator]())
  }

  override iterator(options?: { destroyOnReturn?: boolean }): PieceIterator {
    return this.#watched(super.iterator(options))
  }

  // Told here, for Node 20 emits no 'removeListener' for the last one of a stream.

  override removeListener(name: string | symbol, listener: Listener): this {
    super.removeListener(name, listener)
    this.#tellOfLeaving(name)
    return this
  }

  override off(name: string | symbol, listener: Listener): this {
    return this.removeListener(name, listener)
  }

  override removeAllListeners(name?: string | symbol): this {
    // With a name that is undefined, Node takes off those of an event of that name.
    if (name === undefined) super.removeAllListeners()
    else super.removeAllListeners(name)
    this.#listen()
    this.#tellOfLeaving('readable')
    return this
  }

  override _read(): void {
    this.#isReading = true
    this.#tell()
    void this.#next()
  }

  async #next(): Promise<void> {
    let result: IteratorResult<Buffer>
    try {
      result = await this.#iterator.next()
    } catch (error) {
      this.#over()
      this.#isRefused = error instanceof ImproperConnectionState
      this.destroy(isError(error) ? error : new Error(String(error)))
      return
    }
    this.#over()
    this.#lastRead = undefined
    try {
      this.push(result.done === true ? null : result.value)
    } catch (error) {
      // What a listener throws is no error of the stream, and is caught nowhere, as with any other stream.
      atOnce(() => {
        throw error
      })
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isRefused) this.#source.close()
    done(error)
  }

  #watched(iterator: PieceIterator): PieceIterator {
    const next = iterator.next.bind(iterator)
    const giveBack = iterator.return?.bind(iterator)
    const fail = iterator.throw?.bind(iterator)
    let state: 'new' | 'begun' | 'over' = 'new'
    const over = (): void => {
      if (state === 'begun') this.#iterators--
      state = 'over'
      this.#tell()
    }
    const answered = (): void => {
      this.#nexts--
      this.#tell()
    }
    iterator.next = async (...args) => {
      if (state === 'new') {
        state = 'begun'
        this.#iterators++
      }
      this.#nexts++
      this.#tell()
      try {
        const result = await next(...args)
        if (result.done === true) over()
        answered()
        return result
      } catch (error) {
        over()
        answered()
        throw error
      }
    }
    iterator.return = (value) => {
      over()
      return giveBack!(value)
    }
    iterator.throw = (error) => {
      over()
      return fail!(error)
    }
    return iterator
  }

  #over(): void {
    this.#isReading = false
    this.#source.readAhead?.(false)
  }

  /** Node makes of a listener for 'readable' what it makes of it a tick after it was added, or taken away. */
  #tellOf(name: string | symbol): void {
    if (name === 'readable') soon(() => this.#tell())
  }

  /** A reader that leaves may compute for longer than the body may take: that it waits no more is told at once, too. */
  #tellOfLeaving(name: string | symbol): void {
    this.#tellOf(name)
    if (name === 'readable') this.#tell()
  }

  #tell(): void {
    if (this.#isReading) this.#source.readAhead?.(this.#isAhead())
  }

  /** Nobody waits: paused, or there is something to be taken, or it was taken and is dealt with. */
  #isAhead(): boolean {
    if (this.#nexts > 0 || this.readableFlowing === true) return false
    if (this.#iterators > 0) return true
    if (this.#lastRead === 'nothing') return false
    if (this.readableLength > 0) return true
    if (this.listenerCount('readable') > 0) return false
    return this.readableFlowing === false || this.#lastRead === 'a piece'
  }
}

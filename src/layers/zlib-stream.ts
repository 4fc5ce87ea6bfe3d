/**
 * One of Node's decoders, pulled: coded bytes are given in when it asks for them, decoded ones are taken out one piece at a
 * time, and no work is done that nobody has asked for. What it holds outside of the heap is given back by `close`.
 *
 * Decoding is done on Node's thread pool: a large body does not hold the event loop.
 */

import type { Transform } from 'node:stream'
import type { ZlibOptions as OptionsOfNode } from 'node:zlib'
import { ZSTD_PARAMS } from './content-codings.ts'
import { zlib } from './zlib.ts'

/** What a decoder is: one of Node's streams, as far as it is used here. */
export type ZlibEngine = Transform & { readonly bytesWritten: number }

/** A format that Node decodes. */
export type ZlibFormat = 'raw' | 'zlib' | 'br' | 'zstd'

/** Makes a decoder; a seam, by which a test counts them. */
export type MakeEngine = (format: ZlibFormat, chunkSize: number) => ZlibEngine

type ZlibOptions = OptionsOfNode & {
  readonly readableHighWaterMark: number
  readonly params?: Readonly<Record<number, number>>
}

/** Node's decoders: `chunkSize` is how much one decodes at a time, in bytes, and so what it may hold more than was asked for. */
export const makeEngine: MakeEngine = (format, chunkSize) => {
  // One piece at a time: with more room for what nobody has read, a stream would go on decoding.
  const options: ZlibOptions = { chunkSize, readableHighWaterMark: 1 }
  return MAKERS[format](options)
}

const MAKERS: Readonly<Record<ZlibFormat, (options: ZlibOptions) => ZlibEngine>> = {
  raw: (options) => zlib().createInflateRaw(options),
  zlib: (options) => zlib().createInflate(options),
  br: (options) => zlib().createBrotliDecompress(options),
  zstd: (options) =>
    (
      zlib() as unknown as { createZstdDecompress: (options: ZlibOptions) => ZlibEngine }
    ).createZstdDecompress({
      ...options,
      params: ZSTD_PARAMS,
    }),
}

/** What a pull answers: a decoded piece, `hungry` for more coded bytes, or `ended`: the coding is at its end. */
export type Pulled = Buffer | 'hungry' | 'ended'

/** Thrown where the coded bytes end before the coding does. */
export class TruncatedCoding extends Error {
  /** What zlib gives it. */
  readonly code = 'Z_BUF_ERROR'
}

/** What is wrong with a format that zlib would tell, with the code that it gives it. */
export function dataError(message: string): Error {
  return Object.assign(new Error(message), { code: 'Z_DATA_ERROR' })
}

export class ZlibStream {
  readonly #engine: ZlibEngine
  #isWriting = false
  #isEnding = false
  #isEnded = false
  #failure: { readonly error: Error } | undefined
  #wake: (() => void) | undefined
  #last: Buffer | undefined
  #given = 0

  constructor(engine: ZlibEngine) {
    this.#engine = engine
    engine.on('readable', () => this.#wakeUp())
    engine.on('end', () => {
      this.#isEnded = true
      this.#wakeUp()
    })
    engine.on('error', (error) => {
      this.#failure = { error }
      this.#wakeUp()
    })
  }

  /** Bytes given last that are not part of the coding: what stands after its end. */
  get unused(): Buffer | undefined {
    const count = this.#given - this.#engine.bytesWritten
    return count === 0 ? undefined : this.#last?.subarray(-count)
  }

  /** Gives coded bytes in: after `hungry`, and never none. */
  write(bytes: Buffer): void {
    this.#isWriting = true
    this.#last = bytes
    this.#given += bytes.length
    this.#engine.write(bytes, () => {
      this.#isWriting = false
      this.#wakeUp()
    })
  }

  /** There are no more coded bytes. */
  end(): void {
    this.#isEnding = true
    this.#engine.end()
  }

  /**
   * The next piece.
   * @throws TruncatedCoding, or what Node says is wrong with the coded bytes
   */
  async pull(): Promise<Pulled> {
    while (true) {
      if (this.#failure !== undefined) throw asTold(this.#failure.error)
      const piece = this.#engine.read() as Buffer | null
      if (piece !== null) return piece
      if (this.#isEnded) return 'ended'
      if (!this.#isWriting && !this.#isEnding && !this.#isLeavingBytes()) return 'hungry'
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Gives back what it holds; a pull that waits rejects. */
  close(): void {
    this.#failure ??= { error: new Error('closed') }
    this.#engine.destroy()
    this.#wakeUp()
  }

  /** True where the coding has ended within the bytes given last, which is told in a moment. */
  #isLeavingBytes(): boolean {
    return this.#given > this.#engine.bytesWritten
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** Node tells of coded bytes that end too early in the words of zlib. */
function asTold(error: Error): Error {
  const isTruncated = /unexpected end of file/i.test(error.message)
  return isTruncated ? new TruncatedCoding(error.message) : error
}

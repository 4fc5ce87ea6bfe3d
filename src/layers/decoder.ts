/**
 * What a decoder of one coding is, and what those of several members or frames share.
 */

import { type Pulled, TruncatedCoding } from './zlib-stream.ts'

/** Undoes one coding. */
export interface Decoder {
  /** Gives coded bytes in: after `hungry`, and never none. */
  write(bytes: Buffer): void
  /** There are no more coded bytes: after `hungry`. */
  end(): void
  /** @throws TruncatedCoding, or an error that says what is wrong with the coded bytes */
  pull(): Promise<Pulled>
  /** Gives back what it holds. */
  close(): void
}

/** Coded bytes that came, until they are given to who decodes them. */
export class CodedInput {
  #bytes: Buffer | undefined
  #isOver = false

  /** Those that nobody has taken; undefined for none. */
  get bytes(): Buffer | undefined {
    return this.#bytes
  }

  /** True where no more will come. */
  get isOver(): boolean {
    return this.#isOver
  }

  add(bytes: Buffer): void {
    this.#bytes = this.#bytes === undefined ? bytes : Buffer.concat([this.#bytes, bytes])
  }

  end(): void {
    this.#isOver = true
  }

  /** So many, from the first on, were taken. */
  take(count: number): void {
    const bytes = this.#bytes
    this.#bytes = bytes === undefined || count >= bytes.length ? undefined : bytes.subarray(count)
  }

  /**
   * What is to be said where those that are there begin nothing yet.
   * @throws TruncatedCoding where no more will come
   */
  edge(): 'hungry' | 'ended' {
    if (!this.#isOver) return 'hungry'
    if (this.#bytes === undefined) return 'ended'
    throw new TruncatedCoding('unexpected end of file')
  }
}

/** How much is decoded at a time: four times what came at first, within these bounds. */
const SMALLEST_CHUNK_BYTES = 16_384
const LARGEST_CHUNK_BYTES = 262_144

/** A body that comes in drops is decoded in small pieces; one that comes in floods in large ones, which cost less. */
export function chunkSizeFor(first: Buffer): number {
  return Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, first.length * 4))
}

/** A member or a frame that comes to more has a stream. */
export const SMALL_MEMBER_BYTES = 65_536
/** After so many small ones others have a turn on the event loop. */
export const MEMBERS_A_TURN = 64
/** The options of one call. */
export const AT_ONCE: { readonly info: true; readonly chunkSize: number; readonly maxOutputLength: number } =
  {
    info: true,
    chunkSize: 4_096,
    maxOutputLength: SMALL_MEMBER_BYTES,
  }

/** What the option `info` makes of an answer of zlib. */
export interface Told {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** What was decoded in one call, and of how many bytes. */
export interface Small {
  readonly piece: Buffer
  readonly taken: number
}

export function atOnce(decode: () => Told): Small | undefined {
  try {
    const { buffer, engine } = decode()
    return { piece: buffer, taken: engine.bytesWritten }
  } catch {
    // It is cut, broken or large: a stream tells which.
    return undefined
  }
}

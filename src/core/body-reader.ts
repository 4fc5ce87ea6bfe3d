/**
 * The inside of a response body: pulled, never pushed. What has bytes to give (a connection, a cache, a test) implements
 * this; HTTPResponse builds every public way of reading on it. No streams, no sockets.
 */

import type { FieldLine } from './fields.ts'

export interface BodyReader {
  /** True once the end was reached, or reading failed or was given up. */
  readonly isDone: boolean
  /** False once nothing more comes, though some of it may be there to be read; undefined where that is not known. */
  readonly isOpen?: boolean | undefined
  /** True once all of it has come, read or not; undefined where that is not known. */
  readonly isWhole?: boolean | undefined
  /** The trailer section; empty until the end was reached. */
  readonly trailers: readonly FieldLine[]
  /** How many bytes it can come to at most; undefined where nothing bounds it. */
  readonly maxLength?: number | undefined
  /**
   * Copies bytes that are there into `target`, or waits for the first; answers how many, 0 only at the end.
   * Rejects with IncompleteRead where the message broke off.
   */
  readInto(target: Uint8Array): Promise<number>
  /** The bytes that are there, as a Buffer the caller owns, or the next to come; undefined at the end. */
  readChunk(): Promise<Buffer | undefined>
  /** All that is left, in one Buffer. A broken message rejects with IncompleteRead that carries what came. */
  readAll(): Promise<Buffer>
  /** All that is left, in one Buffer, where the end was reached; undefined where it has to be waited for. */
  takeAll(): Buffer | undefined
  /** Gives up the rest. The connection is closed unless the end was reached already. */
  cancel(): void
  /** Ends a read that waits, as `cancel()` does; the bytes that it waited for are the next one's. */
  readonly stopWaiting?: (() => void) | undefined
}

/**
 * Copies as much of `bytes` as `target` has room for; answers how many, at least one.
 * @param given - how long `target` was when it was given, where that was before
 * @throws TypeError where the memory of `target` was transferred or made smaller since it was given
 */
export function copyInto(target: Uint8Array, bytes: Uint8Array, given: number = target.length): number {
  const count = Math.min(bytes.length, target.length)
  if (count === 0 || target.length < given) {
    throw new TypeError(
      'The memory given to readInto() was transferred or made smaller while it was waited for',
    )
  }
  target.set(count === bytes.length ? bytes : bytes.subarray(0, count))
  return count
}

/** What a response has whose body another one was made of: there is nothing to be read here, and nothing to be given up. */
export class MovedBody implements BodyReader {
  readonly isDone = true
  readonly #to: BodyReader
  readonly #refuse: () => Error

  constructor(to: BodyReader, refuse: () => Error) {
    this.#to = to
    this.#refuse = refuse
  }

  get trailers(): readonly FieldLine[] {
    return this.#to.trailers
  }

  readInto(): Promise<number> {
    return Promise.reject(this.#refuse())
  }

  readChunk(): Promise<Buffer | undefined> {
    return Promise.reject(this.#refuse())
  }

  readAll(): Promise<Buffer> {
    return Promise.reject(this.#refuse())
  }

  takeAll(): undefined {
    return undefined
  }

  cancel(): void {
    // It belongs to the other one.
  }
}

/** The bytes in memory that holds nothing else: small Buffers share theirs with the rest of the process. */
export function ownBytes({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  const view = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
  return byteLength === buffer.byteLength ? view : view.slice()
}

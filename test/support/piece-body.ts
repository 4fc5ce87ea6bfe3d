// A body that gives the pieces of a test, at once or when the test says so, and tells what became of it.

import type { BodyReader } from '../../src/core/body-reader.ts'
import { copyInto } from '../../src/core/body-reader.ts'
import type { FieldLine } from '../../src/core/fields.ts'
import { ImproperConnectionState } from '../../src/errors/index.ts'

export interface PieceBodyOptions {
  /** What a read rejects with after the last piece, instead of the end. */
  readonly failure?: unknown
  /** True if all of it has come already: `takeAll` gives it. */
  readonly isThere?: boolean
  /** True if there is no end: a read after the last piece waits until `give`, `end` or `cancel`. */
  readonly isOpen?: boolean
}

export class PieceBody implements BodyReader {
  readonly trailers: readonly FieldLine[] = [['X-Sum', '1']]
  /** How many pieces were taken. */
  taken = 0
  isCancelled = false
  readonly #pieces: Buffer[]
  readonly #isThere: boolean
  #failure: { readonly error: unknown } | undefined
  #isOpen: boolean
  #isEnded = false
  #wake: (() => void) | undefined

  constructor(pieces: readonly (string | Uint8Array)[], options: PieceBodyOptions = {}) {
    this.#pieces = pieces.map((piece) => Buffer.from(piece as Uint8Array))
    this.#failure = 'failure' in options ? { error: options.failure } : undefined
    this.#isThere = options.isThere ?? false
    this.#isOpen = options.isOpen ?? false
  }

  get isDone(): boolean {
    return this.isCancelled || this.#isEnded
  }

  /** More comes. */
  give(piece: string | Uint8Array): void {
    this.#pieces.push(Buffer.from(piece as Uint8Array))
    this.#wake?.()
  }

  /** Nothing more comes. */
  end(): void {
    this.#isOpen = false
    this.#wake?.()
  }

  /** It breaks. */
  fail(error: unknown): void {
    this.#failure = { error }
    this.end()
  }

  async readChunk(): Promise<Buffer | undefined> {
    while (this.#pieces.length === 0 && this.#isOpen && !this.isCancelled) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.isCancelled)
      throw new ImproperConnectionState('the response was closed before its body was read')
    const piece = this.#pieces.shift()
    if (piece !== undefined) {
      this.taken++
      return piece
    }
    this.#isEnded = true
    if (this.#failure !== undefined) throw this.#failure.error
    return undefined
  }

  async readInto(target: Uint8Array): Promise<number> {
    const piece = await this.readChunk()
    if (piece === undefined) return 0
    const count = copyInto(target, piece)
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count))
    return count
  }

  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let piece = await this.readChunk(); piece !== undefined; piece = await this.readChunk()) {
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  takeAll(): Buffer | undefined {
    if (!this.#isThere || this.isCancelled) return undefined
    this.#isEnded = true
    return Buffer.concat(this.#pieces.splice(0))
  }

  cancel(): void {
    if (this.#isEnded) return
    this.isCancelled = true
    this.#wake?.()
  }
}

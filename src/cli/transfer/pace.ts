/** Keeps a transfer at a speed: waits after each piece until it is due. */

import { TimeoutError } from '../../errors/index.ts'
import { waitFor } from './wait.ts'

/** How long a transfer may be slower than `-Y`, where `-y` does not say. */
export const DEFAULT_SPEED_SECONDS = 30

/** Pieces above this are sent in parts, so that the speed is even. */
const MAX_PIECE_BYTES = 16_384

export class Pace {
  readonly #bytesPerSecond: number
  readonly #signal: AbortSignal
  readonly #endsAt: number
  #startedAt: number | undefined
  #bytes = 0

  /** @param endsAt - when all of it has to be over, on the clock of `performance` */
  constructor(bytesPerSecond: number, signal: AbortSignal, endsAt: number) {
    this.#bytesPerSecond = bytesPerSecond
    this.#signal = signal
    this.#endsAt = endsAt
  }

  /**
   * Resolves when so many bytes more are due.
   * @throws TimeoutError of `total`; `signal.reason`
   */
  async moved(bytes: number): Promise<void> {
    this.#startedAt ??= performance.now()
    this.#bytes += bytes
    const dueMs = (this.#bytes / this.#bytesPerSecond) * 1_000
    const now = performance.now()
    const leftMs = this.#endsAt - now
    const aheadMs = Math.min(dueMs - (now - this.#startedAt), leftMs)
    await waitFor(aheadMs, this.#signal)
    if (aheadMs >= leftMs) throw new TimeoutError('total', Math.round(this.#endsAt - this.#startedAt))
  }

  /** The same bytes, at that speed. */
  async *slow(content: Buffer | (() => AsyncIterable<Uint8Array>)): AsyncGenerator<Uint8Array> {
    const pieces = content instanceof Uint8Array ? [content] : content()
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += MAX_PIECE_BYTES) {
        const part = piece.subarray(at, at + MAX_PIECE_BYTES)
        yield part
        await this.moved(part.length)
      }
    }
  }
}

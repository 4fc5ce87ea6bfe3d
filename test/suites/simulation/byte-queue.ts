// Bytes on their way, in order. Pieces are kept as they were given, so that bytes which somebody changes too early are
// found out where they arrive.

export class ByteQueue {
  #pieces: Buffer[] = []
  #offset = 0
  length = 0

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.length += bytes.length
  }

  clear(): void {
    this.#pieces = []
    this.#offset = 0
    this.length = 0
  }

  /** Takes `count` bytes out. */
  take(count: number): Buffer {
    const first = this.#pieces[0]
    if (first !== undefined && first.length - this.#offset >= count) {
      const bytes = first.subarray(this.#offset, this.#offset + count)
      this.#advance(count)
      return bytes
    }
    const bytes = Buffer.allocUnsafe(count)
    this.takeInto(bytes, count)
    return bytes
  }

  /** Takes `count` bytes out, into `target`. */
  takeInto(target: Buffer, count: number): void {
    for (let at = 0; at < count; ) {
      const part = this.#pieces[0]!
      const length = Math.min(count - at, part.length - this.#offset)
      part.copy(target, at, this.#offset, this.#offset + length)
      at += length
      this.#advance(length)
    }
  }

  #advance(count: number): void {
    this.#offset += count
    this.length -= count
    if (this.#offset === this.#pieces[0]!.length) {
      this.#pieces.shift()
      this.#offset = 0
    }
  }
}

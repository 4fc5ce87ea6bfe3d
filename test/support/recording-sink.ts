// A sink that writes down what a stream tells it.

import type { ByteSink } from '../../src/io/byte-stream.ts'

export class RecordingSink implements ByteSink {
  /** The calls in order; neighbouring `data` count as one. */
  readonly calls: string[] = []
  received: Buffer = Buffer.alloc(0)
  error: Error | undefined
  #wake: () => void = () => {}

  data(bytes: Uint8Array): void {
    // The bytes are only lent.
    this.received = Buffer.concat([this.received, bytes])
    this.#called('data')
  }

  end(): void {
    this.#called('end')
  }

  drain(): void {
    this.#called('drain')
  }

  closed(error?: Error): void {
    this.error = error
    this.#called('close')
  }

  get text(): string {
    return this.received.toString('latin1')
  }

  /** Waits until that was called. */
  until(call: 'data' | 'end' | 'drain' | 'close'): Promise<void> {
    return this.when(() => this.calls.includes(call))
  }

  /** Waits until that is so. */
  async when(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #called(call: string): void {
    if (call !== 'data' || this.calls.at(-1) !== 'data') this.calls.push(call)
    this.#wake()
  }
}

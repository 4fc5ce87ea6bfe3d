/**
 * What the stream tells, passed on to a connection: `drain` is a word of the stream and of a transport, and means two things.
 */

import type { HTTPException } from '../../errors/index.ts'
import type { ByteSink } from '../../io/byte-stream.ts'

/** Who hears the stream. */
export interface StreamListener {
  dataReceived(bytes: Uint8Array): void
  endReceived(uncleanEnd: HTTPException | undefined): void
  drained(): void
  streamClosed(error: HTTPException | undefined): void
}

export class StreamSink implements ByteSink {
  readonly #listener: StreamListener

  constructor(listener: StreamListener) {
    this.#listener = listener
  }

  data(bytes: Uint8Array): void {
    this.#listener.dataReceived(bytes)
  }

  end(uncleanEnd: HTTPException | undefined): void {
    this.#listener.endReceived(uncleanEnd)
  }

  drain(): void {
    this.#listener.drained()
  }

  closed(error: HTTPException | undefined): void {
    this.#listener.streamClosed(error)
  }
}

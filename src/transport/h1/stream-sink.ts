/**
 * Between a connection and its stream: what the stream tells, passed on, for `drain` is a word of the stream and of a transport, and
 * means two things; and the end of the stream.
 */

import type { HTTPException } from '../../errors/index.ts'
import type { ByteSink, ByteStream } from '../../io/byte-stream.ts'

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

/** Closes a stream at the end of a connection. One of the caller's that throws must not keep what was under way from hearing of the end. */
export function closeStream(stream: ByteStream): void {
  try {
    stream.close()
  } catch {
    try {
      stream.destroy()
    } catch {
      // Nothing else can be done with it.
    }
  }
}

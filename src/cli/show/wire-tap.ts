/**
 * Looks on at the bytes of a connection, between the socket and the library: what is shown is what crossed. Changes nothing.
 * With a proxy the tunnel is tapped first, then what runs in it; with TLS the bytes inside.
 */

import type { TlsDetails } from '../../core/tls-options.ts'
import type { ByteSink, ByteStream, DialedStream, DialTimings } from '../../io/byte-stream.ts'
import { type Connector, type DialTarget, dial } from '../../io/dial.ts'
import type { TlsSettings } from '../../io/tls/settings.ts'
import type { Deadlines } from '../../time/wait.ts'

/** Who looks on. */
export interface WireWatch {
  dialing(target: DialTarget): void
  connected(address: string, timings: DialTimings): void
  secured(details: TlsDetails): void
  sent(data: string | Uint8Array): void
  /** Borrowed: the bytes may be looked at only during the call. */
  received(bytes: Uint8Array): void
}

/**
 * Opens connections as the library does by itself, with an observer looking on.
 * @param makeWatch - gives one for each connection
 * @param connect - opens it. Default: `dial`
 */
export function tapConnections(makeWatch: () => WireWatch, connect: Connector = dial): Connector {
  return async (target: DialTarget, waiting: Deadlines): Promise<DialedStream> => {
    const watch = makeWatch()
    watch.dialing(target)
    const { stream, timings } = await connect(target, waiting)
    watch.connected(stream.address, timings)
    if (stream.tls !== undefined) watch.secured(stream.tls)
    return { stream: new TappedStream(stream, watch), timings }
  }
}

class TappedStream implements ByteStream {
  readonly #stream: ByteStream
  readonly #watch: WireWatch

  constructor(stream: ByteStream, watch: WireWatch) {
    this.#stream = stream
    this.#watch = watch
  }

  get address(): string {
    return this.#stream.address
  }

  get localAddress(): string | undefined {
    return this.#stream.localAddress
  }

  get tls(): TlsDetails | undefined {
    return this.#stream.tls
  }

  get bytesRead(): number {
    return this.#stream.bytesRead
  }

  get bytesWritten(): number {
    return this.#stream.bytesWritten
  }

  start(sink: ByteSink): void {
    this.#stream.start({
      data: (bytes) => {
        this.#watch.received(bytes)
        sink.data(bytes)
      },
      end: (uncleanEnd) => sink.end(uncleanEnd),
      drain: () => sink.drain(),
      closed: (error) => sink.closed(error),
    })
  }

  write(data: string | Uint8Array): boolean {
    this.#watch.sent(data)
    return this.#stream.write(data)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  end(): void {
    this.#stream.end()
  }

  close(): void {
    this.#stream.close()
  }

  destroy(): void {
    this.#stream.destroy()
  }

  async startTls(host: string, tls: TlsSettings, waiting: Deadlines): Promise<ByteStream> {
    const inner = await this.#stream.startTls(host, tls, waiting)
    if (inner.tls !== undefined) this.#watch.secured(inner.tls)
    return new TappedStream(inner, this.#watch)
  }
}

// A network in memory for the option `connect`: streams whose other end is the test. Nothing happens by itself: the
// test says when a connection is made, when bytes arrive and how they are cut, when the peer takes bytes, ends or breaks.

import type { TlsDetails } from '../../src/core/tls-options.ts'
import { ConnectionLost, type HTTPException } from '../../src/errors/index.ts'
import type { ByteSink, ByteStream, DialedStream } from '../../src/io/byte-stream.ts'
import type { DialTarget } from '../../src/io/dial.ts'
import type { TlsSettings } from '../../src/io/tls/settings.ts'
import { type Deadlines, type Outcome, waitFor } from '../../src/time/wait.ts'
import { settle } from './manual-clock.ts'

/** What the connection asked of a stream besides writing. */
export type StreamCall = 'pause' | 'resume' | 'end' | 'close' | 'destroy'

export class MemoryStream implements ByteStream {
  readonly address: string
  readonly localAddress = '192.0.2.1:50000'
  /** What is written is copied. */
  readonly keepsNothing: boolean = true
  readonly tls: TlsDetails | undefined
  /** Each write, as it came. */
  readonly writes: Buffer[] = []
  readonly calls: StreamCall[] = []
  bytesRead = 0
  bytesWritten = 0
  isPaused = false
  /** False: a write is taken, and answered with "wait for drain". */
  takes = true
  isClosed = false
  #sink: ByteSink | undefined
  readonly #waiting: (Buffer | null)[] = []

  constructor(address = 'example.test:80') {
    this.address = address
  }

  /** Everything that was written. */
  get written(): Buffer {
    return Buffer.concat(this.writes)
  }

  /** Everything written since the last call. */
  takeWritten(): Buffer {
    return Buffer.concat(this.writes.splice(0))
  }

  /** Bytes that wait because the stream is paused. */
  get heldBytes(): number {
    return this.#waiting.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
  }

  // The connection's side.

  start(sink: ByteSink): void {
    this.#sink = sink
    this.#deliver()
  }

  write(data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data)
    this.writes.push(bytes)
    this.bytesWritten += bytes.length
    return this.takes
  }

  pause(): void {
    this.calls.push('pause')
    this.isPaused = true
  }

  resume(): void {
    this.calls.push('resume')
    this.isPaused = false
    // As a socket: what waits comes in a later turn.
    setImmediate(() => this.#deliver())
  }

  end(): void {
    this.calls.push('end')
  }

  close(): void {
    this.calls.push('close')
    this.#closed(undefined)
  }

  destroy(): void {
    this.calls.push('destroy')
    this.#closed(undefined)
  }

  startTls(host: string, tls: TlsSettings, waiting: Deadlines): Promise<ByteStream> {
    return Promise.reject(new Error(`no TLS in memory: ${host} ${typeof tls} ${typeof waiting}`))
  }

  // The test's side.

  /** The peer sends; `cuts` are the places where the bytes are cut into pieces. */
  receive(bytes: Uint8Array, cuts: readonly number[] = []): void {
    const places = [0, ...cuts, bytes.length]
    for (let i = 1; i < places.length; i++) {
      this.#waiting.push(Buffer.from(bytes.subarray(places[i - 1], places[i])))
    }
    this.#deliver()
  }

  /** The peer ends its side, behind what it sent. */
  receiveEnd(): void {
    this.#waiting.push(null)
    this.#deliver()
  }

  /** The peer takes what was written, and more. */
  drain(): void {
    this.takes = true
    this.#sink?.drain()
  }

  /** The connection breaks. */
  break(error: HTTPException = new ConnectionLost(`${this.address} (ECONNRESET)`)): void {
    this.#closed(error)
  }

  #deliver(): void {
    while (this.#sink !== undefined && !this.isPaused && !this.isClosed) {
      const bytes = this.#waiting.shift()
      if (bytes === undefined) return
      if (bytes === null) {
        this.#sink.end()
      } else {
        this.bytesRead += bytes.length
        // Borrowed bytes: whoever keeps them without copying is found out.
        const lent = Buffer.from(bytes)
        this.#sink.data(lent)
        lent.fill(0x21)
      }
    }
  }

  #closed(error: HTTPException | undefined): void {
    if (this.isClosed) return
    this.isClosed = true
    queueMicrotask(() => this.#sink?.closed(error))
  }
}

/** Makes a stream for each connection that is opened. */
export class MemoryNetwork {
  readonly streams: MemoryStream[] = []
  readonly targets: DialTarget[] = []
  /** The phase in which connecting waits for ever; undefined to connect at once. */
  hangsIn: 'dns' | 'connect' | 'tls' | undefined
  /** How many attempts were given up while they hung. */
  givenUp = 0
  /** Called with each new stream before it is handed out. */
  prepare: (stream: MemoryStream) => void = () => {}

  readonly connect = async (target: DialTarget, waiting: Deadlines): Promise<DialedStream> => {
    this.targets.push(target)
    const address = `${target.host}:${target.port}`
    const phase = this.hangsIn
    if (phase !== undefined) {
      await waitFor(waiting, phase, address, (_outcome: Outcome<never>) => () => {
        this.givenUp++
      })
    }
    await settle()
    const stream = new MemoryStream(address)
    this.prepare(stream)
    this.streams.push(stream)
    return { stream, timings: { dns: 1, connect: 2 } }
  }

  /** The newest stream. */
  get stream(): MemoryStream {
    const stream = this.streams.at(-1)
    if (stream === undefined) throw new Error('nothing has been connected')
    return stream
  }
}

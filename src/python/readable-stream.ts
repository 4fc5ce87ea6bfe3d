/**
 * A Node stream as the ByteStream of a connection that only listens: for an HTTPResponse made by hand over a socket on which
 * the request was written by other code. What is written here goes nowhere; it only says that a response may come now.
 * The Node stream is borrowed: giving this stream up takes the listeners back and leaves the other one open, as closing a
 * file made of a socket does in Python.
 */

import type { Readable } from 'node:stream'
import { HTTPConnection as Connection } from '../connection/http-connection.ts'
import { isToken } from '../core/grammar.ts'
import { ConnectionLost, ImproperConnectionState } from '../errors/index.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { ByteSink, ByteStream } from '../io/byte-stream.ts'
import { limitsFor } from './strictness.ts'

/** A connection that has sent its request already, as it were: only its response comes, over the stream. */
export function listenOn(stream: Readable, method: string | null, tolerances: ToleranceOptions): Connection {
  const connection = new Connection('localhost', undefined, {
    connect: () => Promise.resolve({ stream: new ListeningStream(stream), timings: {} }),
    tolerances,
    limits: limitsFor(null),
    timeout: Infinity,
  })
  // http.client reads the response to CONNECT, or to what is no token, like that to GET; here they could not be sent.
  const isSendable = method !== null && method !== 'CONNECT' && isToken(method)
  connection.request(isSendable ? method : 'GET', '/').catch(() => {
    // Told by getResponse().
  })
  return connection
}

class ListeningStream implements ByteStream {
  readonly address = 'a stream'
  readonly localAddress = undefined
  readonly tls = undefined
  readonly bytesWritten = 0
  bytesRead = 0
  readonly #source: Readable
  #sink: ByteSink | undefined
  #isListening = false

  constructor(source: Readable) {
    this.#source = source
  }

  start(sink: ByteSink): void {
    this.#sink = sink
  }

  write(): boolean {
    if (!this.#isListening) this.#listen()
    return true
  }

  #listen(): void {
    this.#isListening = true
    this.#source.on('error', this.#onError)
    this.#source.on('end', this.#onEnd)
    this.#source.on('close', this.#onClose)
    this.#source.on('data', this.#onData)
    // Both are told only once, and perhaps were before.
    if (this.#source.readableEnded) setImmediate(this.#onEnd)
    else if (this.#source.destroyed) setImmediate(this.#onClose)
  }

  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  end(): void {}

  close(): void {
    this.destroy()
  }

  destroy(): void {
    const sink = this.#detach()
    if (sink !== undefined) queueMicrotask(() => sink.closed())
  }

  startTls(): Promise<ByteStream> {
    return Promise.reject(new ImproperConnectionState('the stream is another one and only listened to'))
  }

  readonly #onData = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk
    this.bytesRead += bytes.length
    this.#sink?.data(bytes)
  }

  readonly #onEnd = (): void => {
    this.#sink?.end()
  }

  readonly #onClose = (): void => {
    this.#detach()?.closed()
  }

  readonly #onError = (cause: Error): void => {
    this.#detach()?.closed(new ConnectionLost(cause.message, { cause }))
  }

  #detach(): ByteSink | undefined {
    const sink = this.#sink
    this.#sink = undefined
    this.#source.off('data', this.#onData)
    this.#source.off('end', this.#onEnd)
    this.#source.off('error', this.#onError)
    this.#source.off('close', this.#onClose)
    this.#source.pause()
    return sink
  }
}

/**
 * A ByteStream over a socket of Node, TCP, TLS or unix. The only adapter to `node:net` and `node:tls` sockets.
 *
 * Reading: sockets opened by dial.ts read into one buffer that all connections share (`onread`); its bytes are lent to the
 * sink for the time of a call. Invariant: Node fills the buffer and calls back in one go, and a sink does not wait, so no
 * two sockets use it at once. A TLS socket laid over another stream has no `onread` and hands out buffers of its own.
 *
 * Writing: an error of a write is held back until the reading side has ended. A server that answers early and closes makes
 * the next write fail (EPIPE) while its answer is still unread; Node would destroy the socket and the answer with it.
 *
 * Ending: libuv reports a RST that comes together with data as a plain end (it takes POLLHUP for one). What a RST leaves is
 * a socket that has no peer any more, and that can be asked for.
 */

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { HTTPException } from '../errors.ts'
import type { ByteSink, ByteStream } from './byte-stream.ts'
import { lostError } from './map-errors.ts'
import { layTlsOver } from './tls.ts'
import { hasClosureAlert } from './tls-closure.ts'
import type { TlsDetails, TlsSettings } from './tls-options.ts'
import type { Waiting } from './waiting.ts'

const READ_BUFFER_BYTES = 65_536
const SHARED_READ_BUFFER: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)

/** Takes the bytes of a socket opened with `onread`, from before its stream exists. */
export class ReadSlot {
  /** Bytes that came before anybody wanted them: a peer that speaks first. */
  early: Buffer[] = []
  #deliver: ((bytes: Uint8Array) => void) | undefined

  /** The option for `net.connect` and `tls.connect`. */
  readonly onread: { buffer: Uint8Array; callback: (length: number, buffer: Uint8Array) => boolean } = {
    buffer: SHARED_READ_BUFFER,
    callback: (length, buffer) => {
      this.take(length === buffer.length ? buffer : buffer.subarray(0, length))
      return true
    },
  }

  take(bytes: Uint8Array): void {
    if (this.#deliver === undefined) this.early.push(Buffer.from(bytes))
    else this.#deliver(bytes)
  }

  deliverTo(deliver: (bytes: Uint8Array) => void): void {
    this.#deliver = deliver
    const early = this.early
    this.early = []
    for (const bytes of early) deliver(bytes)
  }
}

export class SocketStream implements ByteStream {
  readonly address: string
  readonly tls: TlsDetails | undefined
  readonly #socket: Socket | TLSSocket
  readonly #slot: ReadSlot
  #sink: ByteSink | undefined
  #failure: Error | undefined
  #hasEnded = false
  /** Why the end may not be the peer's. */
  #doubt: HTTPException | undefined
  /** True once this side has ended: then a socket without a peer is in order. */
  #hasSentEnd = false
  #isClosed = false
  #isDestroyed = false
  #heldWriteError: Error | undefined

  /** @param slot the slot of a socket opened with `onread`; without one the stream listens for `data` */
  constructor(socket: Socket | TLSSocket, address: string, tls: TlsDetails | undefined, slot?: ReadSlot) {
    this.#socket = socket
    this.address = address
    this.tls = tls
    this.#slot = slot ?? new ReadSlot()
    this.#holdWriteErrors()
    if (slot === undefined) socket.on('data', (bytes: Buffer) => this.#slot.take(bytes))
    socket.on('end', this.#onEnd)
    socket.on('drain', this.#onDrain)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    this.#slot.deliverTo((bytes) => sink.data(bytes))
    if (this.#hasEnded) sink.end(this.#doubt)
    if (this.#isClosed) this.#reportClose()
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#hasSentEnd = true
    this.#socket.end()
  }

  close(): void {
    this.#isDestroyed = true
    // Security: TLS wants its closure alert (RFC 9112 §9.8); a peer that does not read must not keep the socket for ever.
    if (this.#socket.writableLength > 0 || this.#heldWriteError !== undefined) this.#socket.destroy()
    else this.#socket.destroySoon()
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#socket.destroy()
  }

  async startTls(host: string, settings: TlsSettings, waiting: Waiting): Promise<ByteStream> {
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('drain', this.#onDrain)
    this.#socket.off('close', this.#onClose)
    const { socket, details } = await layTlsOver(this.#socket, host, this.address, settings, waiting)
    return new SocketStream(socket, this.address, details)
  }

  readonly #onEnd = (): void => {
    // Security: a TLS connection that fails may say `error` and then `end`. That is no end: a body that lasts until the
    // end of the connection would look whole.
    if (this.#failure !== undefined) return
    this.#hasEnded = true
    this.#doubt = this.#findDoubt()
    this.#sink?.end(this.#doubt)
    // The peer is gone and so is the answer to a write that had failed: nothing else would close the socket.
    if (this.#heldWriteError !== undefined) this.#socket.destroy()
  }

  /** To be asked in the moment of the end, and not before: Node remembers the peer's address once it was asked for. */
  #findDoubt(): HTTPException | undefined {
    const socket = this.#socket
    if (this.tls !== undefined) {
      if (hasClosureAlert(socket as TLSSocket)) return undefined
      return lostError(this.address, new Error('TLS ended without a closure alert'))
    }
    // A unix socket has no addresses at all.
    const isReset = socket.localAddress !== undefined && socket.remoteAddress === undefined
    return isReset && !this.#hasSentEnd ? lostError(this.address, new Error('reset by the peer')) : undefined
  }

  readonly #onDrain = (): void => {
    this.#sink?.drain()
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error
    // A TLS socket that fails behind the handshake stays open by itself.
    this.#socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#isClosed = true
    this.#reportClose()
  }

  #reportClose(): void {
    const failure = this.#failure ?? this.#heldWriteError
    this.#sink?.close(
      failure === undefined || this.#isDestroyed ? undefined : lostError(this.address, failure),
    )
  }

  /** See the head of this file. The methods replaced are those that a Writable offers to be implemented. */
  #holdWriteErrors(): void {
    const socket = this.#socket
    const hold =
      (done: (error?: Error | null) => void) =>
      (error?: Error | null): void => {
        if (error === undefined || error === null || this.#hasEnded || socket.destroyed) done(error)
        else this.#heldWriteError ??= error
      }
    const write = socket._write.bind(socket)
    socket._write = (chunk, encoding, done): void => write(chunk, encoding, hold(done))
    const writev = socket._writev?.bind(socket)
    if (writev !== undefined) socket._writev = (chunks, done): void => writev(chunks, hold(done))
  }
}

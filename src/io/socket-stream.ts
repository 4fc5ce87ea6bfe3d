/**
 * A ByteStream over a socket of Node, TCP, TLS or unix. The only adapter to `node:net` and `node:tls` sockets.
 *
 * Reading: sockets opened by dial.ts read into one buffer that all connections share (`onread`); its bytes are lent to the
 * sink for the time of a call. Invariant: Node fills the buffer and calls back in one go, and a sink does not wait, so no
 * two sockets use it at once. A TLS socket laid over another stream has no `onread` and hands out buffers of its own; neither
 * has the socket under it, for Deno would not read the handshake from it.
 *
 * Writing: an error of a write is held back until the reading side has ended. A server that answers early and closes makes
 * the next write fail (EPIPE) while its answer is still unread; Node would destroy the socket and the answer with it.
 *
 * Ending: libuv reports a RST that comes together with data as a plain end (it takes POLLHUP for one). What a RST leaves is
 * a socket that has no peer any more, and that can be asked for.
 */

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { formatAuthority } from '../core/origin.ts'
import type { TlsDetails } from '../core/tls-options.ts'
import type { HTTPException } from '../errors/index.ts'
import type { Deadlines } from '../time/wait.ts'
import type { ByteSink, ByteStream } from './byte-stream.ts'
import { lostError } from './map-errors.ts'
import { hasClosureAlert } from './tls/closure-alert.ts'
import { tlsModule } from './tls/load.ts'
import type { TlsSettings } from './tls/settings.ts'

const READ_BUFFER_BYTES = 65_536
/** What is up to this long is copied where it has to wait for the system. */
const MAX_COPIED_BYTES = 16_384
/** No Buffer: a view of it is made for each read, and one of a Uint8Array costs half. */
const SHARED_READ_BUFFER: Uint8Array = new Uint8Array(READ_BUFFER_BYTES)

/** Takes the bytes of a socket opened with `onread`, from before its stream exists. */
export class ReadSlot {
  /** Bytes that came before they were wanted: a peer that speaks first. */
  #early: Buffer[] | undefined
  #sink: ByteSink | undefined

  /** The option for `net.connect` and `tls.connect`. */
  makeOnread(): { buffer: Uint8Array; callback: (length: number, buffer: Uint8Array) => boolean } {
    return {
      buffer: SHARED_READ_BUFFER,
      callback: (length, buffer) => {
        this.take(length === buffer.length ? buffer : buffer.subarray(0, length))
        return true
      },
    }
  }

  take(bytes: Uint8Array): void {
    if (this.#sink === undefined) (this.#early ??= []).push(Buffer.from(bytes))
    else this.#sink.data(bytes)
  }

  deliverTo(sink: ByteSink): void {
    this.#sink = sink
    const early = this.#early
    this.#early = undefined
    if (early !== undefined) for (const bytes of early) sink.data(bytes)
  }
}

type WriteDone = (error?: Error | null) => void

/** What Node calls is the same for all sockets, and finds the stream here: there may be ten thousand of them. */
const STREAM: unique symbol = Symbol('stream')

interface OwnedSocket extends Socket {
  [STREAM]?: SocketStream
}

const LISTENERS: readonly (readonly [event: string, listener: (this: OwnedSocket, error: Error) => void])[] =
  [
    [
      'end',
      function onEnd() {
        this[STREAM]?.onEnd()
      },
    ],
    [
      'drain',
      function onDrain() {
        this[STREAM]?.onDrain()
      },
    ],
    [
      'error',
      function onError(error) {
        this[STREAM]?.onError(error)
      },
    ],
    [
      'close',
      function onClose() {
        this[STREAM]?.onClose()
      },
    ],
  ]

/** For sockets without `onread`. */
function onData(this: OwnedSocket, bytes: Buffer): void {
  this[STREAM]?.onData(bytes)
}

// The methods that a Writable offers to be implemented.

function writeHeld(this: OwnedSocket, chunk: unknown, encoding: BufferEncoding, done: WriteDone): void {
  const methods = Object.getPrototypeOf(this) as Socket
  methods._write.call(this, chunk, encoding, this[STREAM]!.whenWritten(done))
}

function writevHeld(
  this: OwnedSocket,
  chunks: { chunk: unknown; encoding: BufferEncoding }[],
  done: WriteDone,
): void {
  const methods = Object.getPrototypeOf(this) as Socket
  methods._writev!.call(this, chunks, this[STREAM]!.whenWritten(done))
}

export class SocketStream implements ByteStream {
  readonly address: string
  readonly tls: TlsDetails | undefined
  readonly keepsNothing = true
  readonly #socket: Socket | TLSSocket
  readonly #slot: ReadSlot
  #sink: ByteSink | undefined
  #failure: Error | undefined
  #hasEnded = false
  /** Why the end may not be the peer's. */
  #uncleanEnd: HTTPException | undefined
  /** True once this side has ended: then a socket without a peer is in order. */
  #hasSentEnd = false
  #isClosed = false
  #isDestroyed = false
  #heldWriteError: Error | undefined
  /** True while a write waits that Node will not tell of: `drain` is told when it is done. */
  #owesDrain = false

  /** @param slot the slot of a socket opened with `onread`; without one the stream listens for `data` */
  constructor(socket: Socket | TLSSocket, address: string, tls: TlsDetails | undefined, slot?: ReadSlot) {
    this.#socket = socket
    this.address = address
    this.tls = tls
    this.#slot = slot ?? new ReadSlot()
    const owned: OwnedSocket = socket
    owned[STREAM] = this
    if (slot === undefined) socket.on('data', onData)
    for (const [event, listener] of LISTENERS) socket.on(event, listener)
    socket._write = writeHeld
    if (socket._writev !== undefined) socket._writev = writevHeld
  }

  get localAddress(): string | undefined {
    const { localAddress: host, localPort: port } = this.#socket
    return host === undefined || port === undefined ? undefined : formatAuthority({ host, port })
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  start(sink: ByteSink): void {
    this.#sink = sink
    this.#slot.deliverTo(sink)
    if (this.#hasEnded) sink.end(this.#uncleanEnd)
    if (this.#isClosed) this.#reportClose()
  }

  /**
   * Bytes are the caller's again once this has answered true, or at `drain`. Node keeps a reference to what the system has
   * not taken, and says "go on" below its high-water mark: what is small and has to wait is copied.
   */
  write(data: string | Uint8Array): boolean {
    const socket = this.#socket
    if (typeof data === 'string') return socket.write(data, 'latin1')
    if (socket.writableLength > 0 && data.length <= MAX_COPIED_BYTES) return socket.write(Buffer.from(data))
    const goOn = socket.write(data)
    // TLS has taken what it was given to encrypt; nothing waited before it.
    const isTaken = socket.writableLength === 0 || (this.tls !== undefined && data.length <= MAX_COPIED_BYTES)
    if (!goOn || isTaken) return goOn
    this.#owesDrain = true
    return false
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
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

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  async startTls(host: string, settings: TlsSettings, waiting: Deadlines): Promise<ByteStream> {
    const loading = tlsModule()
    // Loaded by the dial that needed it: nothing is waited for without a listener.
    const { layTlsOver } = loading instanceof Promise ? await loading : loading
    // Its errors are still heard, here and there.
    for (const [event, listener] of LISTENERS) if (event !== 'error') this.#socket.off(event, listener)
    this.#socket.off('data', onData)
    const { socket, details } = await layTlsOver(this.#socket, host, this.address, settings, waiting)
    return new SocketStream(socket, this.address, details)
  }

  /** What the socket tells. */
  onData(bytes: Buffer): void {
    this.#slot.take(bytes)
  }

  onEnd(): void {
    // Security: a TLS connection that fails may say `error` and then `end`. That is no end: a body that lasts until the
    // end of the connection would look whole.
    if (this.#failure !== undefined) return
    this.#hasEnded = true
    this.#uncleanEnd = this.#findUncleanEnd()
    this.#sink?.end(this.#uncleanEnd)
    // The peer is gone and so is the answer to a write that had failed: nothing else would close the socket.
    if (this.#heldWriteError !== undefined) this.#socket.destroy()
  }

  /** To be asked in the moment of the end, and not before: Node remembers the peer's address once it was asked for. */
  #findUncleanEnd(): HTTPException | undefined {
    const socket = this.#socket
    if (this.tls !== undefined) {
      if (hasClosureAlert(socket as TLSSocket)) return undefined
      return lostError(this.address, new Error('TLS ended without a closure alert'))
    }
    // A unix socket has no addresses at all.
    const isReset = socket.localAddress !== undefined && socket.remoteAddress === undefined
    return isReset && !this.#hasSentEnd ? lostError(this.address, new Error('reset by the peer')) : undefined
  }

  onDrain(): void {
    this.#sink?.drain()
  }

  onError(error: Error): void {
    this.#failure ??= error
    // A TLS socket that fails after the handshake stays open by itself.
    this.#socket.destroy()
  }

  onClose(): void {
    this.#isClosed = true
    this.#reportClose()
  }

  #reportClose(): void {
    const failure = this.#failure ?? this.#heldWriteError
    this.#sink?.closed(
      failure === undefined || this.#isDestroyed ? undefined : lostError(this.address, failure),
    )
  }

  /** What a write of the socket is to call when it is done: an error is held back, see the head of this file. */
  whenWritten(done: WriteDone): WriteDone {
    return (error) => {
      if (error === undefined || error === null || this.#hasEnded || this.#socket.destroyed) done(error)
      else this.#heldWriteError ??= error
      if (this.#owesDrain && this.#socket.writableLength === 0) {
        this.#owesDrain = false
        this.#sink?.drain()
      }
    }
  }
}

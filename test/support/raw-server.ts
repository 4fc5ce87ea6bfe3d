// A server that speaks bytes, not HTTP: a script says what each connection should send and what it is answered with, and
// how it ends. TCP on a loopback port, TLS, or a unix socket.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { showWire } from './bytes.ts'

/** Plays the server's part of one connection. What it throws is thrown by the server's `close`. */
export type Script = (peer: RawPeer, index: number) => Promise<void> | void

export interface RawServerOptions {
  /** TLS, with the options of `tls.createServer`. */
  readonly tls?: tls.TlsOptions
  /** A unix socket instead of a port. */
  readonly path?: string
  /** Default 127.0.0.1. */
  readonly host?: string
}

/** The server's end of one connection. */
export class RawPeer {
  readonly socket: net.Socket | tls.TLSSocket
  /** Everything the client sent on this connection. */
  received: Buffer = Buffer.alloc(0)
  /** How the client's side ended; undefined while it has not. */
  ending: 'end' | 'close' | undefined
  /** Settles when the connection is gone, with the error it had. */
  readonly closed: Promise<Error | undefined>
  readonly #raw: net.Socket
  /** Where `received` lies, with what is free after it: what is large is not copied at each piece. */
  #room: Buffer = Buffer.alloc(0)
  #consumed = 0
  #wake: () => void = () => {}
  #change: Promise<void>
  /** Keeps the number of bytes, and not the bytes, of what comes from now on. */
  #countsOnly = false
  receivedBytes = 0

  constructor(socket: net.Socket | tls.TLSSocket, raw: net.Socket) {
    this.socket = socket
    this.#raw = raw
    this.#change = this.#next()
    let failure: Error | undefined
    socket.on('data', (bytes: Buffer) => {
      this.receivedBytes += bytes.length
      if (!this.#countsOnly) this.#keep(bytes)
      this.#changed()
    })
    socket.on('end', () => {
      this.ending ??= 'end'
      this.#changed()
    })
    socket.on('error', (error) => {
      failure ??= error
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.ending ??= 'close'
        this.#changed()
        resolve(failure)
      })
    })
  }

  /** Waits for exactly these bytes. */
  async expect(bytes: Uint8Array): Promise<void> {
    const got = await this.take(bytes.length)
    assert.equal(showWire(got), showWire(bytes))
  }

  /** The next `count` bytes. */
  async take(count: number): Promise<Buffer> {
    await this.#until(() => this.received.length - this.#consumed >= count)
    return this.#consume(count)
  }

  /** The bytes up to the end of the next `mark`. */
  async until(mark: string): Promise<Buffer> {
    let from = this.#consumed
    let found = -1
    await this.#until(() => {
      found = this.received.indexOf(mark, from, 'latin1')
      from = Math.max(from, this.received.length - mark.length + 1)
      return found >= 0
    })
    return this.#consume(found + mark.length - this.#consumed)
  }

  /** The next request whose body, if any, has a Content-Length or is chunked without trailers: head and raw body. */
  async request(): Promise<{ readonly head: string; readonly body: Buffer }> {
    const head = (await this.until('\r\n\r\n')).toString('latin1')
    const length = /^content-length: *(\d+)/im.exec(head)?.[1]
    if (length !== undefined) return { head, body: await this.take(Number(length)) }
    const isChunked = /^transfer-encoding: *chunked/im.test(head)
    return { head, body: isChunked ? await this.until('0\r\n\r\n') : Buffer.alloc(0) }
  }

  /** Waits until the client has ended its side or the connection is gone. */
  async ended(): Promise<void> {
    while (this.ending === undefined) await this.#change
  }

  /** Sends; resolves when the system has taken the bytes. */
  reply(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve())
    })
  }

  /** Ends the server's side, and goes on reading. */
  end(): void {
    this.socket.end()
  }

  /** Closes both sides in order. */
  close(): void {
    this.socket.destroySoon()
  }

  /** Breaks the connection: a TCP reset. */
  reset(): void {
    this.#raw.resetAndDestroy()
    if (this.socket !== this.#raw) this.socket.destroy()
  }

  /** Stops reading, so that the client's bytes pile up, and goes on. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** From now on bytes are counted and not kept. */
  countOnly(): void {
    this.#countsOnly = true
  }

  #keep(bytes: Buffer): void {
    const at = this.received.length
    const length = at + bytes.length
    if (this.#room.length < length) {
      this.#room = Buffer.alloc(at === 0 ? length : 2 * length)
      this.#room.set(this.received)
    }
    this.#room.set(bytes, at)
    this.received = this.#room.subarray(0, length)
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.ending !== undefined) {
        const rest = showWire(this.received.subarray(this.#consumed, this.#consumed + 200))
        throw new Error(`the client's side is over (${this.ending}); unread: "${rest}"`)
      }
      await this.#change
    }
  }

  #consume(count: number): Buffer {
    this.#consumed += count
    return this.received.subarray(this.#consumed - count, this.#consumed)
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #changed(): void {
    this.#wake()
    this.#change = this.#next()
  }
}

export class RawServer {
  /** One for each connection, in order; with TLS, for each handshake that ended well. */
  readonly peers: RawPeer[] = []
  /** How many TCP connections were accepted. */
  accepted = 0
  /** What went wrong in handshakes. */
  readonly handshakeErrors: Error[] = []
  readonly #script: Script
  readonly #server: net.Server
  readonly #raws = new Set<net.Socket>()
  readonly #scripts: Promise<void>[] = []
  readonly #failures: unknown[] = []
  #isClosing = false

  private constructor(script: Script, options: RawServerOptions) {
    this.#script = script
    const raws = new Map<number | undefined, net.Socket>()
    const accept = (raw: net.Socket): void => {
      this.accepted++
      this.#raws.add(raw)
      raws.set(raw.remotePort, raw)
      raw.on('error', () => {})
      raw.on('close', () => this.#raws.delete(raw))
    }
    if (options.tls === undefined) {
      this.#server = net.createServer({ allowHalfOpen: true }, (raw) => {
        accept(raw)
        this.#play(raw, raw)
      })
    } else {
      const server = tls.createServer(options.tls)
      server.on('connection', accept)
      server.on('tlsClientError', (error) => this.handshakeErrors.push(error))
      server.on('secureConnection', (socket) => this.#play(socket, raws.get(socket.remotePort)!))
      this.#server = server
    }
  }

  /** Starts to listen. */
  static async start(script: Script, options: RawServerOptions = {}): Promise<RawServer> {
    const server = new RawServer(script, options)
    if (options.path === undefined) server.#server.listen(0, options.host ?? '127.0.0.1')
    else server.#server.listen(options.path)
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** The peer of the only connection, or the newest. */
  get peer(): RawPeer {
    const peer = this.peers.at(-1)
    assert.ok(peer, 'nobody has connected')
    return peer
  }

  /** How many TCP connections are open. */
  get openConnections(): number {
    return this.#raws.size
  }

  /** Waits until all connections are gone. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#raws].filter((raw) => !raw.closed).map((raw) => once(raw, 'close')))
  }

  /** Waits for the scripts to end by themselves, and throws what one of them threw. */
  async played(): Promise<void> {
    await Promise.all(this.#scripts)
    this.#throwFailure()
  }

  /** Gives up all connections and stops listening. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const raw of this.#raws) raw.destroy()
    for (const { socket } of this.peers) socket.destroy()
    if (this.#server.listening) {
      this.#server.close()
      await once(this.#server, 'close')
    }
    await Promise.all(this.#scripts)
    this.#throwFailure()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #play(socket: net.Socket | tls.TLSSocket, raw: net.Socket): void {
    const peer = new RawPeer(socket, raw)
    const index = this.peers.push(peer) - 1
    const play = async (): Promise<void> => {
      try {
        await this.#script(peer, index)
      } catch (error) {
        if (!this.#isClosing) this.#failures.push(error)
        socket.destroy()
      }
    }
    this.#scripts.push(play())
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures[0]
  }
}

/** Starts a raw server; see RawServer. */
export function startRawServer(script: Script, options?: RawServerOptions): Promise<RawServer> {
  return RawServer.start(script, options)
}

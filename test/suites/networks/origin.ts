// The server of the faults, on bytes: every request says in its target what it is to be answered with, and every answer
// says whose it is. It holds what it receives against the bytes that the request must have.

import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { server as certificate } from '../../support/tls-fixture.ts'
import { labelledBytes } from '../simulation/labels.ts'

/** How the body of an answer ends; `huge` declares 4 PiB and sends what the others do. */
export type Framing = 'length' | 'chunked' | 'close' | 'huge'
export const FRAMINGS: readonly Framing[] = ['length', 'chunked', 'close']

/** One request and its answer. */
export interface Asked {
  readonly id: number
  readonly framing: Framing
  /** How long the answer's body is. */
  readonly bytes: number
  /** How long the request's body is; undefined for a GET. */
  readonly upload?: number | undefined
}

/** What no error may show. */
export const SECRET = 'S3CR3T'
/** What every request is sent with. */
export const HEADERS: Readonly<Record<string, string>> = { Authorization: `Bearer ${SECRET}` }
const TARGET = /^\/r\/(\d+)\/(length|chunked|close|huge)\/(\d+)$/

export function targetOf({ id, framing, bytes }: Asked): string {
  return `/r/${id}/${framing}/${bytes}`
}

export function bodyOf({ id, bytes }: Asked): Buffer {
  return labelledBytes(`answer ${id}`, bytes)
}

export function uploadOf({ id, upload = 0 }: Asked): Buffer {
  return labelledBytes(`request ${id}`, upload)
}

/** The request as it must come: the fields that Python's http.client sends, in its order. */
export function requestBytes(asked: Asked, host: string): Buffer {
  const { upload } = asked
  const head = [
    `${upload === undefined ? 'GET' : 'POST'} ${targetOf(asked)} HTTP/1.1`,
    `Host: ${host}`,
    'Accept-Encoding: identity',
    ...(upload === undefined ? [] : [`Content-Length: ${upload}`]),
    `Authorization: Bearer ${SECRET}`,
    '\r\n',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), uploadOf(asked)])
}

/** The answer, as pieces that are written one after the other: the head and two parts of the body. */
export function answerPieces(asked: Asked): Buffer[] {
  const { id, framing, bytes } = asked
  const body = bodyOf(asked)
  const fields = {
    length: [`Content-Length: ${bytes}`],
    chunked: ['Transfer-Encoding: chunked'],
    close: [],
    huge: [`Content-Length: ${2 ** 52}`],
  }[framing]
  const head = ['HTTP/1.1 200 OK', `X-Id: ${id}`, ...fields, '\r\n'].join('\r\n')
  const parts = [body.subarray(0, bytes >> 1), body.subarray(bytes >> 1)].filter(({ length }) => length > 0)
  if (framing !== 'chunked') return [Buffer.from(head), ...parts]
  const chunks = parts.map((part) =>
    Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
  )
  return [Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')]
}

export interface OriginOptions {
  readonly tls?: tls.TlsOptions
  /** Ends the connection behind every answer, also where the framing does not ask for it. */
  readonly isLast?: boolean
  /** Takes requests and answers none. */
  readonly isMute?: boolean
}

export class Origin {
  /** Listens nowhere yet. */
  readonly server: net.Server
  /** How often all of a request came, by its id. */
  readonly #whole = new Map<number, number>()
  /** Requests that did not have the bytes that they must have. */
  readonly complaints: string[] = []
  readonly sockets = new Set<net.Socket>()
  readonly #options: OriginOptions

  constructor(options: OriginOptions = {}) {
    this.#options = options
    const serve = (socket: net.Socket): void => this.#serve(socket)
    this.server =
      options.tls === undefined
        ? net.createServer({ noDelay: true }, serve)
        : tls.createServer({ ...certificate, noDelay: true, ...options.tls }, serve)
    const keep = (socket: net.Socket): void => {
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.sockets.delete(socket))
    }
    this.server.on('connection', keep)
    // Handshakes are cut on purpose.
    this.server.on('tlsClientError', () => {})
  }

  /** Listens in the process's own namespace, behind a relay that is on the other side. */
  async listenHere(): Promise<void> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port
  }

  /** How often all of a request came. */
  timesWhole(id: number): number {
    return this.#whole.get(id) ?? 0
  }

  #serve(socket: net.Socket): void {
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
      while (received.length > 0) {
        const used = this.#take(socket, received)
        if (used === 0) return
        received = received.subarray(used)
      }
    })
  }

  /** Takes one request from the front of what came; answers how many bytes it has, 0 while it is not complete. */
  #take(socket: net.Socket, received: Buffer): number {
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return 0
    const head = received.subarray(0, headEnd).toString('latin1')
    const [, , target = ''] = /^(GET|POST) (\S+) /.exec(head) ?? []
    const parts = TARGET.exec(target)
    if (parts === null) {
      this.complaints.push(`a request that nobody made: ${JSON.stringify(head.slice(0, 200))}`)
      return received.length
    }
    const length = /^content-length: (\d+)$/im.exec(head)?.[1]
    const asked: Asked = {
      id: Number(parts[1]),
      framing: parts[2] as Framing,
      bytes: Number(parts[3]),
      upload: length === undefined ? undefined : Number(length),
    }
    const total = headEnd + 4 + (asked.upload ?? 0)
    if (received.length < total) return 0
    this.#whole.set(asked.id, this.timesWhole(asked.id) + 1)
    const host = /^host: (.*)$/im.exec(head)?.[1] ?? ''
    if (!received.subarray(0, total).equals(requestBytes(asked, host)))
      this.complaints.push(`request ${asked.id} came with other bytes than it was made of`)
    if (this.#options.isMute !== true) void this.answer(socket, asked)
    return total
  }

  protected async answer(socket: net.Socket, asked: Asked): Promise<void> {
    for (const piece of answerPieces(asked)) {
      // One write for each piece: one record of TLS.
      await new Promise<void>((resolve) => {
        socket.write(piece, () => resolve())
      })
    }
    if (asked.framing === 'close' || this.#options.isLast === true) socket.end()
  }

  /** Gives up every connection; the port stays open. */
  drop(by: 'fin' | 'rst' = 'fin'): void {
    for (const socket of this.sockets) {
      if (by === 'rst') socket.resetAndDestroy()
      else socket.destroy()
    }
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    if (!this.server.listening) return
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve())
    })
  }
}

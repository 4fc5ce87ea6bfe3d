/**
 * The socket ceiling: what Node itself costs. A bare socket with `onread` writes a fixed request, counts a fixed number of
 * response bytes and resolves one promise. It knows nothing of HTTP; no client can be faster.
 */

import net from 'node:net'
import tls from 'node:tls'
import { type Contender, inFlight, pieces, type Session, type Target } from '../contender.ts'
import type { Workload } from '../workloads.ts'

const READ_BUFFER = Buffer.alloc(65_536)

class BareConnection {
  readonly #request: string | Buffer
  readonly #responseBytes: number
  readonly #waiting: (() => void)[] = []
  #head = 0
  #received = 0
  readonly socket: net.Socket
  readonly opened: Promise<void>

  /** @param session of an earlier TLS connection, to be resumed as every contender does */
  constructor(workload: Workload, { host, port, ca, responseBytes }: Target, session?: Buffer) {
    this.#request = requestOf(workload, host, port)
    this.#responseBytes = responseBytes
    const onread = { buffer: READ_BUFFER, callback: (length: number) => this.#count(length) }
    // A TLS socket takes `onread` as a plain one does; the declarations of Node 20 do not know it.
    const options = { host, port, noDelay: true, onread, ca, session }
    this.socket = workload.tls ? tls.connect(options as tls.ConnectionOptions) : net.connect(options)
    this.opened = new Promise((resolve, reject) => {
      this.socket.once(workload.tls ? 'secureConnect' : 'connect', resolve)
      this.socket.once('error', reject)
    })
  }

  #count(length: number): boolean {
    this.#received += length
    while (this.#received >= this.#responseBytes && this.#head < this.#waiting.length) {
      this.#received -= this.#responseBytes
      this.#waiting[this.#head++]!()
      if (this.#head === this.#waiting.length) this.#head = this.#waiting.length = 0
    }
    return true
  }

  exchange(): Promise<void> {
    const answered = this.answered()
    if (typeof this.#request === 'string') this.socket.write(this.#request, 'latin1')
    else this.socket.write(this.#request)
    return answered
  }

  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  async upload(totalBytes: number): Promise<void> {
    const answered = this.answered()
    this.socket.write(this.#request)
    for await (const piece of pieces(totalBytes)) {
      if (!this.socket.write(piece)) await new Promise((resolve) => this.socket.once('drain', resolve))
    }
    await answered
  }
}

/** The whole request, body included where it is fixed; one of known length stands for an upload. */
function requestOf({ request, response }: Workload, host: string, port: number): string | Buffer {
  const length = request.method === 'POST' ? `Content-Length: ${request.bodyBytes}\r\n` : ''
  const close = response.close === true ? 'Connection: close\r\n' : ''
  const head = `${request.method} / HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept-Encoding: identity\r\n${length}${close}\r\n`
  if (request.method !== 'POST' || request.streamed === true) return head
  return Buffer.concat([Buffer.from(head), Buffer.alloc(request.bodyBytes, 'x')])
}

export const socketCeiling: Contender = {
  version: () => process.versions.node,

  open(workload, target): Session {
    const { connections, depth, request, response } = workload
    if (response.close === true) return connectingSession(workload, target)
    // Opened by the first lane that needs it, so that the memory of idle connections can be measured.
    const open: (BareConnection | undefined)[] = Array.from({ length: connections })
    return {
      lanes: inFlight(workload),
      async lane(index, take) {
        const connection = (open[Math.floor(index / depth)] ??= new BareConnection(workload, target))
        await connection.opened
        let received = 0
        while (take()) {
          if (request.streamed === true) await connection.upload(request.bodyBytes)
          else await connection.exchange()
          received += request.method === 'HEAD' ? 0 : response.bodyBytes
        }
        return received
      },
      close() {
        for (const connection of open) connection?.socket.destroy()
      },
    }
  },
}

/** A new connection for each request, gone when the response is there. */
function connectingSession(workload: Workload, target: Target): Session {
  let session: Buffer | undefined
  return {
    lanes: inFlight(workload),
    async lane(_, take) {
      let received = 0
      while (take()) {
        const connection = new BareConnection(workload, target, session)
        if (workload.tls) connection.socket.once('session', (latest: Buffer) => (session = latest))
        const answered = connection.exchange()
        await connection.opened
        await answered
        connection.socket.destroy()
        received += workload.response.bodyBytes
      }
      return received
    },
    close() {},
  }
}

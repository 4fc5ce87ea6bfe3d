/**
 * The server: raw TCP and TLS that answers canned bytes. It looks for the end of the first request of a connection, and
 * then only counts: the requests of one client on one connection are equally long. It never writes a head it has not
 * made beforehand.
 */

import net from 'node:net'
import tls from 'node:tls'
import { type CannedResponse, cannedResponse } from './canned.ts'
import type { RequestSpec, Workload } from './workloads.ts'

export interface Listening {
  readonly port: number
  readonly responseBytes: number
  close(): void
}

export interface KeyPair {
  readonly key: string
  readonly cert: string
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
/** Responses that leave in one write where that many requests came in one piece. */
const MAX_JOINED = 64
const BACKLOG = 16_384
const READ_BUFFER = Buffer.alloc(262_144)

/** Listens on a port of its own for the workload. */
export async function listen(workload: Workload, identity: KeyPair): Promise<Listening> {
  const canned = cannedResponse(workload.response, workload.request)
  const answer = answering(workload, canned)
  const sockets = new Set<net.Socket>()
  const serve = (socket: net.Socket, receive: Receive): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // A client that goes away in the middle ends a round, not the server.
    socket.on('error', () => socket.destroy())
    socket.on('data', receive)
  }
  const server = workload.tls
    ? tls.createServer(identity, (socket) => serve(socket, receiver(workload, socket, answer)))
    : net.createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
        const { socket, onBytes } = adopt(accepted)
        const receive = receiver(workload, socket, answer)
        onBytes(receive)
        serve(socket, receive)
      })
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, resolve),
  )
  return {
    port: (server.address() as net.AddressInfo).port,
    responseBytes: canned.totalBytes,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

type Receive = (bytes: Buffer) => void

/**
 * Lays a socket that reads into one shared buffer over an accepted one: a tenth less work for the server. Node has no
 * option for that; where the handle is not where Node 20 to 26 keep it, the socket stays as it is.
 */
function adopt(accepted: net.Socket): { socket: net.Socket; onBytes: (receive: Receive) => void } {
  const { _handle: handle } = accepted as unknown as { _handle?: object | null }
  if (handle === undefined || handle === null) {
    accepted.resume()
    return { socket: accepted, onBytes: () => {} }
  }
  ;(accepted as unknown as { _handle: null })._handle = null
  let receive: Receive | undefined
  const onread = {
    buffer: READ_BUFFER,
    callback: (length: number) => {
      receive?.(READ_BUFFER.subarray(0, length))
      return true
    },
  }
  const socket = new net.Socket({
    handle,
    readable: true,
    writable: true,
    onread,
  } as net.SocketConstructorOpts)
  socket.setNoDelay(true)
  socket.read(0)
  return {
    socket,
    onBytes: (given) => {
      receive = given
    },
  }
}

type Answer = (socket: net.Socket, requests: number) => void

/** Counts requests in what comes, and answers them. */
function receiver({ request }: Workload, socket: net.Socket, answer: Answer): Receive {
  if (request.streamed === true) return uploadReceiver(request.bodyBytes, socket, answer)
  let length = 0
  let pending = 0
  let first: Buffer = Buffer.alloc(0)
  return (bytes) => {
    pending += bytes.length
    if (length === 0) {
      // Only the first request of a connection is looked at, and only until its head is there.
      first = Buffer.concat([first, bytes])
      const end = first.indexOf(HEAD_END)
      if (end < 0) return
      length = end + HEAD_END.length + bodyLength(first.subarray(0, end), request)
    }
    if (pending < length) return
    const requests = Math.floor(pending / length)
    pending %= length
    // A request of another length would put everything after it out of step: it must not go unseen.
    const hasBody = request.bodyBytes > 0 || request.form === true
    if (pending === 0 && !hasBody && bytes[bytes.length - 1] !== 0x0a) {
      throw new Error('the requests of a connection differ in length')
    }
    answer(socket, requests)
  }
}

/** The length of a body: what the workload says, or the client does where it has written the body itself. */
function bodyLength(head: Buffer, { bodyBytes, form }: RequestSpec): number {
  if (bodyBytes === 0 && form !== true) return 0
  const text = head.toString('latin1')
  if (/\r\ntransfer-encoding: *chunked/i.test(text))
    throw new Error('a client chunked a body of known length: this server cannot count it')
  return form === true ? Number(/\r\ncontent-length: *(\d+)/i.exec(text)![1]) : bodyBytes
}

/** An upload: ends with its length, or with the last chunk. */
function uploadReceiver(bodyBytes: number, socket: net.Socket, answer: Answer): Receive {
  let head: Buffer | undefined = Buffer.alloc(0)
  let isChunked = false
  let left = 0
  let tail = Buffer.alloc(0)
  const body = (bytes: Buffer): void => {
    left -= bytes.length
    const keep = Math.min(bytes.length, LAST_CHUNK.length)
    tail = Buffer.concat([tail, bytes.subarray(bytes.length - keep)]).subarray(-LAST_CHUNK.length)
    if (isChunked ? !tail.equals(LAST_CHUNK) : left > 0) return
    head = Buffer.alloc(0)
    answer(socket, 1)
  }
  return (bytes) => {
    if (head === undefined) return body(bytes)
    head = Buffer.concat([head, bytes])
    const end = head.indexOf(HEAD_END)
    if (end < 0) return
    isChunked = /\r\ntransfer-encoding: *chunked/i.test(head.toString('latin1', 0, end))
    left = bodyBytes
    tail = Buffer.alloc(0)
    const rest = head.subarray(end + HEAD_END.length)
    head = undefined
    if (rest.length > 0) body(rest)
  }
}

function answering({ response }: Workload, canned: CannedResponse): Answer {
  const write = writing(canned, response.close === true)
  const { holdUntil } = response
  if (holdUntil === undefined) return write
  let held: net.Socket[] = []
  let isReleased = false
  return (socket, requests) => {
    if (isReleased) return write(socket, requests)
    held.push(socket)
    if (held.length < holdUntil) return
    isReleased = true
    for (const waiting of held) write(waiting, 1)
    held = []
  }
}

function writing({ variants, blocks }: CannedResponse, closes: boolean): Answer {
  if (blocks !== undefined) {
    return (socket) => {
      socket.write(variants[0]!)
      writeBlocks(socket, blocks.block, blocks.count)
    }
  }
  if (closes) return (socket) => socket.end(variants[0]!)
  if (variants.length > 1) {
    let next = 0
    return (socket, requests) => {
      for (let count = 0; count < requests; count++) socket.write(variants[next++ % variants.length]!)
    }
  }
  const one = variants[0]!
  const joined: Buffer[] = []
  return (socket, requests) => {
    if (requests === 1) socket.write(one)
    else if (requests <= MAX_JOINED) {
      joined[requests] ??= Buffer.concat(Array.from({ length: requests }, () => one))
      socket.write(joined[requests])
    } else for (let count = 0; count < requests; count++) socket.write(one)
  }
}

function writeBlocks(socket: net.Socket, block: Buffer, count: number): void {
  let left = count
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left--
      if (!socket.write(block)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}

// A site for tests of fetch: it tells what it saw, and behaves as its paths say.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { createFetch, type Fetch } from '../../src/fetch/index.ts'

/** What the site saw of a request: names of fields in lower case. */
export interface Seen {
  readonly method: string
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
}

type Route = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  seen: Seen,
) => void | Promise<void>

const CODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  /** The bytes themselves, written as digits. */
  hex: (body) => Buffer.from(body.toString(), 'hex'),
}

const ASKERS = new Map<string, number[]>()

const ROUTES: Readonly<Record<string, Route>> = {
  /** `?status=302&to=/echo&policy=origin` */
  redirect: (_request, response, url) => {
    const to = url.searchParams.get('to')
    const policy = url.searchParams.get('policy')
    response.writeHead(Number(url.searchParams.get('status') ?? 302), {
      'set-cookie': ['a=1', 'b=2'],
      ...(to === null ? {} : { location: to }),
      ...(policy === null ? {} : { 'referrer-policy': policy }),
    })
    response.end('moved')
  },
  /** `?left=3` redirects to itself so often. */
  steps: (_request, response, url) => {
    const left = Number(url.searchParams.get('left'))
    if (left === 0) return void response.end('arrived')
    response.writeHead(302, { location: `/steps?left=${left - 1}` })
    response.end()
  },
  /** `?code=200&reason=OK&body=…&times=9` */
  status: (_request, response, url) => {
    response.writeHead(Number(url.searchParams.get('code')), url.searchParams.get('reason') ?? undefined)
    response.end((url.searchParams.get('body') ?? '').repeat(Number(url.searchParams.get('times') ?? 1)))
  },
  /** `?type=text/plain&body=…` */
  typed: (_request, response, url) => {
    const type = url.searchParams.get('type')
    if (type !== null) response.setHeader('content-type', type)
    response.end(Buffer.from(url.searchParams.get('body') ?? '', 'latin1'))
  },
  /** `?count=3&size=10&pause=5` */
  pieces: async (_request, response, url) => {
    const number = (name: string, otherwise: number): number =>
      Number(url.searchParams.get(name) ?? otherwise)
    const [count, size, pause] = [number('count', 3), number('size', 10), number('pause', 0)]
    response.flushHeaders()
    for (let i = 0; i < count; i++) {
      response.write(Buffer.alloc(size, 97 + (i % 26)))
      if (pause > 0 && i < count - 1) await setTimeout(pause)
    }
    response.end()
  },
  /** `?as=gzip&body=…` says that the body is coded; `&really=br` codes it in another way, `&times=9` so many of it. */
  coded: (_request, response, url) => {
    const coding = url.searchParams.get('as') ?? 'gzip'
    const body = Buffer.from(
      (url.searchParams.get('body') ?? '').repeat(Number(url.searchParams.get('times') ?? 1)),
    )
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding })
    const really = (url.searchParams.get('really') ?? coding).split(',')
    response.end(really.reduce<Buffer>((coded, name) => CODERS[name.trim()]?.(coded) ?? coded, body))
  },
  trailers: (_request, response) => {
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('body')
    response.addTrailers({ 'x-sum': '42' })
    response.end()
  },
  /** Never answers. */
  hang: () => {},
  /** A head, the beginning of a body, and nothing more. */
  'hang-in-body': (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('beginning')
  },
  /** Breaks off in the middle of the body. */
  cut: async (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('beginning')
    await setTimeout(10)
    response.destroy()
  },
  /** Breaks off after the head. */
  'cut-at-once': (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.flushHeaders()
    response.socket!.end()
  },
  /** `?id=7` answers 421 for as long as one connection is all that asks with this id. */
  misdirected: (request, response, url, { body }) => {
    const ports = ASKERS.get(url.search) ?? []
    ASKERS.set(url.search, ports)
    ports.push(request.socket.remotePort!)
    response.statusCode = new Set(ports).size > 1 ? 200 : 421
    response.end(JSON.stringify({ asked: ports.length, connections: new Set(ports).size, body }))
  },
  /** Answers 421 to the first, and closes without an answer to the next. */
  'misdirected-drop': (request, response, url) => {
    const ports = ASKERS.get(url.search) ?? []
    ASKERS.set(url.search, ports)
    ports.push(request.socket.remotePort!)
    response.statusCode = 421
    if (ports.length > 1) request.socket.destroy()
    else response.end()
  },
  /** One piece, then what is no chunk. */
  'bad-chunk': async (request) => {
    request.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await setTimeout(20)
    request.socket.end('garbage')
  },
  /** Closes without an answer. */
  drop: (request) => void request.socket.destroy(),
  /** A field that has no name. */
  'bad-name': (request) => void request.socket.end('HTTP/1.1 200 OK\r\nbad : 1\r\nContent-Length: 0\r\n\r\n'),
  /** `?head=…&body=…`, one character for each byte, with the close as their end, or else a reset: `&end=reset`. */
  raw: async ({ socket }, _response, url) => {
    const [head = '', body = ''] = ['head', 'body'].map((name) => url.searchParams.get(name) ?? '')
    socket.write(Buffer.from(`${head}\r\n\r\n${body}`, 'latin1'))
    if (url.searchParams.get('end') !== 'reset') return void socket.end()
    await setTimeout(20)
    socket.resetAndDestroy()
  },
  early: (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.end('after hints')
  },
}

/** A site under way. */
export class Site {
  readonly #server: Server
  /** `http://127.0.0.1:1234` */
  readonly origin: string
  /** Connections that were accepted. */
  connections = 0
  /** Paths that were asked for, in order. */
  readonly asked: string[] = []
  /** The last request. */
  lastSeen: Seen | undefined

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', () => this.connections++)
    server.on('request', ({ url }: IncomingMessage) => this.asked.push(url!))
  }

  static async open(): Promise<Site> {
    const server = createServer(
      (request, response) => void answer(request, response, (seen) => site.saw(seen)),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const site = new Site(server)
    return site
  }

  saw(seen: Seen): void {
    this.lastSeen = seen
  }

  /** Connections that are open on the server's side. */
  openConnections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
    })
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  saw: (seen: Seen) => void,
): Promise<void> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of request) pieces.push(piece as Buffer)
  } catch {
    return
  }
  const url = new URL(request.url!, 'http://site')
  const fields: Record<string, string> = {}
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!.toLowerCase()
    fields[name] =
      name in fields ? `${fields[name]!} | ${request.rawHeaders[i + 1]!}` : request.rawHeaders[i + 1]!
  }
  const body = Buffer.concat(pieces).toString('latin1')
  const seen: Seen = { method: request.method!, url: request.url!, fields, body }
  const route = ROUTES[url.pathname.slice(1)]
  saw(seen)
  if (route !== undefined) return route(request, response, url, seen)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(seen))
}

/** A site and a fetch for it. */
export interface FetchSite {
  readonly site: Site
  readonly client: Client
  readonly fetch: Fetch
}

/**
 * To be called at the top of a file, before `checkOpenHandles`: its hook has to come after the one that closes what is opened.
 * Answers what opens it, for a `before`.
 */
export function closingSite(options: ClientOptions = {}): () => Promise<FetchSite> {
  let here: FetchSite | undefined
  after(async () => {
    await here?.client.close()
    await here?.site.close()
  })
  return async () => {
    const client = new Client({ retry: false, ...options })
    here = { site: await Site.open(), client, fetch: createFetch(client) }
    return here
  }
}

/** Two sites, of different origins, and a `fetch`; closed at the end. */
export function closingSites(
  options: ClientOptions = {},
): () => Promise<FetchSite & { readonly other: Site }> {
  const open = closingSite(options)
  let other: Site | undefined
  after(() => other?.close())
  return async () => {
    other = await Site.open()
    return { ...(await open()), other }
  }
}

/** What a fetch rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not reject')
}

// The server that curl and the command are held against each other with: routes for what options do, and every byte of the
// requests, in the order in which they came.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz'
const MODIFIED = 'Wed, 21 Oct 2015 07:28:00 GMT'

type Route = (request: IncomingMessage, response: ServerResponse, argument: string, peer: CommandPeer) => void

const answer = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[]>,
  text: string,
) => {
  response.writeHead(status, { 'Content-Length': String(Buffer.byteLength(text)), ...headers })
  response.end(text)
}

const ROUTES: Readonly<Record<string, Route>> = {
  ok: (request, response) => {
    const headers = { 'Content-Type': 'text/plain', ETag: '"v1"', 'Last-Modified': MODIFIED }
    if (request.headers['if-none-match'] === '"v1"') response.writeHead(304, { ETag: '"v1"' }).end()
    else answer(response, 200, headers, 'hello\n')
  },
  status: (_request, response, argument) =>
    answer(response, Number(argument), { 'X-Status': argument }, `status ${argument}\n`),
  redirect: (request, response, argument) => {
    const to = new URL(request.url ?? '', 'http://h').searchParams.get('to') ?? '/ok'
    answer(response, Number(argument), { Location: to }, 'moved\n')
  },
  chain: (_request, response, argument) => {
    const left = Number(argument)
    if (left === 0) answer(response, 200, {}, 'end\n')
    else answer(response, 302, { Location: `/chain/${left - 1}` }, '')
  },
  gzip: (_request, response) => {
    const bytes = gzipSync('compressed\n'.repeat(50))
    response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': String(bytes.length) })
    response.end(bytes)
  },
  odd: (_request, response) => answer(response, 200, { 'Content-Encoding': 'odd' }, 'odd\n'),
  range: (request, response) => {
    const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (from === '' && to === '') {
      answer(response, 200, { 'Accept-Ranges': 'bytes' }, ALPHABET)
      return
    }
    const start = from === '' ? ALPHABET.length - Number(to) : Number(from)
    const end = from === '' || to === '' ? ALPHABET.length - 1 : Math.min(Number(to), ALPHABET.length - 1)
    if (start >= ALPHABET.length) answer(response, 416, { 'Content-Range': `bytes */${ALPHABET.length}` }, '')
    else
      answer(
        response,
        206,
        { 'Content-Range': `bytes ${start}-${end}/${ALPHABET.length}` },
        ALPHABET.slice(start, end + 1),
      )
  },
  named: (_request, response) =>
    answer(response, 200, { 'Content-Disposition': 'attachment; filename="given.txt"' }, 'named\n'),
  many: (_request, response) =>
    answer(response, 200, { 'Set-Cookie': ['a=1', 'b=2'], 'X-One': 'x' }, 'many\n'),
  private: (request, response) => {
    if (request.headers.authorization === `Basic ${btoa('me:pw')}`) answer(response, 200, {}, 'welcome\n')
    else answer(response, 401, { 'WWW-Authenticate': 'Basic realm="x"' }, 'who are you?\n')
  },
  digest: (request, response) => {
    const challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'
    if (request.headers.authorization?.startsWith('Digest username="me"') === true)
      answer(response, 200, {}, 'welcome\n')
    else answer(response, 401, { 'WWW-Authenticate': challenge }, 'who are you?\n')
  },
  cookie: (_request, response) => {
    const cookies = ['a=1; Path=/', 'b=2; Path=/; Max-Age=100000', 'c=3; Path=/elsewhere']
    answer(response, 302, { Location: '/ok', 'Set-Cookie': cookies }, '')
  },
  chunked: (_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' })
    response.write('chunk one\n')
    response.addTrailers({ 'X-Sum': '1' })
    response.end('chunk two\n')
  },
  empty: (_request, response) => response.writeHead(204).end(),
  cut: (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.write('only this')
    setImmediate(() => response.destroy())
  },
  nothing: (request) => request.socket.destroy(),
  flaky: (_request, response, _argument, peer) => {
    peer.attempts += 1
    if (peer.attempts === 1) answer(response, 503, {}, 'not yet\n')
    else answer(response, 200, {}, 'now\n')
  },
  big: (_request, response) => answer(response, 200, {}, 'x'.repeat(100_000)),
  silent: () => {},
}

export class CommandPeer {
  readonly #server = createServer((request, response) => this.#serve(request, response))
  /** What came, of each connection in the order in which it was opened. */
  #received: Buffer[][] = []
  readonly #own = new Map<string, Route>()
  /** How often `/flaky` was asked. */
  attempts = 0

  static async start(): Promise<CommandPeer> {
    const peer = new CommandPeer()
    peer.#server.on('connection', (socket) => {
      const pieces: Buffer[] = []
      peer.#received.push(pieces)
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => peer.#server.listen(0, '127.0.0.1', resolve))
    return peer
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** A further route: a body of that type. */
  serve(name: string, type: string, body: string): void {
    this.#own.set(name, (_request, response) => answer(response, 200, { 'Content-Type': type }, body))
  }

  /** Everything that was sent since the last call, one text for each request's connection. */
  takeRequests(): string {
    const text = this.#received.map((pieces) => Buffer.concat(pieces).toString('latin1')).join('')
    this.#received = []
    this.attempts = 0
    this.#server.closeAllConnections()
    return text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false
    const [, name = '', argument = ''] = (request.url ?? '').split('?')[0]!.split('/')
    const route =
      this.#own.get(name) ??
      ROUTES[name] ??
      ((_request, other) => answer(other, 200, { 'X-Path': request.url ?? '' }, `${request.method}\n`))
    if (name === 'nothing' || name === 'silent') {
      route(request, response, argument, this)
      return
    }
    // The whole request first, so that every byte of it is seen.
    request.on('error', () => {})
    request.on('end', () => route(request, response, argument, this)).resume()
  }
}

// Proxies for tests: one of HTTP (absolute form and CONNECT, over TLS where asked for), and one of SOCKS 4, 4a
// and 5. Both write down what they were asked, and connect every name to loopback.

import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { KeyPair } from './certificate-maker.ts'

/** What a proxy was asked. */
export interface Asked {
  readonly method: string
  /** The request target. */
  readonly target: string
  /** The head, as it was written. */
  readonly head: string
  /** Fields by name, in lower case. */
  readonly fields: http.IncomingHttpHeaders
  /** Which connection it came on, from 0. */
  readonly connection: number
  readonly body: string
}

export interface TestProxyOptions {
  /** Is spoken to over TLS, with this certificate. */
  readonly tls?: KeyPair
  /** The value that Proxy-Authorization must have; otherwise the answer is 407. */
  readonly authorization?: string
  /** Says what a request is asked for before it goes on; undefined where nothing is. */
  readonly authorize?: (asked: Asked) => Refusal | undefined
  /** Answers by itself instead of going on; undefined goes on. */
  readonly answer?: (asked: Asked, response: http.ServerResponse) => boolean
  /** What is written for CONNECT instead of a tunnel. */
  readonly refusal?: string
}

const isLoopback = (host: string): boolean => net.isIP(host) !== 0

/** A 407. */
interface Refusal {
  readonly challenge: string
  /** Ends the connection after it: and says so, or does not. */
  readonly closes: boolean | 'silently'
}

/** A proxy that speaks HTTP. */
export class TestProxy {
  readonly asked: Asked[] = []
  /** How many connections came. */
  connections = 0
  readonly #server: http.Server
  readonly #scheme: 'http' | 'https'
  readonly #sockets = new Set<net.Socket>()
  readonly #ids = new WeakMap<object, number>()

  private constructor(options: TestProxyOptions) {
    const { tls } = options
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? http.createServer() : https.createServer(tls)
    const server: http.Server = this.#server
    server.on('connection', (socket: net.Socket) => this.#keep(socket))
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: net.Socket) => {
      if (!this.#ids.has(socket)) this.#ids.set(socket, this.connections++)
    })
    server.on('request', (request, response) => {
      void this.#forward(request, response, options)
    })
    server.on('connect', (request: http.IncomingMessage, socket: net.Socket) =>
      this.#tunnel(request, socket, options),
    )
  }

  static async start(options: TestProxyOptions = {}): Promise<TestProxy> {
    const proxy = new TestProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** `http://127.0.0.1:port`, or https. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  /** The request lines that came. */
  get lines(): string[] {
    return this.asked.map(({ method, target }) => `${method} ${target}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #note(request: http.IncomingMessage, body: string): Asked {
    const asked = {
      method: request.method!,
      target: request.url!,
      head: headOf(request),
      fields: request.headers,
      connection: this.#ids.get(request.socket)!,
      body,
    }
    this.asked.push(asked)
    return asked
  }

  async #forward(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    { authorization, authorize, answer }: TestProxyOptions,
  ): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const body = Buffer.concat(pieces)
    const asked = this.#note(request, body.toString())
    if (answer?.(asked, response) === true) return
    const refusal = authorize?.(asked)
    if (refusal !== undefined) {
      if (refusal.closes === true) response.setHeader('connection', 'close')
      if (refusal.closes === 'silently') response.on('finish', () => request.socket.destroySoon())
      response.writeHead(407, { 'proxy-authenticate': refusal.challenge }).end('who are you?')
      return
    }
    if (authorize === undefined && request.headers['proxy-authorization'] !== authorization) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="test"' }).end('who are you?')
      return
    }
    const { port, pathname, search } = new URL(request.url!)
    const { 'proxy-authorization': _secret, ...headers } = request.headers
    const onward = http.request({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: `${pathname}${search}`,
      headers,
      agent: false,
    })
    onward.on('response', (answered) => {
      const { connection: _ours, ...fields } = answered.headers
      response.writeHead(answered.statusCode!, fields)
      answered.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    onward.end(body)
  }

  #tunnel(
    request: http.IncomingMessage,
    socket: net.Socket,
    { authorization, authorize, refusal }: TestProxyOptions,
  ): void {
    const asked = this.#note(request, '')
    const asksWho = authorize?.(asked)
    if (refusal !== undefined) {
      socket.end(refusal)
    } else if (asksWho !== undefined) {
      this.#askWho(socket, asksWho)
    } else if (authorize === undefined && request.headers['proxy-authorization'] !== authorization) {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n',
      )
    } else {
      const [, host, port] = /^(.*):(\d+)$/.exec(request.url!)!
      const onward = connectOnward(host!, Number(port))
      this.#keep(onward)
      onward.on('connect', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
      // Both ends go together.
      onward.on('close', () => socket.destroy())
      socket.on('close', () => onward.destroy())
    }
  }

  /** Node gives a socket of CONNECT away: what comes next on it is read here. */
  #askWho(socket: net.Socket, { challenge, closes }: Refusal): void {
    const fields = `Proxy-Authenticate: ${challenge}\r\nContent-Length: 3\r\n`
    socket.write(`HTTP/1.1 407 Who\r\n${fields}${closes === true ? 'Connection: close\r\n' : ''}\r\nwho`)
    if (closes !== false) socket.destroySoon()
    else this.#server.emit('connection', socket)
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
}

function headOf({ method, url, httpVersion, rawHeaders }: http.IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
  return [`${method} ${url} HTTP/${httpVersion}`, ...lines, '', ''].join('\r\n')
}

function connectOnward(host: string, port: number): net.Socket {
  return net.connect(port, isLoopback(host) ? host : '127.0.0.1')
}

/** What a SOCKS proxy was asked: `5 name.test:80`, with the credentials where there were any. */
export interface SocksAsked {
  readonly version: 4 | 5
  /** How the place was said. */
  readonly by: 'address' | 'name'
  readonly place: string
  readonly user: string | undefined
  readonly password: string | undefined
}

export interface SocksProxyOptions {
  /** Asks for these. */
  readonly credentials?: readonly [user: string, password: string]
  /** The reply of SOCKS5, or the status of SOCKS4; granted where undefined. */
  readonly reply?: number
}

/** A proxy that speaks SOCKS. */
export class SocksProxy {
  readonly asked: SocksAsked[] = []
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()

  private constructor(options: SocksProxyOptions) {
    this.#server = net.createServer((socket) => {
      this.#keep(socket)
      void this.#serve(new Reader(socket), options).catch(() => socket.destroy())
    })
  }

  static async start(options: SocksProxyOptions = {}): Promise<SocksProxy> {
    const proxy = new SocksProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(reader: Reader, options: SocksProxyOptions): Promise<void> {
    const [version] = await reader.take(1)
    if (version === 4) await this.#serve4(reader, options)
    else await this.#serve5(reader, options)
  }

  async #serve4(reader: Reader, { reply = 90 }: SocksProxyOptions): Promise<void> {
    const head = await reader.take(7)
    const port = head.readUInt16BE(1)
    const user = await reader.text()
    const isName = head[3] === 0 && head[4] === 0 && head[5] === 0 && head[6] !== 0
    const host = isName ? await reader.text() : [...head.subarray(3)].join('.')
    const by = isName ? 'name' : 'address'
    this.asked.push({ version: 4, by, place: `${host}:${port}`, user, password: undefined })
    reader.socket.write(Buffer.from([0, reply, 0, 0, 0, 0, 0, 0]))
    if (reply === 90) this.#goOn(reader, host, port)
    else reader.socket.end()
  }

  async #serve5(reader: Reader, { credentials, reply = 0 }: SocksProxyOptions): Promise<void> {
    const { socket } = reader
    const [count] = await reader.take(1)
    const methods = [...(await reader.take(count!))]
    const method = credentials === undefined ? 0 : 2
    if (!methods.includes(method)) {
      socket.end(Buffer.from([5, 255]))
      return
    }
    socket.write(Buffer.from([5, method]))
    let given: readonly string[] = []
    if (credentials !== undefined) {
      await reader.take(1)
      const user = (await reader.take((await reader.take(1))[0]!)).toString()
      const password = (await reader.take((await reader.take(1))[0]!)).toString()
      given = [user, password]
      const isRight = user === credentials[0] && password === credentials[1]
      socket.write(Buffer.from([1, isRight ? 0 : 1]))
      if (!isRight) {
        socket.end()
        return
      }
    }
    const [, , , type] = await reader.take(4)
    const host = await readHost(reader, type!)
    const port = (await reader.take(2)).readUInt16BE()
    const by = type === 3 ? 'name' : 'address'
    this.asked.push({ version: 5, by, place: `${host}:${port}`, user: given[0], password: given[1] })
    socket.write(Buffer.from([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]))
    if (reply === 0) this.#goOn(reader, host, port)
    else socket.end()
  }

  #goOn({ socket }: Reader, host: string, port: number): void {
    const onward = connectOnward(host, port)
    this.#keep(onward)
    onward.on('connect', () => socket.pipe(onward).pipe(socket))
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
}

async function readHost(reader: Reader, type: number): Promise<string> {
  if (type === 1) return [...(await reader.take(4))].join('.')
  if (type === 4) return (await reader.take(16)).toString('hex')
  return (await reader.take((await reader.take(1))[0]!)).toString()
}

/** Reads bytes of a socket as they are asked for. */
class Reader {
  readonly socket: net.Socket

  constructor(socket: net.Socket) {
    this.socket = socket
  }

  async take(count: number): Promise<Buffer> {
    while (true) {
      const piece = this.socket.read(count) as Buffer | null
      if (piece !== null) return piece
      if (this.socket.destroyed || this.socket.readableEnded) throw new Error('the client is gone')
      await once(this.socket, 'readable')
    }
  }

  /** Up to a NUL. */
  async text(): Promise<string> {
    let text = ''
    while (true) {
      const [byte] = await this.take(1)
      if (byte === 0) return text
      text += String.fromCharCode(byte!)
    }
  }
}

/**
 * The servers of the demo: Node's own, HTTP and HTTPS, on loopback and on ports that the system chooses. What they serve is
 * one table of routes.
 */

import { createHash } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { DEMO_CERTIFICATE, DEMO_KEY } from './certificate.ts'

/** Servers that listen. */
export interface DemoServers {
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
  /** Ends both, with every connection. */
  close(): void
}

export const PAGE = '<title>Spam</title>\n<p>Lovely spam! Wonderful spam!</p>\n'
export const REPORT_PARTS: readonly string[] = ['spam, egg, ', 'spam, bacon, ', 'sausage and spam.']

/** What comes compressed. */
export const SONG: string =
  'Spam, spam, spam, spam, spam, spam, spam, baked beans, spam, spam, spam and spam.\n'.repeat(40)
export const PLATES: readonly string[] = ['spam', 'eggs', 'bacon', 'sausage']
/** How long a plate takes. */
const COOKING_MS = 4

/** The value of a Content-Digest field (RFC 9530). */
export function digestOf(content: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`
}

const HOST = '127.0.0.1'
/** How long the answer after the early hint takes: long enough to be seen as early. */
const THINKING_MS = 40

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** Every other time. */
let isBusy = false

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /index.html': (_, response) => answer(response, 200, 'text/html', PAGE),

  'POST /cgi-bin/query': async (request, response) => {
    const form = new URLSearchParams(await readText(request))
    const order = [...form].map(([name, value]) => `${name} ${value}`).join(', ')
    answer(response, 200, 'text/plain', `You ordered: ${order}.\n`)
  },

  'GET /report': (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'Content-Digest' })
    for (const part of REPORT_PARTS) response.write(part)
    response.addTrailers({ 'Content-Digest': digestOf(REPORT_PARTS.join('')) })
    response.end()
  },

  'GET /menu': async (_, response) => {
    response.writeEarlyHints({ link: '</menu.css>; rel=preload; as=style' })
    await setTimeout(THINKING_MS)
    answer(response, 200, 'text/html', PAGE)
  },

  'PUT /recipe': async (request, response) => {
    if (request.headers.expect !== undefined) response.writeContinue()
    const text = await readText(request)
    answer(response, 201, 'text/plain', `${text.length} bytes kept.\n`)
  },

  'GET /login': (_, response) => {
    response.writeHead(302, {
      Location: '/account',
      'Set-Cookie': 'name=Arthur; Path=/',
      'Content-Length': 0,
    })
    response.end()
  },

  'GET /account': (request, response) => {
    const [, name] = /name=(\w+)/.exec(request.headers.cookie ?? '') ?? []
    if (name === undefined) answer(response, 401, 'text/plain', 'Who are you?\n')
    else answer(response, 200, 'text/plain', `Welcome back, ${name}.\n`)
  },

  'GET /busy': (_, response) => {
    isBusy = !isBusy
    if (isBusy) {
      response.setHeader('Retry-After', '0')
      answer(response, 503, 'text/plain', 'The kitchen is busy.\n')
    } else answer(response, 200, 'text/plain', 'Here you are.\n')
  },

  'GET /song': (_, response) => {
    const bytes = gzipSync(SONG)
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Encoding': 'gzip',
      'Content-Length': bytes.length,
    })
    response.end(bytes)
  },

  'GET /plate': async (request, response) => {
    await setTimeout(COOKING_MS)
    const number = Number(request.url?.split('/')[2])
    answer(response, 200, 'text/plain', PLATES[number % PLATES.length] ?? '')
  },

  'PUT /pantry': async (request, response) => {
    const hash = createHash('sha256')
    for await (const piece of request) hash.update(piece as Buffer)
    answer(response, 201, 'text/plain', `sha-256=:${hash.digest('base64')}:`)
  },

  // Two lengths: a reader that believes the one and a reader that believes the other cut the stream at different places.
  'GET /broken': (_, response) => {
    response.socket?.end(
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nspam!spam',
    )
  },
}

/** Starts both servers. */
export async function startServers(): Promise<DemoServers> {
  const plain = createServer(serve)
  const secure = createSecureServer({ cert: DEMO_CERTIFICATE, key: DEMO_KEY }, serve)
  const servers = [plain, secure]
  // Who expects a 100 (Continue) gets it from the route, where it can be seen.
  for (const server of servers) server.on('checkContinue', serve)
  const [httpPort, httpsPort] = await Promise.all([listen(plain), listen(secure)])
  return {
    host: HOST,
    httpPort,
    httpsPort,
    close: () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

const serve: RequestListener = (request, response) => {
  response.sendDate = false
  response.removeHeader('connection')
  const route =
    ROUTES[`${request.method} ${request.url}`] ??
    ROUTES[`${request.method} ${request.url?.replace(/\/\d+$/, '')}`]
  if (route === undefined) answer(response, 404, 'text/plain', 'No such dish.\n')
  else void Promise.resolve(route(request, response)).catch(() => response.destroy())
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HOST, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

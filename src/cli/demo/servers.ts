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

/** The value of a Content-Digest field (RFC 9530). */
export function digestOf(content: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`
}

const HOST = '127.0.0.1'
/** How long the answer after the early hint takes: long enough to be seen as early. */
const THINKING_MS = 40

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

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
  const route = ROUTES[`${request.method} ${request.url}`]
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

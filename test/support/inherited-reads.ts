// A program for test/client/polluted.test.ts: every name that our code has is an accessor of `Object.prototype`, and requests of every kind
// are made. Prints what our code has looked for there, or Node for us where the answer would lead a connection elsewhere or make a
// peer trusted: `get name @ place`. A process of its own: the runner of tests reads objects, too.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { CookieJar } from '../../src/cookies/index.ts'
import { fetch } from '../../src/fetch/index.ts'
import { H1Engine } from '../../src/h1/index.ts'
import { Client, HTTPConnection, HTTPSConnection, respondWith } from '../../src/index.ts'
import * as python from '../../src/python/index.ts'
import { TestProxy } from './test-proxy.ts'
import { ca, server as pair } from './tls-fixture.ts'

const HEAD_END = '\r\n\r\n'

function answer(socket: Socket, head: string): void {
  const [, target = ''] = head.split(' ')
  const say = (status: string, fields = '', body: string | Buffer = 'ok'): void => {
    socket.write(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}${HEAD_END}`)
    socket.write(body)
  }
  if (target.endsWith('/away')) say('302 F', 'Location: /here\r\nSet-Cookie: a=b\r\n')
  else if (target.endsWith('/gzip')) say('200 OK', 'Content-Encoding: gzip\r\n', gzipSync('hello'))
  else if (target.endsWith('/digest') && !head.includes('Authorization: Digest'))
    say('401 U', 'WWW-Authenticate: Digest realm="a", nonce="n", qop="auth", algorithm=SHA-256\r\n')
  else if (target.endsWith('/busy')) say('503 B', 'Retry-After: 0\r\n')
  else if (target.endsWith('/known')) say('200 OK', 'Strict-Transport-Security: max-age=99\r\n', '{"a":1}')
  else if (target.endsWith('/cut')) socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 9${HEAD_END}ok`)
  else if (target.endsWith('/bad')) socket.end(`HTTP/9 x${HEAD_END}`)
  else if (target.endsWith('/chunked'))
    socket.write(
      `HTTP/1.1 103 E\r\nLink: a${HEAD_END}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked${HEAD_END}2\r\nok\r\n0\r\nX: 1${HEAD_END}`,
    )
  else say('200 OK')
}

function serve(socket: Socket): void {
  let unread = ''
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    unread += bytes.toString('latin1')
    for (let at = unread.indexOf(HEAD_END); at >= 0; at = unread.indexOf(HEAD_END)) {
      const head = unread.slice(0, at)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      const end = /transfer-encoding: chunked/i.test(head)
        ? unread.indexOf(`0${HEAD_END}`, at) + 5
        : at + 4 + length
      if (end < at || unread.length < end) return
      unread = unread.slice(end)
      answer(socket, head)
    }
  })
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const port = await listen(createServer(serve))
const securePort = await listen(createTlsServer({ ...pair, ALPNProtocols: ['http/1.1'] }, serve))
const proxy = await TestProxy.start()
const origin = `http://127.0.0.1:${port}`
const secure = `https://localhost:${securePort}`
const backoff = { firstMs: 1, maxMs: 1 }
const timeout = { connect: 300, total: 2_000 }
const client = new Client({ timeout, retry: { limit: 1, backoff }, tls: { ca }, cookies: true, hsts: true })

async function byHand(connection: HTTPConnection): Promise<void> {
  await connection.request('GET', '/', undefined, { authorization: 'x' })
  await (await connection.getResponse()).text()
  await connection.request('POST', '/chunked', ['abc'])
  const response = await connection.getResponse()
  await response.text()
  response.getHeader('x')
  connection.close()
}

async function byPython(connection: python.HTTPConnection): Promise<void> {
  await connection.request('POST', '/chunked', 'abc', { a: 'b' })
  const response = await connection.getresponse()
  await response.read()
  response.getheader('x')
  connection.close()
}

async function* piecewise(): AsyncGenerator<string, void, void> {
  yield 'abc'
}

function form(): FormData {
  const made = new FormData()
  made.set('a', new Blob(['x']))
  return made
}

const PLAYS: Readonly<Record<string, () => unknown>> = {
  connection: () => byHand(new HTTPConnection('127.0.0.1', port)),
  secure: () => byHand(new HTTPSConnection('127.0.0.1', securePort, { tls: { ca } })),
  untrusted: () => byHand(new HTTPSConnection('localhost', securePort)),
  tunnel: () => {
    const connection = new HTTPSConnection('127.0.0.1', proxy.port, { tls: { ca } })
    connection.setTunnel('localhost', securePort, { 'X-P': '1' })
    return byHand(connection)
  },
  python: () => byPython(new python.HTTPConnection('127.0.0.1', port)),
  pythonSecure: () => byPython(new python.HTTPSConnection('127.0.0.1', securePort, { context: { ca } })),
  engine: () => {
    const engine = new H1Engine('client', {})
    engine.send({ type: 'request', method: 'GET', target: '/', fields: [['Host', 'a']] })
    engine.send({ type: 'end' })
    engine.receive(Buffer.from(`HTTP/1.1 204 N${HEAD_END}`))
    engine.nextEvent()
  },
  redirect: () => client.get(`${origin}/away`, { headers: { authorization: 'x' } }).text(),
  gzip: () => client.get(`${origin}/gzip`).text(),
  digest: () => client.get(`${origin}/digest`, { auth: { digest: ['u', 'p'] } }).text(),
  basic: () => client.get(`${origin}/`, { auth: { basic: ['u', 'p'] } }).text(),
  bearer: () => client.get(`${origin}/`, { auth: { bearer: () => 'x' } }).text(),
  busy: () => client.post(`${origin}/busy`, { body: 'x', throwOnError: true }).text(),
  bad: () => client.get(`${origin}/bad`),
  cut: () => client.get(`${origin}/cut`).text(),
  known: () => client.post(`${origin}/known`, { json: { a: 1 }, query: { q: 1 } }).json(),
  pieces: () => client.post(`${origin}/`, { body: piecewise() }).text(),
  form: () => client.post(`${origin}/`, { body: form() }).text(),
  https: () => client.get(`${secure}/`).text(),
  proxy: () => client.get('http://a.test/', { proxy: `http://127.0.0.1:${proxy.port}`, retry: false }),
  proxyTunnel: () =>
    client.get(`${secure}/`, { proxy: { url: `http://127.0.0.1:${proxy.port}`, auth: ['a', 'b'] } }).text(),
  socks: () => client.get('http://localhost/', { proxy: `socks5://127.0.0.1:${port}`, retry: false }),
  guarded: () => client.get(`${origin}/`, { guard: () => true }).text(),
  refused: () => client.get(`${origin}/`, { guard: 'public-only' }),
  made: async () => {
    const made = new Client({
      layers: [(next) => next],
      hooks: { beforeRequest: () => undefined },
      pool: { warnUnreadMs: 1 },
    })
    await made.get(`${origin}/away`).text()
    await made
      .extend({ headers: { a: '1' } })
      .get(`${origin}/`, { auth: 'netrc' })
      .text()
    await made.close()
  },
  answered: async () => {
    const made = new Client({
      layers: [() => (request) => Promise.resolve(respondWith(request, { body: 'x' }))],
    })
    await made.get(`${origin}/`).text()
  },
  jar: async () => {
    const jar = new CookieJar(undefined, {})
    await jar.setCookie('a=b; Domain=co.uk', 'http://a.co.uk/', { ignoreError: true })
    await client.get(`${origin}/away`, { cookies: jar }).text()
  },
  digestOfBody: () => client.post(`${origin}/digest`, { body: 'x', auth: { digest: ['u', 'p'] } }).text(),
  progress: () => client.post(`${origin}/`, { body: 'x', onProgress: () => {}, expectContinue: 1 }).text(),
  aborted: () => client.get(`${origin}/`, { signal: AbortSignal.abort() }),
  explain: () => String(client.explain(`${origin}/`, { auth: { basic: ['u', 'p'] } })),
  fetch: async () => await fetch(new Request(`${origin}/away`, { method: 'POST', body: 'x' })),
  data: async () => (await fetch('data:,x')).text(),
}

/** Looked for by what a value can do: a body is a stream where it has its functions, a jar is tough-cookie's where it has its own. */
const BY_KIND = /(?:isNodeStream|isWebStream|isFileHandle|isOutgoingBody|#readBody|cookies\/jar\.js)/
/** What Node looks for that says where to, and who is right. */
const OF_NODE = /(?:lookup \(node:dns|normalizeConnectArgs|X509Certificate\.checkHost|createSecureContext)/
const seen = new Set<string>()
let isRecording = false

function record(kind: string, name: string): void {
  if (!isRecording) return
  isRecording = false
  const [place = '', ...below] = new Error().stack!.split('\n').slice(3)
  const isOurs = place.includes('/build/src/') && !BY_KIND.test(place)
  const isForUs = OF_NODE.test(`${place}${below[0]}`) && below.some((line) => line.includes('/build/src/'))
  if (isOurs || (kind === 'get' && isForUs))
    seen.add(`${kind} ${name} @ ${place.trim().replace(/\(?file:.*\/src\//, '')}`)
  isRecording = true
}

const names = JSON.parse(process.argv[2]!) as string[]
for (const play of Object.values(PLAYS)) await Promise.resolve(play()).catch(() => {})
for (const name of names) {
  // oxlint-disable-next-line no-extend-native -- what a careless package does
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    get: () => record('get', name),
    set(value: unknown) {
      record('set', name)
      const own = Object.assign(Object.create(null) as object, {
        configurable: true,
        enumerable: true,
        writable: true,
      })
      const was = isRecording
      isRecording = false
      Object.defineProperty(this, name, Object.assign(own, { value }))
      isRecording = was
    },
  })
}
Error.stackTraceLimit = 20
isRecording = true
for (const play of Object.values(PLAYS)) await Promise.resolve(play()).catch(() => {})
isRecording = false
for (const name of names) delete (Object.prototype as unknown as Record<string, unknown>)[name]
console.log(JSON.stringify([...seen].sort()))
process.exit()

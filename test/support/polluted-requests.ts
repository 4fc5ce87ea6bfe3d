// A program for test/client/polluted.test.ts: makes the same requests again and again, each time with another name written onto
// `Object.prototype`, and prints the names that changed anything. A process of its own: the runner of tests reads objects, too.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Client, type ClientOptions, HTTPConnection, HTTPException } from '../../src/index.ts'

const HOSTILE: readonly unknown[] = ['127.0.0.2', Object.freeze({}), 1]

/** What was asked for, and whether there was a first time. */
let heads: string[] = []
let isBusy = true

/** Answers by the path: a redirect, a server that is busy once, or two bytes. */
function answer(socket: Socket, text: string): void {
  const target = text.split(' ')[1] ?? ''
  const status = target.endsWith('/away')
    ? '302 F\r\nLocation: /here'
    : target.endsWith('/busy') && isBusy
      ? '503 B'
      : '200 OK'
  if (status === '503 B') isBusy = false
  const length = status === '200 OK' ? 2 : 0
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n${'ok'.slice(0, length)}`)
}

const server = createServer((socket) => {
  let unread = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    unread += bytes.toString('latin1')
    for (let at = unread.indexOf('\r\n\r\n'); at >= 0; at = unread.indexOf('\r\n\r\n')) {
      const length = Number(/content-length: (\d+)/i.exec(unread.slice(0, at))?.[1] ?? 0)
      if (unread.length < at + 4 + length) return
      const whole = unread.slice(0, at + 4 + length)
      unread = unread.slice(whole.length)
      heads.push(whole)
      answer(socket, whole)
    }
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const origin = `http://127.0.0.1:${port}`

async function byClient(options: ClientOptions, ask: (client: Client) => Promise<unknown>): Promise<unknown> {
  const client = new Client(options)
  try {
    return await ask(client)
  } finally {
    await client.close()
  }
}

async function byHand(): Promise<unknown> {
  const connection = new HTTPConnection('127.0.0.1', port)
  try {
    await connection.request('GET', '/by-hand')
    const first = await (await connection.getResponse()).text()
    await connection.request('POST', '/by-hand', 'abc')
    return first + (await (await connection.getResponse()).text())
  } finally {
    connection.close()
  }
}

const AT_ONCE = { backoff: { firstMs: 1, maxMs: 1 } }
const PLAYS: readonly (() => Promise<unknown>)[] = [
  () =>
    byClient({ retry: AT_ONCE }, async (client) => [
      await client.get(`${origin}/away`).text(),
      await client.get(`${origin}/busy`).text(),
      await client.post(`${origin}/json`, { json: { a: 1 } }).text(),
    ]),
  () => byClient({ guard: 'public-only', retry: false }, (client) => client.get(`${origin}/guarded`)),
  () => byClient({ proxy: origin, retry: false }, async (client) => client.get('http://a.test/x').text()),
  () =>
    byClient({ auth: { basic: ['user', 'password'] } }, async (client) =>
      client.get(`${origin}/known`, { cookies: true }).text(),
    ),
  () =>
    byClient({ retry: AT_ONCE }, (client) =>
      client.get('http://127.0.0.1:1/', { retry: { limit: 1, ...AT_ONCE } }),
    ),
  byHand,
]

/** All that the requests come to. */
async function play(): Promise<string> {
  heads = []
  isBusy = true
  const ends: string[] = []
  for (const one of PLAYS) {
    try {
      ends.push(String(await one()))
    } catch (error) {
      ends.push(HTTPException.isHTTPException(error) ? error.code : String(error))
    }
  }
  return JSON.stringify([ends, heads])
}

const [names, values] = JSON.parse(process.argv[2] ?? '[[], 0]') as [string[], number]
const expected = await play()
const changed: string[] = []
for (const name of names) {
  for (const value of HOSTILE.slice(0, values)) {
    let got: string
    try {
      // oxlint-disable-next-line no-extend-native -- what a careless package does
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
      got = await play()
    } finally {
      delete (Object.prototype as unknown as Record<string, unknown>)[name]
    }
    if (got !== expected) changed.push(`${name}, ${typeof value}: ${got}`)
  }
}
console.log(JSON.stringify(changed))
server.close()
process.exit()

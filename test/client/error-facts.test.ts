// What every failure tells of its way, whatever it is made of: a record for each attempt, the connection, and whether the server may
// have acted (docs/errors.md).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import { HTTPException } from '../../src/errors/exception.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const AT_ONCE = { backoff: { firstMs: 1, maxMs: 1 } }

async function failureOf(asked: Promise<unknown>): Promise<HTTPException> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(HTTPException.isHTTPException(error), String(error))
  return error
}

describe('a failure after another attempt', () => {
  let asked = 0
  const serving = serve((request, response) => {
    if (asked++ === 0) return void response.writeHead(503, { connection: 'close' }).end('busy')
    switch (request.url) {
      case '/status':
        return void response.writeHead(500).end('no')
      case '/cut':
        response.writeHead(200, { 'content-length': '100' })
        return void response.write('begun', () => response.destroy())
      case '/text':
        return void response.end('text')
      case '/coded':
        return void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')
      case '/cut-coding':
        return void response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync('a text').subarray(0, 12))
      default:
        return void request.socket.destroy()
    }
  })

  type Ask = (client: Client, options: ClientRequestOptions) => Promise<unknown>
  const FAILURES: readonly (readonly [what: string, status: number | undefined, ask: Ask])[] = [
    ['a status', 500, (client, options) => client.get('/status', options).json()],
    [
      'a status that is thrown',
      500,
      (client, options) => client.get('/status', { ...options, throwOnError: true }),
    ],
    ['a body that breaks off', 200, (client, options) => client.get('/cut', options).text()],
    [
      'a body that breaks off in a loop',
      200,
      async (client, options) => {
        for await (const _ of await client.get('/cut', options)) continue
      },
    ],
    ['a body that is no JSON', 200, (client, options) => client.get('/text', options).json()],
    [
      'too large a body',
      200,
      (client, options) => client.get('/text', { ...options, limits: { body: 1 } }).text(),
    ],
    ['a coding that is none', 200, (client, options) => client.get('/coded', options).text()],
    ['a coding that is cut', 200, (client, options) => client.get('/cut-coding', options).text()],
    ['a connection that closes', undefined, (client, options) => client.get('/gone', options)],
  ]
  for (const [what, status, ask] of FAILURES)
    it(`tells of both, and of the connection: ${what}`, async () => {
      asked = 0
      const { attempts, address, reused, requestBytesWritten, responseStarted } = await failureOf(
        ask(serving.client, { retry: { ...AT_ONCE, limit: 1, statuses: [503] } }),
      )
      const peer = new URL(serving.origin).host
      assert.deepEqual(
        attempts?.map((attempt) => [attempt.status, attempt.address, attempt.responseStarted]),
        [
          [503, peer, true],
          [status, peer, status !== undefined],
        ],
      )
      for (const attempt of attempts ?? []) assert.ok(attempt.requestBytesWritten! > 0)
      assert.equal(address, peer)
      assert.equal(reused, attempts?.[1]?.reused)
      assert.ok(requestBytesWritten! > 0)
      assert.equal(responseStarted, status !== undefined)
    })

  it('says that the server may have acted, where an earlier attempt was answered and the last was not sent', async () => {
    asked = 0
    const error = await failureOf(
      serving.client.post('/status', {
        body: 'x',
        retry: { ...AT_ONCE, limit: 1, idempotencyKey: true },
        // Nobody listens there.
        proxy: () => (asked === 0 ? false : 'http://127.0.0.1:1/'),
      }),
    )
    assert.equal(error.requestBytesWritten, 0)
    assert.equal(error.mayHaveActed, true)
  })
})

describe('a redirect that is not followed', () => {
  const serving = serve((_, response) => void response.writeHead(302, { location: '/' }).end())

  it('tells of the connection and of what was written', async () => {
    const error = await failureOf(serving.client.get('/', { redirect: 0 }))
    assert.equal(error.address, new URL(serving.origin).host)
    assert.ok((error.requestBytesWritten ?? 0) > 0)
    assert.deepEqual([error.reused, error.responseStarted, error.phase], [false, true, undefined])
    assert.deepEqual(
      error.attempts?.map(({ status }) => status),
      [302],
    )
  })
})

describe('what was never sent', () => {
  const serving = serve((_, response) => void response.end())

  const REFUSED: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
    'a URL that is none': (client) => client.get('http://'),
    'a value with a line end': (client) => client.get('/', { headers: { 'x-a': 'a\nb' } }),
    'a method that is none': (client) => client.request('/', { method: 'A B' }),
    'a body that is shorter than was declared': (client) =>
      client.post('/', { body: 'a', headers: { 'content-length': '5' } }),
    'a closed client': async (client) => {
      const other = new (client.constructor as typeof Client)()
      await other.close()
      return other.get(serving.origin)
    },
  }
  for (const [what, ask] of Object.entries(REFUSED))
    for (const state of ['on no connection', 'on one that is open'])
      it(`proves that the server has not acted: ${what}, ${state}`, async () => {
        if (state === 'on one that is open') await serving.client.get('/').text()
        const error = await failureOf(ask(serving.client))
        assert.equal(error.mayHaveActed, false)
        assert.equal(error.requestBytesWritten, 0)
      })
})

describe('a failure after a wait for a connection', () => {
  const WAIT_MS = 40
  const serving = serve(
    (request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end(), WAIT_MS)
      else if (request.url === '/gone') request.socket.destroy()
      else {
        response.writeHead(200, { 'content-length': '100' })
        response.write('begun', () => setTimeout(() => response.destroy(), 10))
      }
    },
    { pool: { perOrigin: 1 }, retry: false },
  )

  const FAILURES: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
    'of its head': (client) => client.post('/gone', { body: 'x' }),
    'of its body': (client) => client.get('/cut').text(),
    'of its body in a loop': async (client) => {
      for await (const _ of await client.get('/cut')) continue
    },
  }
  for (const [what, ask] of Object.entries(FAILURES))
    it(`tells how long that was: ${what}`, async () => {
      const { client } = serving
      const before = client.get('/slow').text()
      const failing = failureOf(ask(client))
      await before
      const { timings, attempts } = await failing
      // Timers of Node may be a little early.
      const queueMs = timings?.['queue'] ?? 0
      assert.ok(queueMs > WAIT_MS / 2, `${queueMs} ms`)
      assert.equal(attempts?.at(-1)?.timings?.['queue'], queueMs)
    })

  it('leaves the reason of an abort as it is', async () => {
    const reason = await failureOf(serving.client.get('http://127.0.0.1:1/'))
    const told = { ...reason.timings }
    const controller = new AbortController()
    const before = serving.client.get('/slow').text()
    const response = serving.client.get('/cut', { signal: controller.signal })
    await before
    const reading = (await response).text()
    controller.abort(reason)
    await assert.rejects(reading, (error) => error === reason)
    assert.deepEqual({ ...reason.timings }, told)
  })
})

describe('a total timeout that ends before there is a connection', () => {
  it('says which part of connecting was under way', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    await using client = new Client({ timeout: 60, dns: { lookup: () => {} } })
    const { port } = silent.address() as AddressInfo
    const inTls = await failureOf(client.get(`https://127.0.0.1:${port}/`))
    assert.match(inTls.message, /\(GET https:\/\/127\.0\.0\.1:\d+\/; in the TLS handshake; /)
    const inDns = await failureOf(client.get('http://a.test/'))
    assert.match(inDns.message, /\(GET http:\/\/a\.test\/; looking up the host; /)
    const proxied: HTTPException[] = []
    for (const [scheme, url, words] of [
      ['http', 'https://a.test/', 'asking the proxy % for a tunnel'],
      ['socks5h', 'http://a.test/', 'asking the proxy % for a tunnel'],
      ['socks4a', 'http://a.test/', 'asking the proxy % for a tunnel'],
      ['https', 'http://a.test/', 'waiting for the proxy %'],
    ] as const) {
      const failed = await failureOf(
        client.get(url, {
          proxy: `${scheme}://${scheme === 'socks4a' ? 'me' : 'me:secret'}@127.0.0.1:${port}`,
        }),
      )
      assert.ok(
        failed.message.includes(`(GET ${url}; ${words.replace('%', `127.0.0.1:${port}`)}; `),
        failed.message,
      )
      assert.equal(failed.proxy, `127.0.0.1:${port}`)
      assert.doesNotMatch(inspect(failed), /secret/)
      proxied.push(failed)
    }
    for (const { code, phase, mayHaveActed } of [inTls, inDns, ...proxied])
      assert.deepEqual(
        { code, phase, mayHaveActed },
        { code: 'TIMEOUT_TOTAL', phase: 'total', mayHaveActed: false },
      )
    silent.close()
  })

  it('names the proxy through which the handshake with the server is under way', async () => {
    const silent = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    await using client = new Client({ timeout: 60, proxy: `http://127.0.0.1:${port}` })
    const failed = await failureOf(client.get('https://a.test/'))
    assert.match(failed.message, /in the TLS handshake, through the proxy 127\.0\.0\.1:\d+; /)
    silent.close()
  })

  it('says so where the time is over before it waits, and where the connection comes too late', async () => {
    const clock = new ManualClock()
    const network = new MemoryNetwork()
    const hooks = { beforeRequest: () => clock.advance(60) }
    await using client = new Client({ timeout: 50, connect: network.connect, clock, hooks })
    const late = await failureOf(client.get('http://a.test/'))
    assert.match(late.message, /\(GET http:\/\/a\.test\/; waiting for a connection; /)
  })
})

// A function of its own, to be seen in the stack.
async function theCaller(ask: (client: Client) => Promise<unknown>, client = new Client()): Promise<unknown> {
  await using given = client
  return await ask(given)
}

describe('a connection that is opened for no request', () => {
  const asks: Readonly<Record<string, (client: Client, url: string) => Promise<unknown>>> = {
    'take()': (client, url) => client.take(url),
    'preconnect()': (client, url) => client.preconnect(url),
  }
  for (const [name, ask] of Object.entries(asks)) {
    it(`fails with its origin, the phase, a hint, and the line of the caller: ${name}`, async () => {
      const error = await failureOf(
        theCaller((client) => ask(client, 'http://user:secret@127.0.0.1:1/path?query')),
      )
      assert.equal(error.url, 'http://127.0.0.1:1')
      assert.match(error.message, /\(http:\/\/127\.0\.0\.1:1; connecting; after \d+ ms\)\. Try: /)
      assert.match(error.stack ?? '', /at async theCaller/)
    })
  }
})

describe('the stack of an error', () => {
  // Nothing listens there, and fetch has nothing against it.
  const url = 'http://127.0.0.1:3/'
  const retry = { limit: 1, backoff: { firstMs: 1 } }
  const clients: Readonly<Record<string, () => Client>> = {
    'a client that tries again': () => new Client({ retry }),
    'a client that does not': () => new Client({ retry: false }),
    'a client with a layer that awaits': () =>
      new Client({ retry }).use((next) => async (request) => await next(request)),
  }
  const asks: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
    'get()': (client) => client.get(url),
    'get().text()': (client) => client.get(url).text(),
    'get() with options and json()': (client) => client.get(url, { headers: { a: 'b' } }).json(),
    'post()': (client) => client.post(url, { json: {} }),
    'request() with a signal': (client) => client.request(url, { signal: new AbortController().signal }),
    'fetch()': (client) => createFetch(client)(url),
    'fetch() with a method': (client) => createFetch(client)(url, { method: 'POST', body: 'a' }),
  }
  for (const [who, make] of Object.entries(clients)) {
    for (const [how, ask] of Object.entries(asks)) {
      it(`names its caller: ${who}, ${how}`, async () => {
        const error = await rejectionOf(theCaller(ask, make()))
        assert.match(error.stack ?? '', /at async theCaller/)
      })
    }
  }
})

describe('a client that was destroyed', () => {
  it('refuses what is asked of it, and calls no function of the caller', async () => {
    let calls = 0
    const client = new Client({ hooks: { beforeRequest: () => void calls++ }, proxy: () => void calls++ })
    client.use((next) => (request) => {
      calls++
      return next(request)
    })
    client.destroy()
    for (const asked of [
      client.get('http://a.test/'),
      client.take('http://a.test/'),
      client.preconnect('http://a.test/'),
    ]) {
      const error = await failureOf(asked)
      assert.equal(error.code, 'NOT_CONNECTED')
      assert.match(error.message, /the client was destroyed/)
    }
    assert.equal(calls, 0)
  })
})

// Attempts of the client on real sockets: a server of node:http that fails as the test says.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import type { RetryEvent } from '../../src/client/events.ts'
import { type HTTPException, IncompleteRead } from '../../src/errors/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** Quick, so that no test waits: nothing is drawn but waits of under a millisecond. */
const QUICK = { backoff: { firstMs: 1, maxMs: 1 } }

/** A body that takes its time: five pieces. */
async function* slowly(): AsyncGenerator<string> {
  for (let left = 5; left > 0; left--) {
    await sleep(15)
    yield 'piece'
  }
}

interface Seen {
  readonly method: string
  readonly body: string
  readonly key: string | undefined
}

const say =
  (status: number, fields: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, fields).end('not now')
  }

const reset = (request: IncomingMessage): void => void request.socket.destroy()

describe('a request', () => {
  const seen: Seen[] = []
  /** What becomes of the next requests; those after them are answered with 200. */
  let plan: ((request: IncomingMessage, response: ServerResponse) => void)[] = []
  const here = serve((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', headers } = request
      seen.push({
        method,
        body: Buffer.concat(pieces).toString(),
        key: headers['idempotency-key'] as string | undefined,
      })
      const act = plan.shift() ?? (() => response.end('well'))
      act(request, response)
    })
  })
  const failing = (...steps: typeof plan): void => {
    plan = steps
    seen.length = 0
  }

  it('is sent again after 503, and the response tells of it', async () => {
    failing(say(503), say(429))
    const response = await here.client.get('/', { retry: QUICK })
    assert.equal(await response.text(), 'well')
    assert.deepEqual(
      response.attempts.map(({ status }) => status),
      [503, 429, 200],
    )
    assert.match(response.attempts[0]?.decision ?? '', /^again in [01] ms: 503 is worth another try$/)
    assert.equal(response.attempts[0]?.url, `${here.origin}/`)
  })

  it('is not sent again for a phase that another package has written onto Object.prototype', async () => {
    failing(say(500))
    // oxlint-disable-next-line no-extend-native -- what a careless package does
    Object.defineProperty(Object.prototype, 'phase', { value: 'dns', configurable: true })
    try {
      const response = await here.client.post('/', { body: 'x', retry: { ...QUICK, statuses: [500] } })
      assert.equal(response.status, 500)
      assert.equal(seen.length, 1)
    } finally {
      delete (Object.prototype as unknown as Record<string, unknown>)['phase']
    }
  })

  it('is answered with the last failure where the limit is reached [pain 41]', async () => {
    failing(say(503), say(503), say(500))
    const response = await here.client.get('/', { retry: { ...QUICK, limit: 1 } })
    assert.deepEqual([response.status, seen.length], [503, 2])
    assert.equal(response.attempts[1]?.decision, 'not again: retry.limit is 1')
    assert.equal(await response.text(), 'not now')
    failing()
  })

  it('is sent again without Expect where the server does not know it [9110-10.1.1-4]', async () => {
    const heads: string[] = []
    const server = createServer((socket) => {
      let received = ''
      socket.on('data', (piece) => {
        received += piece.toString('latin1')
        if (!received.includes('\r\n\r\n') || (heads.length > 0 && !received.endsWith('hello'))) return
        heads.push(received)
        received = ''
        const status = /^expect:/im.test(heads.at(-1)!) ? '417 Expectation Failed' : '200 OK'
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nok`)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const client = new Client()
    const options = { body: 'hello', expectContinue: true } as const
    const response = await client.post(`http://127.0.0.1:${port}/`, options)
    assert.deepEqual([response.status, heads.length], [200, 2])
    assert.match(response.attempts[0]?.decision ?? '', /^again in 0 ms: 417: without Expect/)
    assert.ok(!heads[0]!.includes('hello') && !/^expect:/im.test(heads[1]!))
    await response.text()
    heads.length = 0
    const once417 = await client.post(`http://127.0.0.1:${port}/`, { ...options, retry: false })
    assert.deepEqual([once417.status, heads.length], [417, 1])
    once417.close()
    await client.close()
    server.close()
  })

  it('is sent once with retry: false', async () => {
    failing(say(503))
    const response = await here.client.get('/', { retry: false })
    assert.deepEqual([response.status, seen.length], [503, 1])
    await response.text()
  })

  it('waits as long as Retry-After says', async () => {
    failing(say(503, { 'Retry-After': '1' }))
    const before = performance.now()
    assert.equal(await here.client.get('/', { retry: QUICK }).text(), 'well')
    assert.ok(performance.now() - before >= 990)
  })

  it('does not wait for a Retry-After beyond its cap, and not beyond the total timeout', async () => {
    for (const options of [{ retry: { maxRetryAfterMs: 59_999 } }, { timeout: 30_000 }]) {
      failing(say(503, { 'Retry-After': '60' }))
      const response = await here.client.get('/', options)
      assert.deepEqual([response.status, await response.text(), seen.length], [503, 'not now', 1])
      assert.match(response.attempts[0]?.decision ?? '', /^not again: /)
    }
  })

  it('is called off while it waits, with the reason of the caller [pain 16]', async () => {
    failing(say(503, { 'Retry-After': '30' }))
    const controller = new AbortController()
    const reason = new Error('enough')
    const hooks = { onRetry: () => void setImmediate(() => controller.abort(reason)) }
    const before = performance.now()
    assert.equal(await rejectionOf(here.client.get('/', { signal: controller.signal, hooks })), reason)
    assert.ok(performance.now() - before < 10_000)
  })

  it('is sent again where the connection died, with GET but not with POST [pain 1]', async () => {
    failing(reset, reset, reset)
    assert.equal(await here.client.get('/', { retry: { ...QUICK, limit: 3 } }).text(), 'well')
    failing(reset)
    const error = (await rejectionOf(here.client.post('/', { body: 'x', retry: QUICK }))) as HTTPException
    assert.deepEqual([seen.length, error.mayHaveActed, error.attempts?.length], [1, true, 1])
    assert.match(error.attempts?.[0]?.decision ?? '', /^not again: the server may have acted on it/)
  })

  it('is sent again with POST where an idempotency key names it, the same each time', async () => {
    failing(reset, say(503))
    const retry = { ...QUICK, idempotencyKey: true }
    assert.equal(await here.client.post('/', { json: { a: 1 }, retry }).text(), 'well')
    assert.deepEqual(
      seen.map(({ body }) => body),
      ['{"a":1}', '{"a":1}', '{"a":1}'],
    )
    const [first, ...others] = seen.map(({ key }) => key)
    assert.match(first ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.deepEqual(others, [first, first])
  })

  it('has the same idempotency key after a redirect that sends it again', async () => {
    failing((_, response) => void response.writeHead(307, { location: '/2' }).end(), say(503))
    const retry = { ...QUICK, idempotencyKey: true }
    assert.equal(await here.client.post('/', { json: { a: 1 }, retry }).text(), 'well')
    const [first, ...others] = seen.map(({ key }) => key)
    assert.match(first ?? '', /^[0-9a-f]{8}-/)
    assert.deepEqual(others, [first, first])
  })

  it('is not sent again with POST after 503 [9110-9.2.2-2]', async () => {
    failing(say(503))
    const response = await here.client.post('/', { body: 'x', retry: QUICK })
    assert.deepEqual([response.status, seen.length], [503, 1])
    await response.text()
  })

  it('has its body made again by its factory [pain 47]', async () => {
    failing(say(503), reset)
    let made = 0
    const body = (): Readable => Readable.from([`body ${++made}`])
    assert.equal(await here.client.put('/', { body, retry: QUICK }).text(), 'well')
    assert.deepEqual(
      seen.map((one) => one.body),
      ['body 1', 'body 2', 'body 3'],
    )
  })

  it('sends the whole body again although the first one is still being made [pain 32]', async () => {
    // Answers the first request at once, before its body is there, and closes; takes the second one whole.
    for (const status of [503, 307]) {
      let connections = 0
      const early = createServer((socket) => {
        const isFirst = ++connections === 1
        let isAnswered = false
        let received = ''
        socket.on('error', () => {})
        socket.on('data', (bytes) => {
          received += bytes.toString('latin1')
          if (isFirst && !isAnswered) {
            isAnswered = true
            socket.end(
              `HTTP/1.1 ${status} Early\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
            )
          } else if (!isFirst && received.endsWith('0\r\n\r\n')) {
            const chunks = received.match(/piece/g)?.length ?? 0
            socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${chunks}`)
          }
        })
      })
      early.listen(0, '127.0.0.1')
      await once(early, 'listening')
      const { port } = early.address() as { port: number }
      const body = (): Readable => Readable.from(slowly())
      assert.equal(await here.client.put(`http://127.0.0.1:${port}/`, { body, retry: QUICK }).text(), '5')
      early.close()
      await once(early, 'close')
    }
  })

  it('is not sent again with a stream', async () => {
    failing(say(503))
    const response = await here.client.put('/', { body: Readable.from(['once']), retry: QUICK })
    assert.equal(response.attempts[0]?.decision, 'not again: the body can be sent once only')
    await response.text()
  })

  it('is not sent again where the body of its response breaks off [pain 19]', async () => {
    failing((_, response) => {
      response.writeHead(200, { 'Content-Length': '10' })
      response.write('half', () => response.destroy())
    })
    const error = await rejectionOf(here.client.get('/', { retry: QUICK }).text())
    assert.ok(error instanceof IncompleteRead)
    assert.deepEqual([error.partial.toString(), seen.length], ['half', 1])
  })

  it('is told to the hook, with the wait and the reason', async () => {
    failing(say(503))
    const events: RetryEvent[] = []
    const hooks = { onRetry: (event: RetryEvent) => void events.push(event) }
    await here.client.get('/', { retry: QUICK, hooks }).text()
    assert.deepEqual(
      events.map(({ attempt, status, why, request }) => [attempt, status, why, request.url]),
      [[1, 503, '503 is worth another try', `${here.origin}/`]],
    )
  })

  it('fails with an error that console.log shows on a screen: each attempt has its error in a line', async () => {
    const retry = { backoff: { firstMs: 1, maxMs: 1 } }
    const error = await here.client.get('http://127.0.0.1:1/', { retry }).then(
      () => assert.fail('it was answered'),
      (reason: unknown) => reason as HTTPException,
    )
    assert.equal(error.attempts?.length, 3)
    const [first] = error.attempts
    assert.ok(first?.error instanceof Error)
    const shown = inspect(first)
    assert.match(
      shown,
      /\n {2}error: 'ConnectError: The connection was refused: 127\.0\.0\.1:1 \(ECONNREFUSED\)',?\n/,
    )
    assert.match(shown, /decision: 'again in /)
    assert.doesNotMatch(shown, /undefined|\n +at /)
    // Its own stack, and that of its cause where it stands: none of the attempts.
    assert.equal(inspect(error).match(/ConnectError: .* Try: /g)?.length, 1)
    // As Node prints an error that was not caught.
    const uncaught = inspect(error, { customInspect: false, depth: 5 })
    assert.equal(uncaught.match(/ConnectError: /g)?.length, 1)
    assert.doesNotMatch(uncaught, /: undefined/)
  })

  it('is sent again with POST where the connection was refused, also with a body that streams', async () => {
    // A port that is free now, and taken while the client waits.
    const late = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        if (bytes.includes('0\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate')
      })
    })
    late.listen(0, '127.0.0.1')
    await once(late, 'listening')
    const { port } = late.address() as { port: number }
    late.close()
    await once(late, 'close')
    const hooks = { onRetry: () => void late.listen(port, '127.0.0.1') }
    const response = await here.client.post(`http://127.0.0.1:${port}/`, {
      body: () => Readable.from(['a body']),
      retry: { backoff: { firstMs: 400, maxMs: 400 }, limit: 9 },
      hooks: { onRetry: (event) => event.attempt === 1 && hooks.onRetry() },
    })
    assert.equal(await response.text(), 'late')
    assert.equal((response.attempts[0]!.error as HTTPException).code, 'CONNECT_REFUSED')
    late.close()
    await once(late, 'close')
  })
})

// Uploads that layers stand between: given back in the middle they never look whole, and what can be sent again is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import type { Layer } from '../../src/core/handler.ts'
import { createFetch } from '../../src/fetch/fetch.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

after(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})
checkOpenHandles()

/** What each connection has received. */
const received: string[] = []
const sockets = new Set<Socket>()
let answer: (text: string, socket: Socket) => void = () => {}

const server = net.createServer((socket) => {
  const index = received.push('') - 1
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', (bytes) => {
    received[index] += bytes.toString('latin1')
    answer(received[index]!, socket)
  })
})

let origin = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  received.length = 0
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Options that put something between the body and the connection. */
const BETWEEN: Readonly<Record<string, ClientRequestOptions>> = {
  nothing: {},
  onProgress: { onProgress: () => {} },
  minSpeed: { timeout: { minSpeed: { bytesPerSecond: 1, overMs: 60_000 } } },
  'onProgress and minSpeed': {
    onProgress: () => {},
    timeout: { minSpeed: { bytesPerSecond: 1, overMs: 60_000 } },
  },
  'credentials and 100 (Continue)': { auth: { basic: ['me', 'pw'] }, expectContinue: { timeoutMs: 5 } },
}

async function* slowly(): AsyncGenerator<string, void, void> {
  for (let i = 0; i < 200; i++) {
    yield 'abc'
    await sleep(5)
  }
}

async function* made(): AsyncGenerator<string, void, void> {
  yield 'hello'
}

describe('an upload whose answer comes early', () => {
  for (const [between, options] of Object.entries(BETWEEN)) {
    // RFC 9112 §7.1: the chunk of length zero says that the body is complete. §9.6: what is not is told by closing.
    it(`is broken off where a redirect is followed, and is no whole one: ${between}`, async () => {
      let isRedirected = false
      answer = (text, socket) => {
        if (text.startsWith('GET')) return void socket.end(OK)
        // A busy machine may bring two pieces at once.
        if (isRedirected || !text.includes('\r\n\r\n3\r\nabc\r\n')) return
        isRedirected = true
        socket.write('HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n')
      }
      const client = new Client({ retry: false })
      assert.equal(await client.post(origin, { body: slowly(), ...options }).text(), 'ok')
      await client.close()
      assert.match(received[0]!, /\r\n\r\n3\r\nabc\r\n/)
      assert.doesNotMatch(received[0]!, /\r\n0\r\n/)
    })
  }
})

/** Counts the sources that are open. */
const sources = { open: 0 }
async function* endless(): AsyncGenerator<Buffer, void, void> {
  sources.open++
  try {
    while (true) {
      yield Buffer.alloc(100, 97)
      await sleep(5)
    }
  } finally {
    sources.open--
  }
}

/** Connections that have had their answer: the rest of an upload is read, and not answered. */
const isAnswered = new WeakSet<Socket>()

/** A generator ends once what it waits for is over. */
async function untilClosed(): Promise<void> {
  for (let i = 0; i < 200 && sources.open > 0; i++) await sleep(5)
  assert.equal(sources.open, 0)
}

const REFUSALS = {
  'a 401': [
    '401 Unauthorized\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth"',
    { auth: { digest: ['me', 'pw'] } },
  ],
  'a 503': ['503 Busy', { retry: { limit: 1, methods: ['POST'], backoff: { firstMs: 1, maxMs: 1 } } }],
} as const satisfies Record<string, readonly [string, ClientRequestOptions]>

describe('an upload that is a replay', () => {
  for (const [after, [refusal, options]] of Object.entries(REFUSALS)) {
    for (const [between, more] of Object.entries(BETWEEN)) {
      if (more.expectContinue !== undefined) continue
      // RFC 9110 §15.4.4: the answer is at another place; of a body without end nothing more is wanted here.
      it(`is broken off where a redirect is followed, as the first sending is: after ${after}, ${between}`, async () => {
        let posts = 0
        answer = (text, socket) => {
          if (isAnswered.has(socket)) return
          isAnswered.add(socket)
          if (text.startsWith('GET')) socket.end(OK)
          else
            socket.write(
              posts++ === 0
                ? `HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`
                : 'HTTP/1.1 303 See Other\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n',
            )
        }
        const client = new Client({ retry: false, pool: { perOrigin: 1 }, timeout: { queue: 2_000 } })
        assert.equal(await client.post(origin, { body: () => endless(), ...options, ...more }).text(), 'ok')
        await client.close()
        await untilClosed()
        assert.equal(received.length, 3)
        for (const one of received) assert.doesNotMatch(one, /\r\n0\r\n/)
      })
    }
  }

  it('is given up where a layer of the user fails, and nobody waits for it any more', async () => {
    let posts = 0
    let fail: (error: Error) => void
    const failing = new Promise<never>((_, reject) => {
      fail = reject
    })
    answer = (_, socket) => {
      if (isAnswered.has(socket)) return
      isAnswered.add(socket)
      if (posts++ === 0) socket.write(`HTTP/1.1 ${REFUSALS['a 503'][0]}\r\nContent-Length: 0\r\n\r\n`)
      else setTimeout(() => fail(new Error('mine')), 20)
    }
    const client = new Client({ layers: [(next) => (request) => Promise.race([next(request), failing])] })
    const { retry } = REFUSALS['a 503'][1]
    await assert.rejects(client.post(origin, { body: () => endless(), retry }), { message: 'mine' })
    await untilClosed()
    client.destroy()
    assert.equal(received.length, 2)
    for (const one of received) assert.doesNotMatch(one, /\r\n0\r\n/)
  })
})

describe('bytes that the peer does not take', () => {
  for (const [title, options] of Object.entries({
    '303': {},
    '503': REFUSALS['a 503'][1],
  }))
    it(`hold no connection once their answer was given up: ${title}`, async () => {
      let posts = 0
      answer = (text, socket) => {
        if (text.startsWith('GET') || posts > 0) {
          socket.end(OK)
          return
        }
        posts++
        socket.pause()
        socket.write(`HTTP/1.1 ${title} X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n`)
      }
      const client = new Client({ retry: false, pool: { perOrigin: 1 }, timeout: { queue: 2_000 } })
      const body = Buffer.alloc(20_000_000)
      assert.equal(await client.post(origin, { body, ...options }).text(), 'ok')
      client.destroy()
    })
})

describe('a layer that asks twice at one time', () => {
  for (const [between, options] of Object.entries(BETWEEN)) {
    if (options.expectContinue !== undefined) continue
    // RFC 9112 §7.1: the chunk of length zero says that the body is complete.
    it(`sends the body whole where its other sending is given up: ${between}`, async () => {
      answer = (text, socket) => {
        if (socket === first) return
        first ??= socket
        if (socket === first) socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')
        else if (text.endsWith('\r\n0\r\n\r\n')) socket.end(OK)
      }
      let first: Socket | undefined
      const client = new Client({ layers: [twice], retry: false, timeout: 5_000 })
      assert.equal(await client.put(origin, { body: () => slowLetters(), ...options }).text(), 'ok')
      await client.close()
      const whole = received.find((one) => one.endsWith('\r\n0\r\n\r\n'))!
      const letters = whole.slice(whole.indexOf('\r\n\r\n')).replace(/1\r\n|[^abc]/g, '')
      assert.equal(letters, 'abcabc')
    })
  }
})

const twice: Layer = (next) => async (request) => {
  const both = await Promise.all([next(request), next(request)])
  return both.find(({ ok }) => ok)!
}

async function* slowLetters(): AsyncGenerator<string, void, void> {
  for (const letter of 'abcabc') {
    yield letter
    await sleep(5)
  }
}

describe('a request on a connection that the peer has just closed', () => {
  for (const [between, options] of Object.entries(BETWEEN)) {
    if (options.expectContinue !== undefined) continue
    for (const [title, body] of [
      ['bytes', Buffer.from('hello')],
      ['a function that makes a stream', () => made()],
    ] as const)
      it(`is sent once more, the body too: ${title}, ${between}`, async () => {
        answer = (text, socket) => {
          if (text.startsWith('GET') && !text.includes('PUT')) socket.write(OK)
          else if (text.startsWith('GET')) socket.destroy()
          else if (text.includes('hello')) socket.end(OK)
        }
        const client = new Client({ retry: false })
        assert.equal(await client.get(origin).text(), 'ok')
        assert.equal(await client.put(origin, { body, ...options }).text(), 'ok')
        await client.close()
        assert.equal(received.length, 2)
        assert.match(received[1]!, /hello/)
      })
  }
})

describe('a file that is measured', () => {
  const never = new Promise<never>(() => {})
  const file = {
    fd: 99,
    stat: () => Promise.resolve({ size: 5, isFile: () => true }),
    read: () => never,
  }
  const noStat = { ...file, stat: () => never }

  it('is waited for no longer than the request is wanted', async () => {
    const put = { method: 'PUT' } as const
    for (const body of [file, noStat]) {
      const client = new Client()
      const late = client.request(`${origin}/a?key=1`, { ...put, body, timeout: { total: 20 } })
      await assert.rejects(late, { code: 'TIMEOUT_TOTAL', method: 'PUT', url: `${origin}/a` })
      const controller = new AbortController()
      const aborted = client.request(origin, { ...put, body, signal: controller.signal })
      const byFetch = createFetch(client)(origin, {
        ...put,
        body: { ...body, createReadStream: () => {} } as never,
        signal: controller.signal,
      })
      const destroyed = client.request(origin, { ...put, body })
      controller.abort(new Error('enough'))
      await assert.rejects(aborted, /enough/)
      await assert.rejects(byFetch, /enough/)
      client.destroy(new Error('gone'))
      await assert.rejects(destroyed, /gone/)
    }
    assert.deepEqual(received, [])
  })

  it('leaves no promise of trailers unheard', async () => {
    const client = new Client()
    const slow = {
      ...file,
      stat: () => sleep(10, { size: 0, isFile: () => false }),
      read: () => Promise.resolve({ bytesRead: 0 }),
    }
    const trailers = Promise.reject(new Error('no digest'))
    await assert.rejects(client.request(origin, { method: 'PUT', body: slow, trailers }), /no digest/)
    await client.close()
  })
})

describe('a factory of a body', () => {
  it('is not called where the request is refused', async () => {
    const client = new Client()
    let calls = 0
    const body = (): string => String(calls++)
    const wrong = { method: 'PUT', body, json: 1 }
    await assert.rejects(client.request(origin, wrong), TypeError)
    await assert.rejects(client.request('nonsense', { method: 'PUT', body }))
    assert.equal(calls, 0)
    await client.close()
  })
})

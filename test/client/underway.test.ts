// What is under way when a client ends, and what is being sent when an answer comes early: found by `npm run simulate:client`.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { Underway } from '../../src/client/underway.ts'
import { ConnectionLost, NotConnected } from '../../src/errors/index.ts'
import type { PoolWarning } from '../../src/pool/pooled-body.ts'
import { requestWith } from '../support/layer-exchange.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** The first request is answered after its first chunk; the others are read to their end. */
async function lead(peer: RawPeer, index: number, status: number): Promise<void> {
  if (index > 0) {
    await peer.until('\r\n\r\n')
    if (status === 307) await peer.until('0\r\n\r\n')
    await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'latin1'))
    await peer.ended()
    peer.close()
    return
  }
  await peer.until('one')
  const head = `HTTP/1.1 ${status} There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n`
  await peer.reply(Buffer.from(head, 'latin1'))
  await peer.ended()
  peer.close()
}

const broken = (): never => {
  throw new Error('broken')
}

describe('what is under way', () => {
  it('is over when the chain throws at once', () => {
    const underway = new Underway()
    assert.throws(() => underway.send(broken, requestWith(undefined)), /^Error: broken$/)
    assert.equal(underway.count, 0)
    assert.equal(underway.close(), undefined)
  })
})

describe('destroy(error)', () => {
  const here = serve((_, response) => {
    response.writeHead(200, { 'Content-Length': 100 }).write('begin')
  })

  it('reaches the body that is being read, and the one that is not yet', async () => {
    const reason = new Error('the end')
    const client = new Client({ baseUrl: here.origin })
    const [read, unread] = [await client.get('/'), await client.get('/')]
    const reading = rejectionOf(read.text())
    client.destroy(reason)
    assert.equal(await reading, reason)
    assert.equal(await rejectionOf(unread.text()), reason)
  })
})

describe('close()', () => {
  let requests = 0
  const clock = new ManualClock()
  const here = serve(
    (_, response) => {
      requests++
      if (requests === 1) response.writeHead(503, { 'Retry-After': '1' }).end()
      else if (requests === 2) response.writeHead(302, { Location: '/there' }).end()
      else response.end('well')
    },
    { clock, pool: { idleMs: Infinity } },
  )

  it('waits for a request that is between two attempts or redirects, and takes no other', async () => {
    const { client } = here
    const gate = new EventTarget()
    const begun = once(gate, 'retry')
    const hooks = { onRetry: () => gate.dispatchEvent(new Event('retry')) }
    const request = client.get('/', { hooks }).text()
    await begun
    const closed = client.close()
    for (const refused of [client.get('/'), client.preconnect('/'), client.take('/')])
      assert.ok((await rejectionOf(refused)) instanceof NotConnected)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    clock.advance(1_000)
    assert.equal(await request, 'well')
    await closed
    assert.equal(requests, 3)
    assert.equal(client.pool.inspect().state, 'closed')
  })
})

describe('destroy()', () => {
  it('ends the wait between two attempts at once, with an error of its own for each, or with the one given', async () => {
    for (const given of [undefined, new Error('shutting down')]) {
      await using server = await startRawServer(async (peer) => {
        await peer.request()
        await peer.reply(
          Buffer.from('HTTP/1.1 503 No\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n', 'latin1'),
        )
        await peer.ended()
        peer.close()
      })
      const clock = new ManualClock()
      const client = new Client({ clock, retry: 1 })
      const { signal } = new AbortController()
      const urls = ['a', 'b'].map((path) => `http://127.0.0.1:${server.port}/${path}`)
      const waiting = urls.map((url) => rejectionOf(client.get(url, { signal })))
      // One listener serves both requests.
      while (getEventListeners(signal, 'abort').length < 1 || client.pool.inspect().connections.length < 2)
        await new Promise(setImmediate)
      while (client.pool.inspect().connections.some(({ state }) => state !== 'idle'))
        await new Promise(setImmediate)
      await settle()
      client.destroy(given)
      const errors = await Promise.all(waiting)
      if (given === undefined) {
        for (const error of errors)
          assert.ok(error instanceof ConnectionLost && error.code === 'CONNECTION_CLOSED', String(error))
        assert.notEqual(errors[0], errors[1])
      } else assert.deepEqual(errors, [given, given])
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      const late = await rejectionOf(client.get(urls[0]!))
      if (given === undefined) assert.ok(late instanceof NotConnected)
      else assert.equal(late, given)
    }
  })
})

describe('a redirect that comes in the middle of a request', () => {
  for (const status of [302, 307]) {
    it(`of ${status} does not let the rest of the body look whole`, async () => {
      const peers: RawPeer[] = []
      await using server = await startRawServer(async (peer, index) => {
        peers.push(peer)
        await lead(peer, index, status)
      })
      const client = new Client()
      const gate = new EventTarget()
      let given = 0
      let givenBack = 0
      const body = async function* (): AsyncGenerator<string> {
        const isFirst = given++ === 0
        try {
          yield 'one'
          if (isFirst) await once(gate, 'open')
          yield 'two'
        } finally {
          givenBack++
        }
      }
      const response = client.post(`http://127.0.0.1:${server.port}/`, { body })
      response.then(
        () => gate.dispatchEvent(new Event('open')),
        () => {},
      )
      assert.equal(await response.text(), 'ok')
      await client.close()
      await server.allClosed()
      assert.equal(givenBack, given)
      const [first, second] = peers.map(({ received }) => received.toString('latin1'))
      assert.ok(!first!.includes('0\r\n\r\n'), first)
      assert.equal(second!.includes('3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n'), status === 307)
    })
  }
})

describe('close(), where something is held', () => {
  const clock = new ManualClock()
  const warnings: PoolWarning[] = []
  const onWarning = (warning: PoolWarning) => warnings.push(warning)
  const here = serve(({ url, method }, response) => {
    // Node keeps the head of an answer to HEAD back until its end.
    if (method === 'HEAD') response.end()
    else if (url === '/large') response.end(Buffer.alloc(4_000_000))
    else if (url === '/two' || url === '/slow' || url === '/split') {
      response.writeHead(200, { 'Content-Length': 6 }).write('one')
      setTimeout(() => response.end('two'), 5)
    } else if (url === '/early') response.writeHead(200, { 'Content-Length': 2 }).write('ok')
    else response.writeHead(200, { 'Content-Length': 6 }).write('one')
  })
  const makeClient = (options?: ClientOptions) =>
    new Client({ baseUrl: here.origin, clock, onWarning, retry: false, ...options })

  async function* resting(): AsyncGenerator<string, void, void> {
    yield 'x'
    await new Promise<void>((resolve) => {
      clock.after(80_000, resolve)
    })
  }

  async function advanceTo(ms: number, step = 1_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      clock.advance(step)
      await settle()
    }
  }

  it('gives up a response that nobody reads for ten seconds, and says so', async () => {
    const client = makeClient()
    const response = await client.get('/?secret')
    warnings.length = 0
    const closed = client.close()
    await advanceTo(9_000)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    await advanceTo(5_000)
    await closed
    const error = await rejectionOf(response.text())
    assert.ok(error instanceof ConnectionLost)
    assert.equal(error.code, 'CONNECTION_CLOSED')
    assert.match(error.message, /the client is closed, and nobody read the response for 10 s/)
    assert.deepEqual(
      warnings.map(({ kind, request }) => [kind, request]),
      [['unread', `GET ${here.origin}/`]],
    )
  })

  it('waits for one that is read from time to time, and for one whose read waits', async () => {
    const client = makeClient({ timeout: { body: Infinity } })
    const [slow, waiting] = [await client.get('/large'), await client.get('/')]
    await slow.read(100_000)
    const reading = waiting.read()
    const closed = client.close()
    for (const _ of [1, 2]) {
      await advanceTo(50_000)
      await slow.read(100_000)
    }
    await advanceTo(70_000)
    // The one is given up by now; the other one waits for its server still.
    assert.match(String(await rejectionOf(slow.bytes())), /nobody read the response for 60 s/)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    client.destroy()
    await closed
    await rejectionOf(reading)
  })

  it('lets those in the queue have the connection of one that is held', async () => {
    const client = makeClient({ pool: { perOrigin: 1 } })
    const held = await client.get('/')
    const queued = client.get('/', { timeout: { queue: 60_000 } })
    const closed = client.close()
    await advanceTo(14_000)
    assert.equal((await queued).status, 200)
    ;(await queued).close()
    held.close()
    await advanceTo(2_000)
    await closed
  })

  it('takes back a connection that take() gave, once nothing is done with it', async () => {
    const client = makeClient()
    const connection = await client.take(here.origin)
    warnings.length = 0
    const closed = client.close()
    await advanceTo(14_000)
    await closed
    assert.deepEqual(
      warnings.map(({ kind, request }) => [kind, request]),
      [['lost-lease', `lease of ${here.origin}`]],
    )
    const gone = await rejectionOf(connection.request('GET', '/'))
    assert.match(String(gone), /the connection that was taken is gone.*Try: take\(\) another one\.$/)
  })

  it('gives up a response although one before it on its connection is closed late', async () => {
    const client = makeClient({ pool: { perOrigin: 1 } })
    const first = await client.get('/two')
    assert.equal(await first.text(), 'onetwo')
    const second = await client.get('/')
    first.close()
    const closed = client.close()
    await advanceTo(14_000)
    await closed
    assert.ok((await rejectionOf(second.text())) instanceof ConnectionLost)
  })

  it('waits for an upload that goes on, whether its response was read or not', async () => {
    for (const reads of [true, false]) {
      const client = makeClient({ timeout: { body: Infinity, send: Infinity } })
      let given = 0
      let isWhole = false
      async function* pieces(): AsyncGenerator<string, void, void> {
        for (let at = 0; at < 14; at++) {
          yield 'x'.repeat(100)
          given++
          await new Promise<void>((resolve) => {
            clock.after(1_000, resolve)
          })
        }
        isWhole = true
      }
      const response = await client.post('/early', { body: pieces() })
      if (reads) assert.equal(await response.text(), 'ok')
      const closed = client.close()
      await advanceTo(13_000)
      assert.equal((await outcomeOf(closed)).state, 'pending')
      await advanceTo(5_000)
      assert.equal(given, 14)
      assert.ok(isWhole)
      if (!reads) assert.equal(await response.text(), 'ok')
      await closed
    }
  })

  it('gives up a connection that take() gave a minute after the last byte of a response that nobody waits for', async () => {
    const client = makeClient()
    const connection = await client.take(here.origin)
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    const closed = client.close()
    await advanceTo(50_000, 2_500)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    await advanceTo(20_000, 2_500)
    await closed
    assert.ok((await rejectionOf(response.text())) instanceof ConnectionLost)
  })

  it('gives up a response that others are pipelined behind, which are sent again', async () => {
    const pool = { perOrigin: 1, pipelining: 2 }
    const client = makeClient({ pool, timeout: { headers: Infinity, body: Infinity } })
    const held = await client.get('/')
    const behind = client.get('/two')
    while (client.pool.inspect().connections[0]?.outstanding !== 2) await settle()
    const closed = client.close()
    await advanceTo(14_000)
    assert.ok((await rejectionOf(held.text())) instanceof ConnectionLost)
    assert.equal(await (await behind).text(), 'onetwo')
    await closed
  })

  it('waits for an upload whose source rests, behind a response that came in two pieces and is not read', async () => {
    const client = makeClient({ timeout: { body: Infinity, send: Infinity } })
    let isWhole = false
    async function* pieces(): AsyncGenerator<string, void, void> {
      yield 'x'.repeat(100)
      await new Promise<void>((resolve) => {
        clock.after(40_000, resolve)
      })
      yield 'y'
      isWhole = true
    }
    const response = await client.post('/split', { body: pieces() })
    const closed = client.close()
    await advanceTo(39_000)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    await advanceTo(5_000)
    assert.ok(isWhole)
    assert.equal(await response.text(), 'onetwo')
    await closed
  })

  it('waits for an upload on a connection of take(), also before its response is asked for', async () => {
    const client = makeClient()
    const connection = await client.take(here.origin)
    const sent = connection.request('POST', '/two', resting(), undefined, { timeout: Infinity })
    const closed = client.close()
    await advanceTo(85_000, 2_500)
    await sent
    assert.equal(await (await connection.getResponse()).text(), 'onetwo')
    connection.giveBack()
    await closed
  })

  it('gives up nothing while a hook has what its caller has not seen', async () => {
    const hold: { release?: () => void } = {}
    const hooks = {
      afterResponse: () =>
        new Promise<undefined>((resolve) => {
          hold.release = () => resolve(undefined)
        }),
    }
    const client = makeClient({ hooks })
    const asked = client.get('/slow')
    while (hold.release === undefined) await settle()
    const closed = client.close()
    await advanceTo(20_000)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    hold.release()
    const response = await asked
    assert.equal(await response.text(), 'onetwo')
    await closed
  })

  it('ends everything after its timeout, also a layer that never settles', async () => {
    const client = makeClient({
      layers: [
        (next) => (request) => (request.url.endsWith('/never') ? new Promise(() => {}) : next(request)),
      ],
    })
    const held = await client.get('/')
    void client.get('/never')
    const closed = client.close({ timeout: 500 })
    await advanceTo(400, 100)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    await advanceTo(100, 100)
    await closed
    const error = await rejectionOf(held.text())
    assert.match(String(error), /close\(\) ended it after 500 ms/)
    assert.equal(client.pool.inspect().state, 'closed')
  })

  it('leaves no timer where all is over in time', async () => {
    const client = makeClient()
    await client.head('/')
    await client.close({ timeout: 5_000 })
    await client.close({ timeout: Infinity })
    assert.equal(clock.pending, 0)
    for (const timeout of [-1, Number.NaN, '5'])
      await assert.rejects(client.close({ timeout: timeout as number }), TypeError)
    await assert.rejects(client.close({ timeut: 5 } as object), /unknown option 'timeut'.*timeout/)
  })
})

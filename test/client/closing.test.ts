// A client that is closed while something is held: what is waited for, and what is given up in time.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import type { Layer } from '../../src/core/handler.ts'
import { withChanges } from '../../src/core/request.ts'
import { ConnectionLost } from '../../src/errors/index.ts'
import type { PoolWarning } from '../../src/pool/pooled-body.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** Sends a second request beside each, and closes its response. */
const both: Layer = (next) => async (request) => {
  const [first, second] = await Promise.all([next(request), next(withChanges(request, { target: '/late' }))])
  second.close()
  return first
}

/** Sends a request several times. */
const fan: Layer = (next) => (request) =>
  request.target === '/late' ? Promise.any([next(request), next(request), next(request)]) : next(request)

describe('close(), where something is held', () => {
  const clock = new ManualClock()
  const warnings: PoolWarning[] = []
  const onWarning = (warning: PoolWarning) => warnings.push(warning)
  /** Answered when a test says so. */
  const late: ServerResponse[] = []
  const here = serve(({ url, method }, response) => {
    // Node keeps the head of an answer to HEAD back until its end.
    if (method === 'HEAD') response.end()
    else if (url === '/large') response.end(Buffer.alloc(4_000_000))
    else if (url === '/two' || url === '/slow' || url === '/split') {
      response.writeHead(200, { 'Content-Length': 6 }).write('one')
      setTimeout(() => response.end('two'), 5)
    } else if (url === '/late') late.push(response)
    else if (url === '/early') response.writeHead(200, { 'Content-Length': 2 }).write('ok')
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

  it('gives up nothing that a layer has while it waits for another response', async () => {
    const client = makeClient({ layers: [both], timeout: { headers: Infinity } })
    late.length = 0
    const asked = client.get('/slow')
    while (late.length === 0 || client.pool.inspect().connections.length < 2) await settle()
    const closed = client.close()
    await advanceTo(30_000)
    assert.equal((await outcomeOf(closed)).state, 'pending')
    late.pop()!.end('late')
    const response = await asked
    assert.equal(await response.text(), 'onetwo')
    await closed
  })

  it('gives up nothing in a hook while a layer sends one request several times', async () => {
    const hold: { release?: () => void } = {}
    const hooks = {
      afterResponse: () =>
        new Promise<undefined>((resolve) => {
          hold.release = () => resolve(undefined)
        }),
    }
    const client = makeClient({ layers: [fan], timeout: { headers: Infinity } })
    late.length = 0
    const hedged = client.get('/late').text()
    const asked = client.get('/slow', { hooks })
    while (hold.release === undefined || late.length < 3) await settle()
    const closed = client.close()
    await advanceTo(30_000)
    hold.release()
    const response = await asked
    assert.equal(await response.text(), 'onetwo')
    for (const one of late.splice(0)) one.end('late')
    assert.equal(await hedged, 'late')
    await advanceTo(14_000)
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

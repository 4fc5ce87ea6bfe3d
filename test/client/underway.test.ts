// What is under way when a client ends, and what is being sent when an answer comes early: found by `npm run simulate:client`.

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { Underway } from '../../src/client/underway.ts'
import { ConnectionLost, NotConnected } from '../../src/errors/index.ts'
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

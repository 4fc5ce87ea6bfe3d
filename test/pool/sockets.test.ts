import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dial } from '../../src/io/dial.ts'
import { makePoolKey } from '../../src/pool/key.ts'
import { Pool, type PoolPlan } from '../../src/pool/pool.ts'
import { systemClock } from '../../src/time/clock.ts'
import { openTransport } from '../../src/transport/open.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'
import { deadlinesOf, makeRequest } from './memory-pool.ts'

checkOpenHandles()

const OK = latin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
const PART = latin1('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart')

/** How many sockets keep this process alive. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

function planTo(port: number): PoolPlan {
  const target = { host: '127.0.0.1', port }
  const connectionOptions = { engine: {}, clock: systemClock, observer: undefined, isGathering: false }
  return {
    key: makePoolKey({ scheme: 'http', ...target }),
    open: (waiting) =>
      openTransport({ target, tunnel: undefined, connect: dial, waiting, connectionOptions }),
  }
}

/** Answers each request of a connection with its target. */
async function echo(peer: RawPeer): Promise<void> {
  while (peer.ending === undefined) {
    let head: string
    try {
      head = (await peer.request()).head
    } catch {
      peer.close()
      return
    }
    const [, target = ''] = head.split(' ')
    await peer.reply(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`))
  }
}

describe('a pool on real sockets', () => {
  it('serves many requests on few connections, each with its own answer', async () => {
    await using server = await startRawServer(echo)
    const pool = new Pool({ limits: { perOrigin: 4 } })
    const plan = planTo(server.port)
    const texts = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const response = await pool.exchange(makeRequest({ target: `/${i}` }), plan)
        return response.text()
      }),
    )
    assert.deepEqual(
      texts,
      Array.from({ length: 200 }, (_, i) => `/${i}`),
    )
    assert.equal(server.accepted, 4)
    await pool.close()
    await server.allClosed()
  })

  it('replaces a connection that the server closes just when the request is written', async () => {
    await using server = await startRawServer(async (peer, index) => {
      await peer.request()
      await peer.reply(OK)
      if (index > 0) return
      await peer.request()
      peer.reset()
    })
    const pool = new Pool()
    const plan = planTo(server.port)
    assert.equal(await (await pool.exchange(makeRequest(), plan)).text(), 'ok')
    assert.equal(await (await pool.exchange(makeRequest(), plan)).text(), 'ok')
    assert.equal(server.accepted, 2)
    await pool.close()
  })

  it('drops an idle connection at once where the server closes it or sends a byte', async () => {
    await using server = await startRawServer(async (peer, index) => {
      await peer.request()
      await peer.reply(OK)
      if (index === 0) peer.end()
      else await peer.reply(Buffer.from('x'))
      // The client's answer to it.
      await peer.ended()
      peer.close()
    })
    const pool = new Pool()
    const plan = planTo(server.port)
    for (let i = 1; i <= 2; i++) {
      assert.equal(await (await pool.exchange(makeRequest(), plan)).text(), 'ok')
      await server.peer.ended()
      await server.allClosed()
      assert.deepEqual(pool.inspect().connections, [])
    }
    await pool.close()
  })

  it('gives back the slot of a request that is aborted in its body', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(PART)
      await peer.ended()
    })
    const pool = new Pool({ limits: { perOrigin: 1 } })
    const plan = planTo(server.port)
    for (let i = 0; i < 3; i++) {
      const abort = new AbortController()
      const response = await pool.exchange(makeRequest({ signal: abort.signal }), plan)
      const reason = new Error('enough')
      abort.abort(reason)
      await assert.rejects(response.read(), reason)
    }
    assert.deepEqual(pool.inspect().connections, [])
    await pool.close()
  })

  it('does not keep the process alive by idle connections, and does by a request under way', async () => {
    await using server = await startRawServer(echo)
    const pool = new Pool()
    const plan = planTo(server.port)
    const lease = await pool.acquire(plan, deadlinesOf())
    const before = sockets()
    lease.giveBack()
    // The client's end counts no more: what is not referenced is not on the list.
    assert.equal(sockets(), before - 1)
    const answered = pool.exchange(makeRequest(), plan)
    assert.equal(sockets(), before)
    await (await answered).text()
    assert.equal(sockets(), before - 1)
    await pool.close()
  })
})

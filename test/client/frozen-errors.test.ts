// An error of this package that a caller has frozen is the caller's: it is told as it is, and ends what it ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { setAttempts } from '../../src/errors/exception.ts'
import { ConnectionLost, LocalProtocolError } from '../../src/errors/index.ts'
import { latin1 } from '../support/bytes.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

function frozenError(): ConnectionLost {
  const error = new ConnectionLost('of the caller')
  Object.freeze(error)
  return error
}

/** Answers one request of the first connection and closes that at the next; says nothing on the others. */
function startLosing(): Promise<RawServer> {
  return startRawServer(async (peer, index) => {
    if (index > 0) return
    await peer.request()
    await peer.reply(latin1('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    await peer.until('second')
    peer.close()
  })
}

describe('a frozen error of the caller', () => {
  for (const [how, retry] of Object.entries({
    'once more by the pool': false,
    'by a retry, too': 1,
  } as const))
    it(`ends a request that was sent ${how}: destroy(error), and close() is not held up`, async () => {
      await using server = await startLosing()
      const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}`, retry })
      await client.get('/').text()
      const failure = rejectionOf(client.get('/second'))
      while (server.peers.length < 2) await new Promise(setImmediate)
      const reason = frozenError()
      client.destroy(reason)
      assert.equal(await failure, reason)
      await client.close()
    })

  it('ends one that was sent again, as the reason of a signal', async () => {
    await using server = await startLosing()
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}`, retry: false })
    await client.get('/').text()
    const controller = new AbortController()
    const failure = rejectionOf(client.get('/second', { signal: controller.signal }))
    while (server.peers.length < 2) await new Promise(setImmediate)
    const reason = frozenError()
    controller.abort(reason)
    assert.equal(await failure, reason)
    await client.close()
  })

  for (const retry of [false, 1] as const)
    it(`is what connect fails with, with retry: ${retry}`, async () => {
      const reason = frozenError()
      const client = new Client({ retry, connect: () => Promise.reject(reason) })
      assert.equal(await rejectionOf(client.get('http://here.test/')), reason)
      await client.close()
    })

  it('is what the source of a body fails with, also after a wait for a connection', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(latin1('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
      await peer.ended()
    })
    const client = new Client({
      baseUrl: `http://127.0.0.1:${server.port}`,
      retry: false,
      pool: { perOrigin: 1 },
    })
    const reason = frozenError()
    const body = async function* (): AsyncGenerator<string> {
      yield 'one'
      await new Promise(setImmediate)
      throw reason
    }
    const [first, failure] = [client.get('/').text(), rejectionOf(client.post('/', { body }))]
    assert.equal(await first, '')
    assert.equal(await failure, reason)
    await client.close()
  })

  it('refuses a request before it is begun, as a rejection', async () => {
    const reason = new LocalProtocolError('INVALID_METHOD')
    Object.freeze(reason)
    const toJSON = (): never => {
      throw reason
    }
    await using client = new Client()
    assert.equal(await rejectionOf(client.post('http://here.test/', { json: { toJSON } })), reason)
  })

  it('gets no attempts', () => {
    const error = frozenError()
    setAttempts(error, [])
    assert.equal(error.attempts, undefined)
  })
})

// What a caller gives for several requests (the error of destroy(), the reason of a signal) is told to each of them as it is: nothing of
// one of them is written upon it, for it would be told of the others, too.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { HTTPConnection } from '../../src/connection/http-connection.ts'
import { HTTPException } from '../../src/errors/exception.ts'
import { ConnectionLost } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const FACTS = ['url', 'method', 'address', 'phase', 'requestBytesWritten', 'timings', 'context'] as const

/** All that could be written upon it. */
function shown(error: HTTPException): unknown[] {
  return [
    error.message,
    error.stack,
    error.mayHaveActed,
    error.attempts,
    error.cause,
    ...FACTS.map((name) => error[name]),
  ]
}

/** An error that an earlier request has failed with: it tells of an attempt already. */
async function earlierFailure(): Promise<HTTPException> {
  const client = new Client({ retry: 0 })
  const error: unknown = await rejectionOf(Promise.resolve(client.get('http://127.0.0.1:1/')))
  client.destroy()
  assert.ok(HTTPException.isHTTPException(error))
  assert.equal(error.attempts?.length, 1)
  return error
}

describe('what a caller gives for several requests', () => {
  let failures = 0
  const here = serve((request, response) => {
    if (request.url?.startsWith('/fails-once') === true && failures++ % 2 === 0) response.writeHead(503).end()
    else if (request.url?.startsWith('/half') === true || request.url?.startsWith('/fails-once') === true)
      response.writeHead(200, { 'Content-Length': 10 }).write('half')
  })

  for (const isFrozen of [false, true]) {
    it(`is the same for heads, bodies and uploads, on their way and waiting${isFrozen ? ', and frozen' : ''}`, async () => {
      const given = await earlierFailure()
      if (isFrozen) Object.freeze(given)
      const before = shown(given)
      for (const path of ['/never', '/half', '/fails-once']) {
        const client = new Client({ pool: { perOrigin: 1 }, retry: { backoff: { firstMs: 1 } } })
        const context = path
        const waiting = [0, 1].map((n) =>
          rejectionOf(client.get(`${here.origin}${path}?${n}`, { context }).text()),
        )
        await once(here.server, 'request')
        if (path === '/fails-once') await once(here.server, 'request')
        await new Promise((resolve) => setTimeout(resolve, 20))
        waiting.push(rejectionOf(client.take(here.origin)))
        client.destroy(given)
        for (const error of await Promise.all(waiting)) assert.equal(error, given)
        assert.deepEqual(shown(given), before, path)
      }
    })

    it(`is the cause of what fetch rejects with${isFrozen ? ', and frozen' : ''}`, async () => {
      const given = new ConnectionLost('shutting down')
      if (isFrozen) Object.freeze(given)
      const before = shown(given)
      for (const path of ['/never', '/half']) {
        const client = new Client()
        const failing = rejectionOf(
          createFetch(client)(`${here.origin}${path}`).then((response) => response.text()),
        )
        await once(here.server, 'request')
        await new Promise((resolve) => setTimeout(resolve, 20))
        client.destroy(given)
        const error = await failing
        assert.ok(error instanceof TypeError)
        assert.equal(error.message, path === '/half' ? 'terminated' : 'fetch failed')
        assert.equal(error.cause, given)
        assert.deepEqual(shown(given), before)
      }
    })
  }

  it('is the same for those that are pipelined behind others', async () => {
    const client = new Client({ pool: { perOrigin: 1, pipelining: 3 }, retry: false })
    const given = new ConnectionLost('shutting down')
    const before = shown(given)
    const waiting = [0, 1, 2, 3, 4].map((n) => rejectionOf(client.get(`${here.origin}/never?${n}`).text()))
    await once(here.server, 'request')
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.destroy(given)
    for (const error of await Promise.all(waiting)) assert.equal(error, given)
    assert.deepEqual(shown(given), before)
  })

  it('is the reason of a signal, whatever it is, for all requests of it', async () => {
    for (const pipelining of [1, 3]) {
      const client = new Client({ pool: { perOrigin: 1, pipelining }, retry: false })
      const controller = new AbortController()
      const { signal } = controller
      const reason = new ConnectionLost('called off')
      const before = shown(reason)
      const waiting = [0, 1, 2, 3, 4].map((n) =>
        rejectionOf(client.get(`${here.origin}/never?${n}`, { signal, context: n }).text()),
      )
      await once(here.server, 'request')
      waiting.push(rejectionOf(client.take(here.origin, { signal })))
      await settle()
      controller.abort(reason)
      for (const error of await Promise.all(waiting)) assert.equal(error, reason)
      assert.equal(
        await rejectionOf(Promise.resolve(client.get(here.origin, { signal, context: 'late' }))),
        reason,
      )
      assert.deepEqual(shown(reason), before)
      await client.close()
    }
  })

  it('is the reason of a signal for connections by hand that are being opened', async () => {
    const controller = new AbortController()
    const reason = new ConnectionLost('called off')
    const before = shown(reason)
    const options = { connect: () => new Promise<never>(() => {}), signal: controller.signal }
    const connections = [1, 2].map(() => new HTTPConnection('name.test', 80, options))
    const waiting = [rejectionOf(connections[0]!.connect()), rejectionOf(connections[1]!.request('GET', '/'))]
    await settle()
    controller.abort(reason)
    for (const error of await Promise.all(waiting)) assert.equal(error, reason)
    assert.deepEqual(shown(reason), before)
    for (const connection of connections) connection.close()
  })

  it('is nothing that a request is told which is begun after close() has ended all', async () => {
    const client = new Client({ context: 'of the client' })
    const failing = rejectionOf(client.get(`${here.origin}/never`).text())
    await once(here.server, 'request')
    await client.close({ timeout: 0 })
    assert.match((await failing).message, /close\(\) ended it after 0 ms/)
    const later = await Promise.all(
      [client.get(here.origin), client.take(here.origin), client.preconnect(here.origin)].map((asked) =>
        rejectionOf(Promise.resolve<unknown>(asked)),
      ),
    )
    assert.equal(new Set(later).size, 3)
    for (const error of later) {
      assert.ok(HTTPException.isHTTPException(error))
      assert.deepEqual([error.code, error.mayHaveActed], ['NOT_CONNECTED', false])
    }
  })

  it('leaves what ends a connection that is being opened for take() with nothing sent', async () => {
    for (const end of ['destroy', 'close'] as const) {
      const client = new Client({ proxy: false, connect: () => new Promise(() => {}) })
      const failing = rejectionOf(client.take('http://name.test/'))
      await settle()
      if (end === 'destroy') client.destroy()
      else void client.close({ timeout: 0 })
      const error: unknown = await failing
      assert.ok(HTTPException.isHTTPException(error))
      assert.deepEqual([error.code, error.mayHaveActed], ['CONNECTION_CLOSED', false])
    }
  })
})

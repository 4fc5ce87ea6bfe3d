// What a hook has changed decides what is repeated and how a redirect goes on: CLIENT's rule that a POST which may have acted is not
// repeated without an idempotency key, and RFC 9110 §15.4. A server on a real socket counts what it was sent.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { takeBody } from '../../src/core/outgoing-body.ts'
import { type OutgoingRequest, type RequestChanges, withChanges } from '../../src/core/request.ts'
import { RemoteDisconnected } from '../../src/errors/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const QUICK = { limit: 2, backoff: { firstMs: 1, maxMs: 1 } }

/** Changes the first request, and none that a redirect leads to. */
const first =
  (change: RequestChanges) =>
  ({ target }: OutgoingRequest): RequestChanges =>
    target.startsWith('/to/') ? change : {}

const to = (location: string): ClientOptions => ({ headers: { 'x-to': location } })

describe('a request that a hook changes', () => {
  const seen: string[] = []
  let statuses: number[] = []
  const here = serve((request, response) => {
    const { method, url = '', headers } = request
    request.resume().on('end', () => {
      seen.push(`${method} ${url}`)
      const redirect = /^\/to\/(\d+)(?!.*end$)/.exec(url)
      if (url === '/reset') request.socket.destroy()
      else if (redirect !== null)
        response.writeHead(Number(redirect[1]), { Location: String(headers['x-to']) }).end()
      else response.writeHead(statuses.shift() ?? 200).end(`${method}`)
    })
  })
  const by = (change: (request: OutgoingRequest) => RequestChanges, options: ClientOptions = {}): Client => {
    seen.length = 0
    return here.client.extend({
      retry: QUICK,
      ...options,
      hooks: { beforeRequest: (request) => withChanges(request, change(request)) },
    })
  }

  describe('is sent once as POST', () => {
    for (const status of [429, 500, 503]) {
      it(`although ${status} to the GET that was asked for would be tried again`, async () => {
        statuses = [status, 200]
        const response = await by(() => ({ method: 'POST' })).get('/')
        assert.equal(response.status, status)
        assert.match(response.attempts[0]?.decision ?? '', /^not again: .*POST is not among retry\.methods$/)
        assert.deepEqual(seen, ['POST /'])
      })
    }

    it('where the connection is lost after it was sent', async () => {
      const error = await rejectionOf(by(() => ({ method: 'POST' })).get('/reset'))
      assert.ok(error instanceof RemoteDisconnected)
      assert.equal(error.mayHaveActed, true)
      assert.deepEqual(seen, ['POST /reset'])
    })

    it('with a key that the hook draws: the next one would be another', async () => {
      statuses = [503, 200]
      const client = by(({ fields }) => ({
        method: 'POST',
        fields: [...fields, ['Idempotency-Key', `${seen.length}`]],
      }))
      assert.equal((await client.get('/')).status, 503)
      assert.deepEqual(seen, ['POST /'])
    })

    it('where the hook has taken the key of the caller away', async () => {
      statuses = [503, 200]
      const client = by(() => ({ fields: [] }))
      assert.equal((await client.post('/', { headers: { 'Idempotency-Key': 'one' } })).status, 503)
      assert.deepEqual(seen, ['POST /'])
    })
  })

  it('is sent again as POST with the key of the caller', async () => {
    statuses = [503, 200]
    const client = by(() => ({ method: 'POST' }))
    assert.equal(await client.get('/', { headers: { 'Idempotency-Key': 'one' } }).text(), 'POST')
    assert.deepEqual(seen, ['POST /', 'POST /'])
  })

  it('is sent again as POST where the first connection was refused', async () => {
    const client = new Client({
      retry: { ...QUICK, limit: 1 },
      proxy: false,
      hooks: { beforeRequest: (request) => withChanges(request, { method: 'POST' }) },
    })
    const error = (await rejectionOf(client.get('http://127.0.0.1:1/'))) as { attempts?: unknown[] }
    assert.equal(error.attempts?.length, 2)
    client.destroy()
  })

  it('is sent again where the hook has made a GET of a POST', async () => {
    statuses = [503, 200]
    assert.equal(
      await by(() => ({ method: 'GET' }))
        .post('/')
        .text(),
      'GET',
    )
    assert.deepEqual(seen, ['GET /', 'GET /'])
  })

  it('is not sent again with a body of the hook that can be sent once', async () => {
    statuses = [503, 200]
    const body = takeBody(Readable.from(['a']), () => '')
    assert.equal((await by(() => ({ body: body as never })).put('/')).status, 503)
    assert.deepEqual(seen, ['PUT /'])
  })

  describe('and is redirected', () => {
    it('as POST by 302 goes on as GET', async () => {
      const client = by(first({ method: 'POST' }), to('/end'))
      const response = await client.put('/to/302', { body: 'x' })
      assert.equal(await response.text(), 'GET')
      assert.deepEqual(seen, ['POST /to/302', 'GET /end'])
    })

    it('as PUT by 302 goes on as what was asked for, for the hook to change', async () => {
      const client = by(() => ({ method: 'PUT' }), to('/end'))
      assert.equal(await client.post('/to/302', { body: 'x' }).text(), 'PUT')
      assert.deepEqual(seen, ['PUT /to/302', 'PUT /end'])
    })

    it('as GET by 303 goes on as GET, whatever was asked for', async () => {
      const client = by(first({ method: 'GET' }), to('/end'))
      assert.equal(await client.post('/to/303').text(), 'GET')
      assert.deepEqual(seen, ['GET /to/303', 'GET /end'])
    })

    it('is resolved against the URL that was sent [9110-10.2.2-1]', async () => {
      const down = { target: '/to/302/deep/down' }
      const client = by(({ target }) => (target === '/to/302' ? down : {}), to('end'))
      await client.get('/to/302')
      assert.deepEqual(seen, ['GET /to/302/deep/down', 'GET /to/302/deep/end'])
    })
  })
})

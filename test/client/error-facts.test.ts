// What every failure tells of its way, whatever it is made of: a record for each attempt, the connection, and whether the server may
// have acted (docs/errors.md).

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import { HTTPException } from '../../src/errors/exception.ts'
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

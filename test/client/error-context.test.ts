// The option `context` on errors: the caller's own object, whatever has failed, and shown nowhere.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import { HTTPException } from '../../src/errors/exception.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

describe('the context of an error', () => {
  const serving = serve((request, response) => {
    switch (request.url) {
      case '/cut':
        response.writeHead(200, { 'content-length': '100' })
        response.write('begun', () => response.destroy())
        break
      case '/status':
        response.writeHead(500).end('no')
        break
      case '/text':
        response.end('text')
        break
      case '/circle':
        response.writeHead(302, { location: '/circle' }).end()
        break
      case '/coded':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')
        break
      default:
        request.socket.destroy()
    }
  })

  type Ask = (client: Client, options: ClientRequestOptions) => Promise<unknown>
  const FAILURES: Readonly<Record<string, Ask>> = {
    'a connection that closes': (client, options) => client.get('/gone', { ...options, retry: false }),
    'attempts in vain': (client, options) =>
      client.get('/gone', { ...options, retry: { limit: 1, backoff: { firstMs: 1, maxMs: 1 } } }),
    'a body that breaks off': (client, options) => client.get('/cut', options).text(),
    'a status': (client, options) => client.get('/status', { ...options, retry: false }).text(),
    'what is no JSON': (client, options) => client.get('/text', options).json(),
    'too large a body': (client, options) => client.get('/text', { ...options, limits: { body: 1 } }).text(),
    'a circle of redirects': (client, options) => client.get('/circle', options),
    'a coding that is none': (client, options) => client.get('/coded', options).text(),
    'a refused connection': (client, options) =>
      client.get('http://127.0.0.1:1/', { ...options, retry: false }),
    'a URL that is none': (client, options) => client.get('http://', options),
    'a guarded address': (client, options) => client.get('/text', { ...options, guard: 'public-only' }),
    'a body that is closed': async (client, options) => {
      const response = await client.get('/text', options)
      await response.text()
      return response.text()
    },
  }
  for (const [what, ask] of Object.entries(FAILURES))
    it(`is the same object, and is not shown: ${what}`, async () => {
      const context = { mine: 'S3CRET' }
      const error: unknown = await ask(serving.client, { context }).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      assert.ok(HTTPException.isHTTPException(error), String(error))
      assert.equal(error.context, context)
      assert.doesNotMatch(inspect(error, { depth: 10 }) + JSON.stringify(error), /S3CRET/)
      assert.ok(!Object.keys(error).includes('context'))
    })

  it('is that of the client where the request says none, and there is none by default', async () => {
    const context = Symbol('mine')
    const ask = (client: Client): Promise<unknown> => client.get(`${serving.origin}/status`).text()
    await assert.rejects(ask(serving.client.extend({ context })), { context })
    await assert.rejects(ask(serving.client), (error: object) => !Object.hasOwn(error, 'context'))
  })

  it('leaves what is not of this package as it is: the reason of an abort', async () => {
    // The failure of another request, which calls this one off.
    const reason: HTTPException = await serving.client.get('/gone', { retry: false }).then(
      () => assert.fail('there is an answer'),
      (error: HTTPException) => error,
    )
    assert.ok(HTTPException.isHTTPException(reason))
    const asked = serving.client.get('/text', { context: {}, signal: AbortSignal.abort(reason) })
    await assert.rejects(asked, (error) => error === reason)
    const abort = new AbortController()
    const later = serving.client.get('/text', { context: {}, signal: abort.signal })
    abort.abort(reason)
    await assert.rejects(later, (error) => error === reason)
    assert.ok(!Object.hasOwn(reason, 'context'))
  })
})

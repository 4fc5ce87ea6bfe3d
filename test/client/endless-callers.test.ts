// Code of the caller that a request waits for, and that never answers: a jar, a store, a token, a proxy function. The wait ends
// with the request: at its total timeout, its abort, the end of the client. Its body is given back.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { respondWith } from '../../src/core/memory-response.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import type { Progress } from '../../src/core/settings.ts'
import { type ConnectError, ConnectionLost, TimeoutError } from '../../src/errors/index.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

function never(): Promise<never> {
  return new Promise(() => {})
}

const neverOfUpload = ({ phase }: Progress): void | Promise<void> => {
  if (phase === 'upload') return never()
}

const ENDLESS: readonly (readonly [what: string, options: ClientOptions])[] = [
  ['a jar that is asked', { cookies: { setCookie: never, getCookieString: never } }],
  ['a store of HSTS', { hsts: { get: never, set: never, delete: never } }],
  ['a token', { auth: { bearer: never } }],
  ['a function that chooses a proxy', { proxy: never }],
]

describe('what a request waits for of its caller', () => {
  for (const [what, options] of ENDLESS) {
    it(`is waited for no longer than the request is wanted: ${what}`, async () => {
      const reason = new Error('enough')
      const aborting = new AbortController()
      const bodies = Array.from({ length: 3 }, () => new Readable({ read: () => {} }))
      const client = new Client({ ...options, baseUrl: 'http://name.test/' })
      const ended = [
        client.post('', { body: bodies[0]!, timeout: { total: 20 } }),
        client.post('', { body: bodies[1]!, signal: aborting.signal }),
        client.post('', { body: bodies[2]! }),
      ].map((sent) => rejectionOf(sent))
      const late = await ended[0]
      assert.ok(late instanceof TimeoutError)
      assert.equal(late.phase, 'total')
      aborting.abort(reason)
      assert.equal(await ended[1], reason)
      client.destroy()
      const destroyed = await ended[2]
      assert.ok(destroyed instanceof ConnectionLost)
      assert.equal(destroyed.code, 'CONNECTION_CLOSED')
      assert.deepEqual(
        bodies.map(({ destroyed: isGivenBack }) => isGivenBack),
        [true, true, true],
      )
    })
  }

  for (const [when, options, ask] of [
    ['a request has failed', {}, (client: Client) => client.get('http://127.0.0.1:1/')],
    [
      'a verb takes a status for an error',
      {
        layers: [() => (request: OutgoingRequest) => Promise.resolve(respondWith(request, { status: 500 }))],
      },
      (client: Client) => client.get('http://name.test/').text(),
    ],
  ] as const) {
    it(`is ended by destroy(), and close() after it: an onError, when ${when}`, async () => {
      const told: unknown[] = []
      const client = new Client({
        retry: false,
        proxy: false,
        ...options,
        hooks: {
          onError(error) {
            told.push(error)
            return never()
          },
        },
      })
      const failed = rejectionOf(ask(client))
      while (told.length === 0) await new Promise(setImmediate)
      const closed = client.close()
      client.destroy()
      assert.deepEqual([await failed], told)
      await closed
      await client.close()
    })
  }

  it('is no longer waited for once close() has ended it: an onError', async () => {
    const client = new Client({ retry: false, proxy: false, hooks: { onError: never } })
    const failed = rejectionOf(client.get('http://127.0.0.1:1/'))
    await client.close({ timeout: 20 })
    assert.equal(((await failed) as ConnectError).code, 'CONNECT_REFUSED')
    await client.close()
  })

  it('keeps no close() waiting after destroy(): a layer', async () => {
    const client = new Client({ layers: [() => never] })
    void client.get('http://127.0.0.1:1/')
    client.destroy()
    await client.close()
  })

  it('is under way where a connection is taken or opened: close() waits for it, destroy() ends it', async () => {
    const client = new Client({ hsts: { get: never, set: never, delete: never } })
    const ended = [client.take('http://name.test/'), client.preconnect('http://name.test/')].map((asked) =>
      rejectionOf(asked),
    )
    const closing = client.close()
    assert.equal((await outcomeOf(closing)).state, 'pending')
    client.destroy()
    for (const error of await Promise.all(ended)) assert.ok(error instanceof ConnectionLost)
    await closing
    const aborted = new Client({ signal: AbortSignal.abort(new Error('before')) })
    assert.equal((await rejectionOf(aborted.preconnect('http://127.0.0.1:1/'))).message, 'before')
    await aborted.close()
  })

  const here = serve((_, response) => {
    response.setHeader('set-cookie', 'a=1')
    response.end('body')
  })

  it('is waited for no longer where a jar keeps cookies, and the response is given up', async () => {
    const jar = { setCookie: never, getCookieString: () => Promise.resolve('') }
    await using client = new Client({ cookies: jar, baseUrl: here.origin, pool: { perOrigin: 1 } })
    const late = await rejectionOf(client.get('/', { timeout: { total: 20 } }))
    assert.ok(late instanceof TimeoutError)
    const reason = new Error('enough')
    const aborting = new AbortController()
    const aborted = rejectionOf(client.get('/', { signal: aborting.signal }))
    setTimeout(() => aborting.abort(reason), 20)
    assert.equal(await aborted, reason)
    // The only connection is free again.
    assert.equal(await client.get('/', { cookies: false }).text(), 'body')
  })

  for (const [what, body] of [
    ['a download', undefined],
    ['an upload', () => ['one', 'two']],
  ] as const) {
    it(`is waited for no longer where it is told of progress: ${what}`, async () => {
      const reason = new Error('enough')
      const aborting = new AbortController()
      const client = new Client({ baseUrl: here.origin, retry: false })
      const asked = { method: 'POST', body, onProgress: never }
      const ended = [
        client.request('/', { ...asked, timeout: { total: 400 } }),
        client.request('/', { ...asked, signal: aborting.signal }),
        client.request('/', asked),
      ].map((sent) => rejectionOf(sent.text()))
      const late = await ended[0]
      assert.ok(late instanceof TimeoutError)
      assert.equal(late.phase, 'total')
      // Of an upload, sending may be told to be late first.
      if (body === undefined) assert.match(late.message, /onProgress was waited for/)
      aborting.abort(reason)
      assert.equal(await ended[1], reason)
      client.destroy()
      assert.ok((await ended[2]) instanceof ConnectionLost)
    })
  }

  it('is waited for no longer where the response is closed', async () => {
    await using client = new Client({ baseUrl: here.origin })
    // What is left of such a timeout would be an open handle.
    const response = await client.get('/', { onProgress: never, timeout: { total: 60_000 } })
    const piece = response.readInto(new Uint8Array(10))
    assert.equal((await outcomeOf(piece)).state, 'pending')
    response.close()
    assert.notEqual((await outcomeOf(piece)).state, 'pending')
  })

  it('is waited for no longer where the answer to an upload came before its end', async () => {
    await using client = new Client({ baseUrl: here.origin })
    const asked = { onProgress: neverOfUpload, timeout: { total: 60_000 } }
    for (const body of [Buffer.alloc(10), () => ['one', 'two']])
      assert.equal(await client.post('/', { ...asked, body }).text(), 'body')
  })
})

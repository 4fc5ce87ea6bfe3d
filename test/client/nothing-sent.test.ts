// Where no byte of a request was written, its error says so: `mayHaveActed` is false where that is proven (docs/errors.md), whatever the
// client waited for by then, and whatever has ended the wait.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { HTTPException } from '../../src/errors/exception.ts'
import { ConnectionLost } from '../../src/errors/index.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const never = (): Promise<never> => new Promise(() => {})

function gate(): [opened: Promise<void>, open: () => void] {
  let open: (() => void) | undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return [opened, () => open?.()]
}

async function failureOf(asked: PromiseLike<unknown>): Promise<HTTPException> {
  const error = await rejectionOf(Promise.resolve(asked))
  assert.ok(HTTPException.isHTTPException(error), String(error))
  return error
}

/** What a POST fails with whose client is destroyed while it waits for its next attempt. */
async function destroyedBeforeRetry(client: Client, url: string): Promise<HTTPException> {
  const [isWaiting, resolve] = gate()
  const failed = failureOf(client.post(url, { hooks: { onRetry: () => resolve() } }))
  await isWaiting
  await settle()
  client.destroy()
  return failed
}

const BEFORE: readonly (readonly [what: string, options: ClientOptions])[] = [
  ['a token', { auth: { bearer: never } }],
  ['a jar', { cookies: { setCookie: never, getCookieString: never } }],
  ['a store of HSTS', { hsts: { get: never, set: never, delete: never } }],
  ['a function that chooses a proxy', { proxy: never }],
  ['a hook beforeRequest', { hooks: { beforeRequest: never } }],
  ['a connector', { proxy: false, connect: never }],
]

const ENDS: readonly (readonly [what: string, end: (client: Client, clock: ManualClock) => unknown])[] = [
  ['timeout.total', (_, clock) => clock.advance(50)],
  ['destroy()', (client) => client.destroy()],
  [
    'close() with a timeout',
    (client, clock) => {
      void client.close({ timeout: 20 })
      clock.advance(20)
    },
  ],
]

describe('nothing was sent', () => {
  for (const [waits, options] of BEFORE) {
    for (const [ends, end] of ENDS) {
      it(`where ${ends} ends the wait for ${waits}`, async () => {
        const clock = new ManualClock()
        const client = new Client({ ...options, clock, timeout: { total: 50 } })
        const failed = failureOf(client.post('http://name.test/', { body: 'x' }))
        await settle()
        end(client, clock)
        const error = await failed
        assert.equal(error.mayHaveActed, false)
        client.destroy()
      })
    }
  }

  it('where destroy() ends the wait after a connection that was refused, and the attempts are told', async () => {
    const clock = new ManualClock()
    const random = { next: () => 0.5 }
    const client = new Client({ clock, random, proxy: false, retry: 1 })
    const error = await destroyedBeforeRetry(client, 'http://127.0.0.1:1/')
    assert.equal(error.mayHaveActed, false)
    assert.deepEqual(
      error.attempts?.map(({ phase }) => phase),
      ['tcp'],
    )
  })

  for (const [what, end] of [
    ['close()', (client: Client) => void client.close()],
    ['destroy()', (client: Client) => client.destroy()],
  ] as const) {
    it(`where something is asked for after ${what}`, async () => {
      const client = new Client()
      end(client)
      const url = 'http://name.test/'
      for (const asked of [client.get(url), client.take(url), client.preconnect(url)])
        assert.equal((await failureOf(asked)).mayHaveActed, false)
    })
  }

  it('where a URL of another scheme is asked for', async () => {
    const client = new Client()
    const url = 'ftp://name.test/'
    for (const asked of [client.get(url), client.take(url), client.preconnect(url)]) {
      const error = await failureOf(asked)
      assert.deepEqual([error.code, error.mayHaveActed], ['INVALID_TARGET', false])
    }
  })

  it('where a netrc file cannot be read', async () => {
    const client = new Client({ auth: { netrc: '/does/not/exist' } })
    const error = await failureOf(client.post('http://name.test/'))
    assert.deepEqual([error.code, error.mayHaveActed], ['AUTH_NETRC', false])
  })
})

describe('something may have been done', () => {
  const here = serve((request, response) => {
    if (request.url === '/401') response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    else if (request.url === '/302') response.writeHead(302, { Location: '/', 'Set-Cookie': 'a=b' }).end()
    else if (!request.url?.startsWith('/never')) response.writeHead(503).end()
  })

  it('where destroy() ends the wait after a response, and the attempts are told', async () => {
    const client = new Client({ retry: { limit: 1, methods: ['POST'], backoff: { firstMs: 60_000 } } })
    const error = await destroyedBeforeRetry(client, here.origin)
    assert.equal(error.mayHaveActed, true)
    assert.deepEqual(
      error.attempts?.map(({ status }) => status),
      [503],
    )
  })

  it('where a second token is waited for after 401, and the attempts are told', async () => {
    const [isWaiting, resolve] = gate()
    let tokens = 0
    const bearer = (): Promise<string> => {
      if (tokens++ === 0) return Promise.resolve('old')
      resolve()
      return never()
    }
    const client = new Client({ auth: { bearer } })
    const failed = failureOf(client.post(`${here.origin}/401`))
    await isWaiting
    await settle()
    client.destroy()
    const error = await failed
    assert.equal(error.mayHaveActed, true)
    assert.deepEqual(
      error.attempts?.map(({ status, requestBytesWritten }) => [status, requestBytesWritten === 0]),
      [
        [401, false],
        [undefined, true],
      ],
    )
  })

  type Options = (reached: () => Promise<never>) => ClientOptions
  const AFTER: readonly (readonly [what: string, options: Options])[] = [
    ['a hook onRedirect', (reached) => ({ hooks: { onRedirect: reached } })],
    ['a jar', (reached) => ({ cookies: { getCookieString: () => '', setCookie: reached } })],
  ]
  for (const [what, options] of AFTER) {
    for (const [ends, end] of ENDS) {
      it(`where ${ends} ends the wait for ${what} after a response, and the attempt is told`, async () => {
        const clock = new ManualClock()
        const [isWaiting, resolve] = gate()
        const reached = (): Promise<never> => {
          setImmediate(resolve)
          return never()
        }
        const client = new Client({ ...options(reached), clock, timeout: { total: 50 } })
        const failed = failureOf(client.post(`${here.origin}/302`))
        await isWaiting
        end(client, clock)
        const error = await failed
        assert.equal(error.mayHaveActed, true)
        assert.deepEqual(
          error.attempts?.map(({ status }) => status),
          [302],
        )
        client.destroy()
      })
    }
  }

  for (const [ends, end] of [
    ['destroy()', (client: Client) => client.destroy()],
    ['close() with a timeout', (client: Client) => client.close({ timeout: 0 })],
  ] as const) {
    it(`where ${ends} ends a request under way, and not those behind it`, async () => {
      const client = new Client({ pool: { perOrigin: 1 }, retry: false })
      const failed = ['a', 'b', 'c'].map((path) =>
        failureOf(client.post(`${here.origin}/never/${path}`, { body: 'x', context: path })),
      )
      await once(here.server, 'request')
      await end(client)
      const errors = await Promise.all(failed)
      assert.deepEqual(
        errors.map(({ code, url, context, mayHaveActed, attempts }) => ({
          code,
          url,
          context,
          mayHaveActed,
          written: attempts?.map(({ requestBytesWritten }) => requestBytesWritten !== 0),
        })),
        ['a', 'b', 'c'].map((path) => ({
          code: 'CONNECTION_CLOSED',
          url: `${here.origin}/never/${path}`,
          context: path,
          mayHaveActed: path === 'a',
          written: [path === 'a'],
        })),
      )
      for (const { message } of errors) assert.match(message, ends === 'destroy()' ? /closed/ : /after 0 ms/)
    })
  }

  it('where destroy() is given an error for requests under way and waiting: nothing is written upon it', async () => {
    const client = new Client({ pool: { perOrigin: 1 } })
    const given = new ConnectionLost('shutting down')
    const before = inspect(given)
    const failed = [1, 2, 3].map(() => failureOf(client.post(`${here.origin}/never`, { context: 'one' })))
    await once(here.server, 'request')
    client.destroy(given)
    for (const error of await Promise.all(failed)) assert.equal(error, given)
    assert.equal(inspect(given), before)
  })

  it('where destroy() is given an error: it is of all: it is of all requests, and nothing is written upon it', async () => {
    const client = new Client({ auth: { bearer: never } })
    const given = new ConnectionLost('shutting down')
    const failed = failureOf(client.post(here.origin))
    await settle()
    client.destroy(given)
    assert.equal(await failed, given)
    assert.equal(given.requestBytesWritten, undefined)
    assert.equal(given.mayHaveActed, true)
  })
})

// Options made into settings: what a request does not say is the client's.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions, ClientRequestOptions } from '../../src/client/option-types.ts'
import { takeClientOptions } from '../../src/client/options.ts'
import { type ClientSettings, DEFAULT_SETTINGS, resolveSettings } from '../../src/client/settings.ts'
import type { Layer } from '../../src/core/handler.ts'
import { respondWith } from '../../src/core/memory-response.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function settingsOf(client: ClientRequestOptions, request: ClientRequestOptions): ClientSettings {
  const base = resolveSettings(takeClientOptions(client, 'request'), DEFAULT_SETTINGS)
  return resolveSettings(takeClientOptions(request, 'request'), base)
}

describe('the sub-options of a request', () => {
  it('leave those of the client alone that they do not name', () => {
    const client: ClientRequestOptions = {
      redirect: {
        limit: 5,
        downgrade: true,
        keepCredentialsFor: ['https://a.test'],
        keepHeaders: ['X-A'],
        keepPostAfter: [302],
      },
      retry: {
        limit: 4,
        methods: ['POST'],
        statuses: [418],
        backoff: { firstMs: 1, maxMs: 2 },
        maxRetryAfterMs: 3,
        idempotencyKey: true,
      },
      decompress: { maxBytes: 10, maxRatio: 20 },
      limits: { maxFields: 7, body: 9 },
    }
    const { redirect, retry, decompress, connection, maxBodyBytes } = settingsOf(client, {
      redirect: { limit: 1 },
      retry: 3,
      decompress: { maxChain: 1 },
      limits: { maxLineBytes: 100, maxFields: undefined },
    })
    assert.deepEqual(redirect, {
      limit: 1,
      downgrade: true,
      keepCredentialsFor: ['https://a.test'],
      keepHeaders: ['x-a'],
      keepPostAfter: [302],
    })
    assert.deepEqual(retry, {
      limit: 3,
      methods: ['POST'],
      statuses: [418],
      backoff: { firstMs: 1, maxMs: 2 },
      maxRetryAfterMs: 3,
      idempotencyKey: 'Idempotency-Key',
    })
    assert.deepEqual(decompress, { maxBytes: 10, maxRatio: 20, maxChain: 1 })
    assert.deepEqual([connection.limits.maxFields, connection.limits.maxLineBytes], [7, 100])
    assert.equal(maxBodyBytes, 9)
    const other = settingsOf(client, {
      redirect: 2,
      retry: { backoff: { maxMs: 8 }, idempotencyKey: false },
      decompress: true,
    })
    assert.deepEqual([other.redirect!.limit, other.redirect!.downgrade], [2, true])
    assert.deepEqual(other.retry!.backoff, { firstMs: 1, maxMs: 8 })
    assert.deepEqual([other.retry!.limit, other.retry!.idempotencyKey], [4, undefined])
    assert.equal(other.decompress!.maxBytes, 10)
  })

  it('begin with the defaults where the client has the feature off', () => {
    const off: ClientRequestOptions = { redirect: false, retry: false, decompress: false }
    const on = settingsOf(off, { redirect: true, retry: true, decompress: true })
    assert.deepEqual([on.redirect!.limit, on.retry!.limit, on.decompress!.maxChain], [20, 2, 3])
    const some = settingsOf(off, {
      redirect: { downgrade: true },
      retry: { statuses: [500] },
      decompress: {},
    })
    assert.deepEqual([some.redirect!.limit, some.retry!.limit, some.decompress!.maxChain], [20, 2, 3])
    const still = settingsOf(off, {})
    assert.deepEqual([still.redirect, still.retry!.limit, still.decompress], [undefined, 0, undefined])
  })

  it('are refused where they are not what they have to be, or have an unknown name', () => {
    const wrong: [ClientRequestOptions, RegExp][] = [
      [{ redirect: { downgrade: 'false' as never } }, /downgrade takes true or false, not a string/],
      [{ redirect: { keepCredentialsFor: 'https://a.test' as never } }, /keepCredentialsFor takes a list/],
      [{ timeout: { minSpeed: { bytesPerSecond: 1, overMs: 1, over: 1 } as never } }, /minSpeed.*'over'/],
      [{ timeout: { minSpeed: { bytesPerSecond: 0, overMs: 1 } } }, /two numbers above 0/],
      [{ limits: { maxfields: 1 } as never }, /The option 'limits': unknown option 'maxfields'/],
    ]
    for (const [options, message] of wrong) assert.throws(() => settingsOf({}, options), message)
  })

  // As every other option: a message says which one it is, what it takes, and what it got.
  it('are named where they are wrong, with what they take and what they got', () => {
    const wrong: [ClientOptions, RegExp][] = [
      [{ baseUrl: 'v1/' }, /baseUrl takes an absolute http or https URL, not this string/],
      [{ baseUrl: new URL('ftp://a.test/') }, /baseUrl takes an absolute http or https URL, not an? URL/],
      [{ baseUrl: '' }, /baseUrl takes .*, not an empty string/],
      [{ timeout: -1 }, /'total' must be a number of milliseconds above 0, not -1/],
      [{ timeout: { dns: Number.NaN } }, /'dns' must be .*, not NaN/],
      [{ timeout: { minSpeed: { bytesPerSecond: 1, overMs: 0 } } }, /minSpeed takes .*, not 1 and 0/],
      [{ redirect: { keepHeaders: ['a b'] } }, /keepHeaders takes a list of tokens.*, not one with a string/],
      [{ redirect: { keepHeaders: [5 as never] } }, /keepHeaders takes a list of strings, not one with 5/],
      [{ redirect: { keepCredentialsFor: [''] } }, /keepCredentialsFor takes origins.*, not an empty string/],
      [
        { retry: { statuses: [500, 5] } },
        /statuses takes a list of status codes, 100 to 999, not one with 5/,
      ],
      [{ retry: { methods: ['G T'] } }, /methods takes a list of tokens.*, not one with a string/],
      [{ retry: { idempotencyKey: 'a b' } }, /idempotencyKey takes .*, not a string that is no token/],
      [{ limits: { drain: -1 } }, /The option 'limits': drain takes a number from 0, not -1/],
      [{ limits: { maxFields: 0 } }, /'maxFields' must be .*, not 0/],
      [{ tolerances: { bareLf: 1 as never } }, /'bareLf' must be true or false, not 1/],
      [{ pool: { perOrigin: 0 } }, /perOrigin takes a whole number from 1, or Infinity, not 0/],
      [{ pool: { pipelining: 1.5 } }, /pipelining takes a whole number from 1, not 1.5/],
      [{ dns: { family: 5 as never } }, /family takes 0, 4 or 6, not 5/],
      [{ dns: { lookup: 5 as never } }, /lookup takes a function, not 5/],
      [{ dns: { cache: { ttlMs: -1 } } }, /ttlMs takes a number from 0, not -1/],
      [{ proxy: { url: 5 as never } }, /url takes the URL of a proxy, not 5/],
      [{ localAddress: 'localhost' }, /localAddress takes an IP address, not this string/],
      [{ keepAlive: -1 }, /keepAlive takes a number of milliseconds, or false, not -1/],
    ]
    for (const [options, message] of wrong)
      assert.throws(() => new Client(options), { name: 'TypeError', message })
    new Client({ localAddress: '::1', keepAlive: 0, retry: { statuses: [999] } }).destroy()
  })

  it('of a request are named, too', async () => {
    const client = new Client()
    const circle: { self?: unknown } = {}
    circle.self = circle
    const wrong: [ClientRequestOptions, RegExp][] = [
      [{ json: 1n }, /The option 'json' takes a value that JSON.stringify can write: .*BigInt/],
      [{ json: circle }, /The option 'json' takes .*circular/],
      [
        { trailers: 5 as never },
        /trailers takes fields, or a function that gives them after the body, not 5/,
      ],
      [{ expectContinue: -1 }, /'expectContinue' takes .*, not -1/],
      [{ expectContinue: { timeoutMs: 'soon' as never } }, /'expectContinue' takes .*, not a string/],
      [{ expectContinue: { ms: 5 } as never }, /'expectContinue': unknown option 'ms'; known: timeoutMs/],
      [{ limits: { drain: Number.NaN } }, /The option 'limits': drain takes a number from 0, not NaN/],
    ]
    for (const [options, message] of wrong)
      await assert.rejects(client.post('http://127.0.0.1:9/', options), { name: 'TypeError', message })
    const own = new RangeError('of the caller')
    const thrower = {
      toJSON() {
        throw own
      },
    }
    await assert.rejects(client.post('http://127.0.0.1:9/', { json: thrower }), (error) => error === own)
    await client.close()
  })

  it('of dns say how long an address is tried alone', () => {
    assert.throws(() => new Client({ dns: { attemptDelayMs: -1 } }), /attemptDelayMs takes a number from 0/)
    new Client({ dns: { attemptDelayMs: 0 } }).destroy()
  })

  it('and what else a request has are not found on Object.prototype [pain 39]', async () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>
    const names = ['attempt', 'first', 'settings']
    let seen: OutgoingRequest | undefined
    const answer: Layer = () => (request) => {
      seen = request
      return Promise.resolve(respondWith(request))
    }
    const client = new Client({ layers: [answer] })
    for (const name of names) Object.defineProperty(prototype, name, { value: { a: 1 }, configurable: true })
    try {
      await client.get('http://a.test/')
    } finally {
      for (const name of names) delete prototype[name]
    }
    assert.deepEqual([seen!.attempt, seen!.first, seen!.settings!.context], [1, undefined, undefined])
    await client.close()
  })

  it('and where a connector has proxies lead to are not found on Object.prototype [pain 39]', async () => {
    let asked = 0
    const prototype = Object.prototype as unknown as Record<string, unknown>
    Object.defineProperty(prototype, 'beyond', { value: () => asked++, configurable: true })
    const refused = new Error('nobody is there')
    const client = new Client({
      proxy: 'http://p.test:3128',
      connect: () => Promise.reject(refused),
      retry: false,
    })
    try {
      await assert.rejects(client.get('https://a.test/'), refused)
    } finally {
      delete prototype['beyond']
    }
    assert.equal(asked, 0)
    await client.close()
  })

  it('are own properties, each looked at once', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>
    const names = ['bytesPerSecond', 'overMs', 'body', 'drain', 'onRetry', 'beforeRequest']
    for (const name of names)
      Object.defineProperty(prototype, name, { value: 5, configurable: true, writable: true })
    try {
      assert.throws(() => settingsOf({}, { timeout: { minSpeed: {} as never } }), /two numbers above 0/)
      const { hooks, maxBodyBytes } = settingsOf({ hooks: { onRedirect() {} } }, { hooks: {}, limits: {} })
      assert.deepEqual([hooks!.onRetry, hooks!.beforeRequest], [undefined, undefined])
      assert.equal(typeof hooks!.onRedirect, 'function')
      assert.equal(maxBodyBytes, DEFAULT_SETTINGS.maxBodyBytes)
      new Client({ limits: {} }).destroy()
    } finally {
      for (const name of names) delete prototype[name]
    }
    let looks = 0
    const limits = {
      get body() {
        return ++looks
      },
      get drain() {
        return ++looks
      },
    }
    new Client({ limits }).destroy()
    assert.equal(looks, 2)
  })
})

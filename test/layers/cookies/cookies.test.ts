// The layer of cookies over a handler in memory: jars of every kind, and what of them comes into a head.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Cookie, MemoryCookieStore, CookieJar as ToughJar } from 'tough-cookie'
import { CookieJar } from '../../../src/cookies/jar.ts'
import { type FieldLine, fieldValues } from '../../../src/core/fields.ts'
import type { RequestParts } from '../../../src/core/request.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import type { CookieJarLike } from '../../../src/core/settings.ts'
import { fieldOf, keepSendable, settable } from '../../../src/layers/cookies/cookie-field.ts'
import { cookiesLayer } from '../../../src/layers/cookies/cookies.ts'
import { isCookieJar } from '../../../src/layers/cookies/jar.ts'
import { LazyJar } from '../../../src/layers/cookies/lazy-jar.ts'
import { Pauses } from '../../../src/layers/pause.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { completeHead } from '../../../src/transport/h1/request-head.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { MemoryHandler, requestTo, responseTo, settingsOf } from '../../support/memory-handler.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const WAIT = { clock: systemClock, pauses: new Pauses() }

const URL_A = 'http://a.example/x?q=1'
const method = (): undefined => undefined

/** One request and its answer through the layer. */
class Exchange {
  readonly failures: unknown[] = []
  readonly handler = new MemoryHandler([200])
  /** What responses set. */
  setCookies: readonly string[] = []

  async send(
    jar: CookieJarLike | true,
    parts: Partial<RequestParts> = {},
    url = URL_A,
  ): Promise<{ readonly cookies: readonly string[]; readonly response: HTTPResponse }> {
    const layer = cookiesLayer({
      wait: WAIT,
      ownJar: () => new CookieJar(),
      onFailure: (_, error) => void this.failures.push(error),
    })
    const response = await layer((request) => {
      void this.handler.handle(request)
      const fields = this.setCookies.map((value): FieldLine => ['Set-Cookie', value])
      return Promise.resolve(responseTo(request, 200, fields))
    })(requestTo(url, { settings: settingsOf({ cookies: jar }), ...parts }))
    const sent = this.handler.requests.at(-1)!
    return { cookies: fieldValues(completeHead(sent).fields, 'cookie'), response }
  }
}

describe('the cookies of a jar', () => {
  it('write no second cookie and no second field, whatever the jar says [pain 34]', async () => {
    const evil = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2; evil=1' },
      { key: 'c', value: '3\r\nX-Evil: 1' },
      { key: 'd\nX-Evil', value: '4' },
      { key: 'e', value: '5\0' },
      { key: 'f', value: '\u20ac' },
      { key: 'g', value: undefined },
      { key: '', value: 'nameless' },
      { key: '', value: '' },
    ]
    const { cookies } = await new Exchange().send({
      getCookies: () => evil,
      setCookie: () => undefined,
    } as never)
    assert.deepEqual(cookies, ['a=1; g=; nameless'])
    const text = 'a=1; b=2\r\nX-Evil: 1; c=3'
    assert.deepEqual(
      (await new Exchange().send({ getCookieString: () => text, setCookie: () => undefined })).cookies,
      ['a=1; c=3'],
    )
    assert.equal(keepSendable('\u20ac=1'), '')
    assert.equal(fieldOf([]), '')
  })

  it('come from tough-cookie with a store that answers at once, and with one that does not', async () => {
    const later = new MemoryCookieStore()
    later.synchronous = false
    for (const store of [new MemoryCookieStore(), later]) {
      const jar = new ToughJar(store)
      const exchange = new Exchange()
      exchange.setCookies = [
        'short=1; Path=/',
        'long=2; Path=/x',
        'gone=3; Domain=other.example',
        'no cookie',
      ]
      assert.deepEqual((await exchange.send(jar)).cookies, [])
      assert.deepEqual((await exchange.send(jar)).cookies, ['long=2; short=1'])
      assert.deepEqual(exchange.failures, [])
    }
  })

  it('come from a jar made by another copy of tough-cookie, with values that were set by hand', async () => {
    const jar = new ToughJar()
    await jar.setCookie(new Cookie({ key: 'k', value: 'v; evil=1' }), URL_A)
    await jar.setCookie(new Cookie({ key: 'l', value: 'w' }), URL_A)
    assert.deepEqual((await new Exchange().send(jar)).cookies, ['l=w'])
  })

  it('are waited for where a store says that it answers at once and does not', async () => {
    const found = [{ key: 'k', value: 'v' }]
    const broken = new Error('the store is gone')
    const makeJar = (error: Error | null): CookieJarLike =>
      ({
        store: { synchronous: true },
        getCookies: (_: string, __: object, done: (error: Error | null, found?: unknown) => void) =>
          queueMicrotask(() => done(error, found)),
        setCookie: (...all: unknown[]) =>
          queueMicrotask(() => (all.at(-1) as (error: Error | null) => void)(error)),
      }) as never
    const exchange = new Exchange()
    exchange.setCookies = ['a=1', 'b=2']
    assert.deepEqual((await exchange.send(makeJar(null))).cookies, ['k=v'])
    assert.equal(await rejectionOf(exchange.send(makeJar(broken))), broken)
  })

  it('are none where the jar gives nonsense', async () => {
    for (const jar of [
      { getCookies: () => 'text', setCookie: () => undefined },
      { getCookieString: () => undefined, setCookie: () => undefined },
      { getCookieString: async () => 5, setCookie: () => undefined },
    ])
      assert.deepEqual((await new Exchange().send(jar as never)).cookies, [])
  })

  it('are asked for without the query, and for / of a request that has no path', async () => {
    const asked: string[] = []
    const jar = { getCookieString: (url: string) => String(asked.push(url)), setCookie: () => undefined }
    await new Exchange().send(jar)
    await new Exchange().send(jar, { method: 'OPTIONS', target: '*' })
    await new Exchange().send(jar, {}, 'https://a.example:8443/y')
    assert.deepEqual(asked, ['http://a.example/x', 'http://a.example/', 'https://a.example:8443/y'])
  })

  it('come behind those of the caller, in one field, in the place of the default', async () => {
    const jar = { getCookieString: () => 'j=1', setCookie: () => undefined }
    const rows: readonly [Partial<RequestParts>, string[]][] = [
      [{}, ['j=1']],
      [{ fields: [['X-A', 'b']] }, ['j=1']],
      [{ fields: [['cookie', 'a=1']] }, ['a=1; j=1']],
      [
        {
          fields: [
            ['cookie', 'a=1'],
            ['Cookie', 'b=2'],
          ],
        },
        ['a=1; b=2; j=1'],
      ],
      [{ fields: [['Cookie', '']] }, ['j=1']],
      [{ defaults: [['Cookie', 'd=1']] }, ['d=1; j=1']],
      [{ defaults: [['Cookie', 'd=1']], fields: [['Cookie', 'a=1']] }, ['a=1; j=1']],
    ]
    for (const [parts, expected] of rows)
      assert.deepEqual((await new Exchange().send(jar, parts)).cookies, expected)
    const empty = { getCookieString: () => '', setCookie: () => undefined }
    const two: Partial<RequestParts> = {
      fields: [
        ['cookie', 'a=1'],
        ['Cookie', 'b=2'],
      ],
    }
    assert.deepEqual((await new Exchange().send(empty, two)).cookies, ['a=1; b=2'])
    assert.deepEqual((await new Exchange().send(empty, { fields: [['cookie', 'a=1']] })).cookies, ['a=1'])
  })

  it('are in a head with the Host of their origin, also where two origins are sent the same', async () => {
    const jar = { getCookieString: () => 'same=1', setCookie: () => undefined }
    const exchange = new Exchange()
    for (const host of ['a.example', 'b.example', 'a.example']) {
      await exchange.send(jar, {}, `http://${host}/`)
      const { fields } = completeHead(exchange.handler.requests.at(-1)!)
      assert.deepEqual(fields, [
        ['Host', host],
        ['Cookie', 'same=1'],
      ])
    }
  })
})

describe('what a response sets', () => {
  it('is given to the jar field by field, in order, one after the other', async () => {
    const kept: string[] = []
    let isBusy = false
    const jar = {
      getCookieString: () => '',
      setCookie: async (field: string) => {
        assert.equal(isBusy, false)
        isBusy = true
        await new Promise(setImmediate)
        isBusy = false
        kept.push(field)
      },
    }
    const exchange = new Exchange()
    exchange.setCookies = ['a=1, b=2', 'c=3', 'd=4']
    await exchange.send(jar)
    assert.deepEqual(kept, exchange.setCookies)
  })

  it('is kept as far as the jar can, and its first failure is told', async () => {
    const kept: string[] = []
    for (const fail of [
      async (error: Error) => {
        throw error
      },
      (error: Error) => {
        throw error
      },
    ]) {
      const exchange = new Exchange()
      exchange.setCookies = ['a=1', 'b=2', 'c=3', 'd=4']
      const jar = {
        getCookieString: () => '',
        setCookie: (field: string): unknown =>
          /^[bc]/.test(field) ? fail(new Error(field)) : kept.push(field),
      }
      assert.equal((await exchange.send(jar)).response.status, 200)
      assert.deepEqual(kept.splice(0), ['a=1', 'd=4'])
      assert.deepEqual(exchange.failures.map(String), ['Error: b=2'])
    }
  })

  it('never reaches a jar with control characters in it', () => {
    const fields: FieldLine[] = [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2\r\nX: y'],
      ['SET-COOKIE', 'c=\u00c3\u00a0'],
      ['Set-Cookie', 'd=\0'],
      ['Set-Cookie2', 'e=5'],
    ]
    assert.deepEqual(settable(fields), ['a=1', 'c=\u00c3\u00a0'])
  })
})

describe('a jar', () => {
  it('is told by its methods', () => {
    for (const jar of [new CookieJar(), new ToughJar(), { setCookie: method, getCookieString: method }])
      assert.equal(isCookieJar(jar), true)
    for (const other of [
      null,
      undefined,
      'jar',
      {},
      new Map(),
      { setCookie: method },
      { getCookies: method },
    ])
      assert.equal(isCookieJar(other), false)
  })

  it('is loaded with the first cookie, once', async () => {
    let loads = 0
    const jar = new LazyJar(async () => {
      loads++
      return new CookieJar()
    })
    assert.equal(jar.fieldFor('http://a.example', '/'), '')
    await Promise.all([jar.setCookie('a=1', URL_A), jar.setCookie('b=2', URL_A)])
    await jar.setCookie('c=3', URL_A)
    assert.equal(jar.fieldFor('http://a.example', '/'), 'a=1; b=2; c=3')
    assert.equal(loads, 1)
  })

  it('has nothing to do with a request that has no cookies', async () => {
    const layer = cookiesLayer({ wait: WAIT, ownJar: () => new CookieJar(), onFailure: () => undefined })
    const handler = new MemoryHandler([200])
    const request = requestTo(URL_A, { settings: settingsOf() })
    await layer(handler.handle)(request)
    assert.equal(handler.requests[0], request)
  })
})

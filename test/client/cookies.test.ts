// Cookies of the client on real sockets, with servers of node:http as peers.

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, it } from 'node:test'
import { CookieJar as ToughJar } from 'tough-cookie'
import { Client } from '../../src/client/client.ts'
import { CookieJar } from '../../src/cookies/jar.ts'
import type { TimeoutError } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/fetch.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** What a server was asked: target and Cookie fields, in order. */
type Seen = string[]

/** Answers `/set?NAME=VALUE...` with cookies, `/to?LOCATION` with a redirect and a cookie, and says what it saw. */
function listener(log: Seen): RequestListener {
  return (request, response) => {
    const { url = '', rawHeaders } = request
    const cookies = rawHeaders.filter((_, i) => rawHeaders[i - (i % 2)]!.toLowerCase() === 'cookie')
    log.push([url.replace(/\?.*/, ''), ...cookies.filter((_, i) => i % 2 === 1)].join(' '))
    const query = decodeURIComponent(url.split('?').slice(1).join('?'))
    if (url.startsWith('/set')) response.setHeader('Set-Cookie', query.split('&'))
    if (url.startsWith('/to')) {
      response.writeHead(302, { Location: query, 'Set-Cookie': 'hop=1; Path=/' })
    }
    if (url.startsWith('/status')) {
      response.writeHead(log.length % 2 === 1 ? 503 : 200, { 'Set-Cookie': `try=${log.length}; Path=/` })
    }
    response.end(cookies[1] ?? '')
  }
}

const set = (...cookies: readonly string[]): string => `/set?${encodeURIComponent(cookies.join('&'))}`

describe('a client with cookies', () => {
  const log: Seen = []
  const otherLog: Seen = []
  const here = serve(listener(log), { cookies: true, retry: { backoff: { firstMs: 0 } } })
  const other = serve(listener(otherLog))

  it('keeps what a response sets, and sends it in one field [6265-5.4-1, 6265-5.4-2]', async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true })
    await client.get(set('a=1; Path=/', 'b="x, y=z"; Path=/; HttpOnly')).text()
    log.length = 0
    assert.equal(await client.get('/end').text(), 'a=1; b="x, y=z"')
    assert.deepEqual(log, ['/end a=1; b="x, y=z"'])
    await client.close()
  })

  it('reads each field as one cookie, and splits none at a comma [6265-5.2-1]', async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true })
    const expires = new Date(Date.now() + 1_000_000).toUTCString()
    await client.get(set(`a=1,b=2; Path=/; Expires=${expires}`, 'c=3; Path=/, d=4')).text()
    assert.equal(await client.get('/').text(), 'a=1,b=2')
    await client.close()
  })

  it('shares its jar with clients that extend it, and with no other', async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true })
    await client.get(set('shared=1; Path=/')).text()
    assert.equal(
      await client
        .extend({ headers: { a: 'b' } })
        .get('/')
        .text(),
      'shared=1',
    )
    assert.equal(await client.get('/', { cookies: false }).text(), '')
    assert.equal(await client.extend({ cookies: false }).get('/').text(), '')
    const another = new Client({ baseUrl: here.origin, cookies: true })
    assert.equal(await another.get('/').text(), '')
    await Promise.all([client.close(), another.close()])
  })

  it('has none unless it is asked for [6265-7.2-2]', async () => {
    const client = new Client({ baseUrl: here.origin })
    await client.get(set('off=1; Path=/')).text()
    assert.equal(await client.get('/').text(), '')
    await client.close()
  })

  it('looks at its jar for each hop of a redirect, with the URL of that hop [6265-3-1]', async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true })
    log.length = 0
    await client.get(`/to?${encodeURIComponent('/end')}`).text()
    assert.deepEqual(log, ['/to', '/end hop=1'])
    await client.close()
  })

  it("keeps what a response sets that is tried again, and a 503's too [6265-3-1]", async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true, retry: { backoff: { firstMs: 0 } } })
    log.length = 0
    assert.equal(await client.get('/status').text(), 'try=1')
    assert.equal(await client.get('/').text(), 'try=2')
    await client.close()
  })

  it("sends the caller's own first, and none of them to another origin", async () => {
    const jar = new CookieJar()
    const otherHost = other.origin.replace('127.0.0.1', 'localhost')
    await jar.setCookie('jar=1; Path=/', here.origin)
    await jar.setCookie('theirs=1; Path=/', otherHost)
    log.length = otherLog.length = 0
    const client = new Client({ baseUrl: here.origin, cookies: jar, headers: { Cookie: 'own=1' } })
    await client.get(`/to?${encodeURIComponent('/end')}`).text()
    assert.deepEqual(log, ['/to own=1; jar=1', '/end own=1; jar=1; hop=1'])
    await client.get(`/to?${encodeURIComponent(`${otherHost}/end`)}`).text()
    assert.deepEqual(otherLog, ['/end theirs=1'])
    await client
      .get('/end', {
        headers: [
          ['cookie', 'one=1'],
          ['COOKIE', 'two=2'],
        ],
      })
      .text()
    assert.equal(log.at(-1), '/end one=1; two=2; jar=1; hop=1')
    await client.close()
  })

  it('takes a jar of tough-cookie, given to the client or to one request', async () => {
    const jar = new ToughJar()
    const client = new Client({ baseUrl: here.origin, cookies: jar })
    await client.get(set('tough=1; Path=/')).text()
    assert.equal(await jar.getCookieString(here.origin), 'tough=1')
    assert.equal(await client.get('/').text(), 'tough=1')
    const another = new ToughJar()
    await another.setCookie('other=1; Path=/', here.origin)
    assert.equal(await client.get('/', { cookies: another }).text(), 'other=1')
    await client.close()
  })

  it('keeps to the jar that was given where a request says true', async () => {
    const jar = new CookieJar()
    await jar.setCookie('given=1; Path=/', here.origin)
    const client = new Client({ baseUrl: here.origin, cookies: jar })
    assert.equal(await client.get('/', { cookies: true }).text(), 'given=1')
    await client.close()
  })

  it('waits for a jar no longer than for the whole, and no longer than until it is called off', async () => {
    const never = { getCookieString: () => new Promise<string>(() => {}), setCookie: () => undefined }
    const stuck = { getCookieString: () => '', setCookie: () => new Promise<void>(() => {}) }
    for (const cookies of [never, stuck]) {
      const client = new Client({ baseUrl: here.origin, cookies, retry: false })
      const late = await rejectionOf(client.get(set('a=1'), { timeout: { total: 50 } }))
      assert.equal((late as TimeoutError).phase, 'total')
      const controller = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => controller.abort(reason), 20)
      assert.equal(await rejectionOf(client.get(set('a=1'), { signal: controller.signal })), reason)
      const ended = rejectionOf(client.get(set('a=1')))
      setTimeout(() => client.destroy(), 20)
      assert.ok((await ended) instanceof Error)
    }
  })

  it('takes any object with getCookieString and setCookie, asynchronous ones too', async () => {
    const kept: string[] = []
    const jar = {
      getCookieString: async (url: string) => `asked=${new URL(url).pathname}`,
      setCookie: async (field: string, url: string) => void kept.push(`${field} of ${new URL(url).pathname}`),
    }
    const client = new Client({ baseUrl: here.origin, cookies: jar })
    assert.equal(await client.get(set('x=1', 'y=2')).text(), 'asked=/set')
    assert.deepEqual(kept, ['x=1 of /set', 'y=2 of /set'])
    await client.close()
  })

  it('fails a request whose jar cannot tell what it has, and no response for one that cannot keep', async () => {
    const broken = new Error('the store is gone')
    for (const jar of [
      { getCookieString: () => Promise.reject(broken), setCookie: () => undefined },
      {
        getCookieString: () => {
          throw broken
        },
        setCookie: () => undefined,
      },
    ]) {
      log.length = 0
      assert.equal(await rejectionOf(here.client.get('/', { cookies: jar })), broken)
      assert.deepEqual(log, [])
    }
    const jar = { getCookieString: () => '', setCookie: () => Promise.reject(broken) }
    assert.equal((await here.client.get(set('a=1'), { cookies: jar })).status, 200)
  })

  it('is what createFetch makes a fetch of', async () => {
    const client = new Client({ cookies: true })
    const fetch = createFetch(client)
    await (await fetch(here.origin + set('fetched=1; Path=/'))).text()
    assert.equal(await (await fetch(here.origin)).text(), 'fetched=1')
    await client.close()
  })

  it('leaves cookies alone in a fetch with credentials: omit', async () => {
    const client = new Client({ cookies: true })
    const fetch = createFetch(client)
    await (await fetch(here.origin + set('kept=1; Path=/'))).text()
    const omit = { credentials: 'omit' } as const
    assert.equal(await (await fetch(here.origin, omit)).text(), '')
    assert.equal(await (await fetch(here.origin, { ...omit, redirect: 'manual' })).text(), '')
    assert.equal(await (await fetch(new Request(here.origin, omit))).text(), '')
    await (await fetch(here.origin + set('kept=2; Path=/'), omit)).text()
    assert.equal(await (await fetch(here.origin, { credentials: 'same-origin' })).text(), 'kept=1')
    await client.close()
  })

  it('tells beforehand which cookies it would send, and shows none of their values', async () => {
    const client = new Client({ baseUrl: here.origin, cookies: true })
    const doesOf = (options = {}): string | undefined =>
      client.explain('/', options).layers.find(({ name }) => name === 'cookies')?.does
    assert.equal(doesOf(), 'sends no cookie of the jar, and keeps what the response sets')
    await client.get(set('a=secret; Path=/')).text()
    assert.equal(doesOf(), 'sends the cookie a, and keeps what the response sets')
    await client.get(set('b=secret; Path=/')).text()
    const plan = client.explain('/', { headers: { cookie: 'own=secret' } })
    const { fields } = plan
    assert.match(String(plan), /cookies: sends the cookies a, b, and keeps/)
    assert.deepEqual(
      fields.filter(({ name }) => name === 'Cookie'),
      [{ name: 'Cookie', value: '***', from: 'jar' }],
    )
    assert.doesNotMatch(String(plan), /secret/)
    const nameless = { getCookieString: () => 'secret; c=secret', setCookie: () => undefined }
    assert.match(doesOf({ cookies: nameless }) ?? '', /the cookies \*\*\*, c,/)
    for (const getCookieString of [
      () => Promise.resolve(''),
      () => Promise.reject(new Error('gone')),
      () => {
        throw new Error('gone')
      },
    ])
      assert.match(doesOf({ cookies: { getCookieString, setCookie: () => undefined } }) ?? '', /asks the jar/)
    assert.equal(doesOf({ cookies: false }), undefined)
    await client.close()
  })

  it('refuses what is no jar', () => {
    assert.throws(() => new Client({ cookies: {} as never }), /cookies takes false, true, or a CookieJar/)
  })
})

// What a request says of where it comes from, and what its answer shows to its page (Fetch standard, "main fetch", steps 12 and
// 13; "append a request `Origin` header"; "HTTP-redirect fetch", steps 7, 8 and 18; Referrer Policy §8).

import assert from 'node:assert/strict'
import { afterEach, before, describe, it } from 'node:test'
import type { Fetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSites, rejection, type Seen, type Site } from './site.ts'

const PAGE = Symbol.for('undici.globalOrigin.1')

const openSites = closingSites()
checkOpenHandles()

let site: Site
/** Another origin. */
let other: Site
let fetch: Fetch

before(async () => {
  ;({ site, other, fetch } = await openSites())
})

afterEach(() => Reflect.deleteProperty(globalThis, PAGE))

/** As undici's `setGlobalOrigin(url)`. */
function setPage(path = '/page?q#part'): void {
  const value = new URL(path, site.origin)
  Object.defineProperty(globalThis, PAGE, { value, configurable: true, writable: true, enumerable: false })
}

async function said(path: string, init?: object): Promise<Seen['fields']> {
  return ((await (await fetch(path, init)).json()) as Seen).fields
}
const via = (to: string, from = site.origin, extra = ''): string =>
  `${from}/redirect?to=${encodeURIComponent(to)}${extra}`
const policy = (name: string): string => `&policy=${encodeURIComponent(name)}`

async function causeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise)
  assert.equal(error.message, 'fetch failed')
  return String(error.cause)
}

describe('a process with a page', () => {
  it('resolves relative URLs against it, each time again', async () => {
    setPage('/a/page')
    assert.equal((await fetch('../echo')).url, `${site.origin}/echo`)
    setPage('/')
    assert.equal((await fetch('../b/echo')).url, `${site.origin}/b/echo`)
    Reflect.deleteProperty(globalThis, PAGE)
    await assert.rejects(fetch('../echo'), /Failed to parse URL/)
  })

  it('resolves them against a URL of another realm or another make', async () => {
    const foreign = { href: `${site.origin}/`, [Symbol.toStringTag]: 'URL' }
    Object.defineProperty(globalThis, PAGE, { value: foreign, configurable: true })
    assert.equal((await fetch('/echo')).url, `${site.origin}/echo`)
  })

  it('says in Referer where it comes from, by the policy', async () => {
    setPage()
    assert.equal((await said('/echo'))['referer'], `${site.origin}/page?q`)
    assert.equal((await said(`${other.origin}/echo`))['referer'], `${site.origin}/`)
    assert.equal((await said('/echo', { referrer: '' }))['referer'], undefined)
    assert.equal((await said('/echo', { referrer: 'sub' }))['referer'], `${site.origin}/sub`)
    // Nobody speaks for another page.
    assert.equal((await said('/echo', { referrer: 'http://b.example/' }))['referer'], `${site.origin}/page?q`)
    assert.equal((await said('/echo', { headers: { referer: 'x' } }))['referer'], `${site.origin}/page?q`)
    assert.equal((await said('/echo', { referrerPolicy: 'no-referrer' }))['referer'], undefined)
  })

  it('says its origin to others, and with every method but GET and HEAD', async () => {
    setPage()
    assert.equal((await said('/echo'))['origin'], undefined)
    assert.equal((await said('/echo', { method: 'PUT' }))['origin'], site.origin)
    assert.equal((await said(`${other.origin}/echo`))['origin'], site.origin)
    // CORS is to share it: whatever the policy says of the referrer ("append a request `Origin` header", step 4.1).
    for (const referrerPolicy of ['no-referrer', 'origin', 'unsafe-url', 'same-origin', ''] as const)
      assert.equal((await said('/echo', { method: 'POST', referrerPolicy }))['origin'], site.origin)
  })

  it('hides it at home where the policy says so, and the mode is not cors', async () => {
    setPage()
    for (const mode of ['no-cors', 'same-origin'] as const) {
      const origin = async (
        referrerPolicy: NonNullable<RequestInit['referrerPolicy']>,
      ): Promise<string | undefined> =>
        (await said('/echo', { method: 'POST', mode, referrerPolicy }))['origin']
      assert.equal(await origin('no-referrer'), 'null')
      for (const policy of ['origin', 'origin-when-cross-origin', 'unsafe-url', 'same-origin', ''] as const)
        assert.equal(await origin(policy), site.origin)
    }
  })

  it('hides it from another where the policy says so', async () => {
    setPage()
    const init = { method: 'POST', mode: 'no-cors', referrerPolicy: 'same-origin' } as const
    const answer = await fetch(`${other.origin}/echo`, init)
    assert.equal(answer.type, 'opaque')
    assert.equal(other.lastSeen?.fields['origin'], 'null')
  })

  it('tells it after a redirect to another, and no more after a second one', async () => {
    setPage()
    assert.equal((await said(via(`${other.origin}/echo`)))['origin'], site.origin)
    assert.equal((await said(via(`${site.origin}/echo`, other.origin)))['origin'], 'null')
    const there = await said(via('/echo'), { method: 'POST' })
    assert.equal(there['origin'], undefined)
  })

  it('gives an answer of another the type cors, and shows nothing of it in the mode no-cors', async () => {
    setPage()
    assert.equal((await fetch('/echo')).type, 'basic')
    assert.equal((await fetch(`${other.origin}/echo`)).type, 'cors')
    assert.equal((await fetch('data:,x')).type, 'basic')
    const opaque = await fetch(`${other.origin}/echo`, { mode: 'no-cors' })
    const { type, status, ok, url, statusText, body, redirected } = opaque
    assert.deepEqual(
      { type, status, ok, url, statusText, body, redirected, fields: [...opaque.headers] },
      {
        type: 'opaque',
        status: 0,
        ok: false,
        url: '',
        statusText: '',
        body: null,
        redirected: false,
        fields: [],
      },
    )
    assert.equal(await opaque.text(), '')
    assert.equal(opaque.clone().type, 'opaque')
    assert.match(
      await causeOf(
        fetch(`${other.origin}/echo`, { mode: 'no-cors', integrity: `sha256-${'A'.repeat(43)}=` }),
      ),
      /the body may not be looked into/,
    )
  })

  it('asks another origin for nothing in the mode no-cors where its redirects are not followed', async () => {
    setPage()
    other.lastSeen = undefined
    for (const redirect of ['manual', 'error'] as const) {
      const cause = await causeOf(fetch(`${other.origin}/echo`, { mode: 'no-cors', redirect }))
      assert.match(cause, /the mode is no-cors/)
      assert.equal(other.lastSeen, undefined)
      assert.equal((await fetch('/echo', { mode: 'no-cors', redirect })).status, 200)
    }
    const followed = await fetch(`${other.origin}/echo`, { mode: 'no-cors', redirect: 'follow' })
    assert.equal(followed.type, 'opaque')
  })

  it('keeps a request of the mode same-origin at home', async () => {
    setPage()
    assert.equal((await fetch('/echo', { mode: 'same-origin' })).type, 'basic')
    assert.match(await causeOf(fetch(`${other.origin}/echo`, { mode: 'same-origin' })), /same-origin/)
  })
})

describe('a process without a page', () => {
  it('has the first URL in its place', async () => {
    assert.equal((await fetch(via(`${other.origin}/echo`))).type, 'cors')
    assert.equal((await fetch(via('/echo'))).type, 'basic')
    assert.equal((await fetch(via(`${other.origin}/echo`), { mode: 'no-cors' })).type, 'opaque')
    assert.equal((await fetch(via('/echo'), { mode: 'same-origin' })).status, 200)
    assert.match(
      await causeOf(fetch(via(`${other.origin}/echo`), { mode: 'same-origin' })),
      /the mode is same-origin/,
    )
    assert.equal(
      (await fetch(via(`${other.origin}/echo`), { mode: 'no-cors', redirect: 'manual' })).status,
      302,
    )
  })

  it('says no origin, and as Referer what it is given', async () => {
    const fields = await said(`${site.origin}/echo`, { method: 'POST' })
    assert.deepEqual([fields['origin'], fields['referer']], [undefined, undefined])
    const referrer = 'http://a.example/path'
    assert.equal((await said(`${site.origin}/echo`, { referrer }))['referer'], 'http://a.example/')
  })

  it('goes by the policy of each redirect, and says no more than at the hop before', async () => {
    const referrer = `${site.origin}/from`
    const to = `${site.origin}/echo`
    const referer = async (url: string): Promise<string | undefined> =>
      (await said(url, { referrer }))['referer']
    assert.equal(await referer(via(to)), referrer)
    assert.equal(await referer(via(`${other.origin}/echo`)), `${site.origin}/`)
    assert.equal(await referer(via(`${other.origin}/echo`, site.origin, policy('unsafe-url'))), referrer)
    assert.equal(await referer(via(to, site.origin, policy('no-referrer'))), undefined)
    assert.equal(await referer(via(to, site.origin, policy('origin, unknown'))), `${site.origin}/`)
    assert.equal(await referer(via(to, site.origin, policy('no-referrer, origin'))), `${site.origin}/`)
    assert.equal(await referer(via(to, other.origin, policy('unsafe-url'))), `${site.origin}/`)
  })

  it('lets a field of the caller stand for as long as it goes along', async () => {
    const own = 'http://own.example/'
    const headers = { referer: own, origin: own }
    const both = async (url: string, init: object): Promise<unknown[]> => {
      const fields = await said(url, { headers, ...init })
      return [fields['referer'], fields['origin']]
    }
    const init = { referrer: `${site.origin}/from` }
    assert.deepEqual(await both(`${site.origin}/echo`, init), [own, own])
    assert.deepEqual(await both(via(via('/echo')), init), [own, own])
    // Neither goes to another origin, nor comes back from there.
    assert.deepEqual(await both(via(`${other.origin}/echo`), init), [`${site.origin}/`, undefined])
    const back = via(`${site.origin}/echo`, other.origin)
    assert.deepEqual(await both(via(back), init), [`${site.origin}/`, undefined])
    setPage()
    const page = `${site.origin}/page?q`
    assert.deepEqual(await both(via(via('/echo')), { method: 'POST' }), [page, own])
    assert.deepEqual(await both(via(`${other.origin}/echo`), {}), [`${site.origin}/`, site.origin])
  })

  it('refuses a redirect to a URL with credentials, and a blocked port', async () => {
    const host = new URL(other.origin).host
    assert.match(await causeOf(fetch(via(`http://user:pass@${host}/echo`))), /with credentials/)
    const init = { referrer: 'http://a.example/' }
    assert.match(await causeOf(fetch(via(`http://user@${host}/echo`), init)), /with credentials/)
    assert.match(await causeOf(fetch(via('http://127.0.0.1:25/'), init)), /bad port/)
    assert.equal((await fetch(via('/echo?mail=a@b.example'))).status, 200)
    assert.equal((await fetch(via(`http://user@${host}/echo`), { mode: 'no-cors' })).type, 'opaque')
  })
})

// The jar: which cookies it keeps, and which it gives back for which URL. Tables by RFC 6265 §5.3 and §5.4, and by RFC 6265bis.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Cookie, MemoryCookieStore } from 'tough-cookie'
import { MAX_PER_DOMAIN, MAX_TOTAL } from '../../src/cookies/bounded-store.ts'
import { CookieJar } from '../../src/cookies/jar.ts'
import { MAX_AGE_MS } from '../../src/cookies/set-cookie.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

/** As the layer asks. */
function fieldFor(jar: CookieJar, url: string): string | undefined {
  const { origin, pathname, search } = new URL(url)
  return jar.fieldFor(origin, pathname + search)
}

/** What a URL is sent after others have set cookies, each `[URL, Set-Cookie]`. */
function sent(url: string, ...set: readonly (readonly [url: string, field: string])[]): string {
  const jar = new CookieJar()
  for (const [from, field] of set) jar.setCookieSync(field, from, { ignoreError: true })
  const field = fieldFor(jar, url)
  // The short way and the long one say the same, now and when it is asked again.
  assert.equal(jar.getCookieStringSync(url), field)
  assert.equal(fieldFor(jar, url), field)
  return field!
}

const A = 'http://a.example/'
const S = 'https://a.example/'

describe('the domain of a cookie [6265-5.1.2-1, 6265-5.1.3-1, 6265-5.1.3-2, 6265-5.3-4, 6265-5.3-5, 6265-5.3-6, 6265-5.4-3, 6265-6.3-1]', () => {
  const rows: readonly [from: string, field: string, to: string, expected: string][] = [
    ['http://www.a.example/', 'k=v', 'http://www.a.example/', 'k=v'],
    ['http://www.a.example/', 'k=v', 'http://x.www.a.example/', ''],
    ['http://www.a.example/', 'k=v', A, ''],
    ['http://www.a.example/', 'k=v; Domain=a.example', A, 'k=v'],
    ['http://www.a.example/', 'k=v; Domain=.A.Example', 'http://y.a.example/', 'k=v'],
    ['http://www.a.example/', 'k=v; Domain=a.example', 'http://bada.example/', ''],
    ['http://www.a.example/', 'k=v; Domain=www.a.example', 'http://x.www.a.example/', 'k=v'],
    ['http://www.a.example/', 'k=v; Domain=x.www.a.example', 'http://x.www.a.example/', ''],
    ['http://www.a.example/', 'k=v; Domain=b.example', 'http://b.example/', ''],
    ['http://www.a.example/', 'k=v; Domain=ww.a.example', 'http://www.a.example/', ''],
    ['http://www.a.example/', 'k=v; Domain=example', 'http://www.a.example/', ''],
    ['http://www.a.example/', 'k=v; Domain=a.example.', 'http://www.a.example/', ''],
    // A name with the dot of the root at its end is another host (RFC 6265 §5.1.2 takes none off), as in browsers and curl.
    ['http://a.example/', 'k=v', 'http://a.example./', ''],
    ['http://a.example./', 'k=v', 'http://a.example/', ''],
    ['http://a.example./', 'k=v', 'http://a.example./', 'k=v'],
    ['http://a.example./', 'k=v; Domain=a.example', 'http://a.example./', ''],
    ['http://a.example./', 'k=v; Domain=a.example.', 'http://b.a.example./', 'k=v'],
    ['http://a.example./', 'k=v; Domain=a.example.', 'http://a.example/', ''],
    ['http://a.co.uk/', 'k=v; Domain=co.uk', 'http://a.co.uk/', ''],
    ['http://a.co.uk./', 'k=v; Domain=co.uk.', 'http://a.co.uk./', ''],
    ['http://a.com./', 'k=v; Domain=com.', 'http://b.com./', ''],
    ['http://a.github.io/', 'k=v; Domain=github.io', 'http://b.github.io/', ''],
    ['http://github.io/', 'k=v; Domain=github.io', 'http://github.io/', 'k=v'],
    ['http://github.io/', 'k=v; Domain=github.io', 'http://a.github.io/', ''],
    ['http://intranet/', 'k=v; Domain=intranet', 'http://intranet/', 'k=v'],
    ['http://intranet/', 'k=v; Domain=intranet', 'http://a.intranet/', ''],
    ['http://a.localhost/', 'k=v; Domain=localhost', 'http://b.localhost/', ''],
    ['http://localhost/', 'k=v; Domain=localhost', 'http://localhost/', 'k=v'],
    ['http://10.0.0.1/', 'k=v', 'http://10.0.0.1/', 'k=v'],
    ['http://10.0.0.1/', 'k=v; Domain=10.0.0.1', 'http://10.0.0.1/', 'k=v'],
    ['http://10.0.0.1/', 'k=v; Domain=0.0.1', 'http://10.0.0.1/', ''],
    ['http://0x0a.1/', 'k=v', 'http://10.0.0.1/', 'k=v'],
    ['http://[::1]/', 'k=v', 'http://[0::1]/', 'k=v'],
    ['http://[::1]/', 'k=v; Domain=[::1]', 'http://[::1]/', 'k=v'],
    ['http://[::1]/', 'k=v; Domain=::1', 'http://[::1]/', 'k=v'],
    ['http://[::1]/', 'k=v; Domain=::2', 'http://[::1]/', ''],
    ['http://B\u00dcCHER.example/', 'k=v', 'http://xn--bcher-kva.example/', 'k=v'],
    [
      'http://b\u00fccher.example/',
      'k=v; Domain=xn--bcher-kva.example',
      'http://x.b\u00fccher.example/',
      'k=v',
    ],
    [
      'http://b\u00fccher.example/',
      'k=v; Domain=b\u00c3\u00bccher.example',
      'http://b\u00fccher.example/',
      '',
    ],
    ['http://a.example/', 'k=v; Domain=a example', 'http://a.example/', ''],
  ]
  for (const [from, field, to, expected] of rows)
    it(`${field} of ${from}, for ${to}`, () => assert.equal(sent(to, [from, field]), expected))
})

describe('the path of a cookie [6265-5.1.4-1, 6265-5.1.4-2, 6265-5.1.4-3, 6265-5.3-7, 6265-5.4-4]', () => {
  const rows: readonly [from: string, field: string, to: string, expected: string][] = [
    ['', 'k=v', 'x/y', 'k=v'],
    ['x', 'k=v', 'y', 'k=v'],
    ['a/b/c?x=/d', 'k=v', 'a/b', 'k=v'],
    ['a/b/c?x=/d', 'k=v', 'a/b/', 'k=v'],
    ['a/b/c?x=/d', 'k=v', 'a/bc', ''],
    ['a/b/c?x=/d', 'k=v', 'a/', ''],
    ['a/b/', 'k=v', 'a/b', 'k=v'],
    ['', 'k=v; Path=/foo', 'foo', 'k=v'],
    ['', 'k=v; Path=/foo', 'foo/bar', 'k=v'],
    ['', 'k=v; Path=/foo', 'foobar', ''],
    ['', 'k=v; Path=/foo', 'foo?bar', 'k=v'],
    ['', 'k=v; Path=/foo/', 'foo', ''],
    ['', 'k=v; Path=/foo/', 'foo/', 'k=v'],
    ['', 'k=v; Path=/Foo', 'foo', ''],
    ['other', 'k=v; Path=/foo', 'foo', 'k=v'],
    // Paths are compared as they are written (RFC 6265bis §5.1.4), and not decoded.
    ['%61/x', 'k=v', '%61/y', 'k=v'],
    ['%61/x', 'k=v', 'a/y', ''],
    ['', 'k=v; Path=/a%20b', 'a%20b', 'k=v'],
    ['', 'k=v; Path=/%E0%A4%A', '%E0%A4%A', 'k=v'],
    ['', 'k=v; Path=/%', '%', 'k=v'],
  ]
  for (const [from, field, to, expected] of rows)
    it(`${field} of /${from}, for /${to}`, () => assert.equal(sent(A + to, [A + from, field]), expected))
})

describe('a secure cookie', () => {
  it('is sent over https alone, and kept of nothing else [6265-5.4-5]', () => {
    assert.equal(sent(S, [S, 'k=v; Secure']), 'k=v')
    assert.equal(sent(A, [S, 'k=v; Secure']), '')
    assert.equal(sent(S, [A, 'k=v; Secure']), '')
  })

  it('goes to this machine in the clear, too, as in browsers and curl', () => {
    for (const host of ['localhost', 'a.localhost', '127.0.0.1', '[::1]'])
      assert.equal(sent(`http://${host}/`, [`http://${host}/`, 'k=v; Secure']), 'k=v', host)
    for (const host of ['localhost.example', '128.0.0.1', '[::2]'])
      assert.equal(sent(`http://${host}/`, [`http://${host}/`, 'k=v; Secure']), '', host)
  })

  it('is neither replaced nor hidden by what comes in the clear', () => {
    assert.equal(sent(S, [S, 'k=1; Secure'], [A, 'k=2']), 'k=1')
    assert.equal(sent(`${S}x/y`, [S, 'k=1; Secure'], [`${A}x/y`, 'k=2; Path=/x']), 'k=1')
    assert.equal(
      sent(S, [S, 'k=1; Secure; Domain=a.example'], ['http://b.a.example/', 'k=2; Domain=a.example']),
      'k=1',
    )
    assert.equal(
      sent('https://b.a.example/', ['https://b.a.example/', 'k=1; Secure'], [A, 'k=2; Domain=a.example']),
      'k=1',
    )
    assert.equal(sent(`${S}x/y`, [S, 'k=1; Secure; Path=/x'], [`${A}x/z`, 'k=2']), 'k=1')
    // Another path, another name, and https, are no harm.
    assert.equal(sent(`${S}x`, [S, 'k=1; Secure; Path=/y'], [A, 'k=2']), 'k=2')
    assert.equal(sent(S, [S, 'k=1; Secure'], [A, 'l=2']), 'k=1; l=2')
    assert.equal(sent(S, [S, 'k=1; Secure'], [S, 'k=2']), 'k=2')
  })
})

describe('a name that promises something', () => {
  const rows: readonly [field: string, from: string, expected: string][] = [
    ['__Secure-k=v; Secure', S, '__Secure-k=v'],
    ['__Secure-k=v', S, ''],
    ['__SECURE-k=v', S, ''],
    ['__Secure-k=v; Secure', A, ''],
    ['__Host-k=v; Secure; Path=/', S, '__Host-k=v'],
    ['__Host-k=v; Secure', S, ''],
    ['__Host-k=v; Secure; Path=/x', `${S}x`, ''],
    ['__Host-k=v; Path=/', S, ''],
    ['__Host-k=v; Secure; Path=/; Domain=a.example', S, ''],
    ['__hOsT-k=v; Secure; Path=/; Domain=a.example', S, ''],
    ['__Host=v', S, '__Host=v'],
  ]
  for (const [field, from, expected] of rows)
    it(`${field} of ${from}`, () => assert.equal(sent(from, [from, field]), expected))
})

describe('a jar', () => {
  it('sends cookies by the length of their paths, then by their age [6265-5.4-7, 6265-5.3-9]', () => {
    const field = sent(
      `${A}x/y`,
      [A, 'a=1; Path=/'],
      [A, 'b=2; Path=/x'],
      [A, 'c=3; Path=/'],
      [A, 'd=4; Path=/x/y'],
      [A, 'a=5; Path=/'],
    )
    assert.equal(field, 'd=4; b=2; a=5; c=3')
  })

  it('ignores ports [6265-8.5-1]', () => {
    assert.equal(sent('http://a.example:9090/', ['http://a.example:8080/', 'k=v']), 'k=v')
  })

  it('gives every octet back as it came [6265-5.4-2, 6265-5.4-8]', () => {
    const octets = Array.from({ length: 0x100 }, (_, i) => String.fromCharCode(i))
      .filter((octet) => !/[\0-\x08\x0a-\x1f\x7f;]/.test(octet))
      .join('')
    assert.equal(sent(A, [A, `k="${octets}"; Path=/`]), `k="${octets}"`)
    assert.equal(sent(A, [A, 'k=%20+\u00c3\u00a0']), 'k=%20+\u00c3\u00a0')
  })

  it('keeps what has no end for the session, and forgets what has one [6265-5.3-3, 6265-5.3-10]', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
    const jar = new CookieJar()
    jar.setCookieSync('session=1', A)
    jar.setCookieSync('soon=1; Max-Age=10', A)
    jar.setCookieSync('dated=1; Expires=Tue, 14 Nov 2023 22:13:30 GMT', A)
    assert.equal(fieldFor(jar, A), 'session=1; soon=1; dated=1')
    assert.deepEqual(
      jar.getCookiesSync(A).map((cookie) => cookie.isPersistent()),
      [false, true, true],
    )
    t.mock.timers.tick(9_999)
    assert.equal(fieldFor(jar, A), 'session=1; soon=1; dated=1')
    t.mock.timers.tick(1)
    // Sending it has not made it younger.
    assert.equal(fieldFor(jar, A), 'session=1')
    assert.equal(jar.serializeSync()?.cookies.length, 1)
  })

  it('deletes a cookie that is set with an end in the past [6265-5.3-10]', () => {
    for (const end of ['Max-Age=0', 'Max-Age=-5', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT']) {
      assert.equal(sent(A, [A, 'k=1'], [A, 'l=2'], [A, `k=; ${end}`]), 'l=2')
      assert.equal(sent(A, [A, `k=; ${end}`]), '')
    }
    const jar = new CookieJar()
    jar.setCookieSync('k=v; Max-Age=0', A)
    assert.equal(jar.serializeSync()?.cookies.length, 0)
  })

  it('lets no cookie live longer than 400 days', () => {
    const jar = new CookieJar()
    const now = Date.now()
    const [long, made] = [
      jar.setCookieSync(`k=v; Max-Age=${10 ** 12}`, A),
      jar.setCookieSync(new Cookie({ key: 'l', value: 'v', maxAge: 10 ** 12 }), A),
    ]
    for (const cookie of [long, made]) {
      const lives = cookie!.expiryTime()! - now
      assert.ok(lives >= MAX_AGE_MS && lives < MAX_AGE_MS + 10_000)
    }
  })

  it('takes cookies made by hand, with the end that they say', () => {
    const jar = new CookieJar()
    const ends = [
      [{ maxAge: 'Infinity' as const }, true],
      [{ maxAge: '-Infinity' as const }, undefined],
      [{ maxAge: 0 }, undefined],
      [{ expires: new Date(0) }, undefined],
      [{ expires: new Date(Date.now() + 10_000) }, true],
      [{ expires: fromOtherRealm('new Date(0)') }, undefined],
      [{ expires: fromOtherRealm('new Date(Date.now() + 10_000)') }, true],
      // What is no date says nothing of an end.
      [{ expires: {} as Date }, false],
      [{}, false],
    ] as const
    for (const [end, isPersistent] of ends) {
      jar.setCookieSync(new Cookie({ key: 'k', value: 'v', ...end }), A)
      assert.equal(jar.getCookiesSync(A)[0]?.isPersistent(), isPersistent)
    }
  })

  it('keeps http-only cookies from what is no HTTP [6265-5.3-8, 6265-5.4-6]', () => {
    const jar = new CookieJar()
    jar.setCookieSync('k=1; HttpOnly', A)
    assert.equal(jar.getCookieStringSync(A, { http: false }), '')
    assert.throws(() => jar.setCookieSync('k=2', A, { http: false }), /HttpOnly/)
    assert.throws(() => jar.setCookieSync('l=2; HttpOnly', A, { http: false }), /HttpOnly/)
    assert.equal(fieldFor(jar, A), 'k=1')
  })

  it('says why it refuses a cookie, and nothing where that is to be ignored', async () => {
    const jar = new CookieJar()
    for (const [field, why] of [
      ['nothing', /no cookie/],
      ['k=v; Domain=example', /public suffix/],
      ['k=v; Domain=b.example', /domain/],
      ['__Host-k=v', /promises/],
      ['k=v; Secure', /secure/],
    ] as const) {
      await assert.rejects(jar.setCookie(field, A), why)
      assert.equal(await jar.setCookie(field, A, { ignoreError: true }), undefined)
      jar.setCookie(field, A, (error) => assert.match(String(error), why))
    }
    await assert.rejects(jar.setCookie('k=v', 'no URL'), /URL/)
  })

  it('holds nothing that would be sent as more than one cookie, or not at all', async () => {
    for (const [key, value] of [
      ['k', 'v; evil=1'],
      ['k', 'v\r\nX-Evil: 1'],
      ['k;evil', 'v'],
      ['k=evil', 'v'],
      ['k', '\u20ac'],
    ] as const) {
      const jar = new CookieJar()
      await assert.rejects(jar.setCookie(new Cookie({ key, value }), A), /no cookie/)
      await jar.store.putCookie(new Cookie({ key, value, domain: 'a.example', path: '/', hostOnly: true }))
      assert.equal(fieldFor(jar, A), '')
    }
  })

  it('can be told to let public suffixes be', () => {
    const jar = new CookieJar(null, { rejectPublicSuffixes: false })
    jar.setCookieSync('k=v; Domain=example', A)
    assert.equal(fieldFor(jar, 'http://b.example/'), 'k=v')
  })

  it('shows what it holds, and deletes it [6265-7.2-1]', () => {
    const jar = new CookieJar()
    jar.setCookieSync('k=v', A)
    jar.setCookieSync('l=w', 'http://b.example/')
    jar.setCookieSync('m=x; Path=/y', 'http://b.example/')
    const { store } = jar
    assert.deepEqual(
      jar.serializeSync()?.cookies.map(({ key }) => key),
      ['k', 'l', 'm'],
    )
    void store.removeCookies('b.example', '/y')
    assert.deepEqual(
      jar.serializeSync()?.cookies.map(({ key }) => key),
      ['k', 'l'],
    )
    void store.removeCookies('b.example', null)
    assert.equal(fieldFor(jar, 'http://b.example/'), '')
    jar.removeAllCookiesSync()
    assert.equal(fieldFor(jar, A), '')
  })

  it('has a store that finds nothing for what is not there, and holds nothing without a place', async () => {
    const { store } = new CookieJar()
    await store.putCookie(new Cookie({ key: 'k', value: 'v', path: '/' }))
    await store.putCookie(new Cookie({ key: 'k', value: 'v', domain: 'a.example' }))
    assert.deepEqual(await store.getAllCookies(), [])
    assert.equal(await store.findCookie(null, null, null), undefined)
    assert.deepEqual(await store.findCookies(null, null), [])
    await store.removeCookie(null, null, null)
    await store.removeCookies('a.example', null)
  })

  it('stands on any store of tough-cookie', async () => {
    const jar = new CookieJar(new MemoryCookieStore())
    await jar.setCookie('k=1; Secure', S)
    await jar.setCookie('k=2', A, { ignoreError: true })
    await jar.setCookie('l=3; Max-Age=0', A)
    assert.equal(await jar.getCookieString(S), 'k=1')
    // What it cannot tell at once, it does not.
    assert.equal(fieldFor(jar, S), undefined)
    assert.equal((await jar.serialize()).cookies.length, 1)
  })

  it('tells what its store fails with', async () => {
    const broken = new Error('the disk is gone')
    const store = new MemoryCookieStore()
    store.findCookies = (...all: unknown[]) => (all.at(-1) as (error: Error) => void)(broken) as never
    await assert.rejects(new CookieJar(store).setCookie('k=v', A), broken)
  })
})

describe('the bounds of a jar', () => {
  it(`are ${MAX_PER_DOMAIN} cookies of a domain and ${MAX_TOTAL} in all [6265-6.1-1]`, () => {
    const jar = new CookieJar()
    for (let i = 0; i < MAX_PER_DOMAIN + 20; i++) jar.setCookieSync(`k${i}=v`, A)
    assert.equal(jar.getCookiesSync(A).length, MAX_PER_DOMAIN)
    for (let i = 0; i < MAX_TOTAL + 20; i++) jar.setCookieSync('k=v', `http://h${i}.example/`)
    assert.equal(jar.serializeSync()?.cookies.length, MAX_TOTAL)
  })

  it('let go first what has ended, then what was sent the longest ago, then what is not secure [6265-5.3-11]', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
    const jar = new CookieJar()
    const names = (): string[] => jar.getCookiesSync(S, { allPaths: true }).map(({ key }) => key)
    const fill = (from: number): void => {
      for (let i = from; i < MAX_PER_DOMAIN; i++) jar.setCookieSync(`k${i}=v; Path=/k${i}`, S)
    }
    jar.setCookieSync('short=v; Max-Age=5; Path=/short', S)
    fill(1)
    t.mock.timers.tick(5_000)
    // It counts as sent, by the short way as well.
    fieldFor(jar, `${S}k1`)
    t.mock.timers.tick(5_000)
    fieldFor(jar, `${S}k1`)
    jar.setCookieSync('one=v; Path=/one', S)
    assert.equal(names().length, MAX_PER_DOMAIN)
    jar.removeAllCookiesSync()
    jar.setCookieSync('safe=v; Secure; Path=/safe', S)
    fill(1)
    t.mock.timers.tick(1_000)
    fieldFor(jar, `${S}k1`)
    jar.setCookieSync('two=v; Path=/two', S)
    assert.equal(names().length, MAX_PER_DOMAIN)
    assert.ok(names().includes('safe') && names().includes('k1') && names().includes('two'))
    assert.equal(names().includes('k2'), false)
  })
})

describe('inspect', () => {
  it('shows how many cookies a jar has, and none of them', () => {
    const jar = new CookieJar()
    jar.setCookieSync('sid=secret', A)
    assert.equal(inspect(jar), 'CookieJar { cookies: 1 }')
    assert.equal(
      inspect(new CookieJar(new MemoryCookieStore())),
      'CookieJar { cookies: in a store of its own }',
    )
    assert.equal(inspect(Object.create(CookieJar.prototype)), 'CookieJar { cookies: none }')
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { REFERRER_POLICIES, readReferrer, referrerFor } from '../../src/fetch/referrer.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FROM = new URL('https://user:pass@a.example/path?q=1#part')
const WHOLE = 'https://a.example/path?q=1'
const ORIGIN = 'https://a.example/'
const SAME = new URL('https://a.example/other')
const OTHER = new URL('https://b.example/')
const PLAIN = new URL('http://a.example/')

describe("determine request's referrer (Referrer Policy §8.3)", () => {
  const table: Readonly<Record<string, readonly (string | undefined)[]>> = {
    '': [WHOLE, ORIGIN, undefined],
    'no-referrer': [undefined, undefined, undefined],
    'no-referrer-when-downgrade': [WHOLE, WHOLE, undefined],
    'same-origin': [WHOLE, undefined, undefined],
    origin: [ORIGIN, ORIGIN, ORIGIN],
    'strict-origin': [ORIGIN, ORIGIN, undefined],
    'origin-when-cross-origin': [WHOLE, ORIGIN, ORIGIN],
    'strict-origin-when-cross-origin': [WHOLE, ORIGIN, undefined],
    'unsafe-url': [WHOLE, WHOLE, WHOLE],
  }
  for (const policy of REFERRER_POLICIES) {
    it(`policy "${policy}": to the same origin, another, and without TLS`, () => {
      const told = [SAME, OTHER, PLAIN].map((to) => referrerFor(FROM, policy, to)?.href)
      assert.deepEqual(told, table[policy])
    })
  }

  it('goes to this machine and from it as by https (Secure Contexts §3.1)', () => {
    const local = ['http://127.0.0.1:81/', 'http://127.9.8.7/', 'http://[::1]/', 'http://localhost/']
    for (const url of [...local, 'http://a.localhost/', 'http://localhost./']) {
      assert.equal(referrerFor(FROM, '', new URL(url))?.href, ORIGIN, url)
      assert.equal(referrerFor(new URL(url), '', PLAIN), undefined, url)
      assert.equal(referrerFor(new URL(url), 'no-referrer-when-downgrade', PLAIN), undefined, url)
    }
    for (const url of [
      'http://128.0.0.1/',
      'http://[::2]/',
      'http://notlocalhost/',
      'http://localhost.example/',
    ]) {
      assert.equal(referrerFor(FROM, '', new URL(url)), undefined, url)
      assert.equal(referrerFor(new URL(url), '', PLAIN)?.href, url)
    }
  })

  it('none and the client of a server tell nothing', () => {
    for (const referrer of ['', 'about:client']) assert.equal(readReferrer(referrer, undefined), undefined)
    assert.equal(referrerFor(new URL('file:///etc/hostname'), 'unsafe-url', SAME), undefined)
  })

  it('one of more than 4,096 characters is its origin', () => {
    const long = new URL(`${ORIGIN}${'x'.repeat(4_096)}`)
    assert.equal(referrerFor(long, 'unsafe-url', SAME)?.href, ORIGIN)
  })

  it('what is no URL is a TypeError', () => {
    assert.throws(() => readReferrer('a b', undefined), {
      name: 'TypeError',
      message: 'Referrer "a b" is not a valid URL.',
    })
  })

  it('what is no URL is told without what may be a password', () => {
    for (const referrer of ['http://user:secret@h:port/', 'http:user:secret@h:port/', '//user:secret@h/'])
      assert.throws(
        () => readReferrer(referrer, undefined),
        (error: Error) => !inspect(error).includes('secret'),
      )
  })
})

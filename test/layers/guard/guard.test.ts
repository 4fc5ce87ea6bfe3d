// What the guard says of proxies, and of what they lead to: a proxy is an address like any other, unless it is trusted by name;
// what it is asked for is looked up by it, so that a name cannot be judged here.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GuardError } from '../../../src/errors/index.ts'
import {
  Guard,
  type GuardRule,
  judgeBeyond,
  judgeDialled,
  judgePlace,
} from '../../../src/layers/guard/guard.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const PUBLIC_ONLY: GuardRule = { policy: 'public-only', proxies: [] }
const TRUSTING: GuardRule = { policy: 'public-only', proxies: ['proxy.corp:3128', '[::1]:1080'] }
const URL_OF_REQUEST = 'http://a.test/x'
const PROXY = { host: 'Proxy.corp', port: 3128 }
const ROLE = 'the proxy'

function refused(
  rule: GuardRule,
  host: string,
  address: string,
  role?: string,
  port = 3128,
): string | undefined {
  return judgeDialled(rule, { host, port, role }, address, URL_OF_REQUEST)?.refused
}

const beyond = (rule: GuardRule, host: string): string | undefined =>
  judgeBeyond(rule, { host, port: 80 }, PROXY, URL_OF_REQUEST)?.refused

describe('a proxy', () => {
  it('is judged by its address, as any other place', () => {
    assert.equal(refused(PUBLIC_ONLY, 'proxy.corp', '10.0.0.1', ROLE), '10.0.0.1')
    assert.equal(refused(PUBLIC_ONLY, 'proxy.corp', '8.8.8.8', ROLE), undefined)
    const refusal = judgeDialled(PUBLIC_ONLY, { ...PROXY, role: ROLE }, '10.0.0.1', URL_OF_REQUEST)
    assert.match(refusal!.detail, /^the proxy Proxy\.corp leads to 10\.0\.0\.1, which is of /)
    assert.equal(judgePlace(PUBLIC_ONLY, { host: 'localhost', port: 1, role: ROLE })?.refused, 'localhost')
  })

  it('may be anywhere where it is trusted by name and port, in any letters', () => {
    assert.equal(refused(TRUSTING, 'PROXY.corp', '10.0.0.1', ROLE), undefined)
    assert.equal(refused(TRUSTING, '::1', '::1', ROLE, 1080), undefined)
    assert.equal(refused(TRUSTING, 'proxy.corp', '10.0.0.1', ROLE, 80), '10.0.0.1')
    const local = { policy: 'public-only', proxies: ['localhost:8080'] } as const
    assert.equal(judgePlace(local, { host: 'localhost', port: 8080, role: ROLE }), undefined)
  })

  it('is trusted as a proxy, and not as a place that a URL names', () => {
    assert.equal(refused(TRUSTING, 'proxy.corp', '10.0.0.1'), '10.0.0.1')
    assert.equal(
      judgePlace({ policy: 'public-only', proxies: ['localhost:80'] }, { host: 'localhost', port: 80 })?.rule,
      'public-only',
    )
  })

  it('is refused on a unix socket, trusted or not', () => {
    const place = { ...PROXY, role: ROLE, socketPath: '/run/proxy.sock' }
    assert.equal(judgePlace(TRUSTING, place)?.refused, '/run/proxy.sock')
  })
})

describe('what a proxy leads to', () => {
  it('is judged where it is an address, or a name that has a meaning of its own, whoever the proxy is', () => {
    for (const rule of [PUBLIC_ONLY, TRUSTING]) {
      assert.equal(beyond(rule, '127.0.0.1'), '127.0.0.1')
      assert.equal(beyond(rule, '0x7f.1'), '127.0.0.1')
      assert.equal(beyond(rule, 'fd00::1'), 'fd00::1')
      assert.equal(beyond(rule, 'localhost'), 'localhost')
      assert.equal(beyond(rule, '8.8.8.8'), undefined)
    }
  })

  it('is refused where it is a name, unless the proxy is trusted: it is looked up there', () => {
    assert.equal(beyond(TRUSTING, 'a.test'), undefined)
    assert.equal(beyond(PUBLIC_ONLY, 'a.test'), 'a.test')
    const refusal = judgeBeyond(PUBLIC_ONLY, { host: 'a.test', port: 80 }, PROXY, URL_OF_REQUEST)!
    assert.match(
      refusal.detail,
      /^the address of a\.test is looked up by the proxy Proxy\.corp:3128, and cannot be checked/,
    )
    assert.match(refusal.remedy!, /^guard: \{ policy, proxies: \['Proxy\.corp:3128'\] \}/)
    assert.equal(
      judgeBeyond({ policy: () => true, proxies: [] }, { host: 'a.test', port: 80 }, PROXY, '')?.rule,
      'function',
    )
  })

  it('is an error in the phase of the proxy', () => {
    const guard = new Guard([TRUSTING, PUBLIC_ONLY], URL_OF_REQUEST)
    assert.throws(
      () => guard.checkBeyond({ host: 'a.test', port: 80 }, PROXY),
      (error: unknown) => {
        assert.ok(error instanceof GuardError)
        assert.deepEqual(
          [error.phase, error.mayHaveActed, error.remedy?.startsWith('guard:')],
          ['proxy', false, true],
        )
        return true
      },
    )
    guard.checkBeyond({ host: '8.8.8.8', port: 80 }, PROXY)
  })
})

describe('a guard', () => {
  it('takes for refused what is no address', () => {
    assert.match(
      judgeDialled(PUBLIC_ONLY, { host: 'a.test', port: 80 }, 'b.test', '')!.detail,
      /which is no IP address/,
    )
  })

  it('opens a connection where one of those who wait may go there', () => {
    const allowed = 'http://a.test/yes'
    const rule: GuardRule = { policy: (_address, { href }) => href === allowed, proxies: [] }
    const place = { host: 'a.test', port: 80 }
    const check = (urls: readonly string[]): void =>
      new Guard([rule], 'http://a.test/', () => urls).checkAddresses(place, ['8.8.8.8'])
    check(['http://a.test/no', allowed])
    check([allowed])
    for (const urls of [[], ['http://a.test/no', 'http://a.test/never']])
      assert.throws(() => check(urls), GuardError)
  })
})

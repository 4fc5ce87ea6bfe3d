// Whom credentials are for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type OutgoingRequest, type RequestOrigin, withChanges } from '../../../src/core/request.ts'
import type { AuthSettings } from '../../../src/core/settings.ts'
import { isMeantFor, mayGo } from '../../../src/layers/auth/meant-for.ts'
import { resolveAuth, settingsForPair } from '../../../src/layers/auth/option.ts'
import { requestWith } from '../../support/layer-exchange.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const REDIRECT = {
  limit: 20,
  downgrade: false,
  keepCredentialsFor: [] as string[],
  keepHeaders: [],
  keepPostAfter: [],
}
const originOf = (prefix: string): RequestOrigin => ({ ...requestWith(undefined).origin, prefix })

/** A request that was made for one origin, and goes to another. */
function sent(from: string, to: string, keepCredentialsFor: string[] = []): OutgoingRequest {
  const first = withChanges(requestWith({ redirect: { ...REDIRECT, keepCredentialsFor } }), {
    origin: originOf(from),
    first: undefined,
  })
  return withChanges(first, { origin: originOf(to), first })
}

describe('what is meant for an origin', () => {
  const cases: readonly (readonly [meant: string | undefined, to: string, may: boolean])[] = [
    [undefined, 'http://b.test', true],
    ['http://a.test', 'http://a.test', true],
    // HSTS: the same host over https, on the port that takes its place (RFC 6797 §8.3).
    ['http://a.test', 'https://a.test', true],
    ['http://a.test:8080', 'https://a.test:8080', true],
    ['http://a.test:8080', 'https://a.test', false],
    ['http://a.test', 'https://a.test:8443', false],
    ['https://a.test', 'http://a.test', false],
    ['http://a.test', 'http://a.test:81', false],
    ['http://a.test', 'https://b.test', false],
    ['http://a.test', 'https://x.a.test', false],
    ['http://x.a.test', 'https://a.test', false],
  ]
  for (const [meant, to, may] of cases)
    it(`${may ? 'may' : 'may not'} go from ${meant ?? 'anywhere'} to ${to}`, () => {
      assert.equal(mayGo(meant, sent('http://a.test', to)), may)
    })

  it('may go where a redirect may take it', () => {
    const named = ['http://b.test']
    assert.equal(mayGo('http://a.test', sent('http://a.test', 'http://b.test', named)), true)
    assert.equal(mayGo('http://a.test', sent('http://a.test', 'http://c.test', named)), false)
    assert.equal(
      mayGo('http://a.test', withChanges(requestWith(undefined), { origin: originOf('http://b.test') })),
      false,
    )
  })
})

describe('credentials', () => {
  const pair = settingsForPair({ user: 'me', password: 'pw' }, 'url', 'http://a.test')
  const basic = resolveAuth({ basic: ['me', 'pw'] }) as AuthSettings
  const netrc = resolveAuth('netrc') as AuthSettings

  it('of a URL are for its origin, those of an option for whichever is asked', () => {
    assert.equal(isMeantFor(pair, sent('http://a.test', 'http://a.test')), true)
    assert.equal(isMeantFor(pair, sent('http://a.test', 'http://b.test')), false)
    assert.equal(isMeantFor(basic, sent('http://a.test', 'http://b.test')), true)
    assert.equal(
      isMeantFor({ ...basic, origin: 'http://a.test' }, sent('http://b.test', 'http://b.test')),
      false,
    )
  })

  it('of a netrc file are for the origin that was asked for at first, and over https', () => {
    assert.equal(isMeantFor(netrc, sent('http://a.test', 'http://a.test')), true)
    assert.equal(isMeantFor(netrc, sent('http://a.test', 'https://a.test')), true)
    assert.equal(isMeantFor(netrc, sent('http://a.test', 'http://b.test')), false)
    assert.equal(isMeantFor(netrc, sent('http://a.test', 'http://b.test', ['http://b.test'])), true)
    // One that nothing was made of yet is its own first.
    assert.equal(isMeantFor(netrc, requestWith(undefined)), true)
  })
})

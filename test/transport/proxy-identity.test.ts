// Who we are to a proxy, as the fields that are said: Basic of RFC 7617 §2, Digest of RFC 7616 §3.3 to §3.5.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import { ProxyIdentity } from '../../src/transport/proxy-identity.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const REQUEST = { method: 'CONNECT', uri: 'a.test:443', content: new Uint8Array(0) }
const ALADDIN = { user: 'Aladdin', password: 'open sesame' }

const ask = (challenge: string): readonly FieldLine[] => [['Proxy-Authenticate', challenge]]
const digest = (nonce: string, more = ''): readonly FieldLine[] =>
  ask(`Digest realm="r", nonce="${nonce}", qop="auth"${more}`)

/** Nonce and count of what is said. */
function said(field: FieldLine | undefined): string | undefined {
  const [, nonce] = /nonce="([^"]*)"/.exec(field?.[1] ?? '') ?? []
  const [, count] = /nc=0*([0-9a-f]+)/.exec(field?.[1] ?? '') ?? []
  return field === undefined ? undefined : `${nonce} ${count}`
}

const begin = (): ProxyIdentity => new ProxyIdentity({ scheme: 'digest', ...ALADDIN })

describe('Basic to a proxy', () => {
  it('is said with each request, and is no answer to a 407 [7617-2-3]', async () => {
    const identity = new ProxyIdentity({ scheme: 'basic', ...ALADDIN })
    const field = ['Proxy-Authorization', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==']
    assert.deepEqual(identity.fieldFor(REQUEST), field)
    assert.equal(await identity.answer(ask('Basic realm="r"'), REQUEST, 0), undefined)
    await identity.learn(digest('a'))
    assert.deepEqual(identity.fieldFor(REQUEST), field)
    assert.deepEqual([identity.isDigest, identity.awaitsChallenge, identity.isReady], [false, false, true])
  })
})

describe('Digest to a proxy', () => {
  it('says nothing before a challenge, and counts its nonce from then on [7616-3.4-6]', async () => {
    const identity = begin()
    assert.equal(identity.fieldFor(REQUEST), undefined)
    assert.deepEqual([identity.isDigest, identity.awaitsChallenge, identity.isReady], [true, true, false])
    assert.equal(said(await identity.answer(digest('a'), REQUEST, 0)), 'a 1')
    assert.equal(said(identity.fieldFor(REQUEST)), 'a 2')
    assert.deepEqual([identity.awaitsChallenge, identity.isReady], [false, true])
  })

  it('answers the same question no second time, and an old nonce three times [7616-3.3-4, 7616-3.3-5]', async () => {
    const identity = begin()
    await identity.answer(digest('a'), REQUEST, 0)
    assert.equal(await identity.answer(digest('b'), REQUEST, 1), undefined)
    for (const [tries, expected] of [
      [1, 'c1 1'],
      [2, 'c2 1'],
      [3, 'c3 1'],
      [4, undefined],
    ] as const)
      assert.equal(said(await identity.answer(digest(`c${tries}`, ', stale=TRUE'), REQUEST, tries)), expected)
    // Another realm is another space: nothing of it was answered before.
    const other = ask('Digest realm="other", nonce="d", qop="auth", stale=true')
    assert.equal(await identity.answer(other, REQUEST, 1), undefined)
  })

  it('answers an old nonce of a space that is not the latest', async () => {
    const identity = begin()
    await identity.answer(digest('a'), REQUEST, 0)
    await identity.answer(ask('Digest realm="other", nonce="b", qop="auth"'), REQUEST, 0)
    assert.equal(said(await identity.answer(digest('c', ', stale=true'), REQUEST, 1)), 'c 1')
  })

  it('gives each of several requests the nonce of its own challenge [7616-3.4-6]', async () => {
    const identity = begin()
    const fields = await Promise.all(
      ['a', 'b', 'c', 'a'].map((nonce) => identity.answer(digest(nonce), REQUEST, 0)),
    )
    assert.deepEqual(fields.map(said), ['a 1', 'b 1', 'c 1', 'a 2'])
  })

  it('is not ready for a body that must not be refused where nonces have been too old, and this one was used', async () => {
    const identity = begin()
    await identity.answer(digest('a'), REQUEST, 0)
    assert.equal(identity.isReady, true)
    await identity.learn(digest('b', ', stale=true'))
    assert.equal(identity.isReady, true)
    assert.equal(said(identity.fieldFor(REQUEST)), 'b 1')
    assert.equal(identity.isReady, false)
    identity.heard([['Proxy-Authentication-Info', 'nextnonce="c"']])
    assert.equal(identity.isReady, true)
    assert.equal(said(identity.fieldFor(REQUEST)), 'c 1')
  })

  it('goes on with the nonce for the next request, where one is said that can be read [7616-3.5-1]', async () => {
    const identity = begin()
    identity.heard([['Proxy-Authentication-Info', 'nextnonce="early"']])
    await identity.answer(digest('a'), REQUEST, 0)
    for (const [value, expected] of [
      ['nextnonce="b"', 'b 1'],
      ['nextnonce="c", nextnonce="d"', 'b 2'],
      ['rspauth="x"', 'b 3'],
      ['nextnonce="b"', 'b 4'],
    ] as const) {
      identity.heard([['Proxy-Authentication-Info', value]])
      assert.equal(said(identity.fieldFor(REQUEST)), expected)
    }
  })

  it('says nothing where a body is to be hashed that is not at hand', async () => {
    const identity = begin()
    const wantsHash = ask('Digest realm="r", nonce="a", qop="auth-int"')
    const open = { method: 'POST', uri: '/' }
    assert.equal(await identity.answer(wantsHash, open, 0), undefined)
    await identity.learn(wantsHash)
    assert.equal(identity.fieldFor(open), undefined)
    assert.equal(said(identity.fieldFor(REQUEST)), 'a 1')
  })

  it('answers no other scheme, and nothing that is no challenge', async () => {
    for (const fields of [ask('Basic realm="r"'), ask('Negotiate'), ask('Digest "'), []])
      assert.equal(await begin().answer(fields, REQUEST, 0), undefined)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseChallenges } from '../../../src/auth/challenge.ts'
import { DigestSession } from '../../../src/auth/digest.ts'
import { ProtectionSpaces } from '../../../src/layers/auth/spaces.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const ME = { user: 'me', password: 'pw' }
const HERE = new URL('http://a.test/')
const at = (path: string): URL => new URL(path, HERE)

/** Opens a space, and proves it. */
function open(spaces: ProtectionSpaces, url: URL, nonce: string, more = '', pair = ME): DigestSession {
  const [challenge] = parseChallenges([`Digest realm="r", nonce="${nonce}", qop="auth"${more}`])
  const session = spaces.open(url, pair, challenge!, () => new DigestSession(challenge!, pair, true))
  spaces.prove(url, pair, session)
  return session
}

describe('protection spaces', () => {
  it('are for one origin, one user and one password', () => {
    const spaces = new ProtectionSpaces()
    const session = open(spaces, HERE, 'n')
    assert.equal(spaces.find(new URL('http://a.test/x?y'), ME), session)
    for (const url of ['https://a.test/', 'http://a.test:81/', 'http://b.test/', 'http://x.a.test/'])
      assert.equal(spaces.find(new URL(url), ME), undefined)
    assert.equal(spaces.find(HERE, { ...ME, user: 'you' }), undefined)
    assert.equal(spaces.find(HERE, { ...ME, password: 'other' }), undefined)
  })

  it('are used once they are proven, and not once they are forgotten', () => {
    const spaces = new ProtectionSpaces()
    const [challenge] = parseChallenges(['Digest realm="r", nonce="n"'])
    const session = spaces.open(HERE, ME, challenge!, () => new DigestSession(challenge!, ME, true))
    assert.equal(spaces.find(HERE, ME), undefined)
    spaces.prove(HERE, ME, session)
    assert.equal(spaces.find(HERE, ME), session)
    spaces.forget(HERE, ME, session)
    assert.equal(spaces.find(HERE, ME), undefined)
    // Of what was never known, nothing is to be proven or forgotten.
    spaces.prove(new URL('http://b.test/'), ME, session)
    spaces.forget(new URL('http://b.test/'), ME, session)
  })

  it('keep the session that was forgotten: a nonce that is given again counts on', () => {
    const spaces = new ProtectionSpaces()
    const session = open(spaces, HERE, 'n')
    spaces.forget(HERE, ME, session)
    assert.equal(open(spaces, HERE, 'n'), session)
    assert.equal(spaces.find(HERE, ME), session)
  })

  it('that differ by their nonce alone are given up together, the newest apart', () => {
    const spaces = new ProtectionSpaces()
    const [first, second, third] = [
      open(spaces, HERE, 'n1'),
      open(spaces, HERE, 'n2'),
      open(spaces, HERE, 'n3'),
    ]
    const other = open(spaces, HERE, 'm', ', algorithm=SHA-256, domain="/a/"')
    const inside = new URL('/a/', HERE)
    assert.equal(spaces.find(inside, ME), other)
    assert.equal(spaces.find(HERE, ME), third)
    // Late answers to what was sent before, of the one kind and of the other.
    spaces.prove(HERE, ME, first)
    spaces.forget(HERE, ME, second)
    assert.equal(spaces.find(HERE, ME), third)
    spaces.forget(HERE, ME, third)
    assert.equal(spaces.find(HERE, ME), undefined)
    assert.equal(spaces.find(inside, ME), other)
    spaces.prove(HERE, ME, first)
    assert.equal(spaces.find(HERE, ME), first)
  })

  it('that were refused are the first to go, and do not drive out the one that is good', () => {
    const spaces = new ProtectionSpaces()
    const good = open(spaces, HERE, 'n', ', domain="/good/"')
    for (let id = 0; id < 20; id++) spaces.forget(HERE, ME, open(spaces, HERE, `n${id}`))
    assert.equal(spaces.find(new URL('/good/', HERE), ME), good)
  })

  it('are left where the server asks for another realm, and stay as they are elsewhere', () => {
    const spaces = new ProtectionSpaces()
    const session = open(spaces, HERE, 'n')
    spaces.leave(at('/b?x'), ME, session)
    assert.equal(spaces.find(at('/b'), ME), undefined)
    assert.equal(spaces.find(at('/a'), ME), session)
    // The paths are bounded: the first is the first to go.
    for (let id = 0; id < 256; id++) spaces.leave(at(`/${id}`), ME, session)
    assert.equal(spaces.find(at('/b'), ME), session)
    assert.equal(spaces.find(at('/0'), ME), undefined)
    spaces.leave(new URL('http://b.test/'), ME, session)
  })

  it('are used again where the server asks for their realm again', () => {
    const spaces = new ProtectionSpaces()
    const session = open(spaces, HERE, 'n')
    for (const path of ['/b', '/c']) spaces.leave(at(path), ME, session)
    spaces.prove(at('/b'), ME, session)
    assert.equal(spaces.find(at('/b'), ME), session)
    assert.equal(spaces.find(at('/c'), ME), undefined)
  })

  it('are others where one nonce comes with another algorithm or qop', () => {
    const spaces = new ProtectionSpaces()
    const terms = [
      'qop="auth"',
      'qop="auth-int"',
      'qop="auth", algorithm=SHA-256',
      'qop="auth", algorithm=MD5-sess',
      'qop="auth", userhash=true',
      'qop="auth", charset=UTF-8',
    ]
    const openWith = (text: string): DigestSession => {
      const [challenge] = parseChallenges([`Digest realm="r", nonce="n", ${text}`])
      return spaces.open(HERE, ME, challenge!, () => new DigestSession(challenge!, ME, true))
    }
    const sessions = terms.map(openWith)
    assert.equal(new Set(sessions).size, terms.length)
    // The same terms are the same session, however they are spelt.
    assert.equal(openWith('algorithm=md5, QOP=AUTH, userhash=false, charset=other'), sessions[0])
    // What is given back with the nonce belongs to it: one count.
    assert.equal(openWith('qop="auth", opaque="another"'), sessions[0])
  })

  it('with a domain reach no farther than its paths, whole segments of them, at this origin', () => {
    const spaces = new ProtectionSpaces()
    const session = open(spaces, HERE, 'n', ', domain="/a /b/ http://other.test/c  : http://a.test/d?x"')
    const isInside = (path: string): boolean => spaces.find(new URL(path, HERE), ME) === session
    assert.deepEqual(['/a', '/a/x', '/b/', '/b/x', '/d', '/d/x'].map(isInside), Array<boolean>(6).fill(true))
    assert.deepEqual(['/', '/ab', '/b', '/c', '/dx', '/A'].map(isInside), Array<boolean>(6).fill(false))
    // A domain of other servers alone reaches nowhere here.
    const elsewhere = new ProtectionSpaces()
    open(elsewhere, HERE, 'n', ', domain="http://other.test/"')
    assert.equal(elsewhere.find(HERE, ME), undefined)
  })

  it('are bounded: the one that was opened first is the first to go', () => {
    const spaces = new ProtectionSpaces()
    for (let id = 0; id < 300; id++) open(spaces, new URL(`http://h${id}.test/`), 'n')
    const isKnown = (id: number): boolean => spaces.find(new URL(`http://h${id}.test/`), ME) !== undefined
    assert.deepEqual([isKnown(0), isKnown(43), isKnown(44), isKnown(299)], [false, false, true, true])
    const one = new ProtectionSpaces()
    for (let id = 0; id < 20; id++) open(one, HERE, `n${id}`, `, domain="/${id}/"`)
    const reaches = (id: number): boolean => one.find(new URL(`/${id}/`, HERE), ME) !== undefined
    assert.deepEqual([reaches(3), reaches(4), reaches(19)], [false, true, true])
  })
})

describe('folders in which Basic was taken', () => {
  it('cover what is below them, until it is refused there', () => {
    const spaces = new ProtectionSpaces()
    for (const path of ['/a/b/c', '/a/x', '/a/b/d', '/e/f']) spaces.proveBasic(at(path), ME)
    const known = (): boolean[] =>
      ['/a/b/x', '/a/x', '/a', '/e/x', '/'].map((path) => spaces.hasBasic(at(path), ME))
    assert.deepEqual(known(), [true, true, false, true, false])
    spaces.forgetBasic(at('/a/b/y'), ME)
    assert.deepEqual(known(), [false, false, false, true, false])
    spaces.forgetBasic(new URL('http://b.test/'), ME)
  })

  it('are bounded: the first is the first to go', () => {
    const spaces = new ProtectionSpaces()
    for (let id = 0; id < 65; id++) spaces.proveBasic(at(`/${id}/x`), ME)
    assert.deepEqual(
      ['/0/', '/1/', '/64/'].map((path) => spaces.hasBasic(at(path), ME)),
      [false, true, true],
    )
  })
})

describe('a session', () => {
  it('counts on with a nonce that is given again, and keeps the counts of 64', () => {
    const session = open(new ProtectionSpaces(), HERE, 'n0')
    const count = (nonce: string): string | undefined => {
      session.useNonce(nonce)
      return /nc=(\w+)/.exec(session.answer({ method: 'GET', uri: '/' }).value)?.[1]
    }
    assert.deepEqual(['n0', 'n1', 'n0', 'n1'].map(count), ['00000001', '00000001', '00000002', '00000002'])
    for (let id = 2; id <= 65; id++) count(`n${id}`)
    assert.deepEqual([count('n65'), count('n0')], ['00000002', '00000001'])
  })
})

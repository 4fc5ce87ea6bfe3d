import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseDigest, isStale, rankChallenges } from '../../src/auth/answer.ts'
import { basicValue, faultOfBasic, faultOfPair } from '../../src/auth/basic.ts'
import { parseChallenges } from '../../src/auth/challenge.ts'
import { DigestSession, strengthOfDigest } from '../../src/auth/digest.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const MUFASA = { user: 'Mufasa', password: 'Circle of Life' }

/** The parameters of an Authorization field. */
function paramsOf(value: string): Record<string, string> {
  const [challenge] = parseChallenges([value])
  return Object.fromEntries(challenge!.params)
}

function session(challenge: string, pair = MUFASA, cnonce = 'cnonce'): DigestSession {
  return new DigestSession(parseChallenges([challenge])[0]!, pair, true, () => cnonce)
}

/** The challenge of RFC 7616 §3.9.1. */
function exampleOf(algorithm: string): string {
  return (
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  )
}

/** A challenge whose realm is the name of its algorithm. */
function digestOf(algorithm: string): string {
  return `Digest realm="${algorithm}", nonce="n", qop="auth", algorithm=${algorithm}`
}

/** What is answered: `basic`, or the realm of a challenge of Digest. */
async function chosenOf(...challenges: string[]): Promise<string | undefined> {
  const terms = { schemes: ['digest', 'basic'], hasContent: false } as const
  const [best] = await rankChallenges(parseChallenges([challenges.join(', ')]), terms)
  return best?.scheme === 'digest' ? best.challenge.params.get('realm') : best?.scheme
}

/** The session for a challenge, one of those that are known where it is theirs. */
async function chosenSession(challenge: string, known: DigestSession[] = []): Promise<DigestSession> {
  const choose = await chooseDigest(parseChallenges([challenge]), MUFASA, true)
  return choose!(known)
}

/** The count of the next answer. */
function countOf(one: DigestSession): string | undefined {
  return paramsOf(one.answer({ method: 'GET', uri: 'http://example.com/' }).value)['nc']
}

function saysStale(value: string): boolean {
  return isStale(parseChallenges([value])[0]!, 'r')
}

function strengthWith(qop: string): string | undefined {
  return strengthOfDigest(parseChallenges([`Digest realm="r", nonce="n", qop="${qop}"`])[0]!, true)
}

describe('Basic', () => {
  it('is base64 of user, colon and password: the vectors of RFC 7617 §2 and §2.1 [7617-2-3, 7617-2-4, 7617-2.1-1]', () => {
    assert.equal(
      basicValue({ user: 'Aladdin', password: 'open sesame' }),
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    )
    assert.equal(basicValue({ user: 'test', password: '123\u00a3' }), 'Basic dGVzdDoxMjPCow==')
  })

  it('is in the form NFC, whichever form was given [7617-2.1-1]', () => {
    assert.equal(basicValue({ user: 'A\u030a', password: '' }), basicValue({ user: '\u00c5', password: '' }))
    assert.equal(basicValue({ user: '\u00c5', password: '' }), 'Basic w4U6')
  })

  it('takes no control character, and no colon in the user [7617-2-4, 7617-2-5]', () => {
    assert.equal(faultOfBasic({ user: 'a', password: 'b:c' }), undefined)
    assert.match(faultOfBasic({ user: 'a:b', password: 'c' })!, /colon/)
    for (const character of ['\0', '\n', '\r', '\x1f', '\x7f']) {
      assert.match(faultOfBasic({ user: `a${character}`, password: '' })!, /user.*control/)
      assert.match(faultOfPair({ user: '', password: character })!, /password.*control/)
    }
    assert.equal(faultOfPair({ user: 'a:b\u0080', password: '' }), undefined)
  })
})

describe('Digest', () => {
  const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'
  const REQUEST = { method: 'GET', uri: '/dir/index.html' }

  it('answers as RFC 7616 §3.9.1 does, with MD5 and SHA-256 [7616-3.2-1, 7616-3.4-3, 7616-3.4.1-1, 7616-3.4.2-1, 7616-3.4.3-1, 7616-3.7-1, 7616-3.3-3]', () => {
    for (const [algorithm, response] of [
      ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
      ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
    ] as const) {
      const { value } = session(exampleOf(algorithm), MUFASA, CNONCE).answer(REQUEST)
      assert.deepEqual(paramsOf(value), {
        username: 'Mufasa',
        realm: 'http-auth@example.org',
        uri: '/dir/index.html',
        algorithm,
        nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
        nc: '00000001',
        cnonce: CNONCE,
        qop: 'auth',
        response,
        opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
      })
    }
  })

  it('answers RFC 7616 §3.9.2 with SHA-512-256 and userhash, as its erratum 4897 corrects it [7616-3.4.4-1, 7616-4-1, 7616-3.4-1]', () => {
    const challenge =
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
      'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true'
    const pair = { user: 'J\u00e4s\u00f8n Doe', password: 'Secret, or not?' }
    const cnonce = 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v'
    const params = paramsOf(
      session(challenge, pair, cnonce).answer({ method: 'GET', uri: '/doe.json' }).value,
    )
    // Computed with SHA-512/256 of FIPS 180-4; what the RFC prints was made with SHA-512 cut off.
    assert.equal(params['username'], '793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b')
    assert.equal(params['response'], '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5')
    assert.equal(params['userhash'], 'true')
    assert.equal(params['username*'], undefined)
  })

  it('answers as RFC 2617 §3.5 does', () => {
    const challenge =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    const pair = { user: 'Mufasa', password: 'Circle Of Life' }
    const { value } = session(challenge, pair, '0a4f113b').answer(REQUEST)
    assert.equal(paramsOf(value)['response'], '6629fae49393a05397450978507c4ef1')
    assert.equal(paramsOf(value)['algorithm'], undefined)
  })

  it('answers a challenge without qop as RFC 2069 does, its erratum 749 applied [7616-3.3-6, 7616-3.3-8]', () => {
    const challenge =
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    const pair = { user: 'Mufasa', password: 'CircleOfLife' }
    assert.deepEqual(paramsOf(session(challenge, pair).answer(REQUEST).value), {
      username: 'Mufasa',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      uri: '/dir/index.html',
      response: '1949323746fe6a43ef61f9606e7febea',
      opaque: '5ccc069c403ebaf9f0171e9517f40e41',
    })
  })

  it('counts each nonce from 1, in eight hexadecimal digits [7616-3.4-6, 7616-3.5-1]', () => {
    const one = session(exampleOf('MD5'))
    const counts = Array.from({ length: 10 }, () => paramsOf(one.answer(REQUEST).value)['nc'])
    assert.deepEqual([counts[0], counts[1], counts[9]], ['00000001', '00000002', '0000000a'])
    one.useNonce('another')
    const { nc, nonce } = paramsOf(one.answer(REQUEST).value)
    assert.deepEqual([nc, nonce], ['00000001', 'another'])
    one.useNonce('another')
    assert.equal(paramsOf(one.answer(REQUEST).value)['nc'], '00000002')
  })

  it('takes no empty nonce, and none that comes after a later request was given another', () => {
    const one = session(exampleOf('MD5'))
    const [first, second] = [one.answer(REQUEST), one.answer(REQUEST)]
    assert.deepEqual([first.order, second.order], [1, 2])
    one.useNonce('b', second.order)
    one.useNonce('a', first.order)
    assert.equal(one.nonce, 'b')
    one.useNonce('')
    assert.equal(one.nonce, 'b')
    // A challenge is newer than whatever was sent before it.
    const third = one.answer(REQUEST)
    const fourth = one.answer(REQUEST)
    const nonceOfChallenge = paramsOf(first.value)['nonce']
    assert.equal(one.resume(parseChallenges([exampleOf('MD5')])[0]!), true)
    one.useNonce('d', third.order)
    assert.equal(paramsOf(one.answer(REQUEST).value)['nonce'], nonceOfChallenge)
    one.useNonce('e', fourth.order)
    assert.equal(one.nonce, 'e')
  })

  it('gives back the opaque of the latest challenge, or none where that has none [7616-3.3-3]', () => {
    const one = session('Digest realm="r", nonce="n", qop="auth", opaque="first"')
    assert.equal(paramsOf(one.answer(REQUEST).value)['opaque'], 'first')
    for (const [text, opaque] of [
      ['Digest realm="r", nonce="n", qop="auth", opaque="second"', 'second'],
      ['Digest realm="r", nonce="n", qop="auth"', undefined],
    ] as const) {
      assert.equal(one.resume(parseChallenges([text])[0]!), true)
      const { nc, opaque: given } = paramsOf(one.answer(REQUEST).value)
      assert.equal(given, opaque)
      assert.notEqual(nc, '00000001')
    }
  })

  it('draws another cnonce for each answer, of 128 bits [7616-3.4-5, 7616-5.12-1]', () => {
    const [challenge] = parseChallenges([exampleOf('SHA-256')])
    const one = new DigestSession(challenge!, MUFASA, true)
    const drawn = Array.from({ length: 20 }, () => paramsOf(one.answer(REQUEST).value)['cnonce'])
    assert.equal(new Set(drawn).size, 20)
    for (const cnonce of drawn) assert.match(cnonce ?? '', /^[0-9a-f]{32}$/)
  })

  it('keeps the key of a -sess session: its first nonce and its cnonce [7616-3.4.2-1]', () => {
    const one = session(exampleOf('MD5-sess'), MUFASA, CNONCE)
    // Python: md5(md5("Mufasa:http-auth@example.org:Circle of Life") ":" nonce ":" cnonce), and so on, by hand.
    assert.equal(paramsOf(one.answer(REQUEST).value)['response'], 'e783283f46242139c486a698fec7211d')
    one.useNonce('later')
    assert.equal(paramsOf(one.answer(REQUEST).value)['response'], 'b9b93614b81d216ccec31585fb0f8e4d')
  })

  it('quotes what is text and nothing else, and hashes it as it means [7616-3.4-7, 7616-3.4.5-1]', () => {
    const { value } = session('Digest realm="a \\"b\\" \\\\c", nonce="n", qop="auth", algorithm=MD5', {
      user: 'u"\\',
      password: 'p',
    }).answer(REQUEST)
    assert.match(
      value,
      /username="u\\"\\\\", realm="a \\"b\\" \\\\c", nonce="n", uri="\/dir\/index\.html", response="[0-9a-f]{32}"/,
    )
    assert.match(value, /algorithm=MD5, qop=auth, nc=00000001, cnonce="cnonce"$/)
    assert.equal(paramsOf(value)['response'], '0da6b98eafc81fa9740744224ffd42f6')
  })

  it('hashes the body for auth-int, where nothing else is offered [7616-3.4-4, 7616-3.4.3-1]', () => {
    const challenge = parseChallenges([exampleOf('MD5').replace('auth, auth-int', 'auth-int')])[0]!
    assert.equal(strengthOfDigest(challenge, false), undefined)
    const one = new DigestSession(challenge, MUFASA, true, () => CNONCE)
    assert.equal(one.needsContent, true)
    const { value } = one.answer({ method: 'POST', uri: '/dir/index.html', content: Buffer.from('hello') })
    assert.deepEqual(
      [paramsOf(value)['qop'], paramsOf(value)['response']],
      ['auth-int', '23fef4d928a3e9fa6e0b0de51288c997'],
    )
    // Without the body there is no right answer.
    assert.throws(() => one.answer({ method: 'POST', uri: '/dir/index.html' }), TypeError)
  })

  it('ignores unknown values of qop, and does without an answer where none is known [7616-3.3-9]', () => {
    assert.deepEqual(['auth,token', 'token, AUTH', 'token', ''].map(strengthWith), [
      'weak',
      'weak',
      undefined,
      undefined,
    ])
  })

  it('does not answer an algorithm that it does not know, nor a challenge without realm or nonce [7616-3.3-7]', () => {
    for (const challenge of ['algorithm=SHA-1, realm="r", nonce="n"', 'nonce="n"', 'realm="r"']) {
      const [one] = parseChallenges([`Digest ${challenge}`])
      assert.equal(strengthOfDigest(one!, true), undefined)
      assert.throws(() => new DigestSession(one!, MUFASA, true), TypeError)
    }
  })

  it('sends a name that is not ASCII as username* where the server knows UTF-8, else its bytes [7616-3.4-2, 7616-3.4-1]', () => {
    const pair = { user: 'J\u00e4s\u00f8n Doe', password: 'x' }
    const known = session('Digest realm="r", nonce="n", qop="auth", charset=utf-8', pair).answer(
      REQUEST,
    ).value
    assert.ok(known.startsWith("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="))
    const other = session('Digest realm="r", nonce="n", qop="auth"', pair).answer(REQUEST).value
    assert.ok(other.startsWith('Digest username="J\xc3\xa4s\xc3\xb8n Doe", realm='))
    // The hash is of the same bytes.
    assert.equal(paramsOf(known)['response'], paramsOf(other)['response'])
  })
})

describe('an answer', () => {
  it('is for the strongest challenge that can be answered [7616-5.6-1, 7616-3.2-2, 9110-11.3-1]', async () => {
    assert.equal(await chosenOf('Basic realm="a"', digestOf('MD5'), digestOf('SHA-256')), 'SHA-256')
    assert.equal(await chosenOf('Basic realm="a"', digestOf('MD5')), 'MD5')
    assert.equal(await chosenOf('Negotiate', 'Basic realm="a"', digestOf('SHA-1')), 'basic')
    assert.equal(await chosenOf('Negotiate', 'Bearer'), undefined)
  })

  it('is for the first of equally strong ones [7616-3.7-2]', async () => {
    const chosen = await chosenOf(`${digestOf('SHA-512-256')}, ${digestOf('SHA-256')}`)
    assert.equal(chosen, 'SHA-512-256')
  })

  it('of Basic ignores parameters that are unknown [7617-2-1]', async () => {
    assert.equal(await chosenOf('Basic realm="a", fancy="b"'), 'basic')
  })

  it('of a session is for whatever is asked of a proxy: domain is none of its affairs [7616-3.3-2]', async () => {
    const chosen = await chosenSession('Digest realm="p", nonce="n", qop="auth", domain="/only/here"')
    const next = chosen.answer({ method: 'GET', uri: 'http://elsewhere.test/' })
    assert.equal(paramsOf(next.value)['uri'], 'http://elsewhere.test/')
    assert.equal(paramsOf(next.value)['domain'], undefined)
  })

  it('has a session for more of them, that counts on', async () => {
    const chosen = await chosenSession('Digest realm="p", nonce="n", qop="auth"')
    const first = paramsOf(chosen.answer({ method: 'CONNECT', uri: 'example.com:443' }).value)
    assert.deepEqual([first['uri'], first['nc']], ['example.com:443', '00000001'])
    assert.equal(countOf(chosen), '00000002')
  })

  it('to the same challenge again counts on: no count of a nonce comes twice [7616-3.4-6]', async () => {
    const first = 'Digest realm="p", nonce="n", qop="auth"'
    const one = await chosenSession(first)
    assert.equal(countOf(one), '00000001')
    for (const same of [first, `${first}, algorithm=MD5`, `${first}, stale=true, userhash=false`])
      assert.equal(await chosenSession(same, [one]), one)
    // The nonce that was given for the next request is one of the same count, as is the one before it.
    one.useNonce('second')
    assert.equal(countOf(one), '00000001')
    for (const [nonce, count] of [
      ['n', '00000002'],
      ['second', '00000002'],
      ['n', '00000003'],
    ] as const) {
      assert.equal(await chosenSession(`Digest realm="p", nonce="${nonce}", qop="auth"`, [one]), one)
      assert.deepEqual([one.nonce, countOf(one)], [nonce, count])
    }
  })

  it('to a challenge that asks for something else is one of another session', async () => {
    const one = await chosenSession('Digest realm="p", nonce="n", qop="auth"')
    for (const other of [
      'realm="q", nonce="n", qop="auth"',
      'realm="p", nonce="m", qop="auth"',
      'realm="p", nonce="n", qop="auth", algorithm=SHA-256',
      'realm="p", nonce="n", qop="auth-int"',
      'realm="p", nonce="n"',
      'realm="p", nonce="n", qop="auth", userhash=true',
    ])
      assert.notEqual(await chosenSession(`Digest ${other}`, [one]), one)
    // With -sess, the secret is of the first nonce (§3.4.2): another one begins a session.
    const sess = 'Digest realm="p", qop="auth", algorithm=MD5-sess, nonce='
    const lasting = await chosenSession(`${sess}"n"`)
    lasting.useNonce('m')
    assert.equal(countOf(lasting), '00000001')
    assert.equal(await chosenSession(`${sess}"n"`, [lasting]), lasting)
    assert.notEqual(await chosenSession(`${sess}"m"`, [lasting]), lasting)
  })
})

describe('a stale nonce', () => {
  it('is said by stale=true in any case, for the same realm [7616-3.3-4, 7616-3.3-5]', () => {
    assert.ok(saysStale('Digest realm="r", nonce="n", stale=TRUE'))
    assert.ok(saysStale('Digest realm="r", nonce="n", stale="true"'))
    assert.ok(!saysStale('Digest realm="other", nonce="n", stale=true'))
    assert.ok(!saysStale('Digest realm="r", nonce="n", stale=false'))
    assert.ok(!saysStale('Digest realm="r", nonce="n"'))
    assert.ok(!saysStale('Basic realm="r", stale=true'))
  })
})

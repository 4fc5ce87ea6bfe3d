// What a response says of the credentials that were sent with its request.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseChallenges } from '../../../src/auth/challenge.ts'
import { DigestSession } from '../../../src/auth/digest.ts'
import type { FieldLine } from '../../../src/core/fields.ts'
import type { AuthSettings } from '../../../src/core/settings.ts'
import {
  type Attempted,
  type AuthMemory,
  attempted,
  learnFrom,
  NOTHING,
} from '../../../src/layers/auth/memory.ts'
import { settingsForPair } from '../../../src/layers/auth/option.ts'
import { ProtectionSpaces } from '../../../src/layers/auth/spaces.ts'
import { Tokens } from '../../../src/layers/auth/tokens.ts'
import { requestTo, responseTo } from '../../support/memory-handler.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const HERE = new URL('http://a.test/x')
const ME = { user: 'me', password: 'pw' }
const [BASIC, DIGEST] = settingsForPair(ME, 'url').credentials as unknown as readonly [
  AuthSettings['credentials'][number],
  AuthSettings['credentials'][number],
]
const [challenge] = parseChallenges(['Digest realm="r", nonce="n", qop="auth"'])

/** What is known once an answer of Digest, the first of its session, has had a response. */
function afterDigest(
  status: number,
  info?: (rspauth: string) => string,
): { isRight: boolean; session: DigestSession; isSentAhead: boolean } {
  const memory = memoryOf()
  const session = memory.spaces.open(HERE, ME, challenge!, () => new DigestSession(challenge!, ME, true))
  const answer = session.answer({ method: 'GET', uri: '/x' })
  const digested: Attempted = {
    ...NOTHING,
    sent: { kind: 'digest', credential: DIGEST, realm: 'r', nonce: 'n', opaque: undefined, isAhead: false },
    value: answer.value,
    digest: { session, answer },
  }
  const isRight = learn(memory, digested, status, info?.(answer.rspauth!))
  return { isRight, session, isSentAhead: memory.spaces.find(HERE, ME) === session }
}

function memoryOf(): AuthMemory {
  return {
    spaces: new ProtectionSpaces(),
    tokens: new Tokens(),
    netrc: () => Promise.resolve(undefined),
  }
}

function learn(memory: AuthMemory, attempted: Attempted, status: number, info?: string): boolean {
  const lines: FieldLine[] = info === undefined ? [] : [['Authentication-Info', info]]
  return learnFrom(memory, HERE, attempted, responseTo(requestTo(HERE.href), status, lines))
}

describe('a response', () => {
  for (const [status, isJudged] of [
    [200, true],
    [304, true],
    [404, true],
    [429, false],
    [503, false],
  ] as const)
    it(`of ${status} ${isJudged ? 'shows' : 'does not show'} that the server takes what was sent`, () => {
      assert.equal(afterDigest(status).isSentAhead, isJudged)
      const memory = memoryOf()
      const basic: Attempted = attempted({ kind: 'basic', credential: BASIC }, 'Basic x')
      assert.equal(learn(memory, basic, status), true)
      assert.equal(memory.spaces.hasBasic(HERE, ME), isJudged)
    })

  it('whose proof is right shows it whatever its status: who gives it knows the password', () => {
    const { isRight, isSentAhead } = afterDigest(503, (rspauth) => `rspauth="${rspauth.toUpperCase()}"`)
    assert.deepEqual([isRight, isSentAhead], [true, true])
  })

  it('whose proof is wrong is not to be believed, nor is the nonce that it gives', () => {
    for (const status of [200, 503]) {
      const { isRight, isSentAhead, session } = afterDigest(status, () => 'rspauth="00", nextnonce="m"')
      assert.deepEqual([isRight, isSentAhead, session.nonce], [false, false, 'n'])
    }
  })

  it('gives the nonce of the next request', () => {
    assert.equal(afterDigest(200, () => 'nextnonce="m"').session.nonce, 'm')
    assert.equal(afterDigest(200, () => 'nextnonce=""').session.nonce, 'n')
  })

  it('to a request without credentials says nothing of them', () => {
    const memory = memoryOf()
    assert.equal(learn(memory, NOTHING, 200, 'rspauth="00"'), true)
    assert.equal(memory.spaces.hasBasic(HERE, ME), false)
  })
})

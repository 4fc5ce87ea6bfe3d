// What is done with a 401: a table, of what was sent, what is asked for, and what was refused before.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rankChallenges } from '../../../src/auth/answer.ts'
import { parseChallenges } from '../../../src/auth/challenge.ts'
import type { AuthCredential } from '../../../src/core/settings.ts'
import {
  decideRefusal,
  inWords,
  isJudged,
  type RefusalDecision,
  type Sent,
} from '../../../src/layers/auth/decide.ts'
import { resolveAuth } from '../../../src/layers/auth/option.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const settings = resolveAuth([
  { digest: ['me', 'pw'] },
  { basic: ['me', 'pw'] },
  { bearer: 't' },
  { digest: ['you', 'pw'] },
])
if (settings === false) throw new Error('these are credentials')
const CREDENTIALS = settings.credentials
const [DIGEST, BASIC, BEARER, OTHER] = CREDENTIALS as readonly [
  AuthCredential,
  AuthCredential,
  AuthCredential,
  AuthCredential,
]
const NAMES = new Map<AuthCredential, string>([
  [DIGEST, 'digest'],
  [BASIC, 'basic'],
  [BEARER, 'bearer'],
  [OTHER, 'other'],
])

const digest = (realm: string, nonce: string, more = ''): string =>
  `Digest realm="${realm}", nonce="${nonce}", qop="auth"${more}`
const A_N = digest('a', 'n')
const BASIC_A = 'Basic realm="a"'

const nothing: Sent = { kind: 'nothing' }
const sentBasic: Sent = { kind: 'basic', credential: BASIC }
const sentToken = (canRefresh: boolean): Sent => ({ kind: 'bearer', credential: BEARER, canRefresh })
const sentDigest = (isAhead: boolean): Sent => ({
  kind: 'digest',
  credential: DIGEST,
  realm: 'a',
  nonce: 'n',
  opaque: undefined,
  isAhead,
})

interface Case {
  readonly does: string
  readonly sent: Sent
  readonly asked: readonly string[]
  readonly credentials?: readonly AuthCredential[]
  readonly refused?: readonly AuthCredential[]
  readonly staleCount?: number
  /** The decision, with names for credentials. */
  readonly expected: string
}

const CASES: readonly Case[] = [
  { does: 'answers Digest before Basic', sent: nothing, asked: [BASIC_A, A_N], expected: 'digest' },
  { does: 'answers Bearer before Basic', sent: nothing, asked: [BASIC_A, 'Bearer'], expected: 'bearer' },
  { does: 'answers Basic where that is all', sent: nothing, asked: [BASIC_A], expected: 'basic' },
  {
    does: 'says that no credential is for it',
    sent: nothing,
    asked: [A_N],
    credentials: [BASIC],
    expected: 'answer: the server asks for a scheme that there is no credential for',
  },
  {
    does: 'says that nothing could be read',
    sent: nothing,
    asked: [],
    expected: 'answer: there is no challenge that could be read',
  },
  { does: 'asks for another token', sent: sentToken(true), asked: ['Bearer'], expected: 'refresh' },
  {
    does: 'asks for another token, whatever is asked for',
    sent: sentToken(true),
    asked: [],
    expected: 'refresh',
  },
  {
    does: 'asks for no third token, and goes on to Basic, which is another credential',
    sent: sentToken(false),
    asked: ['Bearer', BASIC_A],
    expected: 'basic not bearer',
  },
  {
    does: 'has nothing but the token that was refused',
    sent: sentToken(false),
    asked: ['Bearer'],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'uses the new nonce of a stale one',
    sent: sentDigest(false),
    asked: [digest('a', 'm', ', stale=true')],
    expected: 'digest stale',
  },
  {
    does: 'uses a third one',
    sent: sentDigest(false),
    asked: [digest('a', 'm', ', stale=TRUE')],
    staleCount: 2,
    expected: 'digest stale',
  },
  {
    does: 'uses no fourth one',
    sent: sentDigest(false),
    asked: [digest('a', 'm', ', stale=true')],
    credentials: [DIGEST, BASIC],
    staleCount: 3,
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'takes stale of another realm for nothing',
    sent: sentDigest(false),
    asked: [digest('b', 'm', ', stale=true')],
    credentials: [DIGEST],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'answers another nonce once, where the old one was sent ahead',
    sent: sentDigest(true),
    asked: [digest('a', 'm')],
    expected: 'digest',
  },
  {
    does: 'answers another realm, where the old one was sent ahead',
    sent: sentDigest(true),
    asked: [digest('b', 'm')],
    expected: 'digest elsewhere',
  },
  {
    does: 'answers another opaque once, where the old one was sent ahead',
    sent: sentDigest(true),
    asked: [digest('a', 'n', ', opaque="o"')],
    expected: 'digest',
  },
  {
    does: 'takes the same nonce for a refusal, though it was sent ahead',
    sent: sentDigest(true),
    asked: [A_N],
    credentials: [DIGEST, BASIC],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'takes another nonce for a refusal, where this request was given the old one',
    sent: sentDigest(false),
    asked: [digest('a', 'm')],
    credentials: [DIGEST],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'sends no password by Basic that was refused by Digest',
    sent: sentDigest(false),
    asked: [A_N, BASIC_A],
    credentials: [DIGEST, BASIC],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'goes on to another user of the same scheme, and gives both ways of the first up',
    sent: sentDigest(false),
    asked: [A_N, BASIC_A],
    expected: 'other not digest not basic',
  },
  {
    does: 'sends by Digest what was sent ahead by Basic, which the server does not know',
    sent: sentBasic,
    asked: [A_N],
    expected: 'digest not basic',
  },
  {
    does: 'sends no password by Digest that Basic was refused with, where the server knows both',
    sent: sentBasic,
    asked: [A_N, BASIC_A],
    credentials: [DIGEST, BASIC],
    expected: 'answer: the credentials were refused',
  },
  {
    does: 'sends nothing again that was refused before',
    sent: sentDigest(false),
    asked: [A_N, BASIC_A, 'Bearer'],
    refused: [BEARER, OTHER],
    expected: 'answer: the credentials were refused',
  },
]

function shown(decision: RefusalDecision): string {
  if (decision.kind === 'answer') return `answer: ${decision.why}`
  if (decision.kind === 'refresh') return 'refresh'
  const { credential, isStale, isOtherRealm, refused } = decision
  return [
    NAMES.get(credential),
    ...(isStale ? ['stale'] : []),
    ...(isOtherRealm ? ['elsewhere'] : []),
    ...refused.map((one) => `not ${NAMES.get(one)}`),
  ].join(' ')
}

describe('a refusal', () => {
  for (const {
    does,
    sent,
    asked,
    credentials = CREDENTIALS,
    refused = [],
    staleCount = 0,
    expected,
  } of CASES)
    it(does, async () => {
      const challenges = parseChallenges(asked)
      const schemes = credentials.map(({ scheme }) => scheme)
      const decision = decideRefusal({
        sent,
        ranked: await rankChallenges(challenges, { schemes, hasContent: true }),
        hasChallenge: challenges.length > 0,
        credentials,
        refused: new Set(refused),
        staleCount,
      })
      assert.equal(shown(decision), expected)
    })

  it('says in words what is done again', async () => {
    const ranked = await rankChallenges(parseChallenges([BASIC_A]), { schemes: ['basic'], hasContent: true })
    const facts = {
      ranked,
      hasChallenge: true,
      credentials: CREDENTIALS,
      refused: new Set([]),
      staleCount: 0,
    }
    assert.equal(inWords(decideRefusal({ ...facts, sent: nothing })), ' with Basic')
    assert.equal(inWords(decideRefusal({ ...facts, sent: sentToken(true) })), ' with another token')
  })
})

describe('an answer that is no refusal', () => {
  it('has judged the request, but where a server fails, or says not now, not here, not so', () => {
    const judged = [200, 204, 206, 301, 304, 307, 400, 403, 404, 409, 411, 412, 413, 415, 417, 422, 451, 499]
    assert.deepEqual(judged.filter(isJudged), judged)
    const others = [101, 199, 407, 408, 421, 425, 426, 429, 500, 502, 503, 504, 599]
    assert.deepEqual(others.filter(isJudged), [])
  })
})

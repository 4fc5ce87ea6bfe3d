/**
 * What is done with a response of the status 401: pure. The credentials that were refused are not sent again (RFC 7616 §3.3), each
 * other one at most once, so that no request goes round for ever.
 */

import { isStale, type RankedChallenge } from '../../auth/answer.ts'
import type { Challenge } from '../../auth/challenge.ts'
import type { AuthCredential } from '../../core/settings.ts'
import { inWords as schemeInWords } from './explain.ts'

/** How many nonces in a row may have been too old. */
const MAX_STALE = 3

/** What was sent with a request that was refused. */
export type Sent =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'basic'; readonly credential: AuthCredential }
  | {
      readonly kind: 'bearer'
      readonly credential: AuthCredential
      /** A function gives the token, and has not been asked for another one. */
      readonly canRefresh: boolean
    }
  | {
      readonly kind: 'digest'
      readonly credential: AuthCredential
      readonly realm: string
      /** The nonce that was answered. */
      readonly nonce: string
      /** What was given back with it. */
      readonly opaque: string | undefined
      /** It was sent before this request had seen a challenge. */
      readonly isAhead: boolean
    }

/** What the decision depends on. */
export interface RefusalFacts {
  readonly sent: Sent
  /** The challenges that can be answered by any of the credentials, the strongest first. */
  readonly ranked: readonly RankedChallenge[]
  /** Whether there was any challenge that could be read. */
  readonly hasChallenge: boolean
  readonly credentials: readonly AuthCredential[]
  /** Those that were refused before. */
  readonly refused: ReadonlySet<AuthCredential>
  /** How often a nonce was too old, for this request. */
  readonly staleCount: number
}

/** What is done. */
export type RefusalDecision =
  /** The 401 is the answer. */
  | { readonly kind: 'answer'; readonly why: string }
  /** The function is asked for another token. */
  | { readonly kind: 'refresh'; readonly why: string }
  | {
      readonly kind: 'try'
      readonly credential: AuthCredential
      readonly challenge: RankedChallenge
      readonly isStale: boolean
      /** What was sent ahead is of another realm, and is as good as before there. */
      readonly isOtherRealm: boolean
      /** What is not to be tried any more for this request. */
      readonly refused: readonly AuthCredential[]
      readonly why: string
    }

/** Decides what is done. */
export function decideRefusal(facts: RefusalFacts): RefusalDecision {
  const { sent, ranked } = facts
  if (sent.kind === 'bearer' && sent.canRefresh) return { kind: 'refresh', why: 'the token was refused' }
  if (sent.kind === 'digest') {
    const { realm, credential, isAhead } = sent
    const stale = ranked.find(({ challenge }) => isStale(challenge, realm))
    if (stale !== undefined && facts.staleCount < MAX_STALE)
      return {
        kind: 'try',
        credential,
        challenge: stale,
        refused: [],
        isStale: true,
        isOtherRealm: false,
        why: 'the nonce was too old',
      }
    // A remembered space that was not the one, or whose nonce is not known any more: a server that was started again and one of RFC 2069
    // say no `stale`. Nothing is said of these credentials with the other.
    const other = ranked.find(({ challenge }) => isOther(challenge, sent))
    if (isAhead && other !== undefined) {
      const isOtherRealm = other.challenge.params.get('realm') !== realm
      return {
        kind: 'try',
        credential,
        challenge: other,
        refused: [],
        isStale: false,
        isOtherRealm,
        why: isOtherRealm ? 'it is another realm' : 'it is another nonce',
      }
    }
  }
  return tryOther(facts)
}

function isOther({ scheme, params }: Challenge, sent: Sent & { kind: 'digest' }): boolean {
  return (
    scheme === 'digest' &&
    (['realm', 'nonce', 'opaque'] as const).some((name) => params.get(name) !== sent[name])
  )
}

function tryOther(facts: RefusalFacts): RefusalDecision {
  const { sent, ranked, hasChallenge, credentials } = facts
  const refused = [...facts.refused, ...refusedNow(facts)]
  for (const challenge of ranked) {
    const credential = credentials.find((one) => one.scheme === challenge.scheme && !refused.includes(one))
    if (credential === undefined) continue
    return {
      kind: 'try',
      credential,
      challenge,
      refused,
      isStale: false,
      isOtherRealm: false,
      why: 'the server asks for it',
    }
  }
  return { kind: 'answer', why: whyNot(sent, ranked, hasChallenge) }
}

/**
 * The credentials that this refusal speaks of. Security: where the server knows the scheme and does not take the password, the
 * password is wrong, and is not sent by a weaker scheme; where it does not know the scheme, it has judged nothing else.
 */
function refusedNow({ sent, ranked, credentials }: RefusalFacts): readonly AuthCredential[] {
  if (sent.kind === 'nothing') return []
  const { credential } = sent
  const isJudged = ranked.some(({ scheme }) => scheme === credential.scheme)
  return isJudged ? credentials.filter((one) => isSamePair(one, credential)) : [credential]
}

function isSamePair(one: AuthCredential, other: AuthCredential): boolean {
  if (one === other) return true
  if (one.scheme === 'bearer' || other.scheme === 'bearer') return false
  return one.user === other.user && one.password === other.password
}

function whyNot(sent: Sent, ranked: readonly RankedChallenge[], hasChallenge: boolean): string {
  if (hasChallenge && ranked.length === 0)
    return 'the server asks for a scheme that there is no credential for'
  return sent.kind === 'nothing' ? 'there is no challenge that could be read' : 'the credentials were refused'
}

/** Who fails, or is not the one to be asked now (408, 425, 429), here (421, 407 of a proxy), or in this way (426). */
const NOT_JUDGED: ReadonlySet<number> = new Set([407, 408, 421, 425, 426, 429])

/** Whether an answer that is no refusal was given by a server that has looked at the request, and at its credentials. */
export function isJudged(status: number): boolean {
  return status >= 200 && status <= 499 && !NOT_JUDGED.has(status)
}

/** What is done again, in words. */
export function inWords(decision: RefusalDecision): string {
  if (decision.kind !== 'try') return ' with another token'
  return ` with ${schemeInWords(decision.credential.scheme)}`
}

/**
 * Which challenge is answered, and how: for servers and, apart from them, for proxies. The strongest scheme that there is a
 * credential for wins: Digest with SHA-256 or SHA-512-256, Digest with MD5, Bearer, Basic (RFC 7616 §5.6). Of equally strong
 * challenges the first one wins (§3.7).
 */

import { basicValue, type UserPassword } from './basic.ts'
import type { Challenge } from './challenge.ts'
import type { DigestAnswer, DigestRequest, DigestSession } from './digest.ts'

/** The schemes that can be answered. */
export type AuthScheme = 'digest' | 'bearer' | 'basic'

/** A challenge, and how strong an answer to it would be. */
export interface RankedChallenge {
  readonly scheme: AuthScheme
  readonly challenge: Challenge
  /** 4 for Digest with SHA-2, 3 for Digest with MD5, 2 for Bearer, 1 for Basic. */
  readonly rank: number
}

/** What may be answered with. */
export interface AnswerTerms {
  /** The schemes that there is a credential for. */
  readonly schemes: readonly AuthScheme[]
  /** Whether the body can be hashed before it is sent: for `auth-int`. */
  readonly hasContent: boolean
}

/** The challenges that can be answered, the strongest first. */
export async function rankChallenges(
  challenges: readonly Challenge[],
  { schemes, hasContent }: AnswerTerms,
): Promise<readonly RankedChallenge[]> {
  const strengthOf =
    schemes.includes('digest') && challenges.some(({ scheme }) => scheme === 'digest')
      ? (await import('./digest.ts')).strengthOfDigest
      : undefined
  return challenges
    .flatMap((challenge): RankedChallenge[] => {
      const scheme = schemes.find((one) => one === challenge.scheme)
      if (scheme === 'basic') return [{ scheme, challenge, rank: 1 }]
      if (scheme === 'bearer') return [{ scheme, challenge, rank: 2 }]
      const strength = scheme === undefined ? undefined : strengthOf?.(challenge, hasContent)
      if (scheme === undefined || strength === undefined) return []
      return [{ scheme, challenge, rank: strength === 'strong' ? 4 : 3 }]
    })
    .sort((a, b) => b.rank - a.rank)
}

/** What is answered, and with what. */
export interface ChallengeQuestion {
  /** The challenges of one response: `parseChallenges` of its WWW-Authenticate or Proxy-Authenticate fields. */
  readonly challenges: readonly Challenge[]
  readonly credentials: UserPassword
  /** The schemes that may be used. Default: Digest and Basic. */
  readonly schemes?: readonly ('digest' | 'basic')[] | undefined
  /** The request that is sent with the answer: for CONNECT, `uri` is `host:port`. */
  readonly request: DigestRequest
}

/** An answer. */
export interface ChallengeAnswer {
  readonly scheme: 'digest' | 'basic'
  /** The value of the Authorization or Proxy-Authorization field. */
  readonly value: string
  /** What further requests of the same protection space are answered with; undefined for Basic, whose value stays the same. */
  readonly session: DigestSession | undefined
  /** What Digest has to say of it; undefined for Basic. */
  readonly digest: DigestAnswer | undefined
}

/** Answers the strongest challenge that can be answered with a user and a password; undefined where none can. */
export async function answerChallenge({
  challenges,
  credentials,
  schemes = ['digest', 'basic'],
  request,
}: ChallengeQuestion): Promise<ChallengeAnswer | undefined> {
  const hasContent = request.content !== undefined
  const [best] = await rankChallenges(challenges, { schemes, hasContent })
  if (best === undefined) return undefined
  if (best.scheme === 'basic')
    return { scheme: 'basic', value: basicValue(credentials), session: undefined, digest: undefined }
  const { DigestSession } = await import('./digest.ts')
  const session = new DigestSession(best.challenge, credentials, hasContent)
  const digest = session.answer(request)
  return { scheme: 'digest', value: digest.value, session, digest }
}

/** What the strongest challenge of Digest is answered with from now on; nothing of it is counted yet. Undefined for none. */
export async function digestSessionFor(
  challenges: readonly Challenge[],
  credentials: UserPassword,
  hasContent: boolean,
): Promise<DigestSession | undefined> {
  const [best] = await rankChallenges(challenges, { schemes: ['digest'], hasContent })
  if (best === undefined) return undefined
  const { DigestSession } = await import('./digest.ts')
  return new DigestSession(best.challenge, credentials, hasContent)
}

/**
 * Whether a challenge says that only the nonce was too old, and the credentials are right (§3.3): the same space, and
 * `stale=true`.
 */
export function isStale(challenge: Challenge, realm: string): boolean {
  return (
    challenge.scheme === 'digest' &&
    challenge.params.get('realm') === realm &&
    challenge.params.get('stale')?.toLowerCase() === 'true'
  )
}

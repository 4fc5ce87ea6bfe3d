/**
 * Which challenge is answered, and how: for servers and, apart from them, for proxies. The strongest scheme that there is a
 * credential for wins: Digest with SHA-256 or SHA-512-256, Digest with MD5, Bearer, Basic (RFC 7616 §5.6). Of equally strong
 * challenges the first one wins (§3.7).
 */

import type { UserPassword } from './basic.ts'
import type { Challenge } from './challenge.ts'
import type { DigestSession } from './digest.ts'

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

/** Gives what a challenge is answered with: one of those that there are, or another one. */
export type SessionChoice = (known: readonly DigestSession[]) => DigestSession

/** How the strongest challenge of Digest is answered; nothing of it is counted yet. Undefined where there is none. */
export async function chooseDigest(
  challenges: readonly Challenge[],
  credentials: UserPassword,
  hasContent: boolean,
): Promise<SessionChoice | undefined> {
  const [best] = await rankChallenges(challenges, { schemes: ['digest'], hasContent })
  if (best === undefined) return undefined
  const { challenge } = best
  const { DigestSession } = await import('./digest.ts')
  return (known) =>
    known.find((session) => session.resume(challenge)) ??
    new DigestSession(challenge, credentials, hasContent)
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

/** What a client remembers of authentication, and what each answer says of it. */

import { parseAuthInfo } from '../../auth/challenge.ts'
import type { DigestAnswer, DigestSession } from '../../auth/digest.ts'
import { fieldValues } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { isJudged, type RefusalDecision, type Sent } from './decide.ts'
import type { ProtectionSpaces } from './spaces.ts'
import type { HeldToken, TokenFunction, Tokens } from './tokens.ts'

/** What a client remembers for its requests. */
export interface AuthMemory {
  readonly spaces: ProtectionSpaces
  readonly tokens: Tokens
  /** The user and the password of a host, of a netrc file; `path` undefined for the user's own, `login` for any. */
  readonly netrc: (
    path: string | undefined,
    host: string,
    login?: string,
  ) => Promise<{ readonly user: string; readonly password: string } | undefined>
}

/** What was sent last, with what is needed to judge the answer. */
export interface Attempted {
  readonly sent: Sent
  readonly value: string | undefined
  readonly held: HeldToken | undefined
  readonly digest: { readonly session: DigestSession; readonly answer: DigestAnswer } | undefined
  /** Makes the value for another sending below this layer, and `sent` and `digest` tell of that one from then on. */
  readonly renew: (() => string) | undefined
}

/** Nothing but what is sent, and for what. */
export function attempted(sent: Sent, value: string | undefined): Attempted {
  return { sent, value, held: undefined, digest: undefined, renew: undefined }
}

/** No credentials. */
export const NOTHING: Attempted = attempted({ kind: 'nothing' }, undefined)

/** What was refused is not sent ahead by the next request, whatever becomes of this one. */
export function forgetRefused(
  { spaces, tokens }: AuthMemory,
  url: URL,
  { sent, held, digest }: Attempted,
  decision: RefusalDecision,
): void {
  if (sent.kind === 'digest' && sent.credential.scheme === 'digest' && digest !== undefined) {
    if (decision.kind === 'try' && decision.isOtherRealm) spaces.leave(url, sent.credential, digest.session)
    else spaces.forget(url, sent.credential, digest.session)
  }
  if (sent.kind === 'basic' && sent.credential.scheme === 'basic') spaces.forgetBasic(url, sent.credential)
  if (held !== undefined && sent.kind === 'bearer' && sent.credential.scheme === 'bearer')
    tokens.forget(sent.credential.token as TokenFunction, held)
}

/**
 * What an answer that is no refusal says of the credentials, and of the next nonce.
 * @returns false for a proof that is wrong: nothing is sent ahead any more then
 */
export function learnFrom(
  { spaces }: AuthMemory,
  url: URL,
  { sent, digest }: Attempted,
  { status, head }: HTTPResponse,
): boolean {
  if (sent.kind === 'basic' && sent.credential.scheme === 'basic' && isJudged(status))
    spaces.proveBasic(url, sent.credential)
  if (digest === undefined || sent.kind !== 'digest' || sent.credential.scheme !== 'digest') return true
  const info = parseAuthInfo(fieldValues(head.fields, 'authentication-info'))
  const { session, answer } = digest
  const proof = answer.rspauth === undefined ? undefined : info?.get('rspauth')?.toLowerCase()
  if (proof !== undefined && proof !== answer.rspauth) {
    spaces.forget(url, sent.credential, session)
    return false
  }
  if (proof !== undefined || isJudged(status)) spaces.prove(url, sent.credential, session)
  const nonce = info?.get('nextnonce')
  if (nonce !== undefined) session.useNonce(nonce, answer.order)
  return true
}

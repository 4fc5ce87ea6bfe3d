/**
 * Who we are to one proxy: Basic is said with each request, Digest once the proxy has asked. One object serves all requests to
 * it, tunnels and others, so that a nonce is used on and counted (RFC 7616 §3.4). Of a challenge, `domain` means nothing here: the
 * space is the whole proxy (§3.3).
 */

import { answerChallenge, isStale } from '../auth/answer.ts'
import { basicValue, type UserPassword } from '../auth/basic.ts'
import { parseAuthInfo, parseChallenges } from '../auth/challenge.ts'
import type { DigestRequest, DigestSession } from '../auth/digest.ts'
import { type FieldLine, fieldValues } from '../core/fields.ts'

/** User and password, and how they are said. */
export interface ProxyCredential extends UserPassword {
  readonly scheme: 'basic' | 'digest'
}

/** How often a request is sent again with another answer: a challenge, and a nonce that was too old at once. */
const MAX_ANSWERS = 2

export class ProxyIdentity {
  readonly #credential: ProxyCredential
  readonly #basic: string | undefined
  #session: DigestSession | undefined

  constructor(credential: ProxyCredential) {
    this.#credential = credential
    this.#basic = credential.scheme === 'basic' ? basicValue(credential) : undefined
  }

  /** True for what is said in answer to a challenge. */
  get isDigest(): boolean {
    return this.#basic === undefined
  }

  /** True where nothing can be said before the proxy has asked. */
  get awaitsChallenge(): boolean {
    return this.#basic === undefined && this.#session === undefined
  }

  /** The field of a request, where there is something to be said already. */
  fieldFor(request: DigestRequest): FieldLine | undefined {
    // What covers the body is said where the body is known.
    const canAnswer = this.#session?.needsContent !== true || request.content !== undefined
    const value = this.#basic ?? (canAnswer ? this.#session?.answer(request).value : undefined)
    return value === undefined ? undefined : ['Proxy-Authorization', value]
  }

  /**
   * The field for another try after a 407; undefined where there is nothing better to be said.
   * @param fields - of the answer
   * @param tries - how many answers to challenges this request has had
   */
  async answer(
    fields: readonly FieldLine[],
    request: DigestRequest,
    tries: number,
  ): Promise<FieldLine | undefined> {
    if (this.#basic !== undefined || tries >= MAX_ANSWERS) return undefined
    const challenges = parseChallenges(fieldValues(fields, 'proxy-authenticate'))
    const realm = this.#session?.realm
    // The same question again, after it was answered: user or password are wrong.
    if (tries > 0 && !challenges.some((one) => realm !== undefined && isStale(one, realm))) return undefined
    const answered = await answerChallenge({
      challenges,
      credentials: this.#credential,
      schemes: ['digest'],
      request,
    })
    if (answered === undefined) return undefined
    this.#session = answered.session
    return ['Proxy-Authorization', answered.value]
  }

  /** What a proxy says after it was content: the nonce for the next request (RFC 7616 §3.5). */
  heard(fields: readonly FieldLine[]): void {
    const nonce = parseAuthInfo(fieldValues(fields, 'proxy-authentication-info'))?.get('nextnonce')
    if (nonce !== undefined) this.#session?.useNonce(nonce)
  }
}

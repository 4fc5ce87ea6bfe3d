/**
 * Who we are to one proxy: Basic is said with each request, Digest once the proxy has asked. One object serves all requests to
 * it, tunnels and others, so that a nonce is used on and counted (RFC 7616 §3.4). Of a challenge, `domain` means nothing here: the
 * space is the whole proxy (§3.3).
 */

import { chooseDigest, isStale } from '../auth/answer.ts'
import { basicValue, type UserPassword } from '../auth/basic.ts'
import { type Challenge, parseAuthInfo, parseChallenges } from '../auth/challenge.ts'
import type { DigestRequest, DigestSession } from '../auth/digest.ts'
import { type FieldLine, fieldValues } from '../core/fields.ts'

/** User and password, and how they are said. */
export interface ProxyCredential extends UserPassword {
  readonly scheme: 'basic' | 'digest'
}

/** How often a request is sent again with another answer: a challenge, and nonces that were too old at once. */
const MAX_ANSWERS = 4

/** A proxy may give each connection a nonce of its own, and ask by an earlier one again. */
const MAX_SESSIONS = 16

export class ProxyIdentity {
  readonly #credential: ProxyCredential
  readonly #basic: string | undefined
  /** The one that is answered by at present comes first. */
  #sessions: readonly DigestSession[] = []
  /** The proxy has said once that a nonce was too old: it may do so at any time. */
  #hasBeenStale = false

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
    return this.#basic === undefined && this.#sessions.length === 0
  }

  /**
   * Whether what is said will be taken, as far as that can be told: for a body that must not be sent to be refused. A proxy that has
   * called a nonce too old may take each nonce once only.
   */
  get isReady(): boolean {
    if (this.#basic !== undefined) return true
    const [session] = this.#sessions
    return session !== undefined && !(this.#hasBeenStale && session.hasUsedNonce)
  }

  /** The field of a request, where there is something to be said already. */
  fieldFor(request: DigestRequest): FieldLine | undefined {
    const [session] = this.#sessions
    // Of a body that is not at hand, there is no hash: an answer without it would be a wrong one.
    const isOpen = session?.needsContent === true && request.content === undefined
    const value = this.#basic ?? (isOpen ? undefined : session?.answer(request).value)
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
    const { challenges, isOld } = this.#read(fields)
    // The same question again, after it was answered: user or password are wrong.
    if (tries > 0 && !isOld) return undefined
    const session = await this.#sessionFor(challenges, request.content !== undefined)
    return session === undefined ? undefined : ['Proxy-Authorization', session.answer(request).value]
  }

  /**
   * Takes over what a 407 asks, for requests to come: the one that it answers cannot be sent again.
   * @param fields - of the answer
   */
  async learn(fields: readonly FieldLine[]): Promise<void> {
    if (this.#basic !== undefined) return
    await this.#sessionFor(this.#read(fields).challenges, true)
  }

  /** What a 407 asks, and whether it says that the nonce was too old. */
  #read(fields: readonly FieldLine[]): {
    readonly challenges: readonly Challenge[]
    readonly isOld: boolean
  } {
    const challenges = parseChallenges(fieldValues(fields, 'proxy-authenticate'))
    // Of any space: other requests were answered meanwhile, by another proxy of the same name perhaps.
    const isOld = this.#sessions.some(({ realm }) => challenges.some((one) => isStale(one, realm)))
    if (isOld) this.#hasBeenStale = true
    return { challenges, isOld }
  }

  async #sessionFor(
    challenges: readonly Challenge[],
    hasContent: boolean,
  ): Promise<DigestSession | undefined> {
    const choose = await chooseDigest(challenges, this.#credential, hasContent)
    if (choose === undefined) return undefined
    // Of this moment: other requests were answered meanwhile, and share a session with this one.
    const session = choose(this.#sessions)
    const others = this.#sessions.filter((one) => one !== session)
    this.#sessions = [session, ...others].slice(0, MAX_SESSIONS)
    return session
  }

  /** What a proxy says after it was content: the nonce for the next request (RFC 7616 §3.5). */
  heard(fields: readonly FieldLine[]): void {
    const nonce = parseAuthInfo(fieldValues(fields, 'proxy-authentication-info'))?.get('nextnonce')
    if (nonce !== undefined) this.#sessions[0]?.useNonce(nonce)
  }
}

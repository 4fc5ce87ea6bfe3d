/**
 * Authentication: the layer that sends credentials, ahead or when they are asked for. What is sent after a refusal says decide.ts,
 * what the schemes write says the room `auth`. RFC 9110 §11.
 *
 * It stands inside of redirects, which take its settings away on the way to another origin, and inside of retries, each of which
 * begins with what is known by then. A request with an Authorization field of its own passes untouched.
 */

import { type AuthScheme, rankChallenges } from '../../auth/answer.ts'
import { faultOfBasic } from '../../auth/basic.ts'
import { readChallenges } from '../../auth/challenge.ts'
import type { DigestSession } from '../../auth/digest.ts'
import { withAttempts } from '../../core/attempted-body.ts'
import { type FieldLine, fieldValues, hasField, withFieldAfterHost } from '../../core/fields.ts'
import type { Handler, Layer } from '../../core/handler.ts'
import { closeBody, isReplayable, type OutgoingBody, replayOf } from '../../core/outgoing-body.ts'
import { withRenewal } from '../../core/renewal.ts'
import { type OutgoingRequest, withChanges } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { AuthCredential, AuthSettings } from '../../core/settings.ts'
import { type Attempt, addFacts } from '../../errors/exception.ts'
import { AuthError } from '../../errors/index.ts'
import { UNSENT } from '../../errors/unsent.ts'
import type { Clock } from '../../time/clock.ts'
import { withEarlier, withLast } from '../attempts.ts'
import type { Pauses } from '../pause.ts'
import { BEFORE_SENDING, whileWanted } from '../while-wanted.ts'
import { canHash, hashContent } from './content.ts'
import { decideRefusal, inWords, isJudged, type RefusalDecision, type Sent } from './decide.ts'
import { type LentBody, lending } from './lent-body.ts'
import { isMeantFor, mayGo } from './meant-for.ts'
import { type Attempted, type AuthMemory, attempted, forgetRefused, learnFrom, NOTHING } from './memory.ts'
import { settingsForPair } from './option.ts'
import { asksFirst, isLent, questionOf } from './question.ts'
import type { HeldToken, TokenFunction } from './tokens.ts'
import { unlessBodyFails } from './unless-body-fails.ts'

const REFUSED = 401

/** What the layer stands on. */
export interface AuthLayerOptions {
  readonly memory: AuthMemory
  readonly clock: Clock
  readonly pauses: Pauses
}

/** Sends credentials as `request.settings.auth` says. */
export function authLayer(options: AuthLayerOptions): Layer {
  return (send) => (request) => {
    const auth = request.settings?.auth
    if (auth === undefined || auth === false || hasOwn(request)) return send(request)
    if (!isMeantFor(auth, request)) return send(request)
    return begin(send, request, options, auth)
  }
}

function begin(
  send: Handler,
  request: OutgoingRequest,
  options: AuthLayerOptions,
  auth: AuthSettings,
): Promise<HTTPResponse> {
  const { body } = request
  if (body.kind !== 'chunks' || !isLent(request)) return new Authentication(send, request, options).run(auth)
  return lending(body, (lent) => new Authentication(send, request, options, lent).run(auth))
}

function hasOwn({ fields, defaults }: OutgoingRequest): boolean {
  return hasField(fields, 'authorization') || hasField(defaults, 'authorization')
}

/** One request, from its first attempt to its answer. */
class Authentication {
  readonly #send: Handler
  readonly #request: OutgoingRequest
  readonly #options: AuthLayerOptions
  /** The body, where it can be sent once and is not read before the server has said so. */
  readonly #lent: LentBody | undefined
  readonly #refused: Set<AuthCredential> = new Set()
  readonly #refreshed: Set<AuthCredential> = new Set()
  readonly #earlier: Attempt[] = []
  #staleCount = 0
  /** The body that was sent last; undefined while none was. */
  #sentBody: OutgoingBody | undefined
  #whole: URL | undefined

  constructor(send: Handler, request: OutgoingRequest, options: AuthLayerOptions, lent?: LentBody) {
    this.#lent = lent
    this.#send = send
    this.#request = request
    this.#options = options
  }

  /** The way of most requests: what is sent ahead is known, and is taken. */
  run(auth: AuthSettings): Promise<HTTPResponse> {
    const { ahead, credentials } = auth
    const value = ahead?.scheme === 'digest' ? undefined : ahead?.value
    if (ahead === undefined || value === undefined || credentials.length > 1) return this.#runWhole(auth)
    const sent: Sent =
      ahead.scheme === 'basic'
        ? { kind: 'basic', credential: ahead }
        : { kind: 'bearer', credential: ahead, canRefresh: false }
    const first = attempted(sent, value)
    return this.#sendWith(first).then((response) =>
      response.status === REFUSED ? this.#conclude(auth, first, response) : response,
    )
  }

  /** The URL that is asked for. */
  #url(): URL {
    const { target, origin, url } = this.#request
    this.#whole ??= new URL(target === '*' ? origin.prefix : url)
    return this.#whole
  }

  async #runWhole(said: AuthSettings): Promise<HTTPResponse> {
    const auth = said.readsNetrc ? await this.#withNetrc(said) : said
    if (auth === undefined) return this.#sendWith(NOTHING)
    const ahead = await this.#ahead(auth)
    const credential = ahead.sent.kind === 'nothing' ? undefined : ahead.sent.credential
    if (!asksFirst(this.#request, auth, credential))
      return this.#conclude(auth, ahead, await this.#sendWith(ahead))
    const asked = await this.#ask()
    if (asked.status === REFUSED) return this.#conclude(auth, NOTHING, asked)
    // The server fails, or is not to be asked now or here: nothing is lost yet, and the caller gets that answer.
    if (!isJudged(asked.status))
      return this.#finish(asked, 'not again: it answers the question without the body, which was not sent')
    // An answer to the question is none to the request: it may speak of the missing body, and a redirect would lose the body.
    this.#giveUp(asked, 'again with the body: no authentication was asked for')
    return this.#conclude(auth, ahead, await this.#sendWith(ahead))
  }

  /** From the first response to the answer. */
  async #conclude(auth: AuthSettings, first: Attempted, given: HTTPResponse): Promise<HTTPResponse> {
    let attempted = first
    let response = given
    while (response.status === REFUSED) {
      const decision = await this.#decide(auth, attempted, response)
      forgetRefused(this.#options.memory, this.#url(), attempted, decision)
      if (decision.kind === 'answer') return this.#finish(response, `not again: ${decision.why}`)
      this.#giveUp(response, `again${inWords(decision)}: ${decision.why}`)
      if (this.#isSpent()) throw this.#errorOf('AUTH_BODY', response)
      attempted = await this.#next(attempted, decision)
      response = await this.#sendWith(attempted)
    }
    return this.#finish(this.#accept(attempted, response), undefined)
  }

  /** Whether the body was sent, be it in part, and cannot be sent again. */
  #isSpent(): boolean {
    if (this.#sentBody === undefined || isReplayable(this.#sentBody)) return false
    return this.#lent === undefined || this.#lent.wasOpened
  }

  /** The body that is going to be sent as it is; undefined once it was. */
  #waiting(): OutgoingBody | undefined {
    return this.#sentBody === undefined || this.#lent?.wasOpened === false ? this.#request.body : undefined
  }

  /** The body for the next sending. */
  #nextBody(): OutgoingBody {
    const { body } = this.#request
    if (this.#lent !== undefined) return this.#lent.lend()
    return this.#sentBody === undefined ? body : replayOf(body)
  }

  /** With what the file says: it counts after what was said beside it, and nothing of a list is sent ahead. */
  async #withNetrc(said: AuthSettings): Promise<AuthSettings | undefined> {
    const isListed = said.credentials.length > 0
    if (isListed && !mayGo((this.#request.first ?? this.#request).origin.prefix, this.#request)) return said
    const found = await this.#fromNetrc(said)
    if (!isListed) return found
    if (found === undefined || said.from === 'url') return found ?? said
    return { ...said, credentials: [...said.credentials, ...found.credentials] }
  }

  /** The user's file says who they are at the host that was asked for at first: a redirect asks it for no other one. */
  async #fromNetrc({ netrcPath, from, ahead }: AuthSettings): Promise<AuthSettings | undefined> {
    const { origin } = this.#request.first ?? this.#request
    const host = new URL(origin.prefix).hostname.replace(/^\[|\]$/g, '')
    // A URL that names a user and no password asks for that of this user.
    const login = from === 'url' && ahead?.scheme === 'basic' ? ahead.user : undefined
    const pair = await this.#wait(this.#options.memory.netrc(netrcPath, host, login))
    if (pair === undefined) return undefined
    const fault = faultOfBasic(pair)
    if (fault !== undefined) throw new AuthError('AUTH_NETRC', `for ${host}, ${fault}`, UNSENT)
    return settingsForPair(pair, 'netrc')
  }

  /** What is sent without being asked for: what is known of the space, else what was said to be right. */
  async #ahead({ credentials, ahead }: AuthSettings): Promise<Attempted> {
    const { spaces } = this.#options.memory
    for (const credential of credentials) {
      if (credential.scheme === 'bearer') continue
      if (credential.scheme === 'basic') {
        if (credential !== ahead && spaces.hasBasic(this.#url(), credential)) return this.#basic(credential)
        continue
      }
      const session = spaces.find(this.#url(), credential)
      // What covers the body is no answer to a request whose body cannot be hashed: it asks first.
      const canAnswer = session?.needsContent !== true || canHash(this.#request.body)
      if (session !== undefined && canAnswer) return this.#digest(credential, session, true)
    }
    if (ahead?.scheme === 'basic') return this.#basic(ahead)
    return ahead?.scheme === 'bearer' ? this.#bearer(ahead) : NOTHING
  }

  #basic(credential: AuthCredential & { scheme: 'basic' }): Attempted {
    return attempted({ kind: 'basic', credential }, credential.value)
  }

  async #bearer(credential: AuthCredential & { scheme: 'bearer' }): Promise<Attempted> {
    const { token, value } = credential
    if (typeof token === 'string') return attempted({ kind: 'bearer', credential, canRefresh: false }, value)
    return this.#withToken(credential, this.#options.memory.tokens.get(token))
  }

  async #withToken(credential: AuthCredential, held: HeldToken): Promise<Attempted> {
    const canRefresh = !this.#refreshed.has(credential)
    const value = `Bearer ${await this.#wait(held)}`
    return {
      sent: { kind: 'bearer', credential, canRefresh },
      value,
      held,
      digest: undefined,
      renew: undefined,
    }
  }

  async #digest(credential: AuthCredential, session: DigestSession, isAhead: boolean): Promise<Attempted> {
    const { method, target: uri } = this.#request
    const contentHash = session.needsContent ? await this.#hashBody(session) : undefined
    const make = (): { sent: Sent; digest: NonNullable<Attempted['digest']> } => {
      const { realm, nonce, opaque } = session
      const answer = session.answer({ method, uri, contentHash })
      const sent = { kind: 'digest', credential, realm, nonce, opaque, isAhead } as const
      return { sent, digest: { session, answer } }
    }
    let last = make()
    return {
      get sent() {
        return last.sent
      },
      get digest() {
        return last.digest
      },
      value: last.digest.answer.value,
      held: undefined,
      renew: () => {
        last = make()
        return last.digest.answer.value
      },
    }
  }

  /** Its hash; read no longer than it is waited for. */
  async #hashBody(session: DigestSession): Promise<string> {
    const hashing = hashContent(this.#request.body, session.beginHash())
    try {
      return await this.#wait(hashing.done)
    } finally {
      hashing.stop()
    }
  }

  async #decide(
    { credentials }: AuthSettings,
    { sent }: Attempted,
    response: HTTPResponse,
  ): Promise<RefusalDecision> {
    const { challenges } = readChallenges(fieldValues(response.head.fields, 'www-authenticate'))
    const schemes: AuthScheme[] = credentials.map(({ scheme }) => scheme)
    const hasContent = canHash(this.#request.body)
    return decideRefusal({
      sent,
      ranked: await rankChallenges(challenges, { schemes, hasContent }),
      hasChallenge: challenges.length > 0,
      credentials,
      refused: this.#refused,
      staleCount: this.#staleCount,
    })
  }

  async #next(
    { sent, held }: Attempted,
    decision: Exclude<RefusalDecision, { kind: 'answer' }>,
  ): Promise<Attempted> {
    const { spaces, tokens } = this.#options.memory
    if (decision.kind === 'refresh') {
      const credential = (sent as Sent & { kind: 'bearer' }).credential as AuthCredential & {
        scheme: 'bearer'
      }
      this.#refreshed.add(credential)
      return this.#withToken(credential, tokens.replace(credential.token as TokenFunction, held!))
    }
    const { credential, challenge } = decision
    if (decision.isStale) this.#staleCount++
    for (const one of decision.refused) this.#refused.add(one)
    if (credential.scheme === 'basic') return this.#basic(credential)
    if (credential.scheme === 'bearer') return this.#bearer(credential)
    const { DigestSession } = await import('../../auth/digest.ts')
    const make = (): DigestSession =>
      new DigestSession(challenge.challenge, credential, canHash(this.#request.body))
    const session = spaces.open(this.#url(), credential, challenge.challenge, make)
    return this.#digest(credential, session, false)
  }

  /** @throws AuthError for a proof that is wrong: who answers does not know the password */
  #accept(last: Attempted, response: HTTPResponse): HTTPResponse {
    if (learnFrom(this.#options.memory, this.#url(), last, response)) return response
    response.abandon()
    throw this.#errorOf('AUTH_PROOF', response)
  }

  #ask(): Promise<HTTPResponse> {
    const question = questionOf(this.#request)
    return unlessBodyFails(this.#waiting(), question.deadlines, (deadlines) =>
      this.#carry(withChanges(question, { deadlines })),
    )
  }

  #sendWith({ value, renew }: Attempted): Promise<HTTPResponse> {
    const { fields, body: first } = this.#request
    const body = this.#nextBody()
    this.#sentBody = body
    if (value === undefined && body === first) return this.#carry(this.#request)
    const line: FieldLine | undefined = value === undefined ? undefined : ['Authorization', value]
    const request = withChanges(this.#request, {
      ...(line === undefined ? {} : { fields: withFieldAfterHost(fields, line) }),
      ...(body === first ? {} : { body }),
    })
    return this.#carry(
      line === undefined || renew === undefined ? request : withRenewal(request, line, renew),
    )
  }

  #carry(request: OutgoingRequest): Promise<HTTPResponse> {
    return this.#further(this.#send(request))
  }

  /** A further sending, or what is done for it: an error of it tells of those before. */
  #further<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#request.deadlines
    return this.#earlier.length === 0 ? work : withEarlier(this.#earlier, signal, work)
  }

  #giveUp(response: HTTPResponse, decision: string): void {
    this.#earlier.push(...withLast(response.attempts, { decision }))
    // Read to its end where that is near, else given up: who has the connection knows. The server may have answered in the middle
    // of the request: that is the end of sending it there.
    response.abandon()
    closeBody(this.#sentBody)
  }

  #finish(response: HTTPResponse, decision: string | undefined): HTTPResponse {
    if (decision === undefined && this.#earlier.length === 0) return response
    const last = decision === undefined ? response.attempts : withLast(response.attempts, { decision })
    return withAttempts(response, [...this.#earlier, ...last], this.#request.deadlines.signal)
  }

  #errorOf(code: 'AUTH_BODY' | 'AUTH_PROOF', response: HTTPResponse): AuthError {
    const error = new AuthError(code)
    const { facts, connection } = response
    const { address, reused } = connection ?? {}
    addFacts(error, { address, reused, ...facts, phase: undefined, responseStarted: true })
    // A response that was given up is among the earlier ones.
    error.attempts = code === 'AUTH_BODY' ? [...this.#earlier] : [...this.#earlier, ...response.attempts]
    return error
  }

  /** Waits for what is no exchange: a token, a file. */
  #wait<T>(work: Promise<T>): Promise<T> {
    const { method, url, deadlines } = this.#request
    return this.#further(
      unlessBodyFails(this.#waiting(), deadlines, (until) =>
        whileWanted(work, { method, url, deadlines: until }, this.#options, BEFORE_SENDING),
      ),
    )
  }
}

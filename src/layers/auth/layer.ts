/**
 * Authentication: the layer that sends credentials, ahead or when they are asked for. What is sent after a refusal says decide.ts,
 * what the schemes write says the room `auth`. RFC 9110 §11.
 *
 * It stands inside of redirects, which take its settings away on the way to another origin, and inside of retries, each of which
 * begins with what is known by then. A request with an Authorization field of its own passes untouched.
 */

import { type AuthScheme, rankChallenges } from '../../auth/answer.ts'
import { faultOfBasic } from '../../auth/basic.ts'
import { parseAuthInfo, readChallenges } from '../../auth/challenge.ts'
import type { DigestAnswer, DigestSession } from '../../auth/digest.ts'
import { fieldValues, hasField, withFieldAfterHost } from '../../core/fields.ts'
import type { Handler, Layer } from '../../core/handler.ts'
import { closeBody, isReplayable, type OutgoingBody, replayOf } from '../../core/outgoing-body.ts'
import { type OutgoingRequest, withChanges } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { AuthCredential, AuthSettings } from '../../core/settings.ts'
import { type Attempt, addFacts, HTTPException } from '../../errors/exception.ts'
import { AuthError } from '../../errors/index.ts'
import type { Clock } from '../../time/clock.ts'
import { attemptsOf, withLast } from '../attempts.ts'
import type { Pauses } from '../pause.ts'
import { whileWanted } from '../while-wanted.ts'
import { canHash, hashContent } from './content.ts'
import { asksNothing, decideRefusal, inWords, type RefusalDecision, type Sent } from './decide.ts'
import { type LentBody, lending } from './lent-body.ts'
import { isMeantFor, mayGo } from './meant-for.ts'
import { settingsForPair } from './option.ts'
import type { ProtectionSpaces } from './spaces.ts'
import type { HeldToken, TokenFunction, Tokens } from './tokens.ts'

const REFUSED = 401

/** What a client remembers for its requests. */
export interface AuthMemory {
  readonly spaces: ProtectionSpaces
  readonly tokens: Tokens
  /** The user and the password of a host, of a netrc file; `path` undefined for the user's own. */
  readonly netrc: (
    path: string | undefined,
    host: string,
  ) => Promise<{ readonly user: string; readonly password: string } | undefined>
}

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
  const { body, expectContinueMs } = request
  if (expectContinueMs === undefined || body.kind !== 'chunks' || body.isReplayable)
    return new Authentication(send, request, options).run(auth)
  return lending(body, (lent) => new Authentication(send, request, options, lent).run(auth))
}

function hasOwn({ fields, defaults }: OutgoingRequest): boolean {
  return hasField(fields, 'authorization') || hasField(defaults, 'authorization')
}

/** What was sent, with what is needed to judge the answer. */
interface Attempted {
  readonly sent: Sent
  readonly value: string | undefined
  readonly held?: HeldToken
  readonly digest?: { readonly session: DigestSession; readonly answer: DigestAnswer }
}

const NOTHING: Attempted = { sent: { kind: 'nothing' }, value: undefined }

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
    const attempted = { sent, value }
    return this.#sendWith(attempted).then((response) =>
      response.status === REFUSED ? this.#conclude(auth, attempted, response) : response,
    )
  }

  /** The URL that is asked for. */
  get #url(): URL {
    const { target, origin, url } = this.#request
    this.#whole ??= new URL(target === '*' ? origin.prefix : url)
    return this.#whole
  }

  async #runWhole(said: AuthSettings): Promise<HTTPResponse> {
    const auth = said.readsNetrc ? await this.#withNetrc(said) : said
    if (auth === undefined) return this.#sendWith(NOTHING)
    const attempted = await this.#ahead(auth)
    const { body } = this.#request
    // It would be spent on the question: asked is first without it, as curl does.
    const asksFirst = attempted === NOTHING && !isReplayable(body) && auth.credentials.length > 0
    let response = asksFirst ? await this.#ask() : await this.#sendWith(attempted)
    // An answer to the question is none to the request. A redirect that followed would lose the body without a word.
    if (asksFirst && asksNothing(response.status)) {
      this.#giveUp(response, 'again with the body: no authentication was asked for')
      response = await this.#sendWith(NOTHING)
    }
    return this.#conclude(auth, attempted, response)
  }

  /** From the first response to the answer. */
  async #conclude(auth: AuthSettings, first: Attempted, given: HTTPResponse): Promise<HTTPResponse> {
    let attempted = first
    let response = given
    while (response.status === REFUSED) {
      const decision = await this.#decide(auth, attempted, response)
      this.#forget(attempted, decision)
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
    if (found === undefined) return said
    return { ...said, credentials: [...said.credentials, ...found.credentials] }
  }

  /** The user's file says who they are at the host that was asked for at first: a redirect asks it for no other one. */
  async #fromNetrc({ netrcPath }: AuthSettings): Promise<AuthSettings | undefined> {
    const { origin } = this.#request.first ?? this.#request
    const host = new URL(origin.prefix).hostname.replace(/^\[|\]$/g, '')
    const pair = await this.#wait(this.#options.memory.netrc(netrcPath, host))
    if (pair === undefined) return undefined
    const fault = faultOfBasic(pair)
    if (fault !== undefined) throw new AuthError('AUTH_NETRC', `for ${host}, ${fault}`)
    return settingsForPair(pair, 'netrc')
  }

  /** What is sent without being asked for: what is known of the space, else what was said to be right. */
  async #ahead({ credentials, ahead }: AuthSettings): Promise<Attempted> {
    const { spaces } = this.#options.memory
    for (const credential of credentials) {
      if (credential.scheme === 'bearer') continue
      if (credential.scheme === 'basic') {
        if (credential !== ahead && spaces.hasBasic(this.#url, credential)) return this.#basic(credential)
        continue
      }
      const session = spaces.find(this.#url, credential)
      // What covers the body is no answer to a request whose body nobody can hash: it asks first.
      const canAnswer = session?.needsContent !== true || canHash(this.#request.body)
      if (session !== undefined && canAnswer) return this.#digest(credential, session, true)
    }
    if (ahead?.scheme === 'basic') return this.#basic(ahead)
    return ahead?.scheme === 'bearer' ? this.#bearer(ahead) : NOTHING
  }

  #basic(credential: AuthCredential & { scheme: 'basic' }): Attempted {
    return { sent: { kind: 'basic', credential }, value: credential.value }
  }

  async #bearer(credential: AuthCredential & { scheme: 'bearer' }): Promise<Attempted> {
    const { token, value } = credential
    if (typeof token === 'string')
      return { sent: { kind: 'bearer', credential, canRefresh: false }, value: value! }
    return this.#withToken(credential, this.#options.memory.tokens.get(token))
  }

  async #withToken(credential: AuthCredential, held: HeldToken): Promise<Attempted> {
    const canRefresh = !this.#refreshed.has(credential)
    const value = `Bearer ${await this.#wait(held)}`
    return { sent: { kind: 'bearer', credential, canRefresh }, value, held }
  }

  async #digest(credential: AuthCredential, session: DigestSession, isAhead: boolean): Promise<Attempted> {
    const { method, target: uri } = this.#request
    const contentHash = session.needsContent ? await this.#hashBody(session) : undefined
    const { realm, nonce } = session
    const answer = session.answer({ method, uri, contentHash })
    return {
      sent: { kind: 'digest', credential, realm, nonce, isAhead },
      value: answer.value,
      digest: { session, answer },
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

  /** What was refused is not sent ahead by the next request, whatever becomes of this one. */
  #forget({ sent, held, digest }: Attempted, decision: RefusalDecision): void {
    const { spaces, tokens } = this.#options.memory
    if (sent.kind === 'digest' && sent.credential.scheme === 'digest' && digest !== undefined) {
      if (decision.kind === 'try' && decision.isOtherRealm)
        spaces.leave(this.#url, sent.credential, digest.session)
      else spaces.forget(this.#url, sent.credential, digest.session)
    }
    if (sent.kind === 'basic' && sent.credential.scheme === 'basic')
      spaces.forgetBasic(this.#url, sent.credential)
    if (decision.kind === 'refresh' && sent.kind === 'bearer' && sent.credential.scheme === 'bearer')
      tokens.forget(sent.credential.token as TokenFunction, held!)
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
    const session = spaces.open(this.#url, credential, challenge.challenge, make)
    // One that is known may have gone on to a nonce that a response gave for the next request.
    session.useNonce(challenge.challenge.params.get('nonce')!)
    return this.#digest(credential, session, false)
  }

  /** What an answer that is no refusal says of the credentials, and of the next nonce. */
  #accept({ sent, digest }: Attempted, response: HTTPResponse): HTTPResponse {
    const { spaces } = this.#options.memory
    if (sent.kind === 'basic' && sent.credential.scheme === 'basic')
      spaces.proveBasic(this.#url, sent.credential)
    if (digest === undefined || sent.kind !== 'digest' || sent.credential.scheme !== 'digest') return response
    const info = parseAuthInfo(fieldValues(response.head.fields, 'authentication-info'))
    const { session, answer } = digest
    const proof = info?.get('rspauth')
    if (proof !== undefined && answer.rspauth !== undefined && proof.toLowerCase() !== answer.rspauth) {
      spaces.forget(this.#url, sent.credential, session)
      response.close()
      throw this.#errorOf('AUTH_PROOF', response)
    }
    spaces.prove(this.#url, sent.credential, session)
    const nonce = info?.get('nextnonce')
    if (nonce !== undefined) session.useNonce(nonce)
    return response
  }

  /** The question without the body: what describes it is left out, what it is called stays. */
  async #ask(): Promise<HTTPResponse> {
    const { fields } = this.#request
    return this.#carry(
      withChanges(this.#request, {
        body: { kind: 'none' },
        fields: fields.filter(([name]) => !OF_BODY.has(name.toLowerCase())),
        trailers: undefined,
        chunked: false,
        expectContinueMs: undefined,
      }),
    )
  }

  #sendWith({ value }: Attempted): Promise<HTTPResponse> {
    const { fields, body: first } = this.#request
    const body = this.#nextBody()
    this.#sentBody = body
    if (value === undefined && body === first) return this.#carry(this.#request)
    return this.#carry(
      withChanges(this.#request, {
        ...(value === undefined ? {} : { fields: withFieldAfterHost(fields, ['Authorization', value]) }),
        ...(body === first ? {} : { body }),
      }),
    )
  }

  async #carry(request: OutgoingRequest): Promise<HTTPResponse> {
    if (this.#earlier.length === 0) return this.#send(request)
    try {
      return await this.#send(request)
    } catch (error) {
      const isAbort = request.deadlines.signal?.aborted === true && error === request.deadlines.signal.reason
      if (!isAbort && HTTPException.isHTTPException(error))
        error.attempts = [...this.#earlier, ...attemptsOf(error)]
      throw error
    }
  }

  #giveUp(response: HTTPResponse, decision: string): void {
    this.#earlier.push(...withLast(response.attempts, { decision }))
    // Read to its end where that is near, else given up: who has the connection knows.
    response.close()
    // The server may have answered in the middle of it: that is the end of sending it there.
    closeBody(this.#sentBody)
  }

  #finish(response: HTTPResponse, decision: string | undefined): HTTPResponse {
    if (decision === undefined && this.#earlier.length === 0) return response
    const last = decision === undefined ? response.attempts : withLast(response.attempts, { decision })
    return response.derive({ attempts: [...this.#earlier, ...last] })
  }

  #errorOf(code: 'AUTH_BODY' | 'AUTH_PROOF', response: HTTPResponse): AuthError {
    const error = new AuthError(code)
    const { facts, connection } = response
    const { method, url, elapsedMs } = facts
    const { address, reused } = connection ?? {}
    addFacts(error, { method, url, elapsedMs, address, reused, responseStarted: true })
    // A response that was given up is among the earlier ones.
    error.attempts = code === 'AUTH_BODY' ? [...this.#earlier] : [...this.#earlier, ...response.attempts]
    return error
  }

  /** Waits for what is no exchange: a token, a file. */
  #wait<T>(work: Promise<T>): Promise<T> {
    return whileWanted(work, this.#request, this.#options)
  }
}

/** What describes the body, and is left out with it. */
const OF_BODY: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect'])

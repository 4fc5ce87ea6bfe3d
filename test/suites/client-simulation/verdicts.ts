// What is made of what a program is told: a response must belong to its request and be the answer to the last sending of it, a
// body must be whole where it is said to be, an error must be one that may be raised and have a cause, and all of it in time.

import {
  ConnectError,
  ConnectionLost,
  DecodeError,
  HTTPException,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  LineTooLong,
  LocalProtocolError,
  NotConnected,
  RedirectError,
  RemoteProtocolError,
  StatusError,
  TimeoutError,
  UnknownProtocol,
} from '../../../src/errors/index.ts'
import { isPartAt } from '../simulation/labels.ts'
import type { Link } from '../simulation/link.ts'
import { DAMAGES, isMessageValid } from '../simulation/plan.ts'
import type { World } from '../simulation/world.ts'
import { type Ask, type Hearing, Reading } from './ask.ts'
import { type Judge, QUERY_SECRET, SECRET } from './judge.ts'
import type { ClientNetwork } from './network.ts'

/** A call of the program. */
export interface Call {
  readonly name: string
  readonly ask: Ask
  readonly startedAt: number
  /** Undefined before there is a response. */
  readonly reading: Reading | undefined
}

/** What a response says of itself. */
export interface Told {
  /** The number of its hearing. */
  readonly id: string | null
  readonly status: number
  readonly reason: string
  readonly url: string
  readonly isRedirected: boolean
  /** How many; undefined where that is not told. */
  readonly redirects: number | undefined
  readonly attempts: number | undefined
}

/** What `fetch` says of a Location with credentials (Fetch standard, "HTTP-redirect fetch"). */
const USERINFO_REFUSED = 'the redirect leads to a URL with credentials'

/** Deadlines may be late by this: the grid of time/deadline.ts, written down here again. */
function latenessOf(timeoutMs: number): number {
  return Math.min(1_000, Math.max(5, timeoutMs / 32)) + 1e-6
}

export class Verdicts {
  /** Codes of our errors that were raised, for the figures. */
  readonly raised = new Map<string, number>()
  /** When the program closed its client, gracefully or at once, and what it gave as a reason. */
  closedAt: number | undefined
  destroyed: { readonly at: number; readonly error: unknown } | undefined
  readonly #judge: Judge
  readonly #world: World
  readonly #network: ClientNetwork

  constructor(judge: Judge, network: ClientNetwork) {
    this.#judge = judge
    this.#world = judge.world
    this.#network = network
  }

  // -------------------------------------------------------------------------------------------------- time

  /** A call has come to its end: not later than it may. */
  settled({ name, ask, startedAt }: Call): void {
    const now = this.#world.now()
    const { total } = ask.timeouts
    const bound = Math.max(startedAt, ask.startedAt + total) + latenessOf(total)
    if (now > bound) this.#violate('total timeout passed', ask, `${name} settled ${now - bound} ms late`)
    for (const [what, at] of [
      ['abort', ask.abortedAt],
      ['destroy', this.destroyed?.at],
    ] as const) {
      if (at !== undefined && now > Math.max(startedAt, at))
        this.#violate(`${what} ignored`, ask, `${name} settled ${now - at} ms behind it`)
    }
  }

  // -------------------------------------------------------------------------------------------------- responses

  /** A response was given: of the last hearing, as it was meant. Undefined where nobody could tell whose it is. */
  response(ask: Ask, response: Told): Reading | undefined {
    const number = Number(response.id)
    const hearing = this.#judge.hearings[number - 1]
    const isConfusable = this.#judge.isConfused()
    if (hearing === undefined || hearing.ask !== ask) {
      if (!isConfusable) this.#violate('response of another request', ask, `it is marked ${response.id}`)
      return undefined
    }
    if (isConfusable) return undefined
    const { plan, answer, link, sending } = hearing
    if (answer?.headEnd === undefined || link.heardBytes < answer.headEnd)
      this.#violate('response from nowhere', ask, 'its head has not been delivered')
    if (sending !== ask.sendings.at(-1))
      this.#violate('response of an old attempt', ask, `hop ${sending.hop}`)
    if (response.status !== plan.status || response.reason !== plan.reason)
      this.#violate('response head', ask, `${response.status} ${response.reason} instead of ${plan.status}`)
    const isDamaged = plan.damage !== undefined && DAMAGES[plan.damage].inHead
    if (isDamaged && !isMessageValid(plan)) this.#violate('malformed head accepted', ask, plan.damage)
    if (ask.throws && plan.status >= 400) this.#violate('status not thrown', ask, String(plan.status))
    this.#checkHistory(ask, hearing, response)
    return new Reading(hearing)
  }

  #checkHistory(ask: Ask, { sending, redirect, plan }: Hearing, response: Told): void {
    const followed = ask.sendings.filter(
      (one) => one !== sending && this.#judge.redirectOf(one) !== undefined,
    )
    const { redirects = followed.length, isRedirected } = response
    if (redirects !== followed.length || isRedirected !== followed.length > 0)
      this.#violate('redirects told', ask, `${redirects} instead of ${followed.length}`)
    if (redirect !== undefined && ask.leave.redirects > 0)
      this.#violate('redirect not followed', ask, String(plan.status))
    const { url } = response
    if (!url.includes(`/r/${ask.id}/${sending.hop}`)) this.#violate('url told', ask, url)
    const { attempts = 0 } = response
    const since =
      ask.sendings.length - (followed.length === 0 ? 0 : ask.sendings.indexOf(followed.at(-1)!) + 1)
    if (attempts > 0 && attempts < since)
      this.#violate('attempts told', ask, `${attempts} instead of ${since}`)
  }

  /** Bytes of a body were given out. */
  taken(reading: Reading, bytes: Uint8Array): void {
    const { ask, plan } = reading
    if (reading.isComplete && bytes.length > 0)
      this.#violate('bytes behind the end', ask, `${bytes.length} bytes`)
    if (!this.#judge.isConfused() && !isPartAt(bytes, plan.body, reading.taken))
      this.#violate('response body', ask, `other bytes than were meant at ${reading.taken}`)
    reading.taken += bytes.length
  }

  /** The program was told that a body is complete. */
  completed(reading: Reading): void {
    reading.isComplete = true
    if (this.#judge.isConfused()) return
    const { ask, answer, link, plan, taken } = reading
    if (!isMessageValid(plan)) this.#violate('malformed body as complete', ask, `${plan.damage}`)
    if (plan.framing === 'close' && reading.hearing.method !== 'HEAD') {
      const came = (link.heardEnd ?? 0) - (answer?.headEnd ?? 0)
      if (link.heardEnd === undefined)
        this.#violate('truncated body as complete', ask, 'the connection has not ended')
      else if (taken !== Math.min(plan.body.length, came))
        this.#violate('response body', ask, `${taken} bytes were given out, not all that came`)
    } else if (answer?.end === undefined || link.heardBytes < answer.end) {
      this.#violate('truncated body as complete', ask, `${taken} bytes of ${plan.body.length}`)
    } else if (taken !== plan.body.length) {
      this.#violate('response body', ask, `${taken} bytes of ${plan.body.length} were given out`)
    }
  }

  // ----------------------------------------------------------------------------------------------------- errors

  /** The program was told of an error: it must be one that may be raised, and have a cause. */
  failed(call: Call, error: unknown): void {
    const { ask, name } = call
    const code = HTTPException.isHTTPException(error) ? error.code : 'other'
    this.raised.set(code, (this.raised.get(code) ?? 0) + 1)
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    if (text.includes(SECRET) || text.includes(QUERY_SECRET)) this.#violate('secret shown', ask, `by ${name}`)
    const isJudged = !this.#judge.isConfused()
    const complaint = isJudged ? this.#complaint(call, error) : undefined
    if (isJudged && HTTPException.isHTTPException(error) && error.url?.includes(`/r/${ask.id}/`) === false)
      this.#violate('error of another request', ask, text)
    if (complaint !== undefined) this.#violate(complaint, ask, `${name} raised ${text}`)
    const isHarmless = error instanceof DecodeError || error instanceof StatusError || isOfLine(name, error)
    if (!isHarmless) ask.hasFailed = true
  }

  /** What is wrong with the error; undefined where it is as it has to be. */
  #complaint({ ask, reading, name }: Call, error: unknown): string | undefined {
    if (ask.abortedAt !== undefined && error === ask.abortReason) return undefined
    // Of two signals that have aborted either reason may be told.
    if (ask.own?.aborted === true && error === ask.own.reason) return undefined
    if (error !== undefined && (error === ask.sourceError || error === ask.refusal)) return undefined
    if (this.destroyed !== undefined && error === this.destroyed.error) return undefined
    if (ask.isByFetch && error instanceof Error && error.message === USERINFO_REFUSED)
      return ask.sendings.at(-1)?.hearing?.redirect?.hasUserinfo === true ? undefined : 'redirect refused'
    if (!HTTPException.isHTTPException(error))
      return this.#isReasonMadeError(name, ask, error) ? undefined : 'foreign error'
    if (isOfLine(name, error)) return undefined
    // A server of HTTP/1.0 is met with a body whose length nobody knows.
    if (error.code === 'CHUNKED_TO_HTTP10') return undefined
    // Others of the program may read for as long as a connection is waited for.
    const isOfQueue = error instanceof TimeoutError && error.phase === 'queue'
    if (
      this.#judge.isPlain &&
      !isOfQueue &&
      this.closedAt === undefined &&
      !(error instanceof StatusError) &&
      !(error instanceof DecodeError)
    )
      return ask.isDisturbed || error instanceof RedirectError ? undefined : 'error without a fault'
    if (error instanceof TimeoutError) return this.#complaintOfTimeout(ask, error)
    if (error instanceof DecodeError) return name === 'json' ? undefined : 'foreign error'
    if (error instanceof StatusError)
      return ask.throws && (ask.sendings.at(-1)?.hearing?.plan.status ?? 0) >= 400
        ? undefined
        : 'status thrown'
    if (error instanceof RedirectError)
      return ask.sendings.some((sending) => this.#judge.redirectOf(sending) !== undefined)
        ? undefined
        : 'redirect error'
    if (error instanceof NotConnected)
      // What was under way when the client was closed is waited for.
      return this.closedAt === undefined || (this.destroyed === undefined && ask.startedAt < this.closedAt)
        ? 'cut off by close()'
        : undefined
    if (error instanceof ImproperConnectionState)
      return ask.isDisturbed || ask.hasFailed ? undefined : 'legal call refused'
    if (error instanceof LocalProtocolError) return 'legal request refused'
    if (error instanceof ConnectError)
      return this.#network.virtual.faults.length > 0 ? undefined : 'connect error without a cause'
    if (error instanceof ConnectionLost && error.code === 'CONNECTION_CLOSED')
      return this.destroyed !== undefined || ask.isDisturbed ? undefined : 'closed without close()'
    if (reading !== undefined && this.#isDelivered(reading) && !ask.isDisturbed && !this.#judge.isConfused())
      return 'complete response as error'
    return this.#complaintOfLoss(ask, error)
  }

  #complaintOfTimeout(ask: Ask, error: TimeoutError): string | undefined {
    const { phase, timeoutMs } = error
    const isOfDial = phase === 'dns' || phase === 'connect' || phase === 'tls'
    const now = this.#world.now()
    if (phase === 'minSpeed') return 'timeout that was not set'
    // A dial has the time of whoever had most when it began.
    if (!isOfDial && timeoutMs !== ask.timeouts[phase]) return 'timeout that was not set'
    if (!isOfDial && now < ask.startedAt + timeoutMs) return 'timeout too early'
    if (isOfDial && timeoutMs < ask.timeouts[phase]) return "another request's timeout"
    return undefined
  }

  #complaintOfLoss(ask: Ask, error: HTTPException): string | undefined {
    const isOfConnection =
      error instanceof ConnectionLost ||
      error instanceof IncompleteRead ||
      error instanceof LimitExceeded ||
      error instanceof RemoteProtocolError ||
      error instanceof UnknownProtocol
    if (!isOfConnection) return 'unexpected error'
    if (ask.isDisturbed || ask.hasFailed) return undefined
    const { sendings } = ask
    // Who is the first to be told is not always the one who is to blame.
    const isBehind = sendings.some(({ link }) => this.#judge.recordOf(link).sendings.length > 1)
    if (isBehind && isOfAnother(error)) return undefined
    const links = sendings.length > 0 ? sendings.map(({ link }) => link) : this.#network.links
    return links.some((link) => this.#hasTrouble(link)) ? undefined : 'connection error without a cause'
  }

  /** Something has happened on a link that may cost any exchange of it. */
  #hasTrouble(link: Link): boolean {
    const { trouble, condemned, sendings } = this.#judge.recordOf(link)
    const isCollateral = sendings.some(({ ask }) => ask.isDisturbed || ask.hasFailed)
    return (
      link.hasToldEnd || link.hasToldClose || trouble !== undefined || condemned !== undefined || isCollateral
    )
  }

  /** A Node stream fails with errors only: what is none is told by one that shows it. */
  #isReasonMadeError(name: string, ask: Ask, error: unknown): boolean {
    if (name !== 'node read' || !(error instanceof Error)) return false
    return ask.abortedAt !== undefined && error.message === String(ask.abortReason)
  }

  /** All of a valid response has reached the client. */
  #isDelivered({ answer, link, plan, hearing }: Reading): boolean {
    if (!this.#judge.headDelivered(hearing.sending) || !isMessageValid(plan)) return false
    if (answer?.end === undefined || link.heardBytes < answer.end) return false
    return plan.framing !== 'close' || link.heardEnd !== undefined
  }

  #violate(rule: string, ask: Ask, detail: string): void {
    this.#world.violate(rule, `request ${ask.id}: ${detail}`)
  }
}

/** A line was longer than the caller wanted: the body can be read on. */
function isOfLine(name: string, error: unknown): boolean {
  return error instanceof LineTooLong && name.startsWith('readLine')
}

/** An exchange failed because another one of its connection did. */
function isOfAnother(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.message.includes('another exchange failed') || isOfAnother(error.cause)
}

// What the judge makes of what the program is told: every response, every byte of a body, every end and every error is
// held against what the server meant and what the network delivered. An error must have a cause, a body must be whole.

import type { HTTPResponse } from '../../../src/core/response.ts'
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
  ProxyError,
  RemoteProtocolError,
  TimeoutError,
  UnknownProtocol,
} from '../../../src/errors/index.ts'
import type { Intent } from './intent.ts'
import { type Judge, latenessOf, QUERY_SECRET, SECRET } from './judge.ts'
import { isPartAt } from './labels.ts'
import type { Link } from './link.ts'
import type { VirtualNetwork } from './network.ts'
import { DAMAGES } from './plan.ts'
import type { World } from './world.ts'

/** A class of errors. */
export type ErrorClass = abstract new (...parts: never[]) => Error

/** A call of the program, for a message. */
export interface Call {
  readonly name: string
  readonly intent: Intent
  readonly startedAt: number
  /** How many attempts to connect had failed when it began. */
  readonly faultsBefore: number
  /** The caller broke a rule of the calls: the class of the error it has asked for. */
  readonly provokes?: ErrorClass | undefined
}

/** Calls that hold the body of a request. */
const SENDS: ReadonlySet<string> = new Set(['request', 'endHeaders', 'send'])

export class Verdicts {
  readonly #judge: Judge
  readonly #world: World
  readonly #network: VirtualNetwork
  /** Codes of our errors that were raised, for the figures. */
  readonly raised = new Map<string, number>()

  constructor(judge: Judge, network: VirtualNetwork) {
    this.#judge = judge
    this.#world = judge.world
    this.#network = network
  }

  // -------------------------------------------------------------------------------------------------- time

  /** A call has come to its end: not later than it may. */
  settled({ name, intent, startedAt }: Call): void {
    const now = this.#world.now()
    const { total } = intent.timeouts
    const bound = Math.max(startedAt, intent.startedAt + total) + latenessOf(total)
    if (now > bound) this.#violate('total timeout passed', intent, `${name} settled ${now - bound} ms late`)
    for (const [what, at] of [
      ['abort', intent.abortedAt],
      ['close', intent.closedAt],
      ['source', SENDS.has(name) ? intent.diedAt : undefined],
    ] as const) {
      if (at !== undefined && now > Math.max(startedAt, at))
        this.#violate(`${what} ignored`, intent, `${name} settled ${now - at} ms behind the ${what}`)
    }
  }

  // -------------------------------------------------------------------------------------------------- responses

  response(intent: Intent, response: HTTPResponse): void {
    intent.response = response
    const { plan, answer, link } = intent
    if (this.#isConfusable(intent)) return
    if (intent.isHostile || answer === undefined || answer.headEnd === undefined) {
      this.#violate('response from nowhere', intent, `${response.status} ${response.reason}`)
      return
    }
    if (link!.heardBytes < answer.headEnd)
      this.#violate('response from nowhere', intent, 'its head has not been delivered')
    const id = response.getHeader('X-Id')
    if (id !== String(intent.id)) this.#violate('response of another request', intent, `it is marked ${id}`)
    const shown = [response.status, response.reason, response.version].join()
    const meant = [plan.status, plan.reason, plan.version].join()
    if (shown !== meant) this.#violate('response head', intent, `${shown} instead of ${meant}`)
    for (const [name, value] of plan.fields)
      if (response.getHeader(name) !== value) this.#violate('response head', intent, `${name} is missing`)
    this.#checkInformational(intent, response)
    if (plan.damage !== undefined && DAMAGES[plan.damage].inHead && DAMAGES[plan.damage].outcome !== 'last')
      this.#violate('malformed head accepted', intent, plan.damage)
  }

  #checkInformational(intent: Intent, response: HTTPResponse): void {
    const statuses = response.informational.map(({ status }) => status)
    // A 100 (Continue) comes besides what was planned, where it was asked for.
    const shown = statuses.filter((status) => status !== 100).join()
    const meant = intent.plan.informational.filter((status) => status !== 100).join()
    if (shown !== meant) this.#violate('informational responses', intent, `${shown} instead of ${meant}`)
  }

  /** Bytes of a body were given out. */
  taken(intent: Intent, bytes: Uint8Array): void {
    if (intent.isComplete && bytes.length > 0)
      this.#violate('bytes behind the end', intent, `${bytes.length} bytes`)
    if (!this.#isConfusable(intent) && !isPartAt(bytes, intent.plan.body, intent.taken))
      this.#violate('response body', intent, `other bytes than were meant at ${intent.taken}`)
    intent.taken += bytes.length
  }

  /** The program was told that a body is complete. */
  completed(intent: Intent): void {
    intent.isComplete = true
    if (this.#isConfusable(intent)) return
    const { answer, link, plan } = intent
    if (answer === undefined || link === undefined) {
      this.#violate('response from nowhere', intent, 'a body that was never sent is complete')
      return
    }
    if (!answer.isValid) this.#violate('malformed body as complete', intent, `${plan.damage}`)
    if (plan.framing === 'close') {
      if (link.heardEnd === undefined)
        this.#violate('truncated body as complete', intent, 'the connection has not ended')
      else if (intent.taken !== Math.min(plan.body.length, link.heardEnd - (answer.headEnd ?? 0)))
        this.#violate('response body', intent, `${intent.taken} bytes were given out, not all that came`)
    } else if (answer.end === undefined || link.heardBytes < answer.end) {
      this.#violate('truncated body as complete', intent, `${intent.taken} bytes of ${plan.body.length}`)
    } else if (intent.taken !== plan.body.length) {
      this.#violate('response body', intent, `${intent.taken} bytes of ${plan.body.length} were given out`)
    }
    const trailers = JSON.stringify([...(intent.response?.trailers ?? [])])
    const meant = JSON.stringify(plan.trailers)
    if (trailers !== meant) this.#violate('response trailers', intent, `${trailers} instead of ${meant}`)
  }

  // ----------------------------------------------------------------------------------------------------- errors

  /** The program was told of an error: it must be one that may be raised, and have a cause. */
  failed(call: Call, error: unknown): void {
    const { intent, name } = call
    this.#count(error)
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const shown = error instanceof Error ? `${text} ${error.stack}` : text
    if (shown.includes(SECRET) || shown.includes(QUERY_SECRET))
      this.#violate('secret shown', intent, `by ${name}`)
    const complaint = this.#complaint(call, error)
    if (complaint !== undefined) this.#violate(complaint, intent, `${name} raised ${text}`)
    if (error instanceof IncompleteRead) this.#checkPartial(call, error)
    if (!(error instanceof ImproperConnectionState || error instanceof DecodeError)) {
      if (!(error instanceof LineTooLong && name.startsWith('readLine'))) intent.hasFailed = true
    }
  }

  /** What is wrong with the error; undefined where it is as it has to be. */
  #complaint(call: Call, error: unknown): string | undefined {
    const { intent, provokes, name } = call
    if (provokes !== undefined) return error instanceof provokes ? undefined : 'wrong call not refused'
    if (error === intent.controller?.signal.reason && intent.abortedAt !== undefined) return undefined
    if (error !== undefined && error === intent.body.sourceError) return undefined
    if (!HTTPException.isHTTPException(error))
      return this.#isReasonMadeError(call, error) ? undefined : 'foreign error'
    if (error instanceof TimeoutError) return this.#complaintOfTimeout(call, error)
    if (error instanceof LineTooLong && name.startsWith('readLine')) return undefined
    if (error instanceof DecodeError) return name === 'json' ? undefined : 'foreign error'
    if (error instanceof LocalProtocolError) return this.#complaintOfLocal(intent, error)
    if (error instanceof ConnectError) {
      const isFault = this.#network.faults.length > call.faultsBefore
      const isProxys = error.phase === 'proxy' && this.#complaintOfLoss(intent) === undefined
      return isFault || isProxys ? undefined : 'connect error without a cause'
    }
    if (error instanceof ProxyError)
      return this.#network.tunnel === 'refuse' ? undefined : 'proxy error without a cause'
    if (this.#isDelivered(intent) && !intent.isDisturbed) return 'complete response as error'
    if (error instanceof LimitExceeded) return this.#isDamaged(intent, 'limit')
    const isOfConnection =
      error instanceof ConnectionLost ||
      error.code === 'REMOTE_DISCONNECTED' ||
      error instanceof IncompleteRead
    if (isOfConnection) return this.#isCollateral(call, error) ? undefined : this.#complaintOfLoss(intent)
    if (error instanceof RemoteProtocolError || error instanceof UnknownProtocol)
      return this.#isDamaged(intent, 'protocol')
    return 'unexpected error'
  }

  #complaintOfTimeout({ intent, startedAt, name }: Call, error: TimeoutError): string | undefined {
    const { phase, timeoutMs } = error
    // A proxy has the time of connecting for its answer.
    const isOfTunnel = this.#network.tunnel !== undefined && timeoutMs === intent.timeouts.connect
    if (phase === 'queue' || phase === 'minSpeed' || (timeoutMs !== intent.timeouts[phase] && !isOfTunnel))
      return 'timeout that was not set'
    const since = name === 'connect' ? startedAt : intent.startedAt
    if (this.#world.now() < since + timeoutMs) return 'timeout too early'
    const isReading = intent.response !== undefined && name !== 'request' && name !== 'send'
    if (isReading && this.#isDelivered(intent) && intent.isSeenWhole && !intent.isDisturbed)
      return 'complete response as error'
    return undefined
  }

  #complaintOfLocal(intent: Intent, error: LocalProtocolError): string | undefined {
    if (error instanceof ImproperConnectionState)
      return intent.isDisturbed || intent.hasFailed ? undefined : 'legal call refused'
    if (error.code === 'CHUNKED_TO_HTTP10') return undefined
    return intent.isHostile || intent.body.end !== 'whole' ? undefined : 'legal request refused'
  }

  #complaintOfLoss(intent: Intent): string | undefined {
    const link = this.#linkOf(intent)
    if (intent.isDisturbed || intent.hasFailed) return undefined
    if (link === undefined) return 'connection error without a connection'
    const record = this.#judge.recordOf(link)
    const isCut = link.hasToldEnd || link.hasToldClose || record.trouble !== undefined
    const isCollateral = record.requests.some((other) => other.isDisturbed || other.hasFailed)
    const isBehindLast = record.condemned !== undefined
    return isCut || isCollateral || isBehindLast ? undefined : 'connection error without a cause'
  }

  /** Another exchange of the same connection has failed, for a reason that holds for it. */
  #isCollateral(call: Call, error: HTTPException): boolean {
    const { link } = call.intent
    if (link === undefined || error.cause === undefined) return false
    const others = this.#judge.recordOf(link).requests.filter((other) => other !== call.intent)
    let cause: unknown = error.cause
    for (; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
      if (others.some((intent) => this.#complaint({ ...call, intent }, cause) === undefined)) return true
    }
    return false
  }

  /** A Node stream fails with errors only: what is none is told by one that shows it. */
  #isReasonMadeError({ intent, name }: Call, error: unknown): boolean {
    const isStream = name === 'node read' && intent.abortedAt !== undefined
    return isStream && error instanceof Error && error.message === String(intent.controller?.signal.reason)
  }

  #isDamaged(intent: Intent, outcome: 'limit' | 'protocol'): string | undefined {
    const link = this.#linkOf(intent)
    if (link === undefined) return 'protocol error without a connection'
    const record = this.#judge.recordOf(link)
    if (record.trouble === undefined) return 'protocol error without a cause'
    const { damage } = intent.plan
    const isOther = damage !== undefined && DAMAGES[damage].outcome !== outcome && record.junk.length === 0
    return isOther && record.requests[0] === intent ? `${damage} raised another error` : undefined
  }

  /** The link that an exchange is on; where there is a tunnel to be made, the one that it is made through. */
  #linkOf({ link }: Intent): Link | undefined {
    return link ?? (this.#network.tunnel === undefined ? undefined : this.#network.links.at(-1))
  }

  /** All of a valid response has reached the client: nothing but the caller can make it fail. */
  #isDelivered(intent: Intent): boolean {
    const { answer, link, plan } = intent
    if (answer?.end === undefined || link === undefined || link.heardBytes < answer.end) return false
    const { answers, isConfusable, junk } = this.#judge.recordOf(link)
    if (isConfusable || junk.some(({ start }) => start < answer.end!)) return false
    for (const other of answers) {
      if (!other.isValid || other.intent.isDisturbed) return false
      if (other === answer) break
      if (other.endsConnection) return false
    }
    return plan.framing !== 'close' || link.heardEnd !== undefined
  }

  /** The bytes that an error carries are those that were not given out before, and none is lost. */
  #checkPartial({ intent, name }: Call, { partial, expected, code }: IncompleteRead): void {
    const { answer, link, plan } = intent
    if (this.#isConfusable(intent) || code === 'INCOMPLETE_HEAD' || name === 'upgrade') return
    if (answer === undefined || link === undefined || answer.headEnd === undefined) return
    this.taken(intent, partial)
    if (plan.framing !== 'length' || intent.isDisturbed) return
    const declared = plan.hugeLength ?? plan.body.length
    const came = Math.max(0, Math.min(link.heardBytes - answer.headEnd, declared))
    // A Node stream drops what it holds when it is destroyed by an error.
    if (intent.taken !== came && name !== 'node read')
      this.#violate('bytes lost', intent, `${intent.taken} bytes of ${came} that came, by ${name}`)
    if (expected !== undefined && expected !== declared - came)
      this.#violate('response body', intent, `${expected} more expected after ${came} of ${declared}`)
  }

  #isConfusable({ link }: Intent): boolean {
    return link !== undefined && this.#judge.recordOf(link).isConfusable
  }

  #count(error: unknown): void {
    const code = HTTPException.isHTTPException(error) ? error.code : 'other'
    this.raised.set(code, (this.raised.get(code) ?? 0) + 1)
  }

  #violate(rule: string, intent: Intent, detail: string): void {
    this.#world.violate(rule, `request ${intent.id}: ${detail}`)
  }
}

/**
 * What a hand-driven connection knows from its construction on, and how it makes a request of it: the options resolved once,
 * where it leads, the fields it adds by default.
 */

import { anySignal } from '../core/abort-listeners.ts'
import type { FieldLine } from '../core/fields.ts'
import { platformSignal } from '../core/foreign-signal.ts'
import { freezeDeep } from '../core/freeze.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import type { OutgoingBody } from '../core/outgoing-body.ts'
import { OutgoingRequest, type RequestDeadlines, type RequestOrigin } from '../core/request.ts'
import { continueTimeout, type RequestOptions } from '../core/request-options.ts'
import { checkTarget } from '../core/request-target.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts, resolveTimeouts } from '../core/timeouts.ts'
import { checkTlsOptions } from '../core/tls-options.ts'
import { writeRequestLine } from '../h1/head-writer.ts'
import { type Limits, resolveLimits } from '../h1/limits.ts'
import { resolveTolerances, type Tolerances } from '../h1/tolerances.ts'
import { checkedConnector } from '../io/checked-connector.ts'
import { dial, wholeTarget } from '../io/dial.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { makeBoundary, systemRandom } from '../time/random.ts'
import type { H1Connection } from '../transport/h1/h1-connection.ts'
import { hostFieldFor, makeOrigin } from '../transport/h1/request-head.ts'
import type { Tunnel } from '../transport/open.ts'
import {
  type HTTPSConnectionOptions,
  type PutRequestOptions,
  takeConnectionOptions,
  takePutRequestOptions,
  takeTlsOptions,
} from './options.ts'
import type { DialPlan } from './transport-source.ts'

/** What differs between the kinds of connection of this package. */
export interface ConnectionSettings {
  readonly scheme: 'http' | 'https'
  /** The version that is written; 10 writes HTTP/1.0. */
  readonly version: () => 10 | 11
  /** Whether pipelined requests that are sent at one time go out together, a moment later than asked for. */
  readonly isGathering: boolean
  /** Is told the fields of a proxy's answer to CONNECT, whatever it was. */
  readonly onTunnelAnswer: ((fields: readonly FieldLine[]) => void) | undefined
  /** An open transport that was lent, instead of one that is dialled. */
  readonly lent: LentTransport | undefined
}

/** An open transport of another owner. */
export interface LentTransport {
  readonly transport: H1Connection
  /** Gives it back, to be used by others; one with something under way is closed. Idempotent. */
  giveBack(): void
}

export const HTTP_SETTINGS: ConnectionSettings = {
  scheme: 'http',
  version: () => 11,
  isGathering: true,
  onTunnelAnswer: undefined,
  lent: undefined,
}
export const HTTPS_SETTINGS: ConnectionSettings = { ...HTTP_SETTINGS, scheme: 'https' }

/** The field that asks for a body as it is, as Python's httplib does. */
const IDENTITY: FieldLine = Object.freeze(['Accept-Encoding', 'identity'] as const)
const DEFAULT_FIELDS: readonly FieldLine[] = Object.freeze([IDENTITY])
const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** Of requests that say nothing of their own, on connections that do not either. */
const DEFAULT_DEADLINES: RequestDeadlines = Object.freeze({
  timeouts: DEFAULT_TIMEOUTS,
  endsAt: Infinity,
  totalMs: Infinity,
  signal: undefined,
})

const systemBoundary = (): string => makeBoundary(systemRandom)

/** A head that was begun by `putRequest`. */
export interface OpenHead {
  readonly method: string
  readonly target: string
  readonly version: 10 | 11
  readonly fields: FieldLine[]
}

/** The options, complete. Connections that were given the same numbers, or nothing, share one record: there may be thousands. */
interface CompleteOptions {
  readonly given: HTTPSConnectionOptions
  readonly clock: Clock
  readonly tolerances: Tolerances
  readonly limits: Limits
  readonly pipelining: number
  readonly makeBoundary: () => string
  /** Of requests that say nothing of their own. */
  readonly timeouts: ResolvedTimeouts
  /** The same without a moment in it: undefined where there is a total timeout. */
  readonly deadlines: RequestDeadlines | undefined
}

/** The last that were plain values throughout: they cannot be changed. */
let lastPlainOptions: CompleteOptions | undefined

/** @throws TypeError for an option that is not in the table, or a value that it does not take */
function takeOptions(given: HTTPSConnectionOptions | undefined, isSecure: boolean): CompleteOptions {
  const options = takeConnectionOptions(given, isSecure)
  if (!isSecure) {
    if (!isPlain(options)) return completed(options)
    if (lastPlainOptions === undefined || !areEqual(options, lastPlainOptions.given))
      lastPlainOptions = completed(Object.freeze(options))
    return lastPlainOptions
  }
  const tls = takeTlsOptions(options.tls)
  const complete = completed(options)
  checkTlsOptions(tls)
  return { ...complete, given: Object.assign(Object.create(null), options, { tls }) }
}

function isPlain(options: object): boolean {
  return Object.values(options).every((value) => typeof value !== 'object' && typeof value !== 'function')
}

function areEqual(one: object, other: object): boolean {
  const entries = Object.entries(one)
  const values = other as Readonly<Record<string, unknown>>
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([name, value]) => name in other && Object.is(values[name], value))
  )
}

function completed(given: HTTPSConnectionOptions): CompleteOptions {
  const { clock = systemClock, random, pipelining = 1 } = given
  const signal = platformSignal(given.signal)
  const timeouts = resolveTimeouts(given.timeout)
  const { total } = timeouts
  const isDefault = timeouts === DEFAULT_TIMEOUTS && signal === undefined
  const own = total === Infinity ? { timeouts, endsAt: Infinity, totalMs: Infinity, signal } : undefined
  return {
    given,
    clock,
    tolerances: resolveTolerances(given.tolerances),
    limits: resolveLimits(given.limits),
    pipelining,
    makeBoundary: random === undefined ? systemBoundary : () => makeBoundary(random),
    timeouts,
    deadlines: isDefault ? DEFAULT_DEADLINES : own,
  }
}

export class RequestMaker {
  readonly #complete: CompleteOptions
  readonly #defaultPort: number
  readonly #settings: ConnectionSettings
  /** Where requests go: made again by `tunnelThrough`. */
  #plan: DialPlan
  #origin: RequestOrigin | undefined

  /** @throws TypeError for an option that is not in the table, or a value that it does not take */
  constructor(
    given: HTTPSConnectionOptions | undefined,
    at: HostPort,
    defaultPort: number,
    settings: ConnectionSettings,
  ) {
    this.#complete = takeOptions(given, settings.scheme === 'https')
    this.#defaultPort = defaultPort
    this.#settings = settings
    this.#plan = planTo(at, this.options, undefined)
  }

  get options(): HTTPSConnectionOptions {
    return this.#complete.given
  }

  get clock(): Clock {
    return this.#complete.clock
  }

  get tolerances(): Tolerances {
    return this.#complete.tolerances
  }

  get limits(): Limits {
    return this.#complete.limits
  }

  get pipelining(): number {
    return this.#complete.pipelining
  }

  get makeBoundary(): () => string {
    return this.#complete.makeBoundary
  }

  /** The port that a Host field leaves out. */
  get defaultPort(): number {
    return this.#defaultPort
  }

  /** The transport that was lent; undefined for a connection that dials. */
  get lent(): LentTransport | undefined {
    return this.#settings.lent
  }

  /** Where requests go now. */
  get plan(): DialPlan {
    return this.#plan
  }

  /** Scheme and authority of the URLs that are asked for. */
  get prefix(): string {
    return this.#requestOrigin().prefix
  }

  /** Whether pipelined requests that are sent at one time go out together. */
  get isGathering(): boolean {
    return this.#settings.isGathering && this.pipelining > 1
  }

  /** From now on requests go to `to` by way of a proxy. */
  tunnelThrough(to: HostPort, headers: readonly FieldLine[]): void {
    const tunnel = { to, headers, onAnswer: this.#settings.onTunnelAnswer }
    this.#plan = planTo(this.#plan.target, this.options, tunnel)
    this.#origin = undefined
  }

  /** What `request()` sends. */
  make(
    method: string,
    target: string,
    body: OutgoingBody,
    headers: HeadersInput | undefined,
    said: RequestOptions,
  ): OutgoingRequest {
    const version = this.#settings.version()
    return new OutgoingRequest({
      method,
      origin: this.#requestOrigin(),
      target: checkTarget(method, target),
      version,
      defaults: version === 11 ? DEFAULT_FIELDS : NO_FIELDS,
      fields: headers === undefined ? NO_FIELDS : toFieldLines(headers),
      isHeadComplete: false,
      body,
      trailers: said.trailers,
      chunked: said.chunked === true,
      expectContinueMs: continueTimeout(said.expectContinue),
      deadlines: this.deadlinesOf(said),
      settings: undefined,
      attempt: 1,
      first: undefined,
    })
  }

  /**
   * The head that `putRequest()` begins.
   * @throws LocalProtocolError or InvalidURL for a method or a target that must not be sent
   */
  beginHead(method: string, target: string, options: PutRequestOptions | undefined): OpenHead {
    const said = takePutRequestOptions(options)
    const checked = checkTarget(method, target)
    const version = this.#settings.version()
    writeRequestLine(method, checked, version)
    const fields: FieldLine[] = []
    if (version === 11) {
      if (said.skipHost !== true) fields.push(hostFieldFor(method, checked, this.#requestOrigin()))
      if (said.skipAcceptEncoding !== true) fields.push(IDENTITY)
    }
    return { method, target: checked, version, fields }
  }

  /** What `endHeaders()` sends. */
  makeOf(head: OpenHead, body: OutgoingBody, said: RequestOptions): OutgoingRequest {
    return new OutgoingRequest({
      ...head,
      origin: this.#requestOrigin(),
      defaults: NO_FIELDS,
      isHeadComplete: true,
      body,
      trailers: said.trailers,
      chunked: false,
      expectContinueMs: continueTimeout(said.expectContinue),
      deadlines: this.deadlinesOf(said),
      settings: undefined,
      attempt: 1,
      first: undefined,
    })
  }

  /** How long what begins now may take, and who may call it off. */
  deadlinesOf({ timeout, signal }: RequestOptions): RequestDeadlines {
    const { deadlines } = this.#complete
    if (timeout === undefined && signal === undefined && deadlines !== undefined) return deadlines
    const timeouts = resolveTimeouts(timeout, this.#complete.timeouts)
    const { total } = timeouts
    const own = platformSignal(this.options.signal)
    return {
      timeouts,
      endsAt: total === Infinity ? Infinity : this.clock.now() + total,
      totalMs: total,
      signal: anySignal(own, platformSignal(signal)),
    }
  }

  #requestOrigin(): RequestOrigin {
    if (this.#origin === undefined) {
      const at = this.#plan.tunnel?.to ?? this.#plan.target
      this.#origin = makeOrigin(this.#settings.scheme, at, this.#defaultPort, DEFAULT_FIELDS)
    }
    return this.#origin
  }
}

/** The last plan that says nothing but where: thousands of connections to one server share it. */
let lastPlain: DialPlan | undefined

function planTo(at: HostPort, options: HTTPSConnectionOptions, tunnel: Tunnel | undefined): DialPlan {
  const { host, port } = at
  const { socketPath, localAddress, family, keepAlive, lookup, tls, connect: own } = options
  const said = tunnel ?? socketPath ?? localAddress ?? family ?? keepAlive ?? lookup ?? tls ?? own
  if (said !== undefined || lastPlain?.target.host !== host || lastPlain.target.port !== port) {
    const target = wholeTarget(at, options, tls)
    const name = socketPath ?? formatAuthority(at)
    const connect = own === undefined ? dial : checkedConnector(own)
    const canBeCalledOff = own === undefined && tunnel === undefined
    const plan = { target, tunnel, connect, canBeCalledOff, name }
    if (said !== undefined) return plan
    lastPlain = freezeDeep(plan)
  }
  return lastPlain
}

/**
 * A connection driven by hand: the verbs of Python's HTTPConnection over one transport at a time. Which call is legal when
 * is the table of call-states.ts; a call that is not legal raises CannotSendRequest, CannotSendHeader or ResponseNotReady.
 *
 * The connection opens by itself at the first send, and again where the last exchange ended it. It repeats no request.
 *
 * Length: the verbs of one class and their documentation.
 */

import { IterableSource } from '../core/body-sources.ts'
import type { FieldLine } from '../core/fields.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { formatAuthority, HTTP_PORT, parseHostPort } from '../core/origin.ts'
import {
  ChunkedBody,
  closeBody,
  isMeasured,
  measureBody,
  type OutgoingBody,
  type RequestBody,
  type TrailerSource,
  takeBody,
} from '../core/outgoing-body.ts'
import { OutgoingRequest, type RequestDeadlines, type RequestOrigin, withChanges } from '../core/request.ts'
import { continueTimeout, type RequestOptions } from '../core/request-options.ts'
import { checkTarget } from '../core/request-target.ts'
import type { HTTPResponse } from '../core/response.ts'
import { type ResolvedTimeouts, resolveTimeouts } from '../core/timeouts.ts'
import { checkAccepted, type TlsDetails } from '../core/tls-options.ts'
import { addFacts } from '../errors/exception.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ConnectionLost,
  HTTPException,
  ImproperConnectionState,
  ResponseNotReady,
} from '../errors/index.ts'
import { checkField, writeRequestLine } from '../h1/head-writer.ts'
import { type Limits, resolveLimits } from '../h1/limits.ts'
import { resolveTolerances, type Tolerances } from '../h1/tolerances.ts'
import { dial } from '../io/dial.ts'
import { writeToStderr } from '../io/stderr.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { makeBoundary, systemRandom } from '../time/random.ts'
import { waitFor } from '../time/wait.ts'
import { withCaller } from '../transport/caller-stack.ts'
import type { Exchange } from '../transport/exchange.ts'
import { beginningOf, shownUrl } from '../transport/exchange-failure.ts'
import type { H1Connection, H1ConnectionOptions } from '../transport/h1/h1-connection.ts'
import { checkHead, completeHead, hostFieldFor, makeOrigin } from '../transport/h1/request-head.ts'
import {
  endRequest,
  isImmediate,
  type SendingOptions,
  sendChunks,
  sendRequest,
  unlessItFails,
} from '../transport/h1/send-request.ts'
import type { Tunnel } from '../transport/open.ts'
import { type CallFacts, type ConnectionState, decideState, explainRefusal, mayBegin } from './call-states.ts'
import { DebugTrace } from './debug-trace.ts'
import {
  type ConnectOptions,
  type HTTPConnectionOptions,
  type HTTPSConnectionOptions,
  type PutRequestOptions,
  takeConnectionOptions,
  takeConnectOptions,
  takePutRequestOptions,
  takeRequestOptions,
  takeTlsOptions,
} from './options.ts'
import { ResponseQueue } from './response-queue.ts'
import { type DialPlan, TransportSource } from './transport-source.ts'

/** What differs between the kinds of connection of this package. */
export interface ConnectionSettings {
  readonly scheme: 'http' | 'https'
  /** The version that is written; 10 writes HTTP/1.0. */
  readonly version: () => 10 | 11
  /** Whether pipelined requests that are sent at one time go out together, a moment later than asked for. */
  readonly isGathering: boolean
  /** Is told the fields of a proxy's answer to CONNECT, whatever it was. */
  readonly onTunnelAnswer?: ((fields: readonly FieldLine[]) => void) | undefined
}

const HTTP_SETTINGS: ConnectionSettings = { scheme: 'http', version: () => 11, isGathering: true }
export const HTTPS_SETTINGS: ConnectionSettings = { ...HTTP_SETTINGS, scheme: 'https' }

/** The field that asks for a body as it is, as Python's httplib does. */
const IDENTITY: FieldLine = Object.freeze(['Accept-Encoding', 'identity'] as const)
const DEFAULT_FIELDS: readonly FieldLine[] = Object.freeze([IDENTITY])
const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** In the place of a file that is still to be measured. */
const UNMEASURED: OutgoingBody = new ChunkedBody(() => new IterableSource([]), undefined)

/** What `request` answers where all was sent at once. */
const SENT: Promise<void> = Promise.resolve()

/** A head that was begun by `putRequest`. */
interface OpenHead {
  readonly method: string
  readonly target: string
  readonly version: 10 | 11
  readonly fields: FieldLine[]
}

/** A request in steps whose body may go on. */
interface OpenUpload {
  readonly transport: H1Connection
  readonly exchange: Exchange
  readonly trailers: TrailerSource
}

/**
 * A connection to an HTTP server, driven by hand: `request` and `getResponse`, or a request in steps with `putRequest`,
 * `putHeader`, `endHeaders` and `send`. It opens by itself, is kept open as long as both sides allow it, and repeats no
 * request. Bodies are given as they come: nothing is decoded, redirected or retried.
 */
export class HTTPConnection {
  /** The name or address given, without port. */
  readonly host: string
  /** The port that is connected to. */
  readonly port: number
  /** The port where none is given: 80. */
  static readonly defaultPort: number = HTTP_PORT
  readonly #defaultPort: number
  readonly #options: HTTPSConnectionOptions
  readonly #settings: ConnectionSettings
  readonly #clock: Clock
  /** Of requests that say nothing of their own. */
  readonly #timeouts: ResolvedTimeouts
  /** The same without a moment in it: undefined where there is a total timeout. */
  readonly #deadlines: RequestDeadlines | undefined
  readonly #tolerances: Tolerances
  readonly #limits: Limits
  readonly #pipelining: number
  readonly #source: TransportSource
  readonly #queue: ResponseQueue = new ResponseQueue()
  readonly #sendingOptions: SendingOptions = { listener: this.#queue }
  readonly #makeBoundary: () => string
  /** Where requests go: made anew by setTunnel(). */
  #plan: DialPlan
  #origin: RequestOrigin | undefined
  #trace: DebugTrace | undefined
  /** A request that was begun with putRequest and not sent. */
  #head: OpenHead | undefined
  /** Settles when everything that was given to be sent is sent; undefined while nothing is. Never rejects. */
  #sending: Promise<void> | undefined
  /** What endHeaders() or send() gave to be sent. */
  #step: Promise<void> | undefined
  /** The exchange whose request is not ended: more may come by send(). */
  #upload: OpenUpload | undefined
  /** Ends the waits that have no transport yet. */
  readonly #waits: Set<(error: unknown) => void> = new Set()
  /** How often close() was called: what waits can tell that it was. */
  #generation = 0

  /**
   * @param host - a name or an address, also with a port: `www.example.com:8080`, `[::1]:8080`
   * @param port - where it is not in `host`; default 80
   * @param options - taken now: later changes of the object have no effect
   * @throws InvalidURL if a port is empty or not a number, or the host cannot be one
   * @throws TypeError for an option that is not in the table, or a value that it does not take
   */
  constructor(host: string, port?: number, options?: HTTPConnectionOptions)
  /** @internal */
  constructor(
    host: string,
    port: number | undefined,
    options: HTTPConnectionOptions | undefined,
    settings: ConnectionSettings,
  )
  constructor(
    host: string,
    port?: number,
    given?: HTTPSConnectionOptions,
    settings: ConnectionSettings = HTTP_SETTINGS,
  ) {
    const options = takeConnectionOptions(given, settings.scheme === 'https')
    this.#defaultPort = new.target.defaultPort
    const at = parseHostPort(host, port, this.#defaultPort)
    this.host = at.host
    this.port = at.port
    this.#settings = settings
    this.#clock = options.clock ?? systemClock
    this.#timeouts = resolveTimeouts(options.timeout)
    this.#tolerances = resolveTolerances(options.tolerances)
    this.#limits = resolveLimits(options.limits)
    this.#pipelining = options.pipelining ?? 1
    const tls = settings.scheme === 'https' ? takeTlsOptions(options.tls) : undefined
    if (tls !== undefined) checkAccepted(tls)
    this.#options = tls === undefined ? options : Object.assign(Object.create(null), options, { tls })
    if (this.#timeouts.total === Infinity) this.#deadlines = this.#deadlinesOf({ signal: undefined })
    const { random = systemRandom } = options
    this.#makeBoundary = () => makeBoundary(random)
    this.#plan = this.#makePlan(undefined)
    this.#source = new TransportSource({
      clock: this.#clock,
      connectionOptions: (isPeerHTTP10) => this.#connectionOptions(isPeerHTTP10),
      onDial: () => this.#trace?.connecting(this.#plan.name),
    })
  }

  /** Where the connection is in the diagram of its states: `idle` if a request may be begun. */
  get state(): ConnectionState {
    return decideState(this.#facts)
  }

  /** True while there is a connection to the server. */
  get isConnected(): boolean {
    const { current } = this.#source
    return current !== undefined && (current.state === 'open' || current.outstanding > 0)
  }

  /** What TLS agreed on with the server; undefined without TLS, and while not connected. */
  get tlsDetails(): TlsDetails | undefined {
    return this.isConnected ? this.#source.current?.tls : undefined
  }

  /**
   * Opens the connection; the first send does it by itself. Does nothing where it is open, whatever is under way on it.
   * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`
   */
  async connect(options?: ConnectOptions): Promise<void> {
    const { current } = this.#source
    const { signal } = takeConnectOptions(options)
    const deadlines = this.#deadlinesOf({ signal })
    if (current !== undefined && current.outstanding > 0) return
    const startedAt = this.#clock.now()
    const acquiring = this.#source.acquire(this.#plan, deadlines)
    const named = acquiring.catch((error: unknown) => {
      throw this.#named(error, { url: this.#requestOrigin.prefix }, startedAt, deadlines)
    })
    await withCaller(named)
  }

  /** Closes the connection. What is under way fails with CONNECTION_CLOSED; the next request opens a new one. Idempotent. */
  close(): void {
    this.#generation++
    this.#head = undefined
    this.#upload = undefined
    this.#sending = undefined
    this.#step = undefined
    this.#queue.clear()
    const closed = this.#closedError()
    for (const giveUp of this.#waits) giveUp(this.#closedError())
    this.#waits.clear()
    this.#source.close(closed)
  }

  /** Closes the connection, as `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** Level 1 and above traces what goes out and comes in, to the option `debug`; 0, the default, nothing. */
  setDebugLevel(level: number): void {
    const { debug = writeToStderr, debugShowsCredentials = false } = this.#options
    this.#trace = level > 0 ? new DebugTrace(debug, debugShowsCredentials) : undefined
    this.#source.observe(this.#trace)
  }

  /**
   * Makes this a connection to `host` by way of a proxy: connecting goes to the address given to the constructor and asks
   * it for a tunnel. With HTTPS, TLS runs inside.
   * @param port - default: as for the constructor
   * @param headers - fields of the CONNECT request, such as Proxy-Authorization
   * @throws ImproperConnectionState while connected or connecting, and while a request is begun or under way
   */
  setTunnel(host: string, port?: number, headers?: HeadersInput): void {
    if (this.isConnected || this.#source.isDialing)
      throw new ImproperConnectionState('setTunnel() comes before the connection is opened')
    if (this.state !== 'idle') throw new ImproperConnectionState(explainRefusal('setTunnel', this.#facts))
    const fields = toFieldLines(headers)
    for (const [name, value] of fields) checkField(name, value, this.#tolerances)
    const to = parseHostPort(host, port, this.#defaultPort)
    this.#plan = this.#makePlan({ to, headers: fields, onAnswer: this.#settings.onTunnelAnswer })
    this.#origin = undefined
  }

  /**
   * Sends a request: head and body. Resolves when all of it was handed to the system, or when an early final response made
   * the rest unwanted. The body belongs to the connection from this call on: its errors reject the promise, and it is
   * destroyed or cancelled where it is not sent to its end.
   * @param target - path and query, or an absolute URL for a proxy
   * @param body - a factory makes it replayable
   * @throws CannotSendRequest while another exchange is under way
   * @throws LocalProtocolError and its kin for what must not be sent, TypeError for what cannot be a body: before anything
   *   is dialled
   * @throws ConnectError, ConnectionLost, TimeoutError; `signal.reason`; what the source of the body throws
   */
  request(
    method: string,
    target: string,
    body?: RequestBody,
    headers?: HeadersInput,
    options?: RequestOptions,
  ): Promise<void> {
    let taken: OutgoingBody | FileHandleLike | undefined
    const generation = this.#generation
    try {
      taken = takeBody(body, this.#makeBoundary)
      this.#assertMayBegin('request', true)
      const said = takeRequestOptions(options)
      const fields = headers === undefined ? NO_FIELDS : toFieldLines(headers)
      // A file is measured later: what can be refused without its size is refused now.
      const request = this.#makeRequest(method, target, isMeasured(taken) ? taken : UNMEASURED, fields, said)
      // Code of the caller may have run: a getter among the fields, say.
      this.#throwIfClosed(generation)
      this.#assertMayBegin('request', true)
      if (isMeasured(taken) && this.#sending === undefined) {
        const ready = this.#source.ready(this.#plan)
        if (ready !== undefined && isImmediate(request)) {
          const { exchange, sent } = sendRequest(ready, request, this.#sendingOptions)
          this.#queue.add(exchange)
          return sent === undefined ? SENT : withCaller(this.#untilSent(exchange, sent))
        }
      }
      this.#check(request)
      return withCaller(this.#sendWhole(taken, request))
    } catch (error) {
      closeBody(taken, error)
      return Promise.reject(error)
    }
  }

  /**
   * Begins a request that is written step by step. Nothing is sent yet.
   * @throws CannotSendRequest while another exchange is under way
   * @throws LocalProtocolError or InvalidURL for a method or a target that must not be sent
   */
  putRequest(method: string, target: string, options?: PutRequestOptions): void {
    this.#assertMayBegin('putRequest', false)
    const said = takePutRequestOptions(options)
    const checked = checkTarget(method, target)
    const version = this.#settings.version()
    writeRequestLine(method, checked, version)
    const fields: FieldLine[] = []
    if (version === 11) {
      if (said.skipHost !== true) fields.push(hostFieldFor(method, checked, this.#requestOrigin))
      if (said.skipAcceptEncoding !== true) fields.push(IDENTITY)
    }
    this.#head = { method, target: checked, version, fields }
  }

  /**
   * Adds a header field to the request that was begun: one line for each value.
   * @throws CannotSendHeader where none was begun; InvalidHeader for what must not be sent
   */
  putHeader(name: string, ...values: (string | number)[]): void {
    const head = this.#head
    if (head === undefined) throw new CannotSendHeader(explainRefusal('putHeader', this.#facts))
    const lines = toFieldLines(values.map((value) => [name, value] as const))
    for (const [, value] of lines) checkField(name, value, this.#tolerances)
    head.fields.push(...lines)
  }

  /**
   * Sends the head that was begun, and a body with it where one is given. More of the body may follow by `send`; the
   * request ends with `getResponse`. The framing is what the header fields say: Content-Length, or chunked.
   * @throws CannotSendHeader where no request was begun
   * @throws as `request`
   */
  endHeaders(body?: RequestBody, options?: RequestOptions): Promise<void> {
    let taken: OutgoingBody | FileHandleLike | undefined
    const generation = this.#generation
    try {
      taken = takeBody(body, this.#makeBoundary)
      const head = this.#head
      if (head === undefined) throw new CannotSendHeader(explainRefusal('endHeaders', this.#facts))
      this.#head = undefined
      const said = takeRequestOptions(options)
      this.#throwIfClosed(generation)
      const request = this.#requestOf(head, isMeasured(taken) ? taken : UNMEASURED, said)
      this.#check(request)
      return this.#sendStep(taken, request.deadlines, async (measured) => {
        const whole = this.#withBody(request, measured)
        const transport = await this.#transportFor(whole)
        const { exchange, sent } = sendRequest(transport, whole, { listener: this.#queue, mayFollow: true })
        this.#queue.add(exchange)
        if (transport.expectsBody) this.#upload = { transport, exchange, trailers: said.trailers }
        await this.#untilSent(exchange, sent)
      })
    } catch (error) {
      closeBody(taken, error)
      return Promise.reject(error)
    }
  }

  /**
   * Sends more of the body of a request begun step by step: bytes, a string, or a source of them. When the promise
   * resolves, the caller's memory is not needed any more.
   * @throws ImproperConnectionState outside a request whose body is open
   * @throws LocalProtocolError for more than the header fields announced
   */
  send(data: RequestBody): Promise<void> {
    let taken: OutgoingBody | FileHandleLike | undefined
    try {
      taken = takeBody(data, this.#makeBoundary)
      const upload = this.#upload
      if (upload === undefined) throw new ImproperConnectionState(explainRefusal('send', this.#facts))
      if (this.#step !== undefined) throw new ImproperConnectionState('wait for the last send() first')
      const { transport, exchange } = upload
      return this.#sendStep(taken, exchange.deadlines, (measured) => {
        const sent = sendChunks(transport, exchange, measured).catch((error: unknown) => {
          transport.abort(exchange, error)
          throw error
        })
        return this.#untilSent(exchange, sent)
      })
    } catch (error) {
      closeBody(taken, error)
      return Promise.reject(error)
    }
  }

  /**
   * Ends the request, if it is open, and waits for the head of its response. To send and receive at the same time, call
   * it before the promise of `request` has settled.
   * @throws ResponseNotReady where no request was sent, or an earlier response is unread
   * @throws RemoteProtocolError and its kin, ConnectionLost, TimeoutError; `signal.reason`
   */
  getResponse(): Promise<HTTPResponse> {
    return this.#step === undefined && this.#upload === undefined
      ? this.#takeResponse()
      : withCaller(this.#endThenTake())
  }

  // -------------------------------------------------------------------------------------------------- inside

  get #facts(): CallFacts {
    const queue = this.#queue
    return {
      isHeadOpen: this.#head !== undefined,
      isSending: this.#sending !== undefined,
      isBodyOpen: this.#upload !== undefined || this.#step !== undefined,
      isAwaited: queue.isAwaited,
      isSent: queue.isSent,
      unreadStatus: queue.unread?.status,
      outstanding: queue.size,
      pipelining: this.#pipelining,
    }
  }

  #assertMayBegin(call: string, isWhole: boolean): void {
    // The common case, without a look at everything.
    const isQuiet = this.#head === undefined && this.#sending === undefined && this.#upload === undefined
    if (isQuiet && this.#queue.size < this.#pipelining) return
    const facts = this.#facts
    if (!mayBegin(facts, isWhole)) throw new CannotSendRequest(explainRefusal(call, facts))
  }

  get #requestOrigin(): RequestOrigin {
    if (this.#origin === undefined) {
      const at = this.#plan.tunnel?.to ?? { host: this.host, port: this.port }
      this.#origin = makeOrigin(this.#settings.scheme, at, this.#defaultPort, DEFAULT_FIELDS)
    }
    return this.#origin
  }

  #makePlan(tunnel: Tunnel | undefined): DialPlan {
    const { host, port } = this
    const { socketPath, localAddress, family, lookup, tls, connect = dial } = this.#options
    // The session lives with this plan: it is never resumed for another peer.
    const secure = tls === undefined ? undefined : { options: tls, sessions: { session: undefined } }
    const target = { host, port, socketPath, localAddress, family, lookup, tls: secure }
    return { target, tunnel, connect, name: socketPath ?? formatAuthority(this) }
  }

  #connectionOptions(isPeerHTTP10: boolean): H1ConnectionOptions {
    const engine = { tolerances: this.#tolerances, limits: this.#limits, pipelining: this.#pipelining }
    const isGathering = this.#settings.isGathering && this.#pipelining > 1
    return { engine, clock: this.#clock, observer: this.#trace, isGathering, isPeerHTTP10 }
  }

  #makeRequest(
    method: string,
    target: string,
    body: OutgoingBody,
    fields: readonly FieldLine[],
    said: RequestOptions,
  ): OutgoingRequest {
    const version = this.#settings.version()
    return new OutgoingRequest({
      method,
      origin: this.#requestOrigin,
      target: checkTarget(method, target),
      version,
      defaults: version === 11 ? DEFAULT_FIELDS : NO_FIELDS,
      fields,
      isHeadComplete: false,
      body,
      trailers: said.trailers,
      chunked: said.chunked === true,
      expectContinueMs: continueTimeout(said.expectContinue),
      deadlines: this.#deadlinesOf(said),
    })
  }

  #requestOf(head: OpenHead, body: OutgoingBody, said: RequestOptions): OutgoingRequest {
    return new OutgoingRequest({
      ...head,
      origin: this.#requestOrigin,
      defaults: NO_FIELDS,
      isHeadComplete: true,
      body,
      trailers: said.trailers,
      chunked: false,
      expectContinueMs: continueTimeout(said.expectContinue),
      deadlines: this.#deadlinesOf(said),
    })
  }

  #deadlinesOf({ timeout, signal }: RequestOptions): RequestDeadlines {
    if (timeout === undefined && signal === undefined && this.#deadlines !== undefined) return this.#deadlines
    const timeouts = resolveTimeouts(timeout, this.#timeouts)
    const { total } = timeouts
    const own = this.#options.signal
    return {
      timeouts,
      endsAt: total === Infinity ? Infinity : this.#clock.now() + total,
      totalMs: total,
      signal: own === undefined || signal === undefined ? (own ?? signal) : AbortSignal.any([own, signal]),
    }
  }

  /** Refuses what must not be sent before anything is dialled for it. */
  #check(request: OutgoingRequest): void {
    // HTTP/1.0 has no chunked: what an unmeasured file needs is known when it is measured.
    const isLater = request.body === UNMEASURED && request.version === 10
    if (!isLater) checkHead(request, completeHead(request), this.#tolerances)
    request.deadlines.signal?.throwIfAborted()
  }

  /** The request with the body that was measured for it, checked where that changes its head. */
  #withBody(request: OutgoingRequest, body: OutgoingBody): OutgoingRequest {
    if (request.body === body) return request
    const measured = withChanges(request, { body })
    this.#check(measured)
    return measured
  }

  /** Sends a whole request once what was given before it is sent, and the connection is there. */
  #sendWhole(taken: OutgoingBody | FileHandleLike, request: OutgoingRequest): Promise<void> {
    const pending = this.#queue.reserve()
    const send = async (measured: OutgoingBody): Promise<void> => {
      const whole = this.#withBody(request, measured)
      const transport = await this.#transportFor(whole)
      const { exchange, sent } = sendRequest(transport, whole, this.#sendingOptions)
      this.#queue.begin(pending, exchange)
      await this.#untilSent(exchange, sent)
    }
    const sending = this.#whileSending(taken, request.deadlines, send)
    sending.catch((error: unknown) => this.#queue.fail(pending, error))
    return sending
  }

  /** Sends what was given to endHeaders() or send(); getResponse() waits for it. */
  #sendStep(
    taken: OutgoingBody | FileHandleLike,
    deadlines: RequestDeadlines,
    send: (measured: OutgoingBody) => Promise<void>,
  ): Promise<void> {
    const step = this.#whileSending(taken, deadlines, send)
    this.#step = step
    return withCaller(step)
  }

  /** Runs what sends, in the order of the calls. The body is given back where that fails. */
  #whileSending(
    taken: OutgoingBody | FileHandleLike,
    deadlines: RequestDeadlines,
    send: (measured: OutgoingBody) => Promise<void>,
  ): Promise<void> {
    const before = this.#sending
    const generation = this.#generation
    const work = async (): Promise<void> => {
      let body: OutgoingBody | undefined = isMeasured(taken) ? taken : undefined
      try {
        if (before !== undefined) await this.#within(deadlines, before, body)
        body ??= await this.#within(deadlines, measureBody(taken), undefined)
        this.#throwIfClosed(generation)
        await send(body)
      } catch (error) {
        closeBody(body, error)
        throw error
      } finally {
        if (this.#sending === settled) this.#sending = undefined
        if (this.#step === sending) this.#step = undefined
      }
    }
    const sending = work()
    const settled: Promise<void> = sending.catch(() => {
      // Told by `sending`.
    })
    this.#sending = settled
    return sending
  }

  /** Waits for what has no timeout of its own, no longer than the request may take; a source that fails ends the wait. */
  #within<T>(deadlines: RequestDeadlines, work: Promise<T>, body: OutgoingBody | undefined): Promise<T> {
    const timeouts = { dns: Infinity, connect: Infinity, tls: Infinity }
    const waiting = { ...deadlines, timeouts, clock: this.#clock }
    const waited = waitFor<T>(waiting, 'connect', this.#plan.name, (outcome) => {
      const giveUp = (error: unknown): void => outcome.reject(error)
      this.#waits.add(giveUp)
      const forget = (): void => void this.#waits.delete(giveUp)
      const follow = async (): Promise<void> => {
        try {
          outcome.resolve(await work)
        } catch (error) {
          outcome.reject(error)
        } finally {
          forget()
        }
      }
      void follow()
      return forget
    })
    return body instanceof ChunkedBody ? unlessItFails(body, waited) : waited
  }

  /** A transport for a request; a source of its body that fails meanwhile ends the wait. */
  async #transportFor(request: OutgoingRequest): Promise<H1Connection> {
    const ready = this.#source.ready(this.#plan)
    if (ready !== undefined) return ready
    const generation = this.#generation
    const startedAt = this.#clock.now()
    const { body, deadlines } = request
    try {
      const acquired = this.#source.acquire(this.#plan, deadlines)
      const transport = await (body instanceof ChunkedBody ? unlessItFails(body, acquired) : acquired)
      this.#throwIfClosed(generation)
      return transport
    } catch (error) {
      const isClosed = error instanceof ConnectionLost && generation !== this.#generation
      // One close() ends many waits, each with an error of its own.
      throw this.#named(isClosed ? this.#closedError() : error, request, startedAt, deadlines)
    }
  }

  /** The error of a connection that could not be had, with the request that it was for. */
  #named(
    error: unknown,
    { method, url }: { readonly method?: string; readonly url: string },
    startedAt: number,
    deadlines: RequestDeadlines,
  ): unknown {
    // The reason of an abort belongs to the caller, whatever it is.
    const isOurs = HTTPException.isHTTPException(error) && error !== deadlines.signal?.reason
    if (!isOurs) return error
    const { tunnel, name } = this.#plan
    addFacts(error, {
      method,
      url: shownUrl(url),
      elapsedMs: this.#clock.now() - beginningOf(deadlines, startedAt),
      phase: 'connect',
      proxy: tunnel === undefined ? undefined : name,
    })
    return error
  }

  async #untilSent(exchange: Exchange, sent: Promise<void> | undefined): Promise<void> {
    try {
      await sent
    } catch (error) {
      // The caller is told by this promise; the response is not to be asked for.
      if (this.#upload?.exchange === exchange) this.#upload = undefined
      this.#queue.forget(exchange)
      throw error
    }
  }

  async #endThenTake(): Promise<HTTPResponse> {
    if (this.#step !== undefined) await this.#step
    const upload = this.#upload
    this.#upload = undefined
    if (upload !== undefined) {
      const { transport, exchange, trailers } = upload
      try {
        if (exchange.failure === undefined) await endRequest(transport, exchange, trailers)
      } catch (error) {
        this.#queue.forget(exchange)
        throw error
      }
    }
    return this.#takeResponse()
  }

  #takeResponse(): Promise<HTTPResponse> {
    const isHeldUp = this.#head !== undefined || this.#queue.unread !== undefined
    const response = isHeldUp ? undefined : this.#queue.take()
    return response ?? Promise.reject(new ResponseNotReady(explainRefusal('getResponse', this.#facts)))
  }

  /** To be called after each await, and after code of the caller: close() may have come meanwhile. */
  #throwIfClosed(generation: number): void {
    if (this.#generation !== generation) throw this.#closedError()
  }

  #closedError(): ConnectionLost {
    return new ConnectionLost(this.#plan.name, undefined, 'CONNECTION_CLOSED')
  }
}

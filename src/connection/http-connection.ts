/**
 * A connection driven by hand: the verbs of Python's HTTPConnection over one transport at a time. Which call is legal when
 * is the table of call-states.ts; a call that is not legal raises CannotSendRequest, CannotSendHeader or ResponseNotReady.
 *
 * The connection opens by itself at the first send, and again where the last exchange ended it. It repeats no request.
 *
 * Length: the verbs of one class and their documentation.
 */

import { IterableSource } from '../core/body-sources.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { HTTP_PORT, parseHostPort } from '../core/origin.ts'
import {
  ChunkedBody,
  closeBody,
  isMeasured,
  type OutgoingBody,
  type RequestBody,
  type TrailerSource,
  takeBody,
} from '../core/outgoing-body.ts'
import { type OutgoingRequest, type RequestDeadlines, withChanges } from '../core/request.ts'
import type { RequestOptions } from '../core/request-options.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { TlsDetails } from '../core/tls-options.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ConnectionLost,
  ImproperConnectionState,
  ResponseNotReady,
} from '../errors/index.ts'
import { checkField } from '../h1/head-writer.ts'
import { writeToStderr } from '../io/stderr.ts'
import { withCaller } from '../transport/caller-stack.ts'
import type { Exchange } from '../transport/exchange.ts'
import { describeDialFailure, type NamedRequest } from '../transport/exchange-failure.ts'
import type { H1Connection, H1ConnectionOptions } from '../transport/h1/h1-connection.ts'
import { checkHead, completeHead } from '../transport/h1/request-head.ts'
import {
  endRequest,
  isImmediate,
  type SendingOptions,
  sendChunks,
  sendRequest,
  unlessItFails,
} from '../transport/h1/send-request.ts'
import { type CallFacts, type ConnectionState, decideState, explainRefusal, mayBegin } from './call-states.ts'
import { DebugTrace } from './debug-trace.ts'
import {
  type ConnectOptions,
  type HTTPConnectionOptions,
  type HTTPSConnectionOptions,
  hearTrailers,
  type PutRequestOptions,
  takeConnectOptions,
  takeRequestOptions,
} from './options.ts'
import { type ConnectionSettings, HTTP_SETTINGS, type OpenHead, RequestMaker } from './request-maker.ts'
import { ResponseQueue } from './response-queue.ts'
import { SendQueue } from './send-queue.ts'
import { TransportSource } from './transport-source.ts'

/** In the place of a file that is still to be measured. */
const UNMEASURED: OutgoingBody = new ChunkedBody(() => new IterableSource([]), undefined)

/** What `request` answers where all was sent at once. */
const SENT: Promise<void> = Promise.resolve()

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
  readonly #maker: RequestMaker
  readonly #source: TransportSource
  readonly #sends: SendQueue
  readonly #queue: ResponseQueue = new ResponseQueue()
  readonly #sendingOptions: SendingOptions = { listener: this.#queue }
  #trace: DebugTrace | undefined
  /** A request that was begun with putRequest and not sent. */
  #head: OpenHead | undefined
  /** What endHeaders() or send() gave to be sent. */
  #step: Promise<void> | undefined
  /** The exchange whose request is not ended: more may come by send(). */
  #upload: OpenUpload | undefined

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
    options?: HTTPSConnectionOptions,
    settings: ConnectionSettings = HTTP_SETTINGS,
  ) {
    this.#defaultPort = new.target.defaultPort
    const at = parseHostPort(host, port, this.#defaultPort)
    this.host = at.host
    this.port = at.port
    this.#maker = new RequestMaker(options, at, this.#defaultPort, settings)
    this.#sends = new SendQueue(this.#maker.clock)
    this.#source = new TransportSource({
      clock: this.#maker.clock,
      connectionOptions: (isPeerHTTP10) => this.#connectionOptions(isPeerHTTP10),
      onDial: () => this.#trace?.connecting(this.#maker.plan.name),
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
    const deadlines = this.#maker.deadlinesOf({ timeout: undefined, signal })
    if (current !== undefined && current.outstanding > 0) return
    await withCaller(this.#acquire({ url: this.#maker.prefix }, deadlines, undefined))
  }

  /** Closes the connection. What is under way fails with CONNECTION_CLOSED; the next request opens a new one. Idempotent. */
  close(): void {
    this.#head = undefined
    this.#upload = undefined
    this.#step = undefined
    this.#queue.clear()
    this.#sends.close(() => this.#closedError())
    this.#source.close(this.#closedError())
  }

  /** Closes the connection, as `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** Level 1 and above traces what goes out and comes in, to the option `debug`; 0, the default, nothing. */
  setDebugLevel(level: number): void {
    const { debug = writeToStderr, debugShowsCredentials = false } = this.#maker.options
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
    for (const [name, value] of fields) checkField(name, value, this.#maker.tolerances)
    this.#maker.tunnelThrough(parseHostPort(host, port, this.#defaultPort), fields)
  }

  /**
   * Sends a request: head and body. Resolves when all of it was handed to the system, and its memory is the caller's again; or
   * when an early final response made the rest unwanted: what was on its way then is read until the connection is closed. The body belongs to the connection from this call on: its errors reject the promise, and it is
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
    const { generation } = this.#sends
    hearTrailers(options)
    try {
      taken = takeBody(body, this.#maker.makeBoundary)
      this.#assertMayBegin('request', true)
      const said = takeRequestOptions(options)
      // A file is measured later: what can be refused without its size is refused now.
      const known = isMeasured(taken) ? taken : UNMEASURED
      const request = this.#maker.make(method, target, known, headers, said)
      // Code of the caller may have run: a getter among the fields, say.
      this.#sends.throwIfClosed(generation)
      this.#assertMayBegin('request', true)
      if (isMeasured(taken) && !this.#sends.isBusy) {
        const ready = this.#source.ready(this.#maker.plan)
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
    this.#head = this.#maker.beginHead(method, target, options)
  }

  /**
   * Adds a header field to the request that was begun: one line for each value.
   * @throws CannotSendHeader where none was begun; InvalidHeader for what must not be sent
   */
  putHeader(name: string, ...values: (string | number)[]): void {
    const head = this.#head
    if (head === undefined) throw new CannotSendHeader(explainRefusal('putHeader', this.#facts))
    const lines = toFieldLines(values.map((value) => [name, value] as const))
    for (const [, value] of lines) checkField(name, value, this.#maker.tolerances)
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
    const { generation } = this.#sends
    hearTrailers(options)
    try {
      taken = takeBody(body, this.#maker.makeBoundary)
      const head = this.#head
      if (head === undefined) throw new CannotSendHeader(explainRefusal('endHeaders', this.#facts))
      this.#head = undefined
      const said = takeRequestOptions(options)
      this.#sends.throwIfClosed(generation)
      const request = this.#maker.makeOf(head, isMeasured(taken) ? taken : UNMEASURED, said)
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
      taken = takeBody(data, this.#maker.makeBoundary)
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
      isSending: this.#sends.isBusy,
      isBodyOpen: this.#upload !== undefined || this.#step !== undefined,
      isAwaited: queue.isAwaited,
      isSent: queue.isSent,
      unreadStatus: queue.unread?.status,
      outstanding: queue.size,
      pipelining: this.#maker.pipelining,
    }
  }

  #assertMayBegin(call: string, isWhole: boolean): void {
    // The common case, without a look at everything.
    const isQuiet = this.#head === undefined && !this.#sends.isBusy && this.#upload === undefined
    if (isQuiet && this.#queue.size < this.#maker.pipelining) return
    const facts = this.#facts
    if (!mayBegin(facts, isWhole)) throw new CannotSendRequest(explainRefusal(call, facts))
  }

  #connectionOptions(isPeerHTTP10: boolean): H1ConnectionOptions {
    const { clock, tolerances, limits, pipelining, isGathering } = this.#maker
    const engine = { tolerances, limits, pipelining }
    return { engine, clock, observer: this.#trace, isGathering, isPeerHTTP10 }
  }

  /** Refuses what must not be sent before anything is dialled for it. */
  #check(request: OutgoingRequest): void {
    // HTTP/1.0 has no chunked: what an unmeasured file needs is known when it is measured.
    const isLater = request.body === UNMEASURED && request.version === 10
    if (!isLater) checkHead(request, completeHead(request), this.#maker.tolerances)
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
    const sending = this.#sends.run(taken, request.deadlines, send, () => {})
    sending.catch((error: unknown) => this.#queue.fail(pending, error))
    return sending
  }

  /** Sends what was given to endHeaders() or send(); getResponse() waits for it. */
  #sendStep(
    taken: OutgoingBody | FileHandleLike,
    deadlines: RequestDeadlines,
    send: (measured: OutgoingBody) => Promise<void>,
  ): Promise<void> {
    const step = this.#sends.run(taken, deadlines, send, () => {
      if (this.#step === step) this.#step = undefined
    })
    this.#step = step
    return withCaller(step)
  }

  /** A transport for a request; a source of its body that fails meanwhile ends the wait. */
  async #transportFor(request: OutgoingRequest): Promise<H1Connection> {
    const ready = this.#source.ready(this.#maker.plan)
    if (ready !== undefined) return ready
    const { generation } = this.#sends
    const transport = await this.#acquire(request, request.deadlines, request.body)
    this.#sends.throwIfClosed(generation)
    return transport
  }

  async #acquire(
    request: NamedRequest,
    deadlines: RequestDeadlines,
    body: OutgoingBody | undefined,
  ): Promise<H1Connection> {
    const { plan, clock } = this.#maker
    const { generation } = this.#sends
    const startedAt = clock.now()
    try {
      const acquired = this.#source.acquire(plan, deadlines)
      return await (body instanceof ChunkedBody ? unlessItFails(body, acquired) : acquired)
    } catch (error) {
      // One close() ends many waits, each with an error of its own.
      const own =
        generation !== this.#sends.generation && error instanceof ConnectionLost ? this.#closedError() : error
      const proxy = plan.tunnel === undefined ? undefined : plan.name
      throw describeDialFailure(own, request, deadlines, proxy, startedAt, clock.now())
    }
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

  #closedError(): ConnectionLost {
    return new ConnectionLost(this.#maker.plan.name, undefined, 'CONNECTION_CLOSED')
  }
}

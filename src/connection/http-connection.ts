/**
 * A connection driven by hand: the verbs of Python's HTTPConnection over one transport at a time. Which call is legal when
 * is the table of call-states.ts; a call that is not legal raises CannotSendRequest, CannotSendHeader or ResponseNotReady.
 *
 * The connection opens by itself at the first send, and again where the last exchange ended it. It repeats no request.
 */

import type { FileHandleLike } from '../core/file-source.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { HTTP_PORT, parseHostPort } from '../core/origin.ts'
import { closeBody, type OutgoingBody, type RequestBody, takeBody } from '../core/outgoing-body.ts'
import type { RequestOptions } from '../core/request-options.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { TlsDetails } from '../core/tls-options.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ImproperConnectionState,
  ResponseNotReady,
} from '../errors/index.ts'
import { checkField } from '../h1/head-writer.ts'
import { writeToStderr } from '../io/stderr.ts'
import { withCaller } from '../transport/caller-stack.ts'
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
import { knownBody, RequestSender } from './request-sender.ts'
import { ResponseQueue } from './response-queue.ts'
import { SteppedRequest } from './stepped-request.ts'

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
  readonly #maker: RequestMaker
  readonly #queue: ResponseQueue = new ResponseQueue()
  readonly #sender: RequestSender
  /** Made for the first request in steps. */
  #steps: SteppedRequest | undefined
  /** A request that was begun with putRequest and not sent. */
  #head: OpenHead | undefined

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
    const { defaultPort } = new.target
    const at = parseHostPort(host, port, defaultPort)
    this.host = at.host
    this.port = at.port
    this.#maker = new RequestMaker(options, at, defaultPort, settings)
    this.#sender = new RequestSender(this.#maker, this.#queue)
  }

  /** Where the connection is in the diagram of its states: `idle` if a request may be begun. */
  get state(): ConnectionState {
    return decideState(this.#facts())
  }

  /** True while there is a connection to the server. */
  get isConnected(): boolean {
    const { current } = this.#sender
    return current !== undefined && (current.state === 'open' || current.outstanding > 0)
  }

  /** What TLS agreed on with the server; undefined without TLS, and while not connected. */
  get tlsDetails(): TlsDetails | undefined {
    return this.isConnected ? this.#sender.current?.tls : undefined
  }

  /**
   * Opens the connection; the first send does it by itself. Does nothing where it is open, whatever is under way on it.
   * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`
   */
  async connect(options?: ConnectOptions): Promise<void> {
    const { signal } = takeConnectOptions(options)
    await this.#sender.connect(signal)
  }

  /** Closes the connection. What is under way fails with CONNECTION_CLOSED; the next request opens a new one. Idempotent. */
  close(): void {
    this.#head = undefined
    this.#steps?.clear()
    this.#queue.clear()
    this.#sender.close()
  }

  /**
   * Gives a connection that `client.take()` has lent back to its pool: for others, if nothing is under way on it and it can be
   * used again, else it is closed. Nothing can be sent by this object any more. One that was not lent is closed. Idempotent.
   */
  giveBack(): void {
    this.#head = undefined
    this.#steps?.clear()
    this.#queue.clear()
    this.#sender.release()
  }

  /** Closes the connection, as `close()`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** Level 1 and above traces what goes out and comes in, to the option `debug`; 0, the default, nothing. */
  setDebugLevel(level: number): void {
    const { debug = writeToStderr, debugShowsCredentials = false } = this.#maker.options
    this.#sender.observe(level > 0 ? new DebugTrace(debug, debugShowsCredentials) : undefined)
  }

  /**
   * Makes this a connection to `host` by way of a proxy: connecting goes to the address given to the constructor and asks
   * it for a tunnel. With HTTPS, TLS runs inside.
   * @param port - default: as for the constructor
   * @param headers - fields of the CONNECT request, such as Proxy-Authorization
   * @throws ImproperConnectionState while connected or connecting, and while a request is begun or under way
   */
  setTunnel(host: string, port?: number, headers?: HeadersInput): void {
    if (this.isConnected || this.#sender.isDialing)
      throw new ImproperConnectionState('setTunnel() comes before the connection is opened')
    if (this.state !== 'idle') throw new ImproperConnectionState(explainRefusal('setTunnel', this.#facts()))
    const fields = toFieldLines(headers)
    for (const [name, value] of fields) checkField(name, value, this.#maker.tolerances)
    this.#maker.tunnelThrough(parseHostPort(host, port, this.#maker.defaultPort), fields)
  }

  /**
   * Sends a request: head and body. Resolves when all of it was handed to the system, and its memory is the caller's again; or
   * when an early final response made the rest unwanted: what was on its way then is needed until the connection is closed,
   * after that response. The body belongs to the connection from this call on: its errors reject the promise, and it is
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
    const { generation } = this.#sender
    let said: RequestOptions | undefined
    try {
      taken = takeBody(body, this.#maker.makeBoundary)
      this.#assertMayBegin('request', true)
      said = takeRequestOptions(options)
      const request = this.#maker.make(method, target, knownBody(taken), headers, said)
      // Code of the caller may have run: a getter among the fields, say.
      this.#sender.throwIfClosed(generation)
      this.#assertMayBegin('request', true)
      return this.#sender.sendWhole(taken, request)
    } catch (error) {
      if (said === undefined) hearTrailers(options)
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
    if (head === undefined) throw new CannotSendHeader(explainRefusal('putHeader', this.#facts()))
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
    const { generation } = this.#sender
    let said: RequestOptions | undefined
    try {
      taken = takeBody(body, this.#maker.makeBoundary)
      const head = this.#head
      if (head === undefined) throw new CannotSendHeader(explainRefusal('endHeaders', this.#facts()))
      this.#head = undefined
      said = takeRequestOptions(options)
      this.#sender.throwIfClosed(generation)
      const request = this.#maker.makeOf(head, knownBody(taken), said)
      this.#sender.check(request)
      this.#steps ??= new SteppedRequest(this.#sender)
      return this.#steps.begin(taken, request, said.trailers)
    } catch (error) {
      if (said === undefined) hearTrailers(options)
      closeBody(taken, error)
      return Promise.reject(error)
    }
  }

  /**
   * Sends more of the body of a request begun step by step: bytes, a string, or a source of them. When the promise
   * resolves, the caller's memory is not needed any more; except after an early final response, as with `request`.
   * @throws ImproperConnectionState outside a request whose body is open
   * @throws LocalProtocolError for more than the header fields announced
   */
  send(data: RequestBody): Promise<void> {
    let taken: OutgoingBody | FileHandleLike | undefined
    try {
      taken = takeBody(data, this.#maker.makeBoundary)
      const steps = this.#steps
      if (steps?.mayGoOn !== true) throw new ImproperConnectionState(explainRefusal('send', this.#facts()))
      if (steps.isSending) throw new ImproperConnectionState('wait for the last send() first')
      return steps.send(taken)
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
    const steps = this.#steps
    return steps?.isOpen === true ? withCaller(this.#endThenTake(steps)) : this.#takeResponse()
  }

  // -------------------------------------------------------------------------------------------------- inside

  #facts(): CallFacts {
    const queue = this.#queue
    return {
      isHeadOpen: this.#head !== undefined,
      isSending: this.#sender.isBusy,
      isBodyOpen: this.#steps?.isOpen === true,
      isAwaited: queue.isAwaited,
      isSent: queue.isSent,
      unreadStatus: queue.unread?.status,
      outstanding: queue.size,
      pipelining: this.#maker.pipelining,
    }
  }

  #assertMayBegin(call: string, isWhole: boolean): void {
    // The common case, without a look at everything.
    const isQuiet = this.#head === undefined && !this.#sender.isBusy && this.#steps?.mayGoOn !== true
    if (isQuiet && this.#queue.size < this.#maker.pipelining) return
    const facts = this.#facts()
    if (!mayBegin(facts, isWhole)) throw new CannotSendRequest(explainRefusal(call, facts))
  }

  async #endThenTake(steps: SteppedRequest): Promise<HTTPResponse> {
    await steps.end()
    return this.#takeResponse()
  }

  #takeResponse(): Promise<HTTPResponse> {
    const isHeldUp = this.#head !== undefined || this.#queue.unread !== undefined
    const response = isHeldUp ? undefined : this.#queue.take()
    return response ?? Promise.reject(new ResponseNotReady(explainRefusal('getResponse', this.#facts())))
  }
}

/**
 * A connection driven by hand: the verbs of the seed's HTTPConnection over one wire. The legal calls:
 *
 *   ┌──────┐  request()                                                     ┌──────────────┐
 *   │ idle │ ─────────────────────────────────────────────────────────────> │ request-sent │
 *   └──────┘                                                                └──────────────┘
 *     │  ▲  putRequest()   ┌─────────────────┐  endHeaders()  send()*          │        ▲
 *     ├──┼───────────────> │ request-started │ ────────────────────────────────┼────────┘
 *     │  │                 └─────────────────┘                                 │
 *     │  │                   putHeader()*                                      │ getResponse()
 *     │  │                                                                     ▼
 *     │  │   the response is read to its end, or closed               ┌─────────────────┐
 *     │  └────────────────────────────────────────────────────────────│ unread-response │
 *     │                                                               └─────────────────┘
 *     connect(), setTunnel(), setDebugLevel(), close(): close() leads back to idle from everywhere
 *
 * With `pipelining: n` a request may also be begun in request-sent and unread-response while fewer than n are outstanding.
 * A call that is not legal raises the seed's error: CannotSendRequest, CannotSendHeader, ResponseNotReady.
 *
 * The connection opens by itself at the first send, and again where the last exchange ended it. It repeats no request.
 *
 * Length: the verbs of one class and their documentation; what they decide is in draft.ts, what they wait for in transport/.
 */

import { type FieldLine, hasField } from '../core/fields.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { keepAliveSeconds } from '../core/keep-alive.ts'
import { formatAuthority, HTTP_PORT, parseHostPort } from '../core/origin.ts'
import {
  type OutgoingBody,
  prepareBody,
  prepareSlowBody,
  type RequestBody,
  type TrailerSource,
} from '../core/outgoing-body.ts'
import { continueTimeout, type RequestOptions } from '../core/request-options.ts'
import { checkTarget } from '../core/request-target.ts'
import type { HTTPResponse } from '../core/response.ts'
import { NO_MEMBERS } from '../core/short-list.ts'
import { type ResolvedTimeouts, resolveTimeouts } from '../core/timeouts.ts'
import type { TlsDetails } from '../core/tls-options.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ConnectionLost,
  ImproperConnectionState,
  LocalProtocolError,
  ResponseNotReady,
} from '../errors/index.ts'
import { checkField } from '../h1/head-writer.ts'
import { resolveLimits } from '../h1/limits.ts'
import { resolveTolerances, type Tolerances } from '../h1/tolerances.ts'
import { dial } from '../io/dial.ts'
import { writeToStderr } from '../io/stderr.ts'
import type { TlsSettings } from '../io/tls/settings.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { type Deadlines, waitFor } from '../time/wait.ts'
import type { Exchange, ExchangeOptions } from '../transport/exchange.ts'
import type { H1Connection, WireOptions } from '../transport/h1/h1-connection.ts'
import {
  completeHead,
  hostFieldFor,
  IDENTITY,
  makeOrigin,
  type OpenRequestHead,
  type RequestHead,
  type RequestOrigin,
} from '../transport/h1/request-head.ts'
import { openTransport, type Tunnel } from '../transport/open.ts'
import { endOf, finishUpload, upload } from '../transport/upload.ts'
import { DebugTrace } from './debug-trace.ts'
import {
  checkOptionNames,
  type HTTPConnectionOptions,
  OPTION_NAMES,
  type PutRequestOptions,
} from './options.ts'
import { ResponseQueue } from './response-queue.ts'

/** The states of the diagram above. */
export type ConnectionState = 'idle' | 'request-started' | 'request-sent' | 'unread-response'

const LEGAL_CALLS: Readonly<Record<ConnectionState, readonly string[]>> = {
  idle: ['request()', 'putRequest()'],
  'request-started': ['putHeader()', 'endHeaders()', 'close()'],
  'request-sent': ['send()', 'getResponse()', 'close()'],
  'unread-response': ['reading the response to its end', 'response.close()', 'close()'],
}

const NO_OPTIONS: HTTPConnectionOptions = {}
const NO_REQUEST_OPTIONS: RequestOptions = {}

export class HTTPConnection {
  /** The name or address given, without port. */
  readonly host: string
  readonly port: number
  /** The port where none is given. */
  static readonly defaultPort: number = HTTP_PORT
  protected readonly defaultPort: number
  protected readonly scheme: 'http' | 'https' = 'http'
  readonly #options: HTTPConnectionOptions
  readonly #clock: Clock
  readonly #timeouts: ResolvedTimeouts
  readonly #tolerances: Tolerances
  readonly #pipelining: number
  #trace: DebugTrace | undefined
  #tunnel: Tunnel | undefined
  #wire: H1Connection | undefined
  /** Wires that take no more requests while their last responses are still to come. */
  #earlier: H1Connection[] = NO_MEMBERS
  /** While the connection is being opened; never rejects. */
  #connecting: Promise<void> | undefined
  /** A request that was begun with putRequest and not sent. */
  #draft: OpenRequestHead | undefined
  /** True from the call of request() or endHeaders() until everything given to it is sent. */
  #isSending = false
  #sending: Promise<void> | undefined
  /** Settles when the head of what is being sent is out, or cannot be sent. */
  #begun: Promise<void> | undefined
  #onBegun: (() => void) | undefined
  /** The exchange whose request is not ended: more may come by send(). */
  #open: { readonly exchange: Exchange; readonly trailers: TrailerSource } | undefined
  readonly #outstanding: ResponseQueue = new ResponseQueue()
  /** While the connection is being opened: close() gives that up. */
  #opening: AbortController | undefined
  /** How often close() was called: what waits can tell that it was. */
  #closes = 0
  /** Where requests go, as heads name it; made anew by setTunnel(). */
  #origin: RequestOrigin | undefined

  /**
   * @param host a name or an address, also with a port: `www.example.com:8080`, `[::1]:8080`
   * @param port where it is not in `host`; default 80
   * @throws InvalidURL if a port is empty or not a number, or the host cannot be one
   * @throws TypeError for an option that is not in the table
   */
  constructor(host: string, port?: number, options: HTTPConnectionOptions = NO_OPTIONS) {
    checkOptionNames(options, OPTION_NAMES)
    this.defaultPort = new.target.defaultPort
    const at = parseHostPort(host, port, this.defaultPort)
    this.host = at.host
    this.port = at.port
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#timeouts = resolveTimeouts(options.timeout)
    this.#tolerances = resolveTolerances(options.tolerances)
    resolveLimits(options.limits)
    keepAliveSeconds(options.keepAlive)
    this.#pipelining = options.pipelining ?? 1
    if (!Number.isInteger(this.#pipelining) || this.#pipelining < 1) {
      throw new TypeError('pipelining must be a whole number from 1')
    }
  }

  /** Where the connection is in the diagram of this class. */
  get state(): ConnectionState {
    if (this.#draft !== undefined) return 'request-started'
    if (this.#isSending || this.#open !== undefined || this.#outstanding.isSent) return 'request-sent'
    return this.#outstanding.size > 0 ? 'unread-response' : 'idle'
  }

  /** True while there is a connection to the server. */
  get isConnected(): boolean {
    return this.#wire !== undefined && !this.#wire.isClosed
  }

  /** What TLS agreed on with the server; undefined without TLS, and while not connected. */
  get tlsDetails(): TlsDetails | undefined {
    return this.isConnected ? this.#wire?.stream.tls : undefined
  }

  /**
   * Opens the connection; the first send does it by itself. Does nothing where it is open.
   * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`
   */
  async connect(options: { signal?: AbortSignal } = {}): Promise<void> {
    await this.#connected(this.#timeouts, this.#endsAt(this.#timeouts), this.#signalOf(options.signal))
  }

  /** Closes the connection. What is under way fails with CONNECTION_CLOSED; the next request opens a new one. Idempotent. */
  close(): void {
    this.#draft = undefined
    this.#open = undefined
    this.#isSending = false
    this.#sending = undefined
    this.#begun = undefined
    this.#outstanding.clear()
    const earlier = this.#earlier
    this.#earlier = NO_MEMBERS
    for (const wire of earlier) wire.close()
    this.#wire?.close()
    this.#wire = undefined
    this.#closes++
    const opening = this.#opening
    this.#opening = undefined
    opening?.abort(this.#closedError())
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** Level 1 and above traces what goes out and comes in, to the option `debug`; 0, the default, nothing. */
  setDebugLevel(level: number): void {
    const { debug = writeToStderr, debugShowsCredentials = false } = this.#options
    this.#trace = level > 0 ? new DebugTrace(debug, debugShowsCredentials) : undefined
    if (this.#wire !== undefined) this.#wire.observer = this.#trace
  }

  /**
   * Makes this a connection to `host` by way of a proxy: connecting goes to the address given to the constructor and asks
   * it for a tunnel. With HTTPS, TLS runs inside.
   * @throws ImproperConnectionState while connected
   */
  setTunnel(host: string, port?: number, headers?: HeadersInput): void {
    if (this.isConnected)
      throw new ImproperConnectionState('setTunnel() comes before the connection is opened')
    const fields = toFieldLines(headers)
    for (const [name, value] of fields) checkField(name, value, this.#tolerances)
    this.#origin = undefined
    this.#tunnel = { to: parseHostPort(host, port, this.defaultPort), headers: fields }
  }

  /**
   * Sends a request: head and body. Resolves when all of it was handed to the system, or when an early final response made
   * the rest unwanted.
   * @param target path and query, or an absolute URL for a proxy
   * @param body a factory makes it replayable
   * @throws CannotSendRequest while another exchange is under way
   * @throws LocalProtocolError and its kin for what must not be sent; nothing was sent then
   * @throws ConnectError, ConnectionLost, TimeoutError; `signal.reason`; what the source of the body throws
   */
  request(
    method: string,
    target: string,
    body?: RequestBody,
    headers?: HeadersInput,
    options: RequestOptions = NO_REQUEST_OPTIONS,
  ): Promise<void> {
    try {
      this.#checkIdle('request')
      const prepared = prepareBody(body)
      const wire = this.#ready()
      if (wire !== undefined && isImmediate(prepared, options)) {
        this.#sendAtOnce(
          wire,
          this.#completeHead(method, target, prepared, headers, options),
          prepared,
          options,
        )
        return SENT
      }
      return this.#whileSending(async (closes) => {
        const outgoing = isBody(prepared) ? prepared : await prepareSlowBody(prepared)
        this.#throwIfClosed(closes)
        const draft = this.#completeHead(method, target, outgoing, headers, options)
        await this.#sendDraft(draft, outgoing, options, true)
      }, true)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Begins a request that is written step by step. Nothing is sent yet.
   * @throws CannotSendRequest while another exchange is under way
   */
  putRequest(method: string, target: string, options: PutRequestOptions = {}): void {
    this.#checkIdle('putRequest')
    const checked = checkTarget(method, target)
    const fields: FieldLine[] = []
    if (this.protocolVersion === 11) {
      if (options.skipHost !== true) fields.push(hostFieldFor(method, checked, this.#draftOrigin))
      if (options.skipAcceptEncoding !== true) fields.push(IDENTITY)
    }
    this.#draft = { type: 'request', method, target: checked, version: this.protocolVersion, fields }
  }

  /**
   * Adds a header field to the request that was begun: one line for each value.
   * @throws CannotSendHeader where none was begun; InvalidHeader for what must not be sent
   */
  putHeader(name: string, ...values: (string | number)[]): void {
    const draft = this.#draft
    if (draft === undefined) throw new CannotSendHeader(this.#explain('putHeader'))
    const lines = toFieldLines(values.map((value) => [name, value] as const))
    for (const [, value] of lines) checkField(name, value, this.#tolerances)
    draft.fields.push(...lines)
  }

  /**
   * Sends the head that was begun, and a body with it where one is given. More of the body may follow by `send`; the
   * request ends with `getResponse`. The framing is what the header fields say: Content-Length, or chunked.
   * @throws CannotSendHeader where no request was begun
   */
  endHeaders(body?: RequestBody, options: RequestOptions = {}): Promise<void> {
    const draft = this.#draft
    if (draft === undefined) return Promise.reject(new CannotSendHeader(this.#explain('endHeaders')))
    this.#draft = undefined
    return this.#whileSending(async (closes) => {
      const prepared = prepareBody(body)
      const outgoing = isBody(prepared) ? prepared : await prepareSlowBody(prepared)
      this.#throwIfClosed(closes)
      await this.#sendDraft(draft, outgoing, options, false)
    })
  }

  /**
   * Sends more of the body of a request begun step by step: bytes, a string, or a source of them.
   * @throws ImproperConnectionState outside a request whose body is open
   * @throws LocalProtocolError for more than the header fields announced
   */
  send(data: RequestBody): Promise<void> {
    const open = this.#open
    if (open === undefined) return Promise.reject(new ImproperConnectionState(this.#explain('send')))
    if (this.#isSending) return Promise.reject(new ImproperConnectionState('wait for the last send() first'))
    const wire = this.#wire!
    return this.#whileSending(async (closes) => {
      const prepared = prepareBody(data)
      const body = isBody(prepared) ? prepared : await prepareSlowBody(prepared)
      this.#throwIfClosed(closes)
      if (body.kind === 'none') return
      try {
        await upload(wire, open.exchange, piecesOf(body), false)
      } catch (error) {
        this.#forget(open.exchange)
        throw error
      }
    })
  }

  /**
   * Ends the request, if it is open, and waits for the head of its response. To send and receive at the same time, call
   * it before the promise of `request` has settled.
   * @throws ResponseNotReady where no request was sent, or an earlier response is unread
   * @throws RemoteProtocolError and its kin, ConnectionLost, TimeoutError; `signal.reason`
   */
  getResponse(): Promise<HTTPResponse> {
    if (this.#begun === undefined && this.#open === undefined) return this.#askForResponse()
    return this.#endThenAsk()
  }

  // -------------------------------------------------------------------------------------------------- inside

  /** 11; the seed's class of 1.5.2 writes HTTP/1.0. */
  protected get protocolVersion(): 10 | 11 {
    return 11
  }

  /** Whether pipelined requests that are sent at one time go out together, a moment later than asked for. */
  protected get isGathering(): boolean {
    return this.#pipelining > 1
  }

  /** TLS for each connection; undefined without. */
  protected get tls(): TlsSettings | undefined {
    return undefined
  }

  get #draftOrigin(): RequestOrigin {
    if (this.#origin === undefined) {
      const at = this.#tunnel?.to ?? { host: this.host, port: this.port }
      this.#origin = makeOrigin(this.scheme, at, this.defaultPort)
    }
    return this.#origin
  }

  #completeHead(
    method: string,
    target: string,
    body: OutgoingBody,
    headers: HeadersInput | undefined,
    options: RequestOptions,
  ): RequestHead {
    return completeHead(method, target, body, headers, options, this.#draftOrigin, this.protocolVersion)
  }

  async #endThenAsk(): Promise<HTTPResponse> {
    // A whole request may still be going out while its response comes; one in steps is ended here.
    if (this.#begun !== undefined) await this.#begun
    if (this.#open !== undefined) {
      const { exchange, trailers } = this.#open
      this.#open = undefined
      try {
        if (exchange.failure === undefined && exchange.upload === 'sending')
          finishUpload(this.#wire!, exchange, trailers)
      } catch (error) {
        this.#forget(exchange)
        throw error
      }
    }
    return this.#askForResponse()
  }

  #askForResponse(): Promise<HTTPResponse> {
    const outstanding = this.#outstanding
    const isHeldUp = this.#draft !== undefined || outstanding.unread !== undefined
    const exchange = isHeldUp ? undefined : outstanding.ask()
    if (exchange === undefined) return Promise.reject(new ResponseNotReady(this.#explain('getResponse')))
    return exchange.whenResponse()
  }

  #explain(call: string): string {
    const { state } = this
    const { unread } = this.#outstanding
    const of = unread === undefined ? '' : ` (status ${unread.status})`
    const legal = LEGAL_CALLS[state].filter((name) => this.#isLegal(name))
    const last = legal.pop()
    const calls = legal.length === 0 ? last : `${legal.join(', ')} or ${last}`
    return `${call}() was called in state '${state}'${of}; legal now: ${calls}`
  }

  /** Whether a call that its state allows is legal at this very moment. */
  #isLegal(call: string): boolean {
    if (call === 'send()') return this.#open !== undefined && !this.#isSending
    return (
      call !== 'getResponse()' || this.#isSending || this.#open !== undefined || this.#outstanding.isAwaited
    )
  }

  #checkIdle(call: string): void {
    const isBusy = this.#draft !== undefined || this.#isSending || this.#open !== undefined
    if (isBusy || this.#outstanding.size >= this.#pipelining) {
      throw new CannotSendRequest(this.#explain(call))
    }
  }

  /** To be called behind each await: close() may have come meanwhile. */
  #throwIfClosed(closes: number): void {
    if (this.#closes !== closes) throw this.#closedError()
  }

  #closedError(): ConnectionLost {
    return new ConnectionLost(formatAuthority(this), undefined, 'CONNECTION_CLOSED')
  }

  /**
   * Runs what sends; `getResponse` waits for it, or only for its head where the request is whole. `work` is given what
   * `#throwIfClosed` takes.
   */
  #whileSending(work: (closes: number) => Promise<void>, isWhole = false): Promise<void> {
    this.#isSending = true
    const headSent = new Promise<void>((resolve) => {
      this.#onBegun = resolve
    })
    const sending = work(this.#closes).finally(() => {
      if (this.#sending !== sending) return
      this.#isSending = false
      this.#sending = undefined
      this.#begun = undefined
      this.#onBegun = undefined
    })
    this.#sending = sending
    this.#begun = isWhole ? Promise.race([sending, headSent]) : sending
    this.#begun.catch(() => {
      // Told by `sending`.
    })
    return sending
  }

  /**
   * The common case: the connection is open and everything to be sent is there. Nothing is waited for. `endsAt` is given
   * where the exchange began earlier, with the opening of the connection.
   */
  #sendAtOnce(
    wire: H1Connection,
    draft: RequestHead,
    body: ImmediateBody,
    options: RequestOptions,
    endsAt?: number,
  ): void {
    this.#checkPeerVersion(draft)
    const timeouts = resolveTimeouts(options.timeout, this.#timeouts)
    const signal = this.#signalOf(options.signal)
    signal?.throwIfAborted()
    const end = endsAt ?? this.#endsAt(timeouts)
    const exchangeOptions = this.#exchangeOptions(timeouts, end, signal, draft.target)
    const bytes = body.kind === 'bytes' ? body.bytes : undefined
    const last = endOf(draft.trailers)
    const exchange = wire.begin(draft, exchangeOptions, bytes, last)
    if (last === undefined) finishUpload(wire, exchange, draft.trailers)
    this.#outstanding.add(exchange)
  }

  /** Chunked is for servers that know it; one that has answered in HTTP/1.0 does not (RFC 9112 §6.1). */
  #checkPeerVersion(draft: RequestHead): void {
    if (this.#outstanding.isPeerHTTP10 && hasField(draft.fields, 'transfer-encoding')) {
      throw new LocalProtocolError('CHUNKED_TO_HTTP10')
    }
  }

  async #sendDraft(
    draft: RequestHead,
    body: OutgoingBody,
    options: RequestOptions,
    isWhole: boolean,
  ): Promise<void> {
    const timeouts = resolveTimeouts(options.timeout, this.#timeouts)
    const endsAt = this.#endsAt(timeouts)
    const signal = this.#signalOf(options.signal)
    signal?.throwIfAborted()
    // An abort or a close() that came since the connection was there is heard by the wire.
    const wire = this.#ready() ?? (await this.#connected(timeouts, endsAt, signal))
    if (isWhole && isImmediate(body, options)) {
      this.#sendAtOnce(wire, draft, body, options, endsAt)
      return
    }
    this.#checkPeerVersion(draft)
    checkAnnounced(draft, body)
    const exchangeOptions = this.#exchangeOptions(timeouts, endsAt, signal, draft.target)
    // What is there at once goes out with the head, and is refused with it where it does not fit.
    const first = isImmediate(body, options) && body.kind === 'bytes' ? body.bytes : undefined
    const exchange = wire.begin(draft, exchangeOptions, first)
    this.#outstanding.add(exchange)
    this.#onBegun?.()
    try {
      const continueMs = body.kind === 'none' ? undefined : continueTimeout(options.expectContinue)
      if (continueMs !== undefined && !(await wire.whenContinued(exchange, continueMs))) {
        wire.stopUpload(exchange)
        return
      }
      const mayFollow = !isWhole && wire.expectsBody
      if (mayFollow) this.#open = { exchange, trailers: options.trailers }
      const trailers = isWhole ? draft.trailers : options.trailers
      await upload(wire, exchange, first === undefined ? piecesOf(body) : [], !mayFollow, trailers)
    } catch (error) {
      this.#forget(exchange)
      // A source that cannot even be opened: what was announced will not come.
      if (exchange.failure === undefined) wire.abort(error)
      throw error
    }
  }

  #forget(exchange: Exchange): void {
    if (this.#open?.exchange === exchange) this.#open = undefined
    this.#outstanding.forget(exchange)
  }

  #endsAt(timeouts: ResolvedTimeouts): number {
    return timeouts.total === Infinity ? Infinity : this.#clock.now() + timeouts.total
  }

  #signalOf(signal: AbortSignal | undefined): AbortSignal | undefined {
    const own = this.#options.signal
    return own === undefined || signal === undefined ? (own ?? signal) : AbortSignal.any([own, signal])
  }

  #exchangeOptions(
    timeouts: ResolvedTimeouts,
    endsAt: number,
    signal: AbortSignal | undefined,
    target: string,
  ): ExchangeOptions {
    const isPath = target.startsWith('/') || target === '*'
    const url = isPath ? this.#draftOrigin.prefix + target : target
    return { timeouts, endsAt, totalMs: timeouts.total, signal, url, owner: this.#outstanding }
  }

  /** The open connection, if it can take a request. */
  #ready(): H1Connection | undefined {
    return this.#wire?.canTake === true ? this.#wire : undefined
  }

  async #connected(
    timeouts: ResolvedTimeouts,
    endsAt: number,
    signal: AbortSignal | undefined,
  ): Promise<H1Connection> {
    // Two calls at once (connect() and request()) share one connection.
    this.#opening ??= new AbortController()
    const giveUp = this.#opening
    const either = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal])
    const waiting: Deadlines = {
      clock: this.#clock,
      timeouts,
      endsAt,
      totalMs: timeouts.total,
      signal: either,
    }
    while (this.#connecting !== undefined) await this.#openedByOther(this.#connecting, waiting)
    const ready = this.#ready()
    if (ready !== undefined) return ready
    // Whoever was before has taken it away.
    this.#opening ??= giveUp
    const opening = this.#openTransport(waiting)
    this.#connecting = opening.then(
      () => undefined,
      () => undefined,
    )
    try {
      return await opening
    } finally {
      this.#connecting = undefined
      if (this.#opening === giveUp) this.#opening = undefined
    }
  }

  async #openTransport(waiting: Deadlines): Promise<H1Connection> {
    const { socketPath, localAddress, family, keepAlive, lookup, connect = dial } = this.#options
    const { host, port, tls } = this
    this.#trace?.connecting(socketPath ?? formatAuthority(this))
    const wire = await openTransport({
      target: {
        host,
        port,
        socketPath,
        localAddress,
        family,
        lookup,
        tls,
        ...(keepAlive !== undefined && { keepAlive }),
      },
      tunnel: this.#tunnel,
      connect,
      waiting,
      wireOptions: this.#wireOptions(),
    })
    if (waiting.signal?.aborted === true) wire.close()
    waiting.signal?.throwIfAborted()
    if (this.#wire?.isClosed === false && this.#wire.isBusy) {
      // Pipelined exchanges go on where they were begun; that wire closes by itself behind the last of them.
      this.#earlier = [...this.#earlier.filter(({ isClosed }) => !isClosed), this.#wire]
    } else {
      // What is left there is a switched connection that nobody took, or one that half a CRLF has put in doubt.
      this.#wire?.close()
    }
    this.#wire = wire
    return wire
  }

  /** Waits for a connection that another call opens, no longer than this call may. */
  #openedByOther(connecting: Promise<void>, waiting: Deadlines): Promise<void> {
    return waitFor<void>(waiting, 'connect', formatAuthority(this), (outcome) => {
      void connecting.then(() => outcome.resolve())
      return () => {}
    })
  }

  #wireOptions(): WireOptions {
    const engine = {
      tolerances: this.#tolerances,
      limits: this.#options.limits,
      pipelining: this.#pipelining,
    }
    return { engine, clock: this.#clock, observer: this.#trace, isGathering: this.isGathering }
  }
}

/** What `request` answers where all was sent at once. */
const SENT: Promise<void> = Promise.resolve()

/** Pieces that the head does not announce would be found out only when the first is there, and the head is gone. */
function checkAnnounced({ fields }: RequestHead, body: OutgoingBody): void {
  if (body.kind !== 'pieces' || hasField(fields, 'content-length') || hasField(fields, 'transfer-encoding'))
    return
  throw new LocalProtocolError('BODY_TOO_LONG', 'the header fields announce no body')
}

/** A body larger than this goes out piece by piece, as the peer takes it. */
const MAX_PIECE_BYTES = 262_144

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MAX_PIECE_BYTES) yield bytes.subarray(at, at + MAX_PIECE_BYTES)
}

type ImmediateBody = Exclude<OutgoingBody, { kind: 'pieces' }>

/** The pieces in which a body is sent. */
function piecesOf(body: OutgoingBody): Iterable<unknown> | AsyncIterable<unknown> {
  if (body.kind === 'none') return []
  return body.kind === 'bytes' ? slices(body.bytes) : body.open()
}

function isBody(prepared: ReturnType<typeof prepareBody>): prepared is OutgoingBody {
  return 'kind' in prepared
}

/** True where the whole request is there and nothing has to be waited for before it is sent. */
function isImmediate(
  prepared: ReturnType<typeof prepareBody>,
  options: RequestOptions,
): prepared is ImmediateBody {
  if (!isBody(prepared) || prepared.kind === 'pieces') return false
  if (prepared.kind === 'bytes' && prepared.bytes.length > MAX_PIECE_BYTES) return false
  return prepared.kind === 'none' || continueTimeout(options.expectContinue) === undefined
}

/**
 * One request and its response on a connection, which tells it what happened, and reads its state. Nothing here is HTTP/1's.
 *
 * Length: one state, and all that is asked and told of it.
 */

import type { Duplex } from 'node:stream'
import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import type { FieldLine } from '../core/fields.ts'
import { HTTPHeaders } from '../core/headers.ts'
import { isPromiseLike } from '../core/options.ts'
import type { RequestDeadlines } from '../core/request.ts'
import {
  type ConnectionFacts,
  HTTPResponse,
  type InformationalResponse,
  type ResponseHead,
  type ResponseSource,
  type Timings,
} from '../core/response.ts'
import { lateModule } from '../core/runtime.ts'
import type { RequestSettings } from '../core/settings.ts'
import { shownUrl } from '../core/shown-url.ts'
import { type ExchangeFacts, keepAsIs } from '../errors/exception.ts'
import type { DialTimings } from '../io/byte-stream.ts'
import type { Clock } from '../time/clock.ts'
import { makeDeadline } from '../time/deadline.ts'
import { rejectionWithCaller } from './caller-stack.ts'
import type { UploadState } from './decisions.ts'
import { beginningOf } from './exchange-failure.ts'
import type { ExchangeHost } from './exchange-host.ts'
import { type BodySource, IncomingBody } from './incoming-body.ts'

/** What the caller said of one exchange. */
export interface ExchangeOptions {
  readonly deadlines: RequestDeadlines
  readonly method: string
  /** For `response.url` and for messages. */
  readonly url: string
  /** What a client has decided of it. */
  readonly settings: RequestSettings | undefined
  /** Who keeps account of the exchanges. */
  readonly listener: ExchangeListener | undefined
  readonly nowMs: number | undefined // What the clock says, where that is known.
}

export interface ExchangeListener {
  /** Nothing more will be given out: the body was read, given up, or the exchange has failed. */
  exchangeOver(exchange: Exchange): void
}

const NO_TIMINGS: DialTimings = Object.freeze({ dns: undefined, connect: undefined, tls: undefined })
const NO_INFORMATIONAL: readonly InformationalResponse[] = Object.freeze([])

export class Exchange implements ResponseSource, BodySource {
  readonly #host: ExchangeHost<Exchange>
  readonly #options: ExchangeOptions
  readonly startedAt: number
  /** True if an earlier exchange was made on the same connection. */
  readonly reused: boolean
  /** What connecting took, where this exchange is the first. */
  readonly #dialTimings: DialTimings
  #informational: readonly InformationalResponse[] = NO_INFORMATIONAL
  #upload: UploadState = 'sending'
  #bytesWritten = 0
  #responseStarted = false
  #response: HTTPResponse | undefined
  #body: IncomingBody | undefined
  #headAt: number | undefined
  #endedAt: number | undefined
  #awaitedSince: number | undefined
  #isUntilClose = false
  #isSwitch = false
  #isReadAhead = false
  /** It is run where the request was made, and not where its connection was. */
  readonly #onInformational: ((response: InformationalResponse) => void) | undefined
  #failure: { readonly error: unknown } | undefined
  /** Who waits for the head of the response. */
  #resolve: ((response: HTTPResponse | Promise<never>) => void) | undefined
  /** Who waits for the peer to take more of the request, or for the upload to be stopped. */
  #drained: (() => void) | undefined
  /** Who waits for a 100 (Continue), a final response or the end of the connection. */
  #continued: ((goOn: boolean) => void) | undefined
  /** Called when the upload is stopped: gives the source of the body back. */
  #stopSource: (() => void) | undefined
  #onAbort: (() => void) | undefined

  constructor(
    host: ExchangeHost<Exchange>,
    options: ExchangeOptions,
    startedAt: number,
    reused: boolean,
    dialTimings: DialTimings | undefined,
  ) {
    this.#host = host
    this.#options = options
    this.startedAt = startedAt
    this.reused = reused
    this.#dialTimings = dialTimings === undefined ? NO_TIMINGS : { ...NO_TIMINGS, ...dialTimings }
    const onInformational = options.settings?.onInformational
    if (onInformational !== undefined)
      this.#onInformational = lateModule('node:async_hooks').AsyncResource.bind(onInformational)
  }

  get deadlines(): RequestDeadlines {
    return this.#options.deadlines
  }

  get method(): string {
    return this.#options.method
  }

  get url(): string {
    return this.#options.url
  }

  get upload(): UploadState {
    return this.#upload
  }

  /** Bytes of the request handed to the system. */
  get bytesWritten(): number {
    return this.#bytesWritten
  }

  /** True for a request of a client, which tells of attempts. */
  get isAttempt(): boolean {
    return this.#options.settings?.retry !== undefined
  }

  /** True once a byte of the response, informational ones included, has come. */
  get responseStarted(): boolean {
    return this.#responseStarted
  }

  get response(): HTTPResponse | undefined {
    return this.#response
  }

  /** True while a caller waits for the head, for more of the body, or for the peer to take the request. */
  get isAwaited(): boolean {
    const isOther =
      this.#resolve !== undefined || this.#drained !== undefined || this.#continued !== undefined
    return isOther || this.isBodyAwaited
  }

  /** True while a caller waits for more of the body: what is read ahead for it is not waited for. */
  get isBodyAwaited(): boolean {
    return this.#body?.isAwaited === true && !this.#isReadAhead
  }

  /** True once the head of the final response has come. */
  get hasHead(): boolean {
    return this.#headAt !== undefined
  }

  /** True once the response is complete. */
  get isEnded(): boolean {
    return this.#endedAt !== undefined
  }

  /** True while a caller waits for the system to take what was written. */
  get isUndrained(): boolean {
    return this.#drained !== undefined
  }

  /** True for a response that lasts until the connection ends. */
  get isUntilClose(): boolean {
    return this.#isUntilClose
  }

  /** What ended the exchange, where it is to be told by its response. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  get informational(): readonly InformationalResponse[] {
    return this.#informational
  }

  get timings(): Timings {
    const { dns, connect, tls } = this.#dialTimings
    const [startedAt, headAt, endedAt] = [this.startedAt, this.#headAt, this.#endedAt]
    const headers = headAt === undefined ? undefined : headAt - startedAt
    const body = headAt === undefined || endedAt === undefined ? undefined : endedAt - headAt
    return { dns, connect, tls, headers, body }
  }

  /** Which request it is and how long it is under way, for an error of it that comes at `now`. */
  factsAt(now: number): ExchangeFacts {
    const elapsedMs = now - beginningOf(this.deadlines, this.startedAt)
    const { method, url } = this
    return { method, url: shownUrl(url), elapsedMs, context: this.#options.settings?.context }
  }

  get facts(): ExchangeFacts {
    return {
      ...this.factsAt(this.#endedAt ?? this.#headAt ?? this.startedAt),
      phase: 'body',
      address: this.#host.address,
      reused: this.reused,
      requestBytesWritten: this.#bytesWritten,
      responseStarted: true,
    }
  }

  get connection(): Omit<ConnectionFacts, 'httpVersion'> {
    const { address, tls, route } = this.#host
    return { address, reused: this.reused, tls, ...(route !== undefined && { route }) }
  }

  get maxBodyBytes(): number | undefined {
    return this.#options.settings?.maxBodyBytes
  }

  /** No exchange has them; said here, so that they are not looked for on `Object.prototype`. */
  get redirects(): undefined {
    return undefined
  }

  get attempts(): undefined {
    return undefined
  }

  get fromCache(): undefined {
    return undefined
  }

  get takeConnection(): (() => Duplex) | undefined {
    return this.#isSwitch ? () => this.#host.takeOver(this) : undefined
  }

  // -------------------------------------------------------------------------------------------------- waiting

  /** The response; rejects with what ended the exchange. To be asked for once. */
  whenResponse(): Promise<HTTPResponse> {
    if (this.#response !== undefined) return Promise.resolve(this.#response)
    if (this.#failure !== undefined) return rejectionWithCaller(this.#failure.error)
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#host.awaited(this)
    })
  }

  /** Resolves at `drain` or when no more of the request is wanted; rejects with what ended the exchange. One may wait. */
  whenDrained(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#upload === 'stopped') return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#drained = () => {
        this.#drained = undefined
        if (this.#failure === undefined) resolve()
        else reject(this.#failure.error)
      }
    })
  }

  /**
   * Waits for a 100 (Continue): true to send the body, also after `timeoutMs` without a word; false where a final response
   * came instead. Rejects with what ended the exchange.
   */
  whenContinued(clock: Clock, timeoutMs: number): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#response !== undefined) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      const timer = makeDeadline(clock, () => this.#continued?.(true))
      this.#continued = (goOn) => {
        this.#continued = undefined
        timer.clear()
        if (this.#failure === undefined) resolve(goOn)
        else reject(this.#failure.error)
      }
      timer.set(timeoutMs)
    })
  }

  /** Names who gives the source of the body back when no more of it is wanted; undefined where nothing is to be done. */
  ownSource(stopSource: (() => void) | undefined): void {
    this.#stopSource = stopSource
  }

  /** How long the head has been awaited; the wait begins with the first call. */
  awaitedMs(now: number): number {
    this.#awaitedSince ??= now
    return now - this.#awaitedSince
  }

  /** Passes an abort of the caller's signal on to the connection, until `stopListening`. */
  listenForAbort(): void {
    // Apart: a function that makes a closure pays for it also where it is not made.
    if (this.deadlines.signal !== undefined) this.#listenTo(this.deadlines.signal)
  }

  #listenTo(signal: AbortSignal): void {
    this.#onAbort = () => this.#host.aborted(this, keepAsIs(signal.reason))
    listenForAbort(signal, this.#onAbort)
  }

  stopListening(): void {
    if (this.#onAbort === undefined || this.deadlines.signal === undefined) return
    stopListeningForAbort(this.deadlines.signal, this.#onAbort)
    this.#onAbort = undefined
  }

  // ------------------------------------------------------------------------------- what the connection tells

  /** Bytes of the request were handed to the system. */
  wrote(bytes: number): void {
    this.#bytesWritten += bytes
  }

  /** The end of the request was written. */
  requestEnded(): void {
    this.#upload = 'sent'
  }

  /** The peer takes more of the request. */
  drained(): void {
    this.#drained?.()
  }

  /** No more of the request is wanted: its response has begun. */
  stopUpload(): void {
    if (this.#upload !== 'sending') return
    this.#upload = 'stopped'
    this.#stopSource?.()
    this.#drained?.()
  }

  /** As `stopUpload`, and what was written whole and is not taken by the peer is not waited for either. */
  abandonUpload(): void {
    this.stopUpload()
    if (!this.isUndrained) return
    this.#upload = 'stopped'
    this.#drained?.()
  }

  /** A byte came while this exchange was the first without a response. */
  byteCame(): void {
    this.#responseStarted = true
  }

  informed(status: number, reason: string, fields: readonly FieldLine[]): void {
    const headers = HTTPHeaders.over(fields)
    const response = { status, reason, headers }
    this.#responseStarted = true
    this.#informational = [...this.#informational, response]
    if (status === 100) this.#continued?.(true)
    if (this.#onInformational === undefined) return
    // What the callback throws, or its promise rejects with, is what the request fails with.
    const fail = (error: unknown): void => {
      if (this.#failure === undefined && !this.isEnded) this.#host.aborted(this, error)
    }
    try {
      const told: unknown = this.#onInformational(response)
      if (isPromiseLike(told)) told.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
  }

  /** The head of the final response came. Who waits is told by `answer`. */
  headReceived(head: ResponseHead, now: number, isUntilClose: boolean, isSwitch: boolean): void {
    // Its first bytes may have come together with the end of the response before it.
    this.#responseStarted = true
    this.#headAt = now
    this.#isUntilClose = isUntilClose
    this.#isSwitch = isSwitch
    this.#body = new IncomingBody(this)
    this.#response = new HTTPResponse(head, this.#body, this)
  }

  /** Tells who waits for the head. */
  answer(): void {
    this.#resolve?.(this.#response!)
    this.#resolve = undefined
    this.#continued?.(false)
  }

  bodyReceived(bytes: Uint8Array): void {
    this.#body!.push(bytes)
  }

  /** The response is complete. */
  ended(trailers: readonly FieldLine[], now: number): void {
    this.#endedAt = now
    this.#body!.finish(trailers)
    if (this.#options.settings?.endsWithAnswer === true) this.stopUpload()
  }

  /**
   * The exchange is over before its end. `isToldByResponse` where a response has begun, and only the rest of the request is
   * lost with the connection: then its body says so and nothing else does.
   */
  failed(error: unknown, isToldByBody: boolean): void {
    this.stopListening()
    if (!isToldByBody) this.#failure = { error }
    if (this.#upload === 'sending') this.#upload = 'stopped'
    this.#stopSource?.()
    this.#drained?.()
    this.#continued?.(false)
    const wasAnswered = this.#response !== undefined
    this.#refuse(error)
    this.#body?.fail(error)
    if (!wasAnswered) this.consumed()
  }

  #refuse(error: unknown): void {
    const resolve = this.#resolve
    this.#resolve = undefined
    resolve?.(rejectionWithCaller(error))
  }

  // ------------------------------------------------------------------------------------ what the body asks for

  pause(): void {
    this.#host.pause()
  }

  resume(): void {
    this.#host.resume()
  }

  awaited(): void {
    this.#host.awaited(this)
  }

  /** The caller does not wait for what is read from now on, or does again. */
  readAhead(isAhead: boolean): void {
    if (this.#isReadAhead === isAhead) return
    this.#isReadAhead = isAhead
    if (this.#body?.isAwaited === true) this.#host.awaited(this)
  }

  cancel(): void {
    this.#host.cancel(this)
  }

  giveUpRequest(): void {
    this.#host.giveUpRequest(this)
  }

  endWith(error: unknown): void {
    if (!this.isEnded) this.#host.aborted(this, error)
  }

  consumed(): void {
    this.#options.listener?.exchangeOver(this)
  }
}

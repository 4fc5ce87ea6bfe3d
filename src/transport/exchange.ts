/**
 * One request and its response on a wire, as data: what was sent, what is awaited, what has come. h1-wire.ts moves it.
 */

import type { Duplex, Readable } from 'node:stream'
import type { HTTPResponse, InformationalResponse, ResponseSource, Timings } from '../core/response.ts'
import type { TimeoutPhase } from '../errors/index.ts'
import type { DialTimings } from '../io/byte-stream.ts'
import { makeReadable } from '../io/readable.ts'
import type { BodySource, IncomingBody } from './incoming-body.ts'

/** Timeouts of an exchange, in milliseconds; Infinity for none. */
export interface ExchangeTimeouts {
  /** Without progress while the peer does not take the request. */
  readonly send: number
  /** From the end of the request to the head of the final response. */
  readonly headers: number
  /** Without progress while the body is being read. */
  readonly body: number
}

/** What the caller said of one exchange. */
export interface ExchangeOptions {
  readonly timeouts: ExchangeTimeouts
  /** When the exchange must be over, on the clock, and the timeout that says so; Infinity for never. */
  readonly endsAt: number
  readonly totalMs: number
  readonly signal: AbortSignal | undefined
  /** For `response.url`. */
  readonly url: string
  /** Who keeps account of the exchanges; told before whoever waits. */
  readonly owner: ExchangeOwner | undefined
}

export interface ExchangeOwner {
  /** The final response has begun, or the exchange has failed; once. */
  answered(exchange: Exchange): void
  /** The body of the response was given out, failed or was given up. */
  consumed(exchange: Exchange): void
}

/** The connection, as far as a body steers it. */
export interface BodyValve {
  holdBack(): void
  letGo(): void
  close(): void
}

/** How far the body of the request is: `stopped` where an early final response made the rest unwanted. */
export type UploadState = 'sending' | 'sent' | 'stopped'

const NO_TIMINGS: DialTimings = {}
const NO_INFORMATIONAL: readonly InformationalResponse[] = []

export class Exchange implements ResponseSource, BodySource {
  readonly #valve: BodyValve
  readonly options: ExchangeOptions
  readonly startedAt: number
  /** True if an earlier exchange was made on the same connection. */
  readonly reused: boolean
  /** What connecting took, where this exchange is the first. */
  readonly #dialTimings: DialTimings
  informational: readonly InformationalResponse[] = NO_INFORMATIONAL
  upload: UploadState = 'sending'
  /** Bytes of the request handed to the system, and those that are about to be. */
  bytesWritten = 0
  bytesGathered = 0
  /** True once a byte of the response, informational ones included, has come. */
  responseStarted = false
  response: HTTPResponse | undefined
  body: IncomingBody | undefined
  /** When the head of the final response came, and the end of its body. */
  headAt: number | undefined
  endedAt: number | undefined
  /** Since when the head of the response is awaited: the request is out, and no other response is before it. */
  awaitedSince: number | undefined
  /** True for a response that lasts until the connection ends. */
  isUntilClose = false
  /** True once the response is complete. */
  isEnded = false
  failure: { readonly error: unknown } | undefined
  takeConnection: (() => Duplex) | undefined
  /** Who waits for the head of the response. */
  #resolve: ((response: HTTPResponse) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  /** Who waits for the peer to take more of the request, or for the upload to be stopped. */
  drained: (() => void) | undefined
  /** Who waits for a 100 (Continue), a final response or the end of the connection. */
  continued: ((goOn: boolean) => void) | undefined
  /** Called when the upload is stopped: gives the source of the body up. */
  stopSource: (() => void) | undefined
  onAbort: (() => void) | undefined

  constructor(
    valve: BodyValve,
    options: ExchangeOptions,
    startedAt: number,
    reused: boolean,
    dialTimings: DialTimings | undefined,
  ) {
    this.#valve = valve
    this.options = options
    this.startedAt = startedAt
    this.reused = reused
    this.#dialTimings = dialTimings ?? NO_TIMINGS
  }

  get url(): string {
    return this.options.url
  }

  get timings(): Timings {
    const { dns, connect, tls } = this.#dialTimings
    const { startedAt, headAt, endedAt } = this
    const headers = headAt === undefined ? undefined : headAt - startedAt
    const body = headAt === undefined || endedAt === undefined ? undefined : endedAt - headAt
    return { dns, connect, tls, headers, body }
  }

  makeStream(response: HTTPResponse): Readable {
    return makeReadable(response)
  }

  /** The response; rejects with what ended the exchange. To be asked for once. */
  whenResponse(): Promise<HTTPResponse> {
    if (this.response !== undefined) return Promise.resolve(this.response)
    if (this.failure !== undefined) return Promise.reject(this.failure.error)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Settles what `whenResponse` gave, or will give. */
  answer(response: HTTPResponse): void {
    this.response = response
    this.options.owner?.answered(this)
    this.#resolve?.(response)
  }

  // What the body asks for.

  holdBack(): void {
    this.#valve.holdBack()
  }

  letGo(): void {
    this.#valve.letGo()
  }

  abandon(): void {
    this.#valve.close()
  }

  consumed(): void {
    this.options.owner?.consumed(this)
  }

  /** Nobody will be answered any more. */
  refuse(error: unknown): void {
    if (this.response === undefined) this.options.owner?.answered(this)
    this.#reject?.(error)
  }
}

/** What is known of an early final response when the decision is made. */
export interface EarlyResponse {
  readonly status: number
  /** Whether the connection may go on after the response. */
  readonly persists: boolean
}

/**
 * Whether to go on sending a body after the final response has begun. An error says that the content is unwanted, and a
 * connection that closes will not take it (RFC 9112 §9.5); otherwise the peer wants the rest (RFC 9110 §7.5).
 */
export function decideUpload({ status, persists }: EarlyResponse): 'go-on' | 'stop' {
  return status >= 400 || !persists ? 'stop' : 'go-on'
}

/** What the connection waits for now, and how long. */
export interface AwaitedPhase {
  readonly name: TimeoutPhase
  readonly timeoutMs: number
  /** When it runs out, in milliseconds from now: less than `timeoutMs` where a part of it is over. */
  readonly dueInMs: number
}

/** What `decidePhase` depends on. */
export interface PhaseFacts {
  readonly timeouts: ExchangeTimeouts
  /** The request is not ended, or not taken. */
  readonly isSending: boolean
  /** The head of the final response has come. */
  readonly hasHead: boolean
  /** The peer takes what is sent. */
  readonly isWritable: boolean
  /** The caller does not take what comes. */
  readonly isHeldBack: boolean
  /** How long the head has been awaited. */
  readonly awaitedMs: number
  /** What is left of the total timeout; Infinity without one. */
  readonly leftMs: number
}

/** Which timeout runs. A wait that is the caller's own doing has none but the total. */
export function decidePhase(facts: PhaseFacts): AwaitedPhase {
  const { timeouts, isSending, hasHead, isWritable, isHeldBack, awaitedMs, leftMs } = facts
  const name = isSending ? 'send' : hasHead ? 'body' : 'headers'
  const isOwnDoing = isSending ? isWritable : hasHead && isHeldBack
  const timeoutMs = isOwnDoing ? Infinity : timeouts[name]
  // A head has its time as a whole, however it trickles in; the other phases begin again at each progress.
  const dueInMs = name === 'headers' ? timeoutMs - awaitedMs : timeoutMs
  if (leftMs < dueInMs) return { name: 'total', timeoutMs: leftMs, dueInMs: Math.max(0, leftMs) }
  return { name, timeoutMs, dueInMs: Math.max(0, dueInMs) }
}

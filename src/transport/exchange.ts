/**
 * One request and its response on a wire, as data: what was sent, what is awaited, what has come. h1-wire.ts moves it.
 */

import type { HTTPResponse, InformationalResponse, Timings } from '../core/response.ts'
import type { TimeoutPhase } from '../errors.ts'
import type { DialTimings } from '../io/byte-stream.ts'
import type { WireBody } from './wire-body.ts'

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
}

/** A promise that was asked for and its outcome, in either order. */
export interface Settler<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/** How far the body of the request is: `stopped` where an early final response made the rest unwanted. */
export type UploadState = 'sending' | 'sent' | 'stopped'

export class WireExchange {
  readonly method: string
  readonly options: ExchangeOptions
  readonly startedAt: number
  /** True if an earlier exchange was made on the same connection. */
  readonly reused: boolean
  readonly timings: Timings
  readonly informational: InformationalResponse[] = []
  upload: UploadState = 'sending'
  /** Bytes of the request handed to the system. */
  bytesWritten = 0
  /** True once a byte of the response, informational ones included, has come. */
  responseStarted = false
  response: HTTPResponse | undefined
  body: WireBody | undefined
  headAt = 0
  /** Since when the head of the response is awaited: the request is out, and no other response is before it. */
  awaitedSince: number | undefined
  /** True for a response that lasts until the connection ends. */
  isUntilClose = false
  /** True once the response is complete. */
  isEnded = false
  failure: { readonly error: unknown } | undefined
  /** Who waits for the head of the response. */
  head: Settler<HTTPResponse> | undefined
  /** Who waits for the peer to take more of the request, or for the upload to be stopped. */
  drained: (() => void) | undefined
  /** Who waits for a 100 (Continue), a final response or the end of the connection. */
  continued: ((goOn: boolean) => void) | undefined
  /** Called when the upload is stopped: gives the source of the body up. */
  stopSource: (() => void) | undefined
  onAbort: (() => void) | undefined

  constructor(
    method: string,
    options: ExchangeOptions,
    startedAt: number,
    reused: boolean,
    dialTimings: DialTimings | undefined,
  ) {
    this.method = method
    this.options = options
    this.startedAt = startedAt
    this.reused = reused
    this.timings = dialTimings === undefined ? {} : { ...dialTimings }
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
  // A head has its time as a whole, however it trickles in; the other phases begin anew at each progress.
  const dueInMs = name === 'headers' ? timeoutMs - awaitedMs : timeoutMs
  if (leftMs < dueInMs) return { name: 'total', timeoutMs: leftMs, dueInMs: Math.max(0, leftMs) }
  return { name, timeoutMs, dueInMs: Math.max(0, dueInMs) }
}

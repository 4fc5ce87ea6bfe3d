/**
 * What is decided of an exchange under way, as functions of plain values.
 */

import type { TimeoutPhase } from '../errors/index.ts'

/** Timeouts of an exchange, in milliseconds; Infinity for none. */
export interface ExchangeTimeouts {
  /** Without progress while the peer does not take the request. */
  readonly send: number
  /** From the end of the request to the head of the final response. */
  readonly headers: number
  /** Without progress while the body is being read. */
  readonly body: number
}

/** How far the body of the request is: `stopped` where an early final response made the rest unwanted. */
export type UploadState = 'sending' | 'sent' | 'stopped'

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
  /** Nobody waits for the body, or for what comes after it; or the caller does not take what comes. */
  readonly isUnread: boolean
  /** How long the head has been awaited, or how long the rest has made no progress. */
  readonly awaitedMs: number
  /** What is left of the total timeout; Infinity without one. */
  readonly leftMs: number
}

/** Which timeout runs. A wait that is the caller's own doing has none but the total. */
export function decidePhase(facts: PhaseFacts): AwaitedPhase {
  const { timeouts, isSending, hasHead, isWritable, isUnread, awaitedMs, leftMs } = facts
  const name = isSending ? 'send' : hasHead ? 'body' : 'headers'
  const isOwnDoing = isSending ? isWritable : hasHead && isUnread
  const timeoutMs = isOwnDoing ? Infinity : timeouts[name]
  const dueInMs = timeoutMs - awaitedMs
  if (leftMs < dueInMs) return { name: 'total', timeoutMs: leftMs, dueInMs: Math.max(0, leftMs) }
  return { name, timeoutMs, dueInMs: Math.max(0, dueInMs) }
}

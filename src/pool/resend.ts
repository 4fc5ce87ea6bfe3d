/**
 * Whether a request is sent again, by itself, because its connection died. A reused connection may have been closed by the
 * peer just when the request was written: a race, and no fault of either side. Everything else is told to the caller.
 */

import { IDEMPOTENT_METHODS } from '../core/methods.ts'
import { ChunkedBody, isReplayable, replayOf } from '../core/outgoing-body.ts'
import { renewed } from '../core/renewal.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import { ConnectionLost, RemoteDisconnected } from '../errors/index.ts'

/** Whether a request with this method may be made again without another effect (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
  return method === 'GET' || IDEMPOTENT_METHODS.includes(method)
}

/** What the decision depends on. */
export interface ResendFacts {
  readonly method: string
  /** The body can be sent once more. */
  readonly isReplayable: boolean
  /** The connection had been idle in the pool, or had served a request before. */
  readonly reused: boolean
  /** The peer, or the network, ended the connection; not this side. */
  readonly isPeersDoing: boolean
  /** A byte of the response had come. */
  readonly responseStarted: boolean
  /** Bytes of the request handed to the system; undefined where that is not known. */
  readonly requestBytesWritten: number | undefined
  /** How often it was sent again already. */
  readonly resends: number
}

/** The decision, with its reason in words. */
export interface ResendDecision {
  readonly resend: boolean
  readonly why: string
}

/** Decides. What is not proven safe is not sent again (RFC 9110 §9.2.2, RFC 9112 §9.3.1). */
export function decideResend(facts: ResendFacts): ResendDecision {
  if (!facts.isPeersDoing) return no('the connection was not lost')
  if (!facts.reused) return no('the connection was opened for this request')
  if (facts.responseStarted) return no('a response had begun')
  if (facts.resends > 0) return no('it was sent again already')
  if (!facts.isReplayable) return no('the body can be sent once only')
  if (facts.requestBytesWritten === 0) return yes('no byte of the request was written')
  if (isIdempotent(facts.method)) return yes(`${facts.method} is idempotent`)
  return no('the server may have acted on it')
}

function yes(why: string): ResendDecision {
  return { resend: true, why }
}

function no(why: string): ResendDecision {
  return { resend: false, why }
}

/** True for a connection that the peer or the network ended before the end of the exchange. */
export function isConnectionLoss(error: unknown): error is ConnectionLost | RemoteDisconnected {
  return (
    error instanceof RemoteDisconnected ||
    (error instanceof ConnectionLost && error.code === 'CONNECTION_LOST')
  )
}

/** The request for sending it once more: its source may give the first sending another chunk yet, and be given back after it. */
export function resent(request: OutgoingRequest): OutgoingRequest {
  const { body } = request
  return renewed(body instanceof ChunkedBody ? withChanges(request, { body: replayOf(body) }) : request)
}

export { isReplayable }

/** What cannot be sent again is not sent after another one, which may cost the connection (RFC 9112 §9.3.2). */
export function needOf({ method, body }: Pick<OutgoingRequest, 'method' | 'body'>): 'any' | 'alone' {
  return isIdempotent(method) && isReplayable(body) ? 'any' : 'alone'
}

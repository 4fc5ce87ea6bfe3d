/**
 * What ends an exchange, as its caller is told: the reason, with the facts of the exchange on it. Pure, but for the facts
 * that are written onto the error.
 */

import type { RequestDeadlines } from '../core/request.ts'
import { shownUrl } from '../core/shown-url.ts'
import { addFacts, type ExchangeFacts, keepAsIs } from '../errors/exception.ts'
import { ConnectionLost, HTTPException, IncompleteRead, RemoteProtocolError } from '../errors/index.ts'

/** Since when an exchange is under way: from the call that made the request, where its deadlines tell. */
export function beginningOf({ endsAt, totalMs }: RequestDeadlines, begunAt: number): number {
  return totalMs === Infinity ? begunAt : endsAt - totalMs
}

/** True for an end that the peer brought about, false for one that this side wanted: an abort, a timeout, `close()`. */
export function isPeersDoing(reason: unknown): boolean {
  if (reason instanceof ConnectionLost) return reason.code === 'CONNECTION_LOST'
  return reason instanceof RemoteProtocolError
}

/**
 * The error of an exchange. A connection that is lost inside a body is a message cut short (RFC 9112 §8); anything that is
 * not this package's stays as it is.
 * @param bodyBytesMissing - how many bytes of the body are still to come, where that is known
 */
export function describeFailure(
  reason: unknown,
  facts: ExchangeFacts,
  hasHead: boolean,
  bodyBytesMissing: number | undefined,
): unknown {
  if (!HTTPException.isHTTPException(reason)) return reason
  const isCutShort = hasHead && reason instanceof ConnectionLost && reason.code === 'CONNECTION_LOST'
  const error = isCutShort
    ? new IncompleteRead(Buffer.alloc(0), bodyBytesMissing, { cause: reason, phase: 'body' })
    : reason
  addFacts(error, facts)
  return error
}

/** Which request something was for. */
export interface NamedRequest {
  readonly method?: string
  readonly url: string
}

/** Why nothing can be begun: the peer spoke before it was spoken to, or code of the caller closed the connection meanwhile. */
export function alreadyClosed(
  address: string,
  cause: unknown,
  { method, url }: NamedRequest,
): ConnectionLost {
  const facts = { method, url: shownUrl(url), elapsedMs: 0, phase: 'send' } as const
  return cause instanceof RemoteProtocolError
    ? new ConnectionLost(address, { ...facts, cause, requestBytesWritten: 0 })
    : new ConnectionLost(address, facts, 'CONNECTION_CLOSED')
}

/**
 * The error of a connection that could not be had, with the request that it was for.
 * @param proxy - the proxy, where there is one
 * @param startedAt - when it was asked for, and what time it is now, on the clock
 */
export function describeDialFailure(
  error: unknown,
  { method, url }: NamedRequest,
  deadlines: RequestDeadlines,
  proxy: string | undefined,
  startedAt: number,
  now: number,
): unknown {
  // The reason of an abort belongs to the caller, whatever it is.
  if (error === deadlines.signal?.reason) return keepAsIs(error)
  if (!HTTPException.isHTTPException(error)) return error
  const elapsedMs = now - beginningOf(deadlines, startedAt)
  // Nothing is written before there is a connection.
  const unsent = { requestBytesWritten: 0, responseStarted: false }
  addFacts(error, { method, url: shownUrl(url), elapsedMs, phase: 'connect', proxy, ...unsent })
  return error
}

/**
 * The error of a request that waits on this side: for its turn, or for the size of its file.
 * @param startedAt - when it began to wait, and what time it is now, on the clock
 */
export function describeWaitFailure(
  error: unknown,
  { method, url, deadlines }: Required<NamedRequest> & { readonly deadlines: RequestDeadlines },
  phase: 'queue' | 'send',
  startedAt: number,
  now: number,
): unknown {
  if (error === deadlines.signal?.reason) return keepAsIs(error)
  if (!HTTPException.isHTTPException(error)) return error
  addFacts(error, { method, url: shownUrl(url), elapsedMs: now - beginningOf(deadlines, startedAt), phase })
  return error
}

/**
 * Ends the exchanges of a connection that is over: each is told why, with the facts that say whether its request can go
 * elsewhere.
 */

import type { Timings } from '../../core/response-head.ts'
import { attemptOfError, keepAsIs, setAttempts } from '../../errors/exception.ts'
import { ConnectionLost, HTTPException } from '../../errors/index.ts'
import type { Progress } from '../../h1/exchange.ts'
import type { Exchange } from '../exchange.ts'
import { describeFailure, isPeersDoing } from '../exchange-failure.ts'

/** Why a connection is over. */
export interface ConnectionEnd {
  /** What ended it, and which exchange that concerns: the others fail because the connection is gone. */
  readonly reason: unknown
  readonly culprit: Exchange | undefined
  /** The reason is that of the caller's own signal. */
  readonly isAbort: boolean
  /** The peer. */
  readonly address: string
  /** How far the response is that comes next. */
  readonly progress: Progress
  /** What time it is on the clock. */
  readonly now: number
}

/** @param exchanges - oldest first */
export function failExchanges(exchanges: readonly Exchange[], end: ConnectionEnd): void {
  const next = exchanges.find(({ isEnded }) => !isEnded)
  // Its first bytes may have come together with the end of the response before it.
  if (next?.responseStarted === false && end.progress.headStarted) next.byteCame()
  for (const exchange of exchanges) {
    const { signal } = exchange.deadlines
    if (exchange === end.culprit) fail(exchange, end)
    // One signal may be of several: each rejects with its reason.
    else if (signal?.aborted === true)
      fail(exchange, { ...end, reason: keepAsIs(signal.reason), isAbort: true })
    else
      fail(exchange, {
        ...end,
        reason: new ConnectionLost('another exchange failed', { cause: end.reason }),
        isAbort: false,
      })
  }
}

/** The phases that are over; undefined where none is. */
function pastPhases(timings: Timings): Record<string, number> | undefined {
  const past = Object.entries(timings).filter(([, ms]) => ms !== undefined)
  return past.length === 0 ? undefined : (Object.fromEntries(past) as Record<string, number>)
}

function fail(exchange: Exchange, { reason, isAbort, address, progress, now }: ConnectionEnd): void {
  const { hasHead, upload } = exchange
  const facts = {
    ...exchange.factsAt(now),
    reused: exchange.reused,
    requestBytesWritten: exchange.bytesWritten,
    responseStarted: exchange.responseStarted,
    address,
    timings: pastPhases(exchange.timings),
    phase: hasHead ? 'body' : upload === 'sending' ? 'send' : 'headers',
  } as const
  // The reason of an abort belongs to the caller, whatever it is.
  const error = isAbort
    ? reason
    : describeFailure(reason, facts, hasHead, hasHead ? progress.bodyBytesMissing : undefined)
  const { response } = exchange
  if (!isAbort && response !== undefined && exchange.isAttempt && HTTPException.isHTTPException(error))
    setAttempts(error, error.attempts ?? [{ ...attemptOfError(error), status: response.status }])
  // Where a response has begun, a peer that then goes away has only made the rest of the request unwanted.
  exchange.failed(error, !isAbort && response !== undefined && isPeersDoing(reason))
}

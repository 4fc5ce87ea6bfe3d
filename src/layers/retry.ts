/**
 * Attempts: whether a request is sent again, and when (`decideRetry`), and the layer that does it. The decision reads facts: what
 * was asked for, what of it was written, what came back. RFC 9110 §9.2.2, §10.2.3.
 *
 * A body that breaks off after the head of its response is not seen here: it belongs to the reader, and two halves of two answers
 * are never glued together.
 */

import { withAttempts } from '../core/attempted-body.ts'
import type { Handler, Layer } from '../core/handler.ts'
import { closeBody, isReplayable, replayOf } from '../core/outgoing-body.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { RetrySettings } from '../core/settings.ts'
import { type Attempt, addFacts, type Findings, mayHaveActedIn, setAttempts } from '../errors/exception.ts'
import { HTTPException } from '../errors/index.ts'
import { UNSENT } from '../errors/unsent.ts'
import type { Clock } from '../time/clock.ts'
import type { Random } from '../time/random.ts'
import { attemptsOf, withLast } from './attempts.ts'
import { keepsKey, withKey } from './idempotency-key.ts'
import { Pauses } from './pause.ts'
import { retryAfterOf } from './retry-after.ts'
import { failureOf, isWorthwhile, type RetryFailure } from './retry-failure.ts'
import { sentFor } from './sent.ts'
import { stepLayer } from './steps.ts'

/** A status that is worth another try only where the server says when (RFC 9110 §15.5.14). */
const CONTENT_TOO_LARGE = 413

/** A server that does not know `Expect: 100-continue`: it is asked again without (RFC 9110 §10.1.1). */
const EXPECTATION_FAILED = 417

/** How an attempt ended. */
export type RetryOutcome =
  | RetryFailure
  /** A response; `retryAfterMs` is what its Retry-After asks for, undefined where it asks for nothing. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterMs: number | undefined }

/** What the decision depends on. */
export interface RetryFacts {
  readonly settings: RetrySettings
  /** The method that was sent: a hook may have changed the one that was asked for. */
  readonly method: string
  /** Which attempt has ended, from 1. */
  readonly attempt: number
  readonly outcome: RetryOutcome
  /** Whether the server may have acted on it: false only where it is proven that it has not. */
  readonly mayHaveActed: boolean
  /** A field names the request, the same in each attempt, so that the server acts once however often it comes. */
  readonly hasKey: boolean
  /** It was sent with `Expect: 100-continue`. */
  readonly isExpectant: boolean
  /** The body can be sent once more, or there is none. */
  readonly isReplayable: boolean
  /** The caller has called it off. */
  readonly isAborted: boolean
  /** How long it is until all must be over, in milliseconds. */
  readonly leftMs: number
  /** Drawn from 0 to 1: which part of the longest wait is waited. */
  readonly drawn: number
}

/** The decision, with its reason in words. */
export type RetryDecision =
  | { readonly again: true; readonly afterMs: number; readonly why: string }
  | { readonly again: false; readonly why: string }

/** Decides. What is not proven safe is not sent again. */
export function decideRetry(facts: RetryFacts): RetryDecision {
  const { settings, method, attempt, outcome } = facts
  const isUnmet = facts.isExpectant && outcome.kind === 'status' && outcome.status === EXPECTATION_FAILED
  const why = isUnmet ? '417: without Expect, which was not understood' : whyAgain(outcome, settings, method)
  if (typeof why !== 'string') return no(why.not)
  if (facts.isAborted) return no('it was called off')
  if (attempt > settings.limit) return no(`retry.limit is ${settings.limit}`)
  const isSafe = settings.methods.includes(method) || facts.hasKey || !facts.mayHaveActed || isUnmet
  if (!isSafe) return no(`the server may have acted on it, and ${method} is not among retry.methods`)
  if (!facts.isReplayable) return no('the body can be sent once only')
  // What is understood at once needs no time between.
  return inTime(isUnmet ? { ...facts, drawn: 0 } : facts, why)
}

/** Whether how it ended is worth another try, whatever was asked for. */
function whyAgain(
  outcome: RetryOutcome,
  { statuses, methods }: RetrySettings,
  method: string,
): string | { readonly not: string } {
  if (outcome.kind !== 'status') return isWorthwhile(outcome, statuses)
  const { status, retryAfterMs } = outcome
  if (statuses.includes(status)) return `${status} is worth another try`
  if (status !== CONTENT_TOO_LARGE) return { not: `${status} is an answer` }
  if (retryAfterMs === undefined) return { not: '413 without Retry-After is an answer' }
  return methods.includes(method)
    ? '413 with Retry-After is worth another try'
    : { not: `413 is an answer to ${method}` }
}

/** The wait, where there is time for it. */
function inTime({ settings, attempt, outcome, leftMs, drawn }: RetryFacts, why: string): RetryDecision {
  const { backoff, maxRetryAfterMs } = settings
  const askedMs = outcome.kind === 'status' ? outcome.retryAfterMs : undefined
  if (askedMs !== undefined && askedMs > maxRetryAfterMs) {
    return no(
      `Retry-After asks for ${Math.round(askedMs)} ms, and retry.maxRetryAfterMs is ${maxRetryAfterMs}`,
    )
  }
  // Full jitter: clients that failed together do not come back together.
  const afterMs = askedMs ?? drawn * Math.min(backoff.maxMs, backoff.firstMs * 2 ** (attempt - 1))
  if (afterMs >= leftMs) return no(`a wait of ${Math.round(afterMs)} ms would pass timeout.total`)
  return { again: true, afterMs, why: askedMs === undefined ? why : `${why}, when Retry-After says` }
}

function no(why: string): RetryDecision {
  return { again: false, why }
}

/** A request is going to be sent again. */
export interface RetryEvent {
  /** The request of the attempt that is over. */
  readonly request: OutgoingRequest
  /** Which attempt is over, from 1. */
  readonly attempt: number
  /** The wait before the next one, in milliseconds. */
  readonly afterMs: number
  /** Why it is sent again. */
  readonly why: string
  /** What the attempt failed with; undefined where its status was the reason. */
  readonly error: HTTPException | undefined
  /** The status of its response; undefined where there was none. */
  readonly status: number | undefined
}

/** What the layer stands on. */
export interface RetryLayerOptions {
  readonly clock: Clock
  /** Draws waits and idempotency keys. */
  readonly random: Random
  /** With which other waits a wait can be ended. Default: with none. */
  readonly pauses?: Pauses | undefined
  /** The time of day, in milliseconds since 1970, for dates in Retry-After. Default: the machine's. */
  readonly wallClock?: (() => number) | undefined
  /** Is told of each attempt that is over and not the last, before the wait, and what is known by then; a promise is waited for. */
  readonly onRetry?: ((event: RetryEvent, facts: Findings) => unknown) | undefined
}

/** Sends requests again as `request.settings.retry` says, and writes each attempt onto the response or the error. */
export function retryLayer(options: RetryLayerOptions): Layer {
  const runOf = (request: OutgoingRequest, settings: RetrySettings): Run => ({ request, settings, options })
  return stepLayer({
    before: (request) => (request.settings?.retry === undefined ? request : withKey(request, options.random)),
    passes(response, sent) {
      const retry = sent.settings?.retry
      return retry === undefined || isPassed(response, sent, retry)
    },
    follow: (send, { sent }, response) => carryOn(send, runOf(sent, sent.settings!.retry!), { response }),
    failed(send, { sent }, error) {
      const settings = sent.settings?.retry
      if (settings === undefined) return Promise.reject(error)
      return carryOn(send, runOf(sent, settings), { response: undefined, error })
    },
  })
}

/** A response that nothing is decided of: most are. */
function isPassed(
  { status }: HTTPResponse,
  { expectContinueMs }: OutgoingRequest,
  { statuses }: RetrySettings,
): boolean {
  if (status === EXPECTATION_FAILED && expectContinueMs !== undefined) return false
  return status !== CONTENT_TOO_LARGE && !statuses.includes(status)
}

interface Run {
  readonly request: OutgoingRequest
  readonly settings: RetrySettings
  readonly options: RetryLayerOptions
}

/** How an attempt has ended. Its members are its own, whatever is written onto `Object.prototype`. */
type Ended = { readonly response: HTTPResponse } | { readonly response: undefined; readonly error: unknown }

/** From the first end that asks for a decision to the last one. */
async function carryOn(send: Handler, run: Run, first: Ended): Promise<HTTPResponse> {
  const { settings, options } = run
  const { clock, onRetry, pauses = new Pauses() } = options
  const earlier: Attempt[] = []
  let { request } = run
  let ended = first
  while (true) {
    const { signal } = request.deadlines
    const isAborted = signal?.aborted === true
    if (ended.response === undefined) {
      const { error } = ended
      // What is the caller's, or of no exchange, is not written upon.
      if (!HTTPException.isHTTPException(error) || (isAborted && error === signal.reason)) throw error
    }
    const { outcome, attempts, error } = read(ended, options)
    // What acted is what was sent; what would be sent again begins as this request.
    const sent = sentFor(request)
    const decision = decideRetry({
      settings,
      method: sent.method,
      attempt: request.attempt,
      outcome,
      mayHaveActed: error === undefined ? attempts.some(mayHaveActedIn) : error.mayHaveActed,
      hasKey: keepsKey(request, sent, settings.idempotencyKey ?? DEFAULT_KEY),
      isExpectant: request.expectContinueMs !== undefined && sent.expectContinueMs !== undefined,
      isReplayable: isReplayable(request.body) && isReplayable(sent.body),
      isAborted,
      leftMs: request.deadlines.endsAt - clock.now(),
      drawn: options.random.next(),
    })
    const told = { decision: inWords(decision) }
    if (!decision.again) return finish(ended, [...earlier, ...withLast(attempts, told)], signal)
    // An error that is not the last one is told by its attempt.
    earlier.push(...withLast(attempts, error === undefined ? told : { ...told, error }))
    const { response } = ended
    // The server may have answered in the middle of it: that is the end of sending it there.
    response?.abandon()
    closeBody(request.body)
    const { afterMs, why } = decision
    // Nothing is under way between two attempts. What is not known of those before counts as written.
    const facts = { ...(earlier.some(mayHaveActedIn) ? {} : UNSENT), attempts: [...earlier] }
    try {
      const event = { request, attempt: request.attempt, afterMs, why, error, status: response?.status }
      await onRetry?.(event, facts)
      await pauses.pause(clock, afterMs, signal, facts)
    } catch (ended) {
      // What was tried is told also where the wait is ended; not by what is the caller's.
      if (HTTPException.isHTTPException(ended) && ended !== signal?.reason && ended.attempts === undefined)
        addFacts(ended, { attempts: earlier })
      throw ended
    }
    const isRefused = response?.status === EXPECTATION_FAILED
    request = withChanges(request, {
      attempt: request.attempt + 1,
      body: replayOf(request.body),
      expectContinueMs: isRefused ? undefined : request.expectContinueMs,
    })
    ended = await send(request).then(
      (answer) => ({ response: answer }),
      (reason: unknown) => ({ response: undefined, error: reason }),
    )
    if (ended.response !== undefined && isPassed(ended.response, request, settings))
      return withAttempts(ended.response, [...earlier, ...ended.response.attempts], signal)
  }
}

/** The name of the field where the settings name none: a caller who sends it means it. */
const DEFAULT_KEY = 'Idempotency-Key'

/** What the decision needs of an end, and the attempts that led to it: more than one where the pool has sent it again. */
function read(
  ended: Ended,
  { wallClock = Date.now }: RetryLayerOptions,
): { outcome: RetryOutcome; attempts: readonly Attempt[]; error: HTTPException | undefined } {
  if (ended.response !== undefined) {
    const { response } = ended
    const retryAfterMs = retryAfterOf(response.head.fields, wallClock())
    return {
      outcome: { kind: 'status', status: response.status, retryAfterMs },
      attempts: response.attempts,
      error: undefined,
    }
  }
  const error = ended.error as HTTPException
  return { outcome: failureOf(error), attempts: attemptsOf(error), error }
}

/** The decision, as an attempt tells it. */
function inWords(decision: RetryDecision): string {
  return decision.again
    ? `again in ${Math.round(decision.afterMs)} ms: ${decision.why}`
    : `not again: ${decision.why}`
}

function finish(ended: Ended, attempts: readonly Attempt[], signal: AbortSignal | undefined): HTTPResponse {
  if (ended.response !== undefined) return withAttempts(ended.response, attempts, signal)
  const error = ended.error as HTTPException
  setAttempts(error, attempts)
  throw error
}

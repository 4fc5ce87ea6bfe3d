/**
 * Sends requests over the connections of a pool: on a free one at once, else when one is there; once more where a reused connection
 * died of a race. What comes back tells of all of it.
 */

import { withAttempts } from '../core/attempted-body.ts'
import { type Continuation, continued, followAnswer, followError } from '../core/continuation.ts'
import { ChunkedBody, closeBody } from '../core/outgoing-body.ts'
import type { OutgoingRequest, RequestDeadlines } from '../core/request.ts'
import { attemptOf, type HTTPResponse } from '../core/response.ts'
import { shownUrl } from '../core/shown-url.ts'
import {
  type Attempt,
  addFacts,
  attemptOfError,
  isOfOne,
  keepAsIs,
  setAttempts,
  shownBriefly,
} from '../errors/exception.ts'
import { ConnectionLost, type ExchangeFacts, HTTPException, NotConnected } from '../errors/index.ts'
import { tellUnsent } from '../errors/unsent.ts'
import { rejectionWithCaller } from '../transport/caller-stack.ts'
import { beginningOf } from '../transport/exchange-failure.ts'
import type { Need } from './assign.ts'
import { callerLines } from './caller-lines.ts'
import type { ConnectionKeeper, PoolPlan } from './keeper.ts'
import type { PooledConnection } from './pool-origin.ts'
import { PooledBody, type PoolWarning } from './pooled-body.ts'
import { type AwaitedStage, joinLine, type QueueOutcome } from './queued.ts'
import { decideResend, isConnectionLoss, isReplayable, needOf, resent } from './resend.ts'

/** What is to be known of all requests. */
export interface SenderOptions {
  /** Is told of responses that hold a connection and are not read, or were dropped unread. */
  readonly onWarning?: ((warning: PoolWarning) => void) | undefined
  /** Is asked before a request waits for a connection: throws for one that must not be sent. */
  readonly check?: ((request: OutgoingRequest) => void) | undefined
  /** Notes where each request is made, for warnings. Costs a stack trace a request. Default false. */
  readonly notesCallers?: boolean | undefined
}

/** What is said of one request. */
export interface PoolExchangeOptions {
  /** How long it waits for a connection that is neither free nor being opened, in milliseconds. Default: the pool's. */
  readonly queueMs?: number | undefined
  /** Goes only over a connection that is opened for it. Default false. */
  readonly needsFresh?: boolean | undefined
}

/** A request with all that goes with it. */
interface Sending {
  readonly request: OutgoingRequest
  readonly plan: PoolPlan
  readonly options: PoolExchangeOptions
  /** Lines of a stack trace. */
  readonly where: string | undefined
  /** What was tried before. */
  readonly attempts: readonly Attempt[]
  /** How long it waited for a connection that was there, in milliseconds. */
  readonly queueMs: number | undefined
  /** What follows its answer. */
  readonly after: Continuation | undefined
}

const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([])

export const NO_OPTIONS: PoolExchangeOptions = Object.freeze({})

export class PoolSender {
  readonly #keeper: ConnectionKeeper
  readonly #options: SenderOptions

  constructor(keeper: ConnectionKeeper, options: SenderOptions) {
    this.#keeper = keeper
    this.#options = options
  }

  exchange(
    request: OutgoingRequest,
    plan: PoolPlan,
    options: PoolExchangeOptions,
    after: Continuation | undefined,
  ): Promise<HTTPResponse> {
    const refusal = refusalOf(this.#keeper, request.deadlines)
    if (refusal !== undefined) {
      closeBody(request.body, refusal.error)
      return continued(Promise.reject(refusal.error), after)
    }
    const origin = this.#keeper.originFor(plan)
    const where = this.#options.notesCallers === true ? callerLines() : undefined
    const attempts = NO_ATTEMPTS
    const sending: Sending = { request, plan, options, where, attempts, queueMs: undefined, after }
    const need = options.needsFresh === true ? 'fresh' : needOf(request)
    const nowMs = this.#keeper.clock.now()
    const free = need === 'fresh' ? undefined : this.#keeper.takeFree(origin, need, nowMs)
    if (free !== undefined) return this.send(sending, free, false, nowMs)
    try {
      this.#options.check?.(request)
    } catch (error) {
      closeBody(request.body, error)
      return continued(Promise.reject(error), after)
    }
    return this.#sendWhenServed(sending, need)
  }

  #sendWhenServed(sending: Sending, need: Need): Promise<HTTPResponse> {
    const { request, plan, options } = sending
    const { body, deadlines } = request
    const keeper = this.#keeper
    // Asked for again: one that had nothing left may have been forgotten meanwhile.
    const origin = keeper.originFor(plan)
    const sinceMs = keeper.clock.now()
    return new Promise((resolve) => {
      const outcome = new SendingWhenServed(this, keeper, sending, sinceMs, resolve)
      const queued = joinLine(keeper, origin, need, deadlines, options.queueMs, outcome, request)
      // A source that fails while it is not read ends the wait.
      if (body instanceof ChunkedBody && queued.list !== undefined)
        body.listen((error) => queued.cancel(error))
    })
  }

  /** A request that got no connection: its body is given back, and the error tells of it. */
  unsent(
    { request, attempts, after }: Sending,
    sinceMs: number,
    error: unknown,
    during?: AwaitedStage,
  ): Promise<HTTPResponse> {
    closeBody(request.body, error)
    if (HTTPException.isHTTPException(error)) {
      addFacts(error, { ...this.#factsOf(request, sinceMs), ...during })
      tellAttempts(error, attempts)
    }
    return continued(rejectionWithCaller(error), after)
  }

  /** Which request failed before it was sent, and after how long. */
  #factsOf({ method, url, deadlines }: OutgoingRequest, sinceMs: number): ExchangeFacts {
    const elapsedMs = this.#keeper.clock.now() - beginningOf(deadlines, sinceMs)
    return { method, url: shownUrl(url), elapsedMs, requestBytesWritten: 0, responseStarted: false }
  }

  /** @param nowMs - what the clock says, where that is known: it is looked at for each request */
  send(
    sending: Sending,
    connection: PooledConnection,
    isNew: boolean,
    nowMs?: number,
  ): Promise<HTTPResponse> {
    const { request, plan } = sending
    const { transport } = connection
    if (plan.refusalOf !== undefined) {
      const refused = plan.refusalOf(transport, request.url)
      if (refused !== undefined) return this.unsent(sending, this.#keeper.clock.now(), refused)
    }
    const reused = !isNew || transport.exchanges > 0
    connection.begun(request)
    let answer: Promise<HTTPResponse>
    try {
      answer = transport.exchange(request, nowMs)
    } catch (error) {
      answer = Promise.reject(error)
    }
    // What follows is told of what goes wrong here, too: a client would wait for it for ever.
    return answer.then(
      (response) => {
        let told: HTTPResponse
        try {
          told = this.#answered(sending, connection, response)
        } catch (error) {
          return followError(error, sending.after)
        }
        return followAnswer(told, sending.after)
      },
      (error: unknown) => {
        let again: Sending
        try {
          again = this.#failed(sending, connection, reused, error)
        } catch (failure) {
          return followError(failure, sending.after)
        }
        return this.#sendWhenServed(again, 'fresh')
      },
    )
  }

  #answered(sending: Sending, connection: PooledConnection, response: HTTPResponse): HTTPResponse {
    connection.answered(sending.request)
    const { framing } = response.head
    const { transport } = connection
    if (framing?.kind === 'switch') connection.isSwitched = true
    else if (transport.state === 'draining') this.#keeper.changed(connection)
    const told = this.#tell(sending, response)
    // Most responses are there as a whole: nothing is held any more, and the connection may serve the next one already.
    if (told.isWhole && framing?.kind !== 'switch') return told
    const { request, where } = sending
    const { clock, limits } = this.#keeper
    const { onWarning } = this.#options
    const failed = sending.queueMs === undefined ? undefined : (error: unknown) => tellQueue(error, sending)
    const guard = { connection, framing, clock, limits, request, where, onWarning, failed }
    return told.derive({ body: (body) => new PooledBody(body, guard), framing })
  }

  /** Most requests were sent once, and at once. */
  #tell({ request, attempts, queueMs }: Sending, response: HTTPResponse): HTTPResponse {
    const timings = queueMs === undefined ? undefined : { queue: queueMs }
    if (attempts.length === 0) return timings === undefined ? response : response.derive({ timings })
    return withAttempts(response, [...attempts, attemptOf(response)], request.deadlines.signal, timings)
  }

  /**
   * What is sent in the place of what has failed.
   * @throws what it has failed with, where nothing is
   */
  #failed(sending: Sending, connection: PooledConnection, reused: boolean, error: unknown): Sending {
    const { request, attempts } = sending
    connection.answered(request)
    this.#keeper.changed(connection)
    const { destroyedBy, state } = this.#keeper
    if (destroyedBy !== undefined && (isOwnClose(error) || isBehind(error, destroyedBy.error)))
      throw destroyedBy.error
    if (!HTTPException.isHTTPException(error)) throw error
    tellQueue(error, sending)
    const decision = decideResend({
      method: request.method,
      isReplayable: isReplayable(request.body),
      reused,
      isPeersDoing: isConnectionLoss(error),
      responseStarted: error.responseStarted === true,
      requestBytesWritten: error.requestBytesWritten,
      resends: attempts.length,
    })
    const { signal } = request.deadlines
    if (!decision.resend || state === 'closed' || signal?.aborted === true) {
      tellAttempts(error, attempts)
      throw error
    }
    const failed = shownBriefly({
      ...attemptOfError(error),
      error,
      decision: `again, on a new connection: ${decision.why}`,
    })
    return { ...sending, request: resent(request), attempts: [...attempts, failed] }
  }
}

/** A request that waits for a connection. An object with what it needs: thousands may wait. */
class SendingWhenServed implements QueueOutcome {
  readonly #sender: PoolSender
  readonly #keeper: ConnectionKeeper
  readonly #sending: Sending
  readonly #sinceMs: number
  readonly #resolve: (answer: Promise<HTTPResponse>) => void

  constructor(
    sender: PoolSender,
    keeper: ConnectionKeeper,
    sending: Sending,
    sinceMs: number,
    resolve: (answer: Promise<HTTPResponse>) => void,
  ) {
    this.#sender = sender
    this.#keeper = keeper
    this.#sending = sending
    this.#sinceMs = sinceMs
    this.#resolve = resolve
  }

  served(connection: PooledConnection, isNew: boolean): void {
    const { body } = this.#sending.request
    if (body instanceof ChunkedBody) body.listen(undefined)
    const queueMs = isNew ? undefined : this.#keeper.clock.now() - this.#sinceMs
    this.#resolve(this.#sender.send({ ...this.#sending, queueMs }, connection, isNew))
  }

  failed(error: unknown, during?: AwaitedStage): void {
    this.#resolve(this.#sender.unsent(this.#sending, this.#sinceMs, error, during))
  }
}

/** Why nothing more is taken, or not this; undefined where it is. */
export function refusalOf(
  { state, destroyedBy }: ConnectionKeeper,
  { signal }: RequestDeadlines,
): { readonly error: unknown } | undefined {
  if (signal?.aborted === true) return { error: keepAsIs(signal.reason) }
  if (state === 'open') return undefined
  return destroyedBy ?? { error: closedError() }
}

export function closedError(): NotConnected {
  const error = new NotConnected('the pool was closed')
  tellUnsent(error)
  return error
}

/** An error of a request that was sent before tells of all attempts. */
function tellAttempts(error: HTTPException, earlier: readonly Attempt[]): void {
  if (earlier.length > 0) setAttempts(error, [...earlier, attemptOfError(error)])
}

/** The wait for a connection is among the phases that an error of the request tells of; the reason of an abort is the caller's. */
function tellQueue(error: unknown, { request, queueMs }: Sending): void {
  const isOurs = HTTPException.isHTTPException(error) && error !== request.deadlines.signal?.reason
  if (!isOurs || !isOfOne(error)) return
  if (queueMs === undefined || error.timings?.['queue'] !== undefined) return
  error.timings = { queue: queueMs, ...error.timings }
  const last = error.attempts?.at(-1)
  if (last !== undefined)
    error.attempts = [...error.attempts!.slice(0, -1), { ...last, timings: error.timings }]
}

/** Of one that was pipelined behind the exchange which was told: its connection is gone for the same reason. */
function isBehind(error: unknown, reason: unknown): boolean {
  return error instanceof ConnectionLost && error.cause === reason
}

function isOwnClose(error: unknown): boolean {
  return error instanceof ConnectionLost && error.code === 'CONNECTION_CLOSED'
}

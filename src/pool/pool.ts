/**
 * A pool of connections: gives each request a connection, and takes it back. It stands on the contract of transports alone,
 * and opens them by what a plan says.
 *
 * What an exchange holds is what its transport says is outstanding: it is given back at the end of the body, at its failure,
 * when the response is closed, and when the response is collected unread. Nothing is counted twice, so nothing can be given
 * back twice.
 *
 * Length: exchange, lease, the end of both and what is told of them, over one keeper.
 */

import { withAttempts } from '../core/attempted-body.ts'
import { type Continuation, continued, followAnswer, followError } from '../core/continuation.ts'
import { ChunkedBody, closeBody } from '../core/outgoing-body.ts'
import type { OutgoingRequest, RequestDeadlines } from '../core/request.ts'
import { attemptOf, type HTTPResponse } from '../core/response.ts'
import { shownUrl } from '../core/shown-url.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts } from '../core/timeouts.ts'
import { type Attempt, addFacts, attemptOfError, setAttempts } from '../errors/exception.ts'
import { ConnectionLost, type ExchangeFacts, HTTPException, NotConnected } from '../errors/index.ts'
import { tellUnsent } from '../errors/unsent.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { rejectionWithCaller } from '../transport/caller-stack.ts'
import { beginningOf } from '../transport/exchange-failure.ts'
import type { Transport } from '../transport/transport.ts'
import type { Need } from './assign.ts'
import { callerLines } from './caller-lines.ts'
import { ConnectionKeeper, type PoolPlan } from './keeper.ts'
import { type PoolLimitOptions, type PoolLimits, resolvePoolLimits } from './limits.ts'
import type { PooledConnection, PoolOrigin } from './pool-origin.ts'
import { PooledBody, type PoolWarning } from './pooled-body.ts'
import { type AwaitedStage, Queued, type QueueOutcome } from './queued.ts'
import { describeRequest, type PoolReport, reportPool } from './report.ts'
import { decideResend, isConnectionLoss, isReplayable, needOf, resent } from './resend.ts'

export type { PoolPlan } from './keeper.ts'

/** What a pool is made with. */
export interface PoolOptions {
  /** Caps, ages and times; see PoolLimits for the defaults. */
  readonly limits?: PoolLimitOptions | undefined
  /** Default: the machine's. */
  readonly clock?: Clock | undefined
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

/** A connection that is lent out, to be driven by hand. It has no other user until it is given back. */
export interface Lease {
  readonly transport: Transport
  /** Gives the connection back; one with something under way is closed. Idempotent. */
  giveBack(): void
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

/** What would be done for a request. */
export interface PoolPreview {
  /** Whether a connection is used, opened, or waited for. */
  readonly action: 'use' | 'dial' | 'wait'
  /** Why, in words. */
  readonly why: string
}

const WAITING: Readonly<Record<'dial' | 'perOrigin' | 'total', (limits: PoolLimits) => string>> = {
  dial: () => 'a connection is being opened',
  perOrigin: ({ perOrigin }) =>
    `all ${perOrigin} connections that pool.perOrigin allows are in use, or others wait`,
  total: ({ total }) => `all ${total} connections that pool.total allows are in use`,
}

const NO_OPTIONS: PoolExchangeOptions = Object.freeze({})

class PoolLease implements Lease {
  readonly transport: Transport
  readonly #keeper: ConnectionKeeper
  readonly #connection: PooledConnection
  /** What is given back may have another user by now. */
  #isOver = false

  constructor(keeper: ConnectionKeeper, connection: PooledConnection) {
    this.transport = connection.transport
    this.#keeper = keeper
    this.#connection = connection
  }

  giveBack(): void {
    if (this.#isOver) return
    this.#isOver = true
    LEASES.unregister(this)
    this.#keeper.takeBack(this.#connection)
  }
}

/** Closes what was lent out to a caller that is no more. */
const LEASES = new FinalizationRegistry<() => void>((lost) => lost())

export class Pool {
  readonly #keeper: ConnectionKeeper
  readonly #options: PoolOptions
  /** What everything fails with after `destroy(error)`. */
  #destroyed: { readonly error: unknown } | undefined

  /** @throws TypeError for a limit that cannot be one */
  constructor(options: PoolOptions = {}) {
    this.#options = options
    this.#keeper = new ConnectionKeeper(resolvePoolLimits(options.limits), options.clock ?? systemClock)
  }

  /**
   * Sends a request on a connection of the pool and waits for the head of its response. The body of the request is given
   * back on every way out.
   * @param after - what follows the answer, in the reaction in which it is there
   * @throws TimeoutError of `queue`; ConnectError and what else opening throws; what the transport throws; `signal.reason`
   * @throws NotConnected after `close()`
   */
  exchange(
    request: OutgoingRequest,
    plan: PoolPlan,
    options: PoolExchangeOptions = NO_OPTIONS,
    after?: Continuation,
  ): Promise<HTTPResponse> {
    const refusal = this.#refusal(request.deadlines)
    if (refusal !== undefined) {
      closeBody(request.body, refusal.error)
      return continued(Promise.reject(refusal.error), after)
    }
    const origin = this.#keeper.originFor(plan)
    const where = this.#options.notesCallers === true ? callerLines() : undefined
    const sending: Sending = {
      request,
      plan,
      options,
      where,
      attempts: NO_ATTEMPTS,
      queueMs: undefined,
      after,
    }
    const need = options.needsFresh === true ? 'fresh' : needOf(request)
    const free = need === 'fresh' ? undefined : this.#keeper.takeFree(origin, need)
    if (free !== undefined) return this.#send(sending, free, false)
    try {
      this.#options.check?.(request)
    } catch (error) {
      closeBody(request.body, error)
      return continued(Promise.reject(error), after)
    }
    return this.#sendWhenServed(sending, need)
  }

  /**
   * Lends a connection on which nothing is under way: a free one, or one that is opened.
   * @throws as `exchange`
   */
  acquire(
    plan: PoolPlan,
    deadlines: RequestDeadlines,
    options: PoolExchangeOptions = NO_OPTIONS,
  ): Promise<Lease> {
    const refusal = this.#refusal(deadlines)
    if (refusal !== undefined) return Promise.reject(refusal.error)
    const origin = this.#keeper.originFor(plan)
    const lend = async (connection: PooledConnection): Promise<Lease> => {
      const refused = plan.refusalOf?.(connection.transport, undefined)
      if (refused !== undefined) throw refused
      return this.#lend(connection)
    }
    const free = this.#keeper.takeFree(origin, 'whole')
    if (free !== undefined) return lend(free)
    return new Promise((resolve, reject) => {
      this.#queue(origin, 'whole', deadlines, options.queueMs, {
        served: (connection) => resolve(lend(connection)),
        failed: reject,
      })
    })
  }

  /**
   * Opens connections until there are `count` that can be used, or the caps are reached.
   * @param url - what they are for: one connection may serve many origins. Default: the origin of the plan
   * @param signal - gives up those that are not open yet and for which no request waits; the call resolves then
   * @throws what opening the first that failed threw; NotConnected after `close()`
   */
  async preconnect(
    plan: PoolPlan,
    count = 1,
    timeouts: ResolvedTimeouts = DEFAULT_TIMEOUTS,
    url?: string,
    signal?: AbortSignal,
  ): Promise<void> {
    if (!Number.isInteger(count) || count < 1) throw new TypeError('count must be a whole number from 1')
    if (this.#keeper.state !== 'open') throw closedError()
    await this.#keeper.preconnect(this.#keeper.originFor(plan), count, timeouts, url, signal)
  }

  /** Every connection, every dial, every request that waits, at this moment. Frozen; without credentials and queries. */
  inspect(): PoolReport {
    const { origins, limits, state, clock } = this.#keeper
    return reportPool(origins, limits, state, clock.now())
  }

  /** What would be done for a request that came now, in words; nothing is done. */
  preview(plan: PoolPlan, request: OutgoingRequest): PoolPreview {
    const { limits } = this.#keeper
    const decided = this.#keeper.preview(plan, needOf(request))
    switch (decided.do) {
      case 'use':
        return {
          action: 'use',
          why: `connection ${decided.connection.id} to ${decided.connection.transport.address} is free`,
        }
      case 'dial':
        return { action: 'dial', why: 'no connection is free, and there is room for another one' }
      case 'evict-and-dial':
        return { action: 'dial', why: 'no connection is free; the one that has been idle longest makes room' }
      default:
        return { action: 'wait', why: WAITING[decided.for](limits) }
    }
  }

  /** Takes no more requests. Resolves when those under way and in the queue are over and all connections are closed. */
  close(): Promise<void> {
    return this.#keeper.close()
  }

  /** How many requests wait for a connection, or for the head of their response. */
  get waiting(): number {
    return this.#keeper.waiting + this.#keeper.unanswered
  }

  /**
   * Closes what callers hold and neither read nor drive for `idleMs` milliseconds: for one that is being closed, until it is.
   * @param isBusy - true while something else goes on that may be what holds them
   */
  letGo(idleMs: number, isBusy: () => boolean): void {
    if (this.#keeper.state !== 'closed')
      this.#keeper.letGo({ idleMs, isBusy, onWarning: this.#options.onWarning })
  }

  /** Ends everything at once: what waits and what is under way fails with `error`, by default CONNECTION_CLOSED. */
  destroy(error?: unknown): void {
    if (this.#keeper.state === 'closed' && this.#destroyed !== undefined) return
    if (error !== undefined) this.#destroyed = { error }
    // Each gets an error of its own: it tells of its request.
    this.#keeper.destroy(
      () => error ?? new ConnectionLost('the pool was destroyed', undefined, 'CONNECTION_CLOSED'),
      this.#destroyed,
    )
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // ------------------------------------------------------------------------------------------------ sending

  #refusal({ signal }: RequestDeadlines): { readonly error: unknown } | undefined {
    if (signal?.aborted === true) return { error: signal.reason }
    if (this.#keeper.state === 'open') return undefined
    return this.#destroyed ?? { error: closedError() }
  }

  #queue(
    origin: PoolOrigin,
    need: Need,
    deadlines: RequestDeadlines,
    queueMs: number | undefined,
    outcome: QueueOutcome,
    request?: OutgoingRequest,
  ): Queued {
    const keeper = this.#keeper
    const { limits } = keeper
    const queued = new Queued(keeper, origin, need, deadlines, queueMs ?? limits.queueMs, outcome, request)
    // Nothing is opened for one that is too late, as where another one's timer has just cost both their connection.
    if (queued.failIfLate()) keeper.serve(origin)
    else keeper.wait(origin, queued)
    return queued
  }

  #sendWhenServed(sending: Sending, need: Need): Promise<HTTPResponse> {
    const { request, plan, options } = sending
    const { body, deadlines } = request
    // Asked for again: one that had nothing left may have been forgotten meanwhile.
    const origin = this.#keeper.originFor(plan)
    const sinceMs = this.#keeper.clock.now()
    return new Promise((resolve) => {
      const outcome: QueueOutcome = {
        served: (connection, isNew) => {
          if (body instanceof ChunkedBody) body.listen(undefined)
          const queueMs = isNew ? undefined : this.#keeper.clock.now() - sinceMs
          resolve(this.#send({ ...sending, queueMs }, connection, isNew))
        },
        failed: (error, during) => resolve(this.#unsent(sending, sinceMs, error, during)),
      }
      const queued = this.#queue(origin, need, deadlines, options.queueMs, outcome, request)
      // A source that fails while it is not read ends the wait.
      if (body instanceof ChunkedBody && queued.list !== undefined)
        body.listen((error) => queued.cancel(error))
    })
  }

  /** A request that got no connection: its body is given back, and the error tells of it. */
  #unsent(
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

  #send(sending: Sending, connection: PooledConnection, isNew: boolean): Promise<HTTPResponse> {
    const { request, plan } = sending
    const { transport } = connection
    if (plan.refusalOf !== undefined) {
      const refused = plan.refusalOf(transport, request.url)
      if (refused !== undefined) return this.#unsent(sending, this.#keeper.clock.now(), refused)
    }
    const reused = !isNew || transport.exchanges > 0
    connection.unanswered++
    connection.request = request
    let answer: Promise<HTTPResponse>
    try {
      answer = transport.exchange(request)
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
    connection.unanswered--
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
    const shown = describeRequest(request.method, request.url)
    const failed = sending.queueMs === undefined ? undefined : (error: unknown) => tellQueue(error, sending)
    const guard = { connection, framing, clock, limits, request: shown, where, onWarning, failed }
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
    connection.unanswered--
    this.#keeper.changed(connection)
    if (this.#destroyed !== undefined && isOwnClose(error)) throw this.#destroyed.error
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
    if (!decision.resend || this.#keeper.state === 'closed' || signal?.aborted === true) {
      tellAttempts(error, attempts)
      throw error
    }
    const failed = {
      ...attemptOfError(error),
      error,
      decision: `again, on a new connection: ${decision.why}`,
    }
    return { ...sending, request: resent(request), attempts: [...attempts, failed] }
  }

  #lend(connection: PooledConnection): Lease {
    this.#keeper.lend(connection)
    const lease = new PoolLease(this.#keeper, connection)
    const [keeper, { onWarning }] = [this.#keeper, this.#options]
    const request = `lease of ${connection.origin.key.origin}`
    LEASES.register(
      lease,
      () => {
        const message = 'A connection that was taken out of the pool was dropped: call giveBack()'
        const isWarned = !connection.isGone
        // First the connection: the warning may throw.
        keeper.discard(connection)
        if (isWarned) onWarning?.(Object.freeze({ kind: 'lost-lease', request, where: undefined, message }))
      },
      lease,
    )
    return lease
  }
}

function closedError(): NotConnected {
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
  if (!isOurs || !Object.isExtensible(error)) return
  if (queueMs === undefined || error.timings?.['queue'] !== undefined) return
  error.timings = { queue: queueMs, ...error.timings }
  const last = error.attempts?.at(-1)
  if (last !== undefined)
    error.attempts = [...error.attempts!.slice(0, -1), { ...last, timings: error.timings }]
}

function isOwnClose(error: unknown): boolean {
  return error instanceof ConnectionLost && error.code === 'CONNECTION_CLOSED'
}

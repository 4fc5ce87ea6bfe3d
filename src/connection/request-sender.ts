/**
 * Brings the requests of a hand-driven connection onto transports: in the order of the calls, each as soon as there is a
 * transport that takes it. Which call is legal is not asked here. A body is given back on every way out.
 */

import { ListSource } from '../core/body-sources.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { ChunkedBody, isMeasured, type OutgoingBody } from '../core/outgoing-body.ts'
import { type OutgoingRequest, type RequestDeadlines, withChanges } from '../core/request.ts'
import { ConnectionLost } from '../errors/index.ts'
import { tellUnsent } from '../errors/unsent.ts'
import type { Clock } from '../time/clock.ts'
import { withCaller } from '../transport/caller-stack.ts'
import type { Exchange } from '../transport/exchange.ts'
import { describeDialFailure, type NamedRequest } from '../transport/exchange-failure.ts'
import type { H1Connection } from '../transport/h1/h1-connection.ts'
import { checkHead, completeHead } from '../transport/h1/request-head.ts'
import { isImmediate, type Sending, sendRequest, unlessItFails } from '../transport/h1/send-request.ts'
import type { H1ConnectionOptions } from '../transport/h1/stepped-transport.ts'
import type { DebugTrace } from './debug-trace.ts'
import type { RequestMaker } from './request-maker.ts'
import type { PendingRequest, ResponseQueue } from './response-queue.ts'
import { type SendingOf, SendQueue } from './send-queue.ts'
import { type SourceOptions, TransportSource } from './transport-source.ts'

/** In the place of a file that is still to be measured. */
const UNMEASURED: OutgoingBody = new ChunkedBody(() => new ListSource([]), undefined)

/** What is known of a body at once: a file is measured later, and what can be refused without its size is refused now. */
export function knownBody(taken: OutgoingBody | FileHandleLike): OutgoingBody {
  return isMeasured(taken) ? taken : UNMEASURED
}

/** What `sendWhole` answers where all was sent at once. */
const SENT: Promise<void> = Promise.resolve()

const NOTHING = (): void => {}

/** A request in steps that was begun. */
export interface BegunRequest extends Sending {
  readonly transport: H1Connection
}

export class RequestSender implements SourceOptions {
  readonly #maker: RequestMaker
  readonly #queue: ResponseQueue
  readonly #sends: SendQueue
  readonly #source: TransportSource
  #trace: DebugTrace | undefined

  /** @param queue - is told of each exchange that begins */
  constructor(maker: RequestMaker, queue: ResponseQueue) {
    this.#maker = maker
    this.#queue = queue
    this.#sends = new SendQueue(maker.clock)
    this.#source = new TransportSource(this)
    if (maker.lent !== undefined) this.#source.adopt(maker.lent.transport, maker.plan)
  }

  /** True while something that was given is not sent. */
  get isBusy(): boolean {
    return this.#sends.isBusy
  }

  /** True while a transport is being opened. */
  get isDialing(): boolean {
    return this.#source.isDialing
  }

  /** The transport that requests went to last, unless it is closed. */
  get current(): H1Connection | undefined {
    return this.#source.current
  }

  /** To be compared by `throwIfClosed`. */
  get generation(): number {
    return this.#sends.generation
  }

  /** To be called after code of the caller. @throws ConnectionLost where close() came meanwhile */
  throwIfClosed(generation: number): void {
    this.#sends.throwIfClosed(generation)
  }

  /** Shows what goes over the transports from now on. */
  observe(trace: DebugTrace | undefined): void {
    this.#trace = trace
    this.#source.observe(trace)
  }

  // What the source of transports asks. No closures: an idle connection holds as little as it can.

  get clock(): Clock {
    return this.#maker.clock
  }

  connectionOptions(isPeerHTTP10: boolean): H1ConnectionOptions {
    const { clock, tolerances, limits, pipelining, isGathering } = this.#maker
    const engine = { tolerances, limits, pipelining }
    return { engine, clock, observer: this.#trace, isGathering, isPeerHTTP10 }
  }

  onDial(): void {
    this.#trace?.connecting(this.#maker.plan.name)
  }

  /** Ends every wait and every exchange with CONNECTION_CLOSED; what is asked later begins again. */
  close(): void {
    this.#sends.close(() => this.#closedError())
    this.#source.close(this.#closedError())
  }

  /** As `close`, but a transport that was lent goes back as it is. */
  release(): void {
    const { lent } = this.#maker
    if (lent === undefined) {
      this.close()
      return
    }
    this.observe(undefined)
    this.#sends.close(() => this.#closedError())
    this.#source.release()
    this.#source.close(this.#closedError())
    lent.giveBack()
  }

  /**
   * Opens a transport where none is open.
   * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`
   */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    const deadlines = this.#maker.deadlinesOf({ timeout: undefined, signal })
    const { current } = this.#source
    if (current !== undefined && current.outstanding > 0) return
    await withCaller(this.#open(deadlines))
  }

  async #open(deadlines: RequestDeadlines): Promise<void> {
    const { generation } = this.#sends
    const startedAt = this.clock.now()
    try {
      await this.#source.acquire(this.#maker.plan, deadlines)
    } catch (error) {
      throw this.#dialFailure(error, { url: this.#maker.prefix }, deadlines, startedAt, generation)
    }
  }

  /** Refuses what must not be sent before anything is dialled for it. */
  check(request: OutgoingRequest): void {
    // HTTP/1.0 has no chunked: what an unmeasured file needs is known when it is measured.
    const isLater = request.body === UNMEASURED && request.version === 10
    try {
      if (!isLater) checkHead(request, completeHead(request), this.#maker.tolerances)
    } catch (error) {
      tellUnsent(error)
      throw error
    }
    request.deadlines.signal?.throwIfAborted()
  }

  /** Sends a whole request: at once where it can, else once what was given before it is sent and a transport is there. */
  sendWhole(taken: OutgoingBody | FileHandleLike, request: OutgoingRequest): Promise<void> {
    if (isMeasured(taken) && !this.#sends.isBusy) {
      const ready = this.#source.ready(this.#maker.plan)
      if (ready !== undefined && isImmediate(request)) {
        const { exchange, sent } = sendRequest(ready, request, this.#queue)
        this.#queue.add(exchange)
        return sent === undefined ? SENT : withCaller(this.untilSent(exchange, sent))
      }
    }
    this.check(request)
    return withCaller(this.#sendLater(taken, request))
  }

  #sendLater(taken: OutgoingBody | FileHandleLike, request: OutgoingRequest): Promise<void> {
    const pending = this.#queue.reserve()
    const send = (measured: OutgoingBody): Promise<unknown> => this.#sendMeasured(request, measured, pending)
    const sending = this.#sends.run(taken, request, send, NOTHING)
    sending.catch((error: unknown) => this.#queue.fail(pending, error))
    return sending
  }

  /** Runs a step of a request that is sent in steps, after what was given before; `onEnd` comes before the promise settles. */
  runStep(
    taken: OutgoingBody | FileHandleLike,
    request: SendingOf,
    send: (measured: OutgoingBody) => Promise<void>,
    onEnd: () => void,
  ): Promise<void> {
    return this.#sends.run(taken, request, send, onEnd)
  }

  /** Begins a request in steps, with the body that was measured for it. */
  begin(request: OutgoingRequest, measured: OutgoingBody): Promise<BegunRequest> {
    return this.#sendMeasured(request, measured, undefined)
  }

  /** Waits until something is sent. Where that fails the caller is told by it, and the response is not to be asked for. */
  async untilSent(exchange: Exchange, sent: Promise<void> | undefined): Promise<void> {
    try {
      await sent
    } catch (error) {
      this.#queue.forget(exchange)
      throw error
    }
  }

  /** The request with the body that was measured for it, checked where that changes its head. */
  #withBody(request: OutgoingRequest, body: OutgoingBody): OutgoingRequest {
    if (request.body === body) return request
    const measured = withChanges(request, { body })
    this.check(measured)
    return measured
  }

  /**
   * Sends a request on a transport that is open in that very moment: nothing is awaited between the look and the sending, or an
   * abort, `close()` or `giveBack()` could come between.
   * @param pending - its place in the line of responses, for a whole request, which is waited for until it is sent; undefined for
   *   one whose body may go on
   */
  #sendMeasured(
    request: OutgoingRequest,
    measured: OutgoingBody,
    pending: PendingRequest | undefined,
  ): Promise<BegunRequest> {
    try {
      const whole = this.#withBody(request, measured)
      const transport = this.#source.ready(this.#maker.plan)
      return transport === undefined
        ? this.#sendWhenOpen(whole, pending, 1)
        : Promise.resolve(this.#sendOn(transport, whole, pending))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Opens a transport for a request. It may have been ended by the time it can be used, by an abort of a request before this one: each
   * of those that may be outstanding can do that once. No asynchronous function: each that waits is half a kilobyte, and thousands of
   * connections may be opened at the same time.
   * @param opened - how many were opened for it, with this one
   */
  #sendWhenOpen(
    request: OutgoingRequest,
    pending: PendingRequest | undefined,
    opened: number,
  ): Promise<BegunRequest> {
    const { generation } = this.#sends
    const { plan, pipelining } = this.#maker
    const { body, deadlines } = request
    const startedAt = this.clock.now()
    const opening = this.#source.acquire(plan, deadlines)
    return (body instanceof ChunkedBody ? unlessItFails(body, opening) : opening).then(
      (acquired) => {
        if (generation !== this.#sends.generation)
          throw this.#dialFailure(this.#closedError(), request, deadlines, startedAt, generation)
        // Where it cannot take the request, and there is no more to be tried, sending says why.
        const transport = opened < pipelining ? this.#source.ready(plan) : acquired
        return transport === undefined
          ? this.#sendWhenOpen(request, pending, opened + 1)
          : this.#sendOn(transport, request, pending)
      },
      (error: unknown) => {
        throw this.#dialFailure(error, request, deadlines, startedAt, generation)
      },
    )
  }

  #sendOn(
    transport: H1Connection,
    request: OutgoingRequest,
    pending: PendingRequest | undefined,
  ): BegunRequest | Promise<BegunRequest> {
    const { exchange, sent } = sendRequest(transport, request, this.#queue, pending === undefined)
    const begun = { transport, exchange, sent }
    if (pending === undefined) {
      this.#queue.add(exchange)
      return begun
    }
    this.#queue.begin(pending, exchange)
    return sent === undefined ? begun : this.untilSent(exchange, sent).then(() => begun)
  }

  /** What a request is told for which no transport could be opened. */
  #dialFailure(
    error: unknown,
    request: NamedRequest,
    deadlines: RequestDeadlines,
    startedAt: number,
    generation: number,
  ): unknown {
    const { plan, clock } = this.#maker
    // One close() ends many waits, each with an error of its own.
    const isOfClose = generation !== this.#sends.generation && error instanceof ConnectionLost
    const own = isOfClose ? this.#closedError() : error
    const proxy = plan.tunnel === undefined ? undefined : plan.name
    return describeDialFailure(own, request, deadlines, proxy, startedAt, clock.now())
  }

  #closedError(): ConnectionLost {
    return new ConnectionLost(this.#maker.plan.name, undefined, 'CONNECTION_CLOSED')
  }
}

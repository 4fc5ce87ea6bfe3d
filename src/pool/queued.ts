/**
 * A wait for a connection: bounded by the queue's timeout, the total one and a signal. However it ends, no timer and no
 * listener is left.
 */

import type { AsyncResource } from 'node:async_hooks'
import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import type { OutgoingRequest, RequestDeadlines } from '../core/request.ts'
import { lateModule } from '../core/runtime.ts'
import type { ResolvedTimeouts } from '../core/timeouts.ts'
import { keepAsIs, type Phase } from '../errors/exception.ts'
import { TimeoutError } from '../errors/index.ts'
import { type Deadline, makeDeadline } from '../time/deadline.ts'
import type { Need } from './assign.ts'
import type { ConnectionKeeper } from './keeper.ts'
import type { PooledConnection, PoolOrigin, PoolWaiter } from './pool-origin.ts'
import type { WaitingLine } from './waiting-line.ts'

// Not by a line of import: that would ask for all members of the module.
const { AsyncResource: Place } = lateModule('node:async_hooks')

/** There is nothing to be told that it is gone. */
const BY_COLLECTION = Object.freeze({ requireManualDestroy: true })

/** What was waited for when the time was over. */
export interface AwaitedStage {
  readonly phase: Phase
  readonly proxy?: string | undefined
}

/** What becomes of a wait: one of the two is called, once. */
export interface QueueOutcome {
  /** `isNew` where the connection was opened just now. */
  served(connection: PooledConnection, isNew: boolean): void
  /** @param during - what it waited for when its time was over; undefined where it failed otherwise */
  failed(error: unknown, during?: AwaitedStage): void
}

const IN_QUEUE: AwaitedStage = Object.freeze({ phase: 'queue' })
/** The connection came too late. */
const OPENED: AwaitedStage = Object.freeze({ phase: 'connect' })

/** One that waits, from its arrival to its end. */
export class Queued implements PoolWaiter {
  readonly need: Need
  readonly arrival: number
  readonly sinceMs: number
  isOverdue = false
  before: PoolWaiter | undefined
  after: PoolWaiter | undefined
  list: WaitingLine<PooledConnection> | undefined
  readonly #keeper: ConnectionKeeper
  readonly #origin: PoolOrigin
  readonly #deadlines: RequestDeadlines
  readonly #queueMs: number
  readonly request: OutgoingRequest | undefined
  readonly #outcome: QueueOutcome
  readonly #deadline: Deadline
  readonly #onAbort: (() => void) | undefined
  /** Where it came from: the caller's own code that is run for it is run there, no matter which request has set a connection free. */
  readonly #place: AsyncResource = new Place('HTTPLIB_QUEUED', BY_COLLECTION)

  constructor(
    keeper: ConnectionKeeper,
    origin: PoolOrigin,
    need: Need,
    deadlines: RequestDeadlines,
    queueMs: number,
    outcome: QueueOutcome,
    request?: OutgoingRequest,
  ) {
    this.#keeper = keeper
    this.#origin = origin
    this.need = need
    this.arrival = keeper.nextArrival()
    this.sinceMs = keeper.clock.now()
    this.#deadlines = deadlines
    this.#queueMs = queueMs
    this.#outcome = outcome
    this.request = request
    this.#deadline = makeDeadline(keeper.clock, Queued.#fire, this)
    this.#deadline.set(Math.max(0, Math.min(queueMs, deadlines.endsAt - this.sinceMs)))
    const { signal } = deadlines
    if (signal !== undefined) {
      this.#onAbort = () => this.cancel(keepAsIs(signal.reason))
      listenForAbort(signal, this.#onAbort)
    }
  }

  get timeouts(): ResolvedTimeouts {
    return this.#deadlines.timeouts
  }

  serve(connection: PooledConnection, isNew: boolean): boolean {
    this.#end()
    // Timers fire on a grid: a connection may come when the time of this one is over, and is for the next one then.
    const isInTime = this.#keeper.clock.now() < this.#deadlines.endsAt
    if (isInTime) this.#place.runInAsyncScope(tellServed, undefined, this.#outcome, connection, isNew)
    else this.#fail(this.#totalTimeout(), isNew ? OPENED : IN_QUEUE)
    return isInTime
  }

  fail(error: unknown): void {
    this.#end()
    this.#fail(error)
  }

  /** Fails where the time of the whole is over already, and answers whether it is. */
  failIfLate(): boolean {
    if (this.#keeper.clock.now() < this.#deadlines.endsAt) return false
    this.#end()
    this.#fail(this.#totalTimeout(), IN_QUEUE)
    return true
  }

  /** Gives the wait up. Does nothing where it is over. */
  cancel(reason: unknown): void {
    if (this.#keeper.withdraw(this.#origin, this)) this.fail(reason)
  }

  late(): void {
    const { origin: address } = this.#origin.key
    const remedy = remedyFor(this.#keeper, this.#origin)
    const facts = { address, requestBytesWritten: 0, responseStarted: false, remedy }
    this.cancel(new TimeoutError('queue', this.#queueMs, facts))
  }

  static readonly #fire = (queued: Queued): void => queued.#ranOut()

  #ranOut(): void {
    const { endsAt } = this.#deadlines
    const now = this.#keeper.clock.now()
    if (now >= endsAt) {
      const during = this.#during()
      const error = this.#totalTimeout(
        during === IN_QUEUE ? remedyFor(this.#keeper, this.#origin) : undefined,
      )
      if (!this.#keeper.withdraw(this.#origin, this)) return
      this.#end()
      this.#fail(error, during)
    } else if (this.#keeper.excuse(this.#origin, this)) {
      // From here on the dial's own timeouts bound the wait.
      this.#deadline.set(endsAt - now)
    } else {
      this.late()
    }
  }

  #fail(error: unknown, during?: AwaitedStage): void {
    this.#place.runInAsyncScope(tellFailed, undefined, this.#outcome, error, during)
  }

  /** What it waits for: a connection of others, or a part of opening one. */
  #during(): AwaitedStage {
    if (!this.#origin.isCovered(this)) return IN_QUEUE
    const [oldest] = this.#origin.dials
    const { phase = 'connect', stage } = oldest?.callOff ?? {}
    return stage ?? { phase }
  }

  #totalTimeout(remedy?: string): TimeoutError {
    const { origin: address } = this.#origin.key
    const facts = { address, requestBytesWritten: 0, responseStarted: false, remedy }
    return new TimeoutError('total', this.#deadlines.totalMs, facts)
  }

  #end(): void {
    this.#deadline.clear()
    const { signal } = this.#deadlines
    if (signal !== undefined && this.#onAbort !== undefined) stopListeningForAbort(signal, this.#onAbort)
  }
}

function tellServed(outcome: QueueOutcome, connection: PooledConnection, isNew: boolean): void {
  outcome.served(connection, isNew)
}

function tellFailed(outcome: QueueOutcome, error: unknown, during: AwaitedStage | undefined): void {
  outcome.failed(error, during)
}

/** Has somebody wait for a connection. */
export function joinLine(
  keeper: ConnectionKeeper,
  origin: PoolOrigin,
  need: Need,
  deadlines: RequestDeadlines,
  queueMs: number | undefined,
  outcome: QueueOutcome,
  request?: OutgoingRequest,
): Queued {
  const longestMs = queueMs ?? keeper.limits.queueMs
  const queued = new Queued(keeper, origin, need, deadlines, longestMs, outcome, request)
  // Nothing is opened for one that is too late, as where another one's timer has just cost both their connection.
  if (queued.failIfLate()) keeper.serve(origin)
  else keeper.wait(origin, queued)
  return queued
}

/** Says which cap is exhausted, and what to do about it. */
function remedyFor(keeper: ConnectionKeeper, origin: PoolOrigin): string {
  const cap = keeper.exhausted(origin)
  const { origin: address } = origin.key
  const { perOrigin, total } = keeper.limits
  const what =
    cap === 'perOrigin'
      ? `all ${perOrigin} connections to ${address} that pool.perOrigin allows are in use`
      : `all ${total} connections that pool.total allows are in use, ${origin.ofOrigin} of them to ${address}`
  return `${what}: raise pool.${cap}, or read or close() the responses that hold them`
}

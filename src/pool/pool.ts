/**
 * A pool of connections: gives each request a connection, and takes it back. It stands on the contract of transports alone,
 * and opens them by what a plan says.
 *
 * What an exchange holds is what its transport says is outstanding: it is given back at the end of the body, at its failure,
 * when the response is closed, and when the response is collected unread. Nothing is counted twice, so nothing can be given
 * back twice.
 */

import type { Continuation } from '../core/continuation.ts'
import type { OutgoingRequest, RequestDeadlines } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts } from '../core/timeouts.ts'
import { type HTTPException, keepAsIs } from '../errors/exception.ts'
import { ConnectionLost } from '../errors/index.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import type { Transport } from '../transport/transport.ts'
import { ConnectionKeeper, type PoolPlan } from './keeper.ts'
import { type PoolLimitOptions, type PoolLimits, resolvePoolLimits } from './limits.ts'
import type { PooledConnection } from './pool-origin.ts'
import {
  closedError,
  NO_OPTIONS,
  type PoolExchangeOptions,
  PoolSender,
  refusalOf,
  type SenderOptions,
} from './pool-sender.ts'
import { joinLine } from './queued.ts'
import { type PoolReport, reportPool } from './report.ts'
import { needOf } from './resend.ts'

export type { PoolPlan } from './keeper.ts'

/** What a pool is made with. */
export interface PoolOptions extends SenderOptions {
  /** Caps, ages and times; see PoolLimits for the defaults. */
  readonly limits?: PoolLimitOptions | undefined
  /** Default: the machine's. */
  readonly clock?: Clock | undefined
}

/** A connection that is lent out, to be driven by hand. It has no other user until it is given back. */
export interface Lease {
  readonly transport: Transport
  /** Gives the connection back; one with something under way is closed. Idempotent. */
  giveBack(): void
}

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
  readonly #sender: PoolSender

  /** @throws TypeError for a limit that cannot be one */
  constructor(options: PoolOptions = {}) {
    this.#options = options
    this.#keeper = new ConnectionKeeper(resolvePoolLimits(options.limits), options.clock ?? systemClock)
    this.#sender = new PoolSender(this.#keeper, options)
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
    return this.#sender.exchange(request, plan, options, after)
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
    const refusal = refusalOf(this.#keeper, deadlines)
    if (refusal !== undefined) return Promise.reject(refusal.error)
    const origin = this.#keeper.originFor(plan)
    const lend = async (connection: PooledConnection): Promise<Lease> => {
      const refused = plan.refusalOf?.(connection.transport, undefined)
      if (refused !== undefined) throw refused
      return this.#lend(connection)
    }
    const free = this.#keeper.takeFree(origin, 'whole', this.#keeper.clock.now())
    if (free !== undefined) return lend(free)
    return new Promise((resolve, reject) => {
      const outcome = { served: (connection: PooledConnection) => resolve(lend(connection)), failed: reject }
      joinLine(this.#keeper, origin, 'whole', deadlines, options.queueMs, outcome)
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
    await this.#keeper.preconnect(plan, { count, timeouts, url, signal })
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

  /**
   * Closes what callers hold and neither read nor drive for `idleMs` milliseconds: for one that is being closed, until it is.
   * @param isBusy - given how many of those whose requests are under way wait for the pool: true while another one goes on that may
   * be what holds them
   */
  letGo(idleMs: number, isBusy: (waiting: number) => boolean): void {
    if (this.#keeper.state !== 'closed')
      this.#keeper.letGo({ idleMs, isBusy, onWarning: this.#options.onWarning })
  }

  /**
   * Ends everything at once: what waits and what is under way fails with CONNECTION_CLOSED.
   * @param error - what they fail with instead, as it is
   * @param make - makes what each of them fails with instead: it tells of its request
   */
  destroy(error?: unknown, make?: () => HTTPException): void {
    const keeper = this.#keeper
    if (keeper.state === 'closed' && keeper.destroyedBy !== undefined) return
    if (make !== undefined) keeper.destroy(make, 'own')
    else if (error === undefined) keeper.destroy(destroyed, undefined)
    else {
      keepAsIs(error)
      keeper.destroy(() => error, 'shared')
    }
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
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

function destroyed(): HTTPException {
  return new ConnectionLost('the pool was destroyed', undefined, 'CONNECTION_CLOSED')
}

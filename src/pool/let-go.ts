/**
 * A pool that is being closed waits for what its callers hold, and not without end: what nobody reads or drives for a while is
 * let go. One timer looks from time to time; what was read since the last look, or is waited for, goes on.
 */

import { rootOf } from '../core/request.ts'
import { ConnectionLost } from '../errors/index.ts'
import type { Clock, Timer } from '../time/clock.ts'
import type { PooledConnection, PoolOrigin } from './pool-origin.ts'
import type { PoolWarning } from './pooled-body.ts'
import { describeRequest } from './report.ts'

/** What is looked at, and what closes a connection. */
export interface Held {
  readonly clock: Clock
  readonly origins: Iterable<PoolOrigin>
  discard(connection: PooledConnection, end: { readonly error: unknown }): void
}

/** How many looks there are while one waits: nothing is held for more than one longer. */
const LOOKS = 4

/** What has been begun to be read is waited for longer: its reader may be busy with the pieces or the lines that it has. */
const BEGUN_TIMES = 6

export interface LettingGoOptions {
  /** For how long something may be held that nobody reads or drives, in milliseconds. */
  readonly idleMs: number
  /**
   * True while a caller's request is under way that waits for neither a connection nor a response: it may hold what its caller has not
   * seen. Is given for how many the pool is waited for.
   */
  readonly isBusy: (waiting: number) => boolean
  readonly onWarning: ((warning: PoolWarning) => void) | undefined
}

export class LettingGo {
  readonly #held: Held
  readonly #options: LettingGoOptions
  readonly #seen: Map<PooledConnection, { readonly did: number; readonly sinceMs: number }> = new Map()
  #timer: Timer | undefined

  constructor(held: Held, options: LettingGoOptions) {
    this.#held = held
    this.#options = options
    this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #look(): void {
    this.#timer = this.#held.clock.after(Math.max(1, this.#options.idleMs / LOOKS), () => this.#look())
    const { clock } = this.#held
    const origins = [...this.#held.origins]
    const waiting = waitingIn(origins)
    if (this.#options.isBusy(waiting.size)) {
      this.#seen.clear()
      return
    }
    const now = clock.now()
    const over: PooledConnection[] = []
    for (const { connections } of origins) {
      for (const connection of connections) {
        const did = actsOf(connection)
        const seen = this.#seen.get(connection)
        // A layer that sends several holds the first response while it waits for the next.
        const isInHand = connection.isInHand && !waiting.has(connection.holder?.root)
        if (!isInHand) this.#seen.delete(connection)
        else if (seen?.did !== did) this.#seen.set(connection, { did, sinceMs: now })
        else if (now - seen.sinceMs >= this.#msFor(connection)) over.push(connection)
      }
    }
    for (const connection of over) this.#letGo(connection)
  }

  #msFor({ isLent, transport, holder }: PooledConnection): number {
    const { idleMs } = this.#options
    const isBegun = isLent ? transport.outstanding > 0 : holder !== undefined && holder.reads > 0
    return isBegun ? BEGUN_TIMES * idleMs : idleMs
  }

  #letGo(connection: PooledConnection): void {
    this.#seen.delete(connection)
    const { request, transport, isLent, origin } = connection
    const shown =
      request === undefined ? `lease of ${origin.key.origin}` : describeRequest(request.method, request.url)
    const what = isLent ? 'nobody used the connection that take() gave' : 'nobody read the response'
    const said = `the client is closed, and ${what} for ${this.#msFor(connection) / 1_000} s`
    const facts = { address: transport.address, method: request?.method }
    this.#held.discard(connection, { error: new ConnectionLost(said, facts, 'CONNECTION_CLOSED') })
    const message = `It was given up: ${said}`
    const kind = isLent ? 'lost-lease' : 'unread'
    this.#options.onWarning?.(Object.freeze({ kind, request: shown, where: undefined, message }))
  }
}

/** What the callers asked for who wait for a connection, or for a response: each once, whatever layers have made of it. */
function waitingIn(origins: readonly PoolOrigin[]): ReadonlySet<unknown> {
  const waiting = new Set<unknown>()
  for (const { connections, freshLine, line } of origins) {
    for (const { unanswered } of connections) for (const request of unanswered) waiting.add(rootOf(request))
    for (const one of [...freshLine, ...line])
      waiting.add(one.request === undefined ? one : rootOf(one.request))
  }
  return waiting
}

/** A number that grows with all that is done with a connection: what is sent, and what is read where that is seen. */
function actsOf({ exchanges, holder, isLent, transport }: PooledConnection): number {
  const { bytesWritten = 0, bytesRead = 0 } = transport.stream ?? {}
  return exchanges + bytesWritten + (isLent ? bytesRead : (holder?.reads ?? 0))
}

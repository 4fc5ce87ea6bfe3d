/**
 * Keeps connections, dials and those who wait, and does what `assign` decides: the inside of a pool. It is told by
 * `onChange` of each transport and by the end of each dial, and never asks by itself. It knows nothing of requests.
 *
 * Invariant: `size`, connections and dials, is within the caps whenever a dial begins. A request that waits is
 * served or failed once, and leaves the line before that.
 *
 * Length: one owner for connections, dials and lines; what is a thing of its own stands in files of its own.
 */

import type { ResolvedTimeouts } from '../core/timeouts.ts'
import { ConnectionLost, TimeoutError } from '../errors/index.ts'
import type { Clock } from '../time/clock.ts'
import type { Deadlines } from '../time/wait.ts'
import type { Transport, TransportEnd, TransportFacts } from '../transport/transport.ts'
import { type Assignment, assign, isStale, lastUsable, type Need } from './assign.ts'
import { Dialer, type DialOwner } from './dialer.ts'
import { IdleSweeper } from './idle-sweeper.ts'
import type { PoolKey } from './key.ts'
import { LettingGo, type LettingGoOptions } from './let-go.ts'
import type { PoolLimits } from './limits.ts'
import { PooledConnection, PoolOrigin, type PoolTotals, type PoolWaiter } from './pool-origin.ts'
import { type PreconnectGround, type PreconnectOptions, preconnect } from './preconnect.ts'
import type { WaitingLine } from './waiting-line.ts'

/** What is known of a place to connect to. Plans with equal keys open connections that can serve each other's requests. */
export interface PoolPlan {
  readonly key: PoolKey
  /**
   * Opens a connection. Its signal is not a request's: a dial belongs to no request.
   * @param urls - what the requests ask for that the dials under way are for, at that moment
   */
  readonly open: (waiting: Deadlines, urls: () => Iterable<string>) => Promise<Transport>
  /** Why a request may not go over a connection that is there, and there alone; asked before each. Left out where all may. */
  readonly refusalOf?: ((transport: Transport, url: string | undefined) => Error | undefined) | undefined
}

export class ConnectionKeeper implements PoolTotals, DialOwner, PreconnectGround {
  readonly limits: PoolLimits
  readonly clock: Clock
  readonly #origins: Map<string, PoolOrigin> = new Map()
  /** Origins whose first waiter is held up by the total cap, in the order in which that came about. */
  readonly #blocked: Set<PoolOrigin> = new Set()
  readonly #sweeper: IdleSweeper
  readonly #dialer: Dialer
  #lettingGo: LettingGo | undefined
  /** What everything fails with after `destroy(error)`. */
  #destroyedBy: { readonly error: unknown } | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** Connections, dials not counted. */
  #connections = 0
  #waiting = 0
  #ids = 0
  #arrivals = 0
  #isServing = false
  /** Origins in which something changed while others were served. */
  readonly #again: Set<PoolOrigin> = new Set()
  #closed: Promise<void> | undefined
  #onClosed: (() => void) | undefined

  constructor(limits: PoolLimits, clock: Clock) {
    this.limits = limits
    this.clock = clock
    this.#dialer = new Dialer(clock, this)
    this.#sweeper = new IdleSweeper(clock, limits, () => this.#sweep())
  }

  /** What everything fails with once it was destroyed with an error. */
  get destroyedBy(): { readonly error: unknown } | undefined {
    return this.#destroyedBy
  }

  get state(): 'open' | 'closing' | 'closed' {
    return this.#state
  }

  /** Connections and dials. */
  get size(): number {
    return this.#connections + this.#dialer.count
  }

  get origins(): Iterable<PoolOrigin> {
    return this.#origins.values()
  }

  *freeElsewhere(than: PoolOrigin): Generator<PooledConnection, void, void> {
    for (const origin of this.#origins.values()) if (origin !== than) yield* origin.free
  }

  originFor({ key, open }: PoolPlan): PoolOrigin {
    let origin = this.#origins.get(key.text)
    if (origin === undefined) {
      origin = new PoolOrigin(key, open, this)
      this.#origins.set(key.text, origin)
    }
    return origin
  }

  /** The number of the next one that comes. */
  nextArrival(): number {
    return ++this.#arrivals
  }

  /** A connection that can be used at once, where no request waits for it already. */
  takeFree(origin: PoolOrigin, need: Exclude<Need, 'fresh'>, nowMs: number): PooledConnection | undefined {
    if (origin.free.length === 0 || origin.waiting > 0) return undefined
    return lastUsable(origin.free, need, this.limits, nowMs)
  }

  /** What would be done for a request that came now; nothing is done. */
  preview({ key, open }: PoolPlan, need: Need): Assignment<PooledConnection> {
    const origin = this.#origins.get(key.text) ?? new PoolOrigin(key, open, this)
    const waiting = {
      need,
      count: origin.waiting + 1,
      arrival: this.#arrivals + 1,
      starving: undefined,
    } as const
    const decided = assign(origin, waiting, this.limits, this.clock.now())
    const isBehind = decided.do === 'use' && origin.waiting > 0
    return isBehind ? { do: 'wait', for: 'perOrigin' } : decided
  }

  /** Puts one into the line, and looks whether it can be served. */
  wait(origin: PoolOrigin, waiter: PoolWaiter): void {
    this.#waiting++
    origin.note(waiter.timeouts)
    const line = waiter.need === 'fresh' ? origin.freshLine : origin.line
    line.join(waiter)
    this.serve(origin)
  }

  /** Takes one out of the line. Answers false where it was served or failed already. */
  leave(origin: PoolOrigin, waiter: PoolWaiter): boolean {
    if (waiter.list?.leave(waiter) !== true) return false
    this.#waiting--
    if (waiter.isOverdue) origin.overdue--
    return true
  }

  /** As `leave`, for one that gives up: what was done for it goes on for others, or ends. */
  withdraw(origin: PoolOrigin, waiter: PoolWaiter): boolean {
    if (!this.leave(origin, waiter)) return false
    if (this.#state === 'open') this.#dialer.watch(origin)
    else this.#windUp(origin)
    this.serve(origin)
    return true
  }

  /** Notes that the time in the queue is over for one that a connection is being opened for; false where none is. */
  excuse(origin: PoolOrigin, waiter: PoolWaiter): boolean {
    if (!origin.isCovered(waiter)) return false
    waiter.isOverdue = true
    origin.overdue++
    return true
  }

  /** Which cap holds an origin up. */
  exhausted(origin: PoolOrigin): 'perOrigin' | 'total' {
    return this.#blocked.has(origin) ? 'total' : 'perOrigin'
  }

  lend(connection: PooledConnection): void {
    connection.isLent = true
    connection.origin.removeFree(connection)
    connection.keepAlive(true)
  }

  /** Takes a connection back; one that is in the middle of something is closed. */
  takeBack(connection: PooledConnection): void {
    if (!connection.isLent) return
    connection.isLent = false
    if (connection.isGone) return
    const { transport } = connection
    if (transport.outstanding === 0 && transport.state === 'open') this.changed(connection)
    else this.discard(connection)
  }

  /**
   * Closes a connection and gives its place to others.
   * @param end - what is under way on it fails with
   */
  discard(connection: PooledConnection, end?: TransportEnd): void {
    if (connection.isGone) return
    this.#drop(connection, end)
    this.serve(connection.origin)
  }

  /** Whether the caps allow another dial. */
  hasRoom(origin: PoolOrigin): boolean {
    return origin.ofOrigin < this.limits.perOrigin && this.size < this.limits.total
  }

  /** How many connections a request could use now; those that none can are closed. */
  usable(origin: PoolOrigin): number {
    const now = this.clock.now()
    for (const connection of origin.free.slice())
      if (connection.idleSinceMs !== undefined && isStale(connection, this.limits, now))
        this.#drop(connection)
    return origin.free.length
  }

  /**
   * Opens connections that no request waits for.
   * @throws what the first of its dials that failed threw
   */
  async preconnect(plan: PoolPlan, options: PreconnectOptions): Promise<void> {
    try {
      await preconnect(this, this.#dialer, () => this.originFor(plan), options)
    } finally {
      this.#tidy(this.originFor(plan))
    }
  }

  /** Takes nothing new; resolves when all is done that was under way. */
  close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing'
      for (const origin of this.#origins.values()) this.#windUp(origin)
      // Dials that no request waited for have left their room to others.
      for (const origin of this.#blocked) this.serve(origin)
    }
    this.#closed ??= new Promise((resolve) => {
      this.#onClosed = resolve
    })
    this.#finishIfDone()
    return this.#closed
  }

  /** Lets go what nobody reads or drives, until all is closed. */
  letGo(options: LettingGoOptions): void {
    this.#lettingGo ??= new LettingGo(this, options)
  }

  /**
   * Ends everything at once: what waits and what is under way fails with what `error` gives.
   * @param kind - `shared` for one error that all are told, and those who ask later; `own` for one for each; undefined where a
   * connection says for itself that it was closed
   */
  destroy(error: () => unknown, kind: 'shared' | 'own' | undefined): void {
    this.#state = 'closed'
    if (kind === 'shared') this.#destroyedBy = { error: error() }
    this.#sweeper.stop()
    this.#lettingGo?.stop()
    for (const origin of this.#origins.values()) {
      for (const dial of origin.dials) this.#dialer.giveUp(origin, dial, error())
      for (const connection of origin.connections)
        this.#drop(connection, kind && { error: error(), isOwn: kind === 'own' })
      for (const waiter of [...origin.freshLine, ...origin.line]) {
        this.leave(origin, waiter)
        waiter.fail(error())
      }
      this.#tidy(origin)
    }
    this.#blocked.clear()
    this.#finishIfDone()
  }

  /** Something changed at a connection: what its transport tells. */
  changed(connection: PooledConnection, facts: TransportFacts = connection.transport): void {
    if (connection.isGone) return
    const { origin } = connection
    const isQuiet = facts.outstanding === 0
    if (isQuiet) connection.request = undefined
    else connection.keepAlive(true)
    if (facts.state === 'closed') {
      this.#forget(connection)
      this.serve(origin)
    } else if (connection.capacityBy(facts) > 0) {
      this.#freed(connection, isQuiet)
    } else {
      origin.removeFree(connection)
      const isOver = isQuiet && facts.state === 'draining' && !connection.isLent && !connection.isSwitched
      // A switch of protocols is known once the response is seen.
      if (isOver && connection.unanswered.length === 0) this.discard(connection)
    }
  }

  /** Serves those who wait, as far as there is something for them. */
  serve(origin: PoolOrigin): void {
    this.#again.add(origin)
    if (this.#isServing) return
    this.#isServing = true
    try {
      for (const changed of this.#again) {
        this.#again.delete(changed)
        this.#serveOrigin(changed)
        this.#serveBlocked()
      }
    } finally {
      this.#isServing = false
    }
    this.#finishIfDone()
  }

  // ------------------------------------------------------------------------------------------------ serving

  #serveOrigin(origin: PoolOrigin): void {
    const isFreshBlocked = this.#serveLine(origin, origin.freshLine)
    const isBlocked = this.#serveLine(origin, origin.line) || isFreshBlocked
    this.#replaceUnfit(origin)
    if (isBlocked) this.#blocked.add(origin)
    else this.#blocked.delete(origin)
    this.#failOverdue(origin)
    // The request that a dial was begun for may have got another connection.
    if (origin.dials.size > 0) this.#dialer.watch(origin)
    if (this.#state === 'open') this.#tidy(origin)
    else this.#windUp(origin)
  }

  /** A dial must not take longer than the request that it serves is willing to wait: another one is begun in its place. */
  #replaceUnfit(origin: PoolOrigin): void {
    for (const dial of origin.unfitDials) {
      this.#dialer.giveUp(origin, dial, undefined)
      void this.#dialer.dial(origin, origin.nextTimeouts)
    }
  }

  /** Answers whether the first of the line is held up by the total cap. */
  #serveLine(origin: PoolOrigin, line: WaitingLine<PooledConnection>): boolean {
    for (let waiter = line.first; waiter !== undefined; waiter = line.first) {
      // A new connection is given to the fresh line first.
      const count = line === origin.freshLine ? line.length : origin.waiting
      const { need, arrival } = waiter
      const waiting = { need, count, arrival, starving: this.#starving(origin)?.oldest?.arrival }
      const decided = assign(origin, waiting, this.limits, this.clock.now())
      if (decided.do === 'wait') return decided.for === 'total'
      if (decided.do === 'use') {
        this.leave(origin, waiter)
        waiter.serve(decided.connection, false)
        continue
      }
      if (decided.do === 'evict-and-dial') this.#drop(decided.connection)
      void this.#dialer.dial(origin, origin.nextTimeouts)
    }
    return false
  }

  /** Those without any connection come first. */
  #serveBlocked(): void {
    while (true) {
      const [first] = this.#blocked
      const origin = this.#starving(undefined) ?? first
      if (origin === undefined) return
      this.#serveOrigin(origin)
      if (this.#blocked.has(origin)) return
    }
  }

  /** The origin that has waited longest without any connection, while the total is full. */
  #starving(besides: PoolOrigin | undefined): PoolOrigin | undefined {
    if (this.size < this.limits.total) return undefined
    for (const origin of this.#blocked) if (origin !== besides && origin.ofOrigin === 0) return origin
    return undefined
  }

  #failOverdue(origin: PoolOrigin): void {
    if (origin.overdue === 0) return
    for (const waiter of [...origin.freshLine, ...origin.line]) {
      if (waiter.isOverdue && !origin.isCovered(waiter)) waiter.late()
    }
  }

  // -------------------------------------------------------------------------------------------- connections

  #freed(connection: PooledConnection, isQuiet: boolean): void {
    const { origin, transport } = connection
    // What has become idle just now says when.
    if (isStale(connection, this.limits, connection.idleSinceMs ?? this.clock.now())) {
      origin.removeFree(connection)
      if (isQuiet) this.discard(connection)
      else transport.drain()
      return
    }
    origin.addFree(connection)
    if (origin.waiting > 0 || this.#blocked.size > 0 || this.#isServing) this.serve(origin)
    if (connection.isGone || transport.outstanding > 0 || connection.isLent) return
    if (this.#state === 'open') {
      connection.keepAlive(false)
      this.#sweeper.watch(connection)
    } else if (origin.waiting === 0) {
      this.discard(connection)
    }
  }

  #drop(connection: PooledConnection, end?: TransportEnd): void {
    this.#forget(connection)
    connection.transport.close(end)
  }

  #forget(connection: PooledConnection): void {
    const { origin } = connection
    connection.isGone = true
    connection.request = undefined
    connection.transport.onChange = undefined
    origin.removeFree(connection)
    origin.connections.delete(connection)
    this.#connections--
  }

  /** Closes what has been idle too long. */
  #sweep(): void {
    const now = this.clock.now()
    for (const origin of this.#origins.values()) {
      for (const connection of origin.free.slice()) {
        if (connection.idleSinceMs === undefined) continue
        if (isStale(connection, this.limits, now)) this.#drop(connection)
        else this.#sweeper.watch(connection)
      }
      this.#tidy(origin)
    }
    for (const origin of this.#blocked) this.serve(origin)
  }

  #tidy(origin: PoolOrigin): void {
    if (origin.isEmpty && this.#origins.get(origin.key.text) === origin) this.#origins.delete(origin.key.text)
  }

  // -------------------------------------------------------------------------------------------------- dials

  dialed(origin: PoolOrigin, transport: Transport): void {
    const connection = new PooledConnection(++this.#ids, origin, transport, this.clock.now())
    origin.connections.add(connection)
    this.#connections++
    transport.onChange = (_, facts) => this.changed(connection, facts)
    if (transport.capacity === 0) {
      // The peer has closed it already. Opening another one could go on like this for ever.
      this.#drop(connection)
      this.#failOldest(origin, new ConnectionLost(`${transport.address} closed it at once`))
      this.serve(origin)
      return
    }
    for (let { oldest } = origin; oldest !== undefined; oldest = origin.oldest) {
      if (!this.leave(origin, oldest) || oldest.serve(connection, true)) break
    }
    this.changed(connection)
    this.serve(origin)
  }

  dialFailed(origin: PoolOrigin, error: unknown, given: ResolvedTimeouts): void {
    this.#failOldest(origin, error, given)
    this.serve(origin)
  }

  /** The request that waits longest is told; not one who would have waited longer for the dial than it was given: another is begun. */
  #failOldest(origin: PoolOrigin, error: unknown, given?: ResolvedTimeouts): void {
    for (const line of [origin.freshLine, origin.line]) {
      for (const waiter of line) {
        if (outlasts(waiter, error, given)) continue
        if (this.leave(origin, waiter)) waiter.fail(error)
        return
      }
    }
  }

  // ------------------------------------------------------------------------------------------------- ending

  /** Lets go what will not be used. */
  #windUp(origin: PoolOrigin): void {
    if (origin.waiting > 0) return
    for (const dial of origin.dials) this.#dialer.giveUp(origin, dial, undefined)
    for (const connection of origin.free.slice())
      if (connection.idleSinceMs !== undefined) this.#drop(connection)
    this.#tidy(origin)
    this.#finishIfDone()
  }

  #finishIfDone(): void {
    if (this.#state === 'open' || this.size > 0 || this.#waiting > 0) return
    this.#state = 'closed'
    this.#sweeper.stop()
    this.#lettingGo?.stop()
    this.#onClosed?.()
  }
}

/** Whether one waits longer for the part of a dial that ran out. */
function outlasts({ timeouts }: PoolWaiter, error: unknown, given?: ResolvedTimeouts): boolean {
  if (given === undefined || !(error instanceof TimeoutError)) return false
  const { phase } = error
  return (phase === 'dns' || phase === 'connect' || phase === 'tls') && timeouts[phase] > given[phase]
}

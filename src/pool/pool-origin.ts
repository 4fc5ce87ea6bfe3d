/**
 * What a pool has and what is asked of it, for one key: connections, dials under way, and who waits. Bookkeeping only; what
 * is done with it is the pool's.
 */

import { LinkedList } from '../core/linked-list.ts'
import type { OutgoingRequest } from '../core/request.ts'
import { appended, EMPTY_LIST, without } from '../core/short-list.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts } from '../core/timeouts.ts'
import type { CallOff } from '../time/call-off.ts'
import type { Deadline } from '../time/deadline.ts'
import type { Deadlines } from '../time/wait.ts'
import type { Transport, TransportFacts } from '../transport/transport.ts'
import type { ConnectionFacts, Connections } from './assign.ts'
import type { PoolKey } from './key.ts'
import { isIdempotent } from './resend.ts'
import type { Waiter, WaitingLine } from './waiting-line.ts'

/** A response whose body is still to come. */
export interface Holder {
  /** What its caller has asked for: a layer may have made several requests of that. */
  readonly root: OutgoingRequest
  /** How often it was read from. */
  readonly reads: number
  /** True while a read of it waits. */
  readonly isRead: boolean
}

/**
 * A connection as the pool keeps it: the transport, with what the pool knows besides. Slots are not counted a second time
 * here: what is outstanding is what the transport says.
 */
export class PooledConnection implements ConnectionFacts {
  readonly id: number
  readonly origin: PoolOrigin
  readonly transport: Transport
  readonly openedAtMs: number
  /** Lent out to be driven by hand. */
  isLent = false
  /** Stands among the free ones of its origin. */
  isFree = false
  /** Has left the pool. */
  isGone = false
  /** Keeps the process alive. */
  isRef = true
  /** Its protocol was switched; it belongs to the caller that takes it. */
  isSwitched = false
  #unanswered: OutgoingRequest[] = EMPTY_LIST
  #holder: Holder | undefined
  /** The request that was begun last, while something is under way. */
  request: OutgoingRequest | undefined

  constructor(id: number, origin: PoolOrigin, transport: Transport, openedAtMs: number) {
    this.id = id
    this.origin = origin
    this.transport = transport
    this.openedAtMs = openedAtMs
  }

  get capacity(): number {
    return this.capacityBy(this.transport)
  }

  /** By what its transport tells: how many exchanges may be begun now. */
  capacityBy({ capacity, outstanding }: TransportFacts): number {
    return capacity === 0 || this.isLent || this.#isExclusive(outstanding) ? 0 : capacity
  }

  get isSerial(): boolean {
    return this.transport.protocol === 'http/1.1'
  }

  /** Nothing is sent after what may not be sent twice: it would be lost with it (RFC 9112 §9.3.2). */
  #isExclusive(outstanding: number): boolean {
    const { request } = this
    return request !== undefined && !isIdempotent(request.method) && this.isSerial && outstanding > 0
  }

  get exchanges(): number {
    return this.transport.exchanges
  }

  /** Those that the pool has begun to send and whose response it has not seen. */
  get unanswered(): readonly OutgoingRequest[] {
    return this.#unanswered
  }

  begun(request: OutgoingRequest): void {
    this.#unanswered = appended(this.#unanswered, request)
    this.request = request
  }

  /** Its response is there, or none will come. */
  answered(request: OutgoingRequest): void {
    this.#unanswered = without(this.#unanswered, request)
  }

  /** What holds it: the response that came last, until it was read to its end or given up. */
  get holder(): Holder | undefined {
    return this.#holder
  }

  heldBy(holder: Holder): void {
    this.#holder = holder
  }

  /** Another one may hold it by now. */
  releasedBy(holder: Holder): void {
    if (this.#holder === holder) this.#holder = undefined
  }

  get idleSinceMs(): number | undefined {
    return this.transport.idleSinceMs
  }

  get keepAliveMs(): number | undefined {
    return this.transport.keepAliveMs
  }

  /** It waits for its holder alone: a response is not read, or nothing is done with what was lent out, or switched. */
  get isInHand(): boolean {
    const { transport, unanswered, holder } = this
    if (this.isSwitched) return true
    if (this.isLent) return transport.busy === undefined
    return (
      holder?.isRead === false && transport.outstanding > unanswered.length && transport.busy !== 'sending'
    )
  }

  /** What it does, in a word. */
  get state(): 'idle' | 'busy' | 'draining' | 'lent' | 'switched' {
    if (this.isLent) return 'lent'
    if (this.isSwitched) return 'switched'
    if (this.transport.state !== 'open') return 'draining'
    return this.transport.outstanding > 0 ? 'busy' : 'idle'
  }

  /** An idle connection does not keep the process alive, one with something under way does. */
  keepAlive(keep: boolean): void {
    if (this.isRef === keep) return
    this.isRef = keep
    if (keep) this.transport.ref?.()
    else this.transport.unref?.()
  }
}

/** One that waits for a connection of the pool. */
export type PoolWaiter = Waiter<PooledConnection>

/** What `preconnect` wants: its dials go on although no request waits, until it is given up. */
export class Wish {
  /** What the dials are for; undefined for nothing in particular. */
  readonly url: string | undefined
  #isGivenUp = false

  constructor(url: string | undefined) {
    this.url = url
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp
  }

  giveUp(): void {
    this.#isGivenUp = true
  }
}

/** How a dial has ended: with an error, or not. */
export type DialOutcome = { readonly error: unknown } | undefined

/** A connection that is being opened. It belongs to no request: the first one that waits when it is there gets it. */
export interface Dial {
  readonly startedAtMs: number
  /** How long each part of it may take. */
  readonly timeouts: ResolvedTimeouts
  /** Gives it up. */
  readonly callOff: CallOff
  /** What it was begun for by itself; undefined where that was a request that waits. */
  readonly wish: Wish | undefined
  /** Resolves when all of its end has been told, or when it is given up. */
  readonly outcome: Promise<DialOutcome>
  readonly over: (outcome: DialOutcome) => void
}

const isUnwished = ({ wish }: Dial): boolean => wish === undefined || wish.isGivenUp

/** Opens a connection, for requests with these URLs. */
type OpenTransport = (waiting: Deadlines, urls: () => Iterable<string>) => Promise<Transport>

/** Whether a dial may go on in some part of it longer than a request waits for that. */
function exceeds(dial: ResolvedTimeouts, own: ResolvedTimeouts): boolean {
  return dial !== own && (dial.dns > own.dns || dial.connect > own.connect || dial.tls > own.tls)
}

/** What an origin sees of the whole pool. */
export interface PoolTotals {
  readonly size: number
  freeElsewhere(than: PoolOrigin): Iterable<PooledConnection>
}

export class PoolOrigin implements Connections<PooledConnection> {
  readonly key: PoolKey
  readonly free: PooledConnection[] = []
  readonly connections: Set<PooledConnection> = new Set()
  readonly dials: Set<Dial> = new Set()
  /** Those who take any connection. */
  readonly line: WaitingLine<PooledConnection> = new LinkedList()
  /** Those who need a new one: their request died with a reused one. They came before all others. */
  readonly freshLine: WaitingLine<PooledConnection> = new LinkedList()
  /** How many of those who wait are overdue. */
  overdue = 0
  /** Runs while a dial has no request to serve. */
  abandoned: Deadline | undefined
  /** Whether it does. */
  isAbandoning = false
  readonly open: OpenTransport
  readonly #totals: PoolTotals
  #noted: ResolvedTimeouts | undefined
  #isMixed = false

  constructor(key: PoolKey, open: OpenTransport, totals: PoolTotals) {
    this.key = key
    this.open = open
    this.#totals = totals
  }

  get ofOrigin(): number {
    return this.connections.size + this.dials.size
  }

  get inTotal(): number {
    return this.#totals.size
  }

  get dialing(): number {
    return this.dials.size
  }

  get elsewhere(): Iterable<PooledConnection> {
    return this.#totals.freeElsewhere(this)
  }

  /** How many wait. */
  get waiting(): number {
    return this.line.length + this.freshLine.length
  }

  /** The request that waits longest. */
  get oldest(): PoolWaiter | undefined {
    return this.freshLine.first ?? this.line.first
  }

  /** Notes how long a dial may take for a request: mostly it is the same for all. */
  note(timeouts: ResolvedTimeouts): void {
    this.#noted ??= timeouts
    if (timeouts !== this.#noted) this.#isMixed = true
  }

  /** Dials that have no request to serve, the newest first. */
  get unwantedDials(): Dial[] {
    const unwanted = this.dials.size - this.waiting
    if (unwanted <= 0) return []
    return this.#matched().spare.filter(isUnwished).reverse().slice(0, unwanted)
  }

  /**
   * Dials that those whom they would serve are not willing to wait for: they were begun for others, who are gone. One that was asked
   * for by itself stays.
   */
  get unfitDials(): readonly Dial[] {
    if (!this.#isMixed || this.dials.size === 0) return []
    const { spare, unserved } = this.#matched()
    return spare.filter(isUnwished).slice(0, unserved)
  }

  /**
   * Each of the first of those who wait with a dial that takes no longer in any part of it than that one waits: its own, or else
   * the oldest. `spare` are the dials that are left; `unserved` is how many of those who wait could have had one of them, but for
   * its timeouts; `next` is the first who has none.
   */
  #matched(): {
    readonly spare: Dial[]
    readonly unserved: number
    readonly next: PoolWaiter | undefined
  } {
    const spare = [...this.dials]
    let unserved = 0
    let next: PoolWaiter | undefined
    for (const line of [this.freshLine, this.line]) {
      for (const one of line) {
        if (unserved === spare.length) return { spare, unserved, next: next ?? one }
        let at = spare.findIndex(({ timeouts }) => timeouts === one.timeouts)
        if (at < 0) at = spare.findIndex(({ timeouts }) => !exceeds(timeouts, one.timeouts))
        if (at >= 0) {
          spare.splice(at, 1)
          continue
        }
        unserved++
        next ??= one
      }
    }
    return { spare, unserved, next }
  }

  /** True for one of those whom the dials under way will serve. */
  isCovered(waiter: PoolWaiter): boolean {
    let left = this.dials.size
    for (const line of [this.freshLine, this.line]) {
      for (const one of line) {
        if (left-- <= 0) return false
        if (one === waiter) return true
      }
    }
    return false
  }

  /** What those ask for whom the dials under way will serve. */
  *coveredUrls(): Generator<string, void, void> {
    let left = this.dials.size
    for (const line of [this.freshLine, this.line]) {
      for (const { request } of line) {
        if (left-- <= 0) return
        if (request !== undefined) yield request.url
      }
    }
  }

  /** How long the next dial may take: as long as the first of those whom the dials under way will not serve allows. */
  get nextTimeouts(): ResolvedTimeouts {
    const { oldest } = this
    const waiter = this.#isMixed ? (this.#matched().next ?? this.line.last ?? oldest) : oldest
    return waiter?.timeouts ?? DEFAULT_TIMEOUTS
  }

  /** Nothing is left to be kept in mind. */
  get isEmpty(): boolean {
    return this.ofOrigin === 0 && this.waiting === 0
  }

  addFree(connection: PooledConnection): void {
    if (connection.isFree) return
    connection.isFree = true
    this.free.push(connection)
  }

  removeFree(connection: PooledConnection): void {
    if (!connection.isFree) return
    connection.isFree = false
    // Mostly the last: it is used first.
    if (this.free.at(-1) === connection) this.free.pop()
    else this.free.splice(this.free.indexOf(connection), 1)
  }
}

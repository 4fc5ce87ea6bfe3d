/**
 * What a pool has and what is asked of it, for one key: connections, dials under way, and who waits. Bookkeeping only; what
 * is done with it is the pool's.
 */

import type { Deadline } from '../time/deadline.ts'
import type { Deadlines } from '../time/wait.ts'
import type { Transport } from '../transport/transport.ts'
import type { Connections } from './assign.ts'
import type { PoolKey } from './key.ts'
import type { PooledConnection } from './pooled-connection.ts'
import { type Waiter, WaitingLine } from './waiting-line.ts'

/** A connection that is being opened. It belongs to nobody: whoever is first when it is there gets it. */
export interface Dial {
  readonly startedAtMs: number
  readonly giveUp: AbortController
  /** Asked for by `preconnect`: wanted although nobody waits. */
  readonly isAskedFor: boolean
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
  readonly line: WaitingLine = new WaitingLine()
  /** Those who need a new one: their request died with a reused one. They came before all others. */
  readonly freshLine: WaitingLine = new WaitingLine()
  /** How many of those who wait are overdue. */
  overdue = 0
  /** Runs while a dial has nobody to serve. */
  abandoned: Deadline | undefined
  readonly open: (waiting: Deadlines) => Promise<Transport>
  readonly #totals: PoolTotals

  constructor(key: PoolKey, open: (waiting: Deadlines) => Promise<Transport>, totals: PoolTotals) {
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

  /** Whoever waits longest. */
  get oldest(): Waiter | undefined {
    return this.freshLine.first ?? this.line.first
  }

  /** Dials that have nobody to serve, the newest first. */
  get unwantedDials(): Dial[] {
    const unwanted = this.dials.size - this.waiting
    if (unwanted <= 0) return []
    return [...this.dials]
      .filter(({ isAskedFor }) => !isAskedFor)
      .reverse()
      .slice(0, unwanted)
  }

  /** True for one of those whom the dials under way will serve. */
  isCovered(waiter: Waiter): boolean {
    let left = this.dials.size
    for (const line of [this.freshLine, this.line]) {
      for (const one of line) {
        if (left-- <= 0) return false
        if (one === waiter) return true
      }
    }
    return false
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

/**
 * Which connection a waiting request is given: a decision over plain values. The pool carries it out.
 *
 * Caps are hard. A connection that has been idle too long, is too old or was used often enough is never used. Where a cap is
 * full of connections that do nothing, the one that has been idle longest makes room. An origin that has no connection at all
 * is not starved by one that always has work: the request that has waited longer comes first.
 */

import type { PoolLimits } from './limits.ts'

/** The margin within which a peer's own patience is not trusted: a request that is sent just then may cross its close. */
export const KEEP_ALIVE_MARGIN_MS = 1_000

/** What is known of a connection. */
export interface ConnectionFacts {
  /** How many exchanges may be begun now; 0 while it is lent out. */
  readonly capacity: number
  /** Its responses come in the order of their requests: what is after another one waits for it, and is lost with it. */
  readonly isSerial?: boolean | undefined
  /** How many exchanges were begun in its life. */
  readonly exchanges: number
  /** When it was opened, on the clock, in milliseconds. */
  readonly openedAtMs: number
  /** Since when nothing is under way on it; undefined while something is. */
  readonly idleSinceMs: number | undefined
  /** How long the peer said that it keeps it idle, in milliseconds. */
  readonly keepAliveMs: number | undefined
}

/** The connections that a decision depends on. */
export interface Connections<C extends ConnectionFacts> {
  /** Those to the origin that can take an exchange, the one used last at the end. */
  readonly free: readonly C[]
  /** How many there are to the origin, dials under way included. */
  readonly ofOrigin: number
  /** How many there are to all origins, dials under way included. */
  readonly inTotal: number
  /** Dials of the origin that are under way. */
  readonly dialing: number
  /** Those to other origins that can take an exchange. Looked at only where the total is full. */
  readonly elsewhere: Iterable<C>
}

/**
 * What a request will do with a connection: `any` takes one exchange; `alone` one that is not after another, which it would be
 * lost with; `whole` a connection on which nothing is under way; `fresh` only one that is opened for it.
 */
export type Need = 'any' | 'alone' | 'whole' | 'fresh'

/** What waits. */
export interface Waiting {
  readonly need: Need
  /** How many dials would have a request to serve: this request, and those of its origin that wait with it. */
  readonly count: number
  /** When it came, as a number that grows. */
  readonly arrival: number
  /** When the longest waiting request of an origin without any connection came; undefined where there is none. */
  readonly starving: number | undefined
}

/** What to do for a request. */
export type Assignment<C> =
  | { readonly do: 'use'; readonly connection: C }
  | { readonly do: 'dial' }
  | { readonly do: 'evict-and-dial'; readonly connection: C }
  | { readonly do: 'wait'; readonly for: 'dial' | 'perOrigin' | 'total' }

const DIAL = Object.freeze({ do: 'dial' } as const)
const WAIT = Object.freeze({
  dial: Object.freeze({ do: 'wait', for: 'dial' } as const),
  perOrigin: Object.freeze({ do: 'wait', for: 'perOrigin' } as const),
  total: Object.freeze({ do: 'wait', for: 'total' } as const),
})

/** Decides for the first of those who wait. */
export function assign<C extends ConnectionFacts>(
  connections: Connections<C>,
  waiting: Waiting,
  limits: PoolLimits,
  now: number,
): Assignment<C> {
  const { free, ofOrigin, inTotal, dialing } = connections
  const isFull = inTotal >= limits.total
  const usable = waiting.need === 'fresh' ? undefined : lastUsable(free, waiting.need, limits, now)
  if (usable !== undefined) {
    const { starving } = waiting
    const yields = isFull && starving !== undefined && starving < waiting.arrival && isIdle(usable)
    return yields ? WAIT.total : { do: 'use', connection: usable }
  }
  if (dialing >= waiting.count) return WAIT.dial
  if (ofOrigin < limits.perOrigin && !isFull) return DIAL
  const spare =
    longestIdle(free) ?? (ofOrigin < limits.perOrigin ? longestIdle(connections.elsewhere) : undefined)
  if (spare !== undefined) return { do: 'evict-and-dial', connection: spare }
  return ofOrigin >= limits.perOrigin ? WAIT.perOrigin : WAIT.total
}

/** Whether a connection must not be used any more. */
export function isStale(facts: ConnectionFacts, limits: PoolLimits, now: number): boolean {
  return facts.exchanges >= limits.maxUses || now > expiresAt(facts, limits)
}

/** The last moment at which a request may be begun on a connection, if it does nothing until then. */
export function expiresAt(facts: ConnectionFacts, limits: PoolLimits): number {
  const { idleSinceMs, keepAliveMs, openedAtMs } = facts
  const byAge = openedAtMs + limits.maxAgeMs
  if (idleSinceMs === undefined) return byAge
  const patienceMs = keepAliveMs === undefined ? Infinity : keepAliveMs - KEEP_ALIVE_MARGIN_MS
  return Math.min(byAge, idleSinceMs + Math.min(limits.idleMs, patienceMs))
}

function isIdle({ idleSinceMs }: ConnectionFacts): boolean {
  return idleSinceMs !== undefined
}

/** The one used last: those that have been idle longer can then be let go. Where no request waits, it is what `assign` gives. */
export function lastUsable<C extends ConnectionFacts>(
  free: readonly C[],
  need: Need,
  limits: PoolLimits,
  now: number,
): C | undefined {
  for (let i = free.length - 1; i >= 0; i--) {
    const one = free[i]!
    if (one.capacity > 0 && suits(one, need) && !isStale(one, limits, now)) return one
  }
  return undefined
}

function suits(one: ConnectionFacts, need: Need): boolean {
  return need === 'any' || isIdle(one) || (need === 'alone' && one.isSerial === false)
}

function longestIdle<C extends ConnectionFacts>(connections: Iterable<C>): C | undefined {
  let longest: C | undefined
  let since = Infinity
  for (const one of connections) {
    const { idleSinceMs, capacity } = one
    if (capacity > 0 && idleSinceMs !== undefined && idleSinceMs < since) {
      longest = one
      since = idleSinceMs
    }
  }
  return longest
}

/**
 * What a pool looks like, as plain values for people and tests. No credential, query, field or body is in it.
 */

import { freezeDeep } from '../core/freeze.ts'
import { shownUrl } from '../core/shown-url.ts'
import type { PoolLimits } from './limits.ts'
import type { PooledConnection, PoolOrigin } from './pool-origin.ts'

/** A connection of the pool. */
export interface ConnectionReport {
  /** A number that no other connection of the pool has. */
  readonly id: number
  /** Scheme, host and port that it serves. */
  readonly origin: string
  /** How it reaches it: `direct`, a proxy, a unix socket. */
  readonly route: string
  /** What it does: `lent` where the caller drives it by hand, `switched` after a change of protocols. */
  readonly state: 'idle' | 'busy' | 'draining' | 'lent' | 'switched'
  /** The peer: `host:port`, or the path of a unix socket. */
  readonly address: string
  /** The protocol that is spoken on it. */
  readonly protocol: 'http/1.1' | 'h2'
  /** What holds it: the request that was begun last, while it is under way; without query. */
  readonly owner: string | undefined
  /** How long ago it was opened, in milliseconds. */
  readonly ageMs: number
  /** How long nothing has been under way on it; undefined while something is. */
  readonly idleMs: number | undefined
  /** How many exchanges were begun on it. */
  readonly uses: number
  /** How many of them are not complete. */
  readonly outstanding: number
}

/** A connection that is being opened. */
export interface DialReport {
  /** Scheme, host and port. */
  readonly origin: string
  /** How it is reached: `direct`, a proxy, a unix socket. */
  readonly route: string
  /** How long it has been going on, in milliseconds. */
  readonly ageMs: number
}

/** A request that waits for a connection. */
export interface WaiterReport {
  /** Scheme, host and port. */
  readonly origin: string
  /** How it is reached: `direct`, a proxy, a unix socket. */
  readonly route: string
  /** How long it has waited, in milliseconds. */
  readonly waitedMs: number
}

/** Everything that a pool has and what is asked of it, at one moment. */
export interface PoolReport {
  /** Every connection. */
  readonly connections: readonly ConnectionReport[]
  /** Every connection that is being opened. */
  readonly dials: readonly DialReport[]
  /** Those who wait, of each origin the longest waiting first. */
  readonly waiters: readonly WaiterReport[]
  /** The caps and times. */
  readonly limits: PoolLimits
  /** Whether it takes requests. */
  readonly state: 'open' | 'closing' | 'closed'
}

/** What was asked for, without its query. */
export function describeRequest(method: string, url: string): string {
  return `${method} ${shownUrl(url)}`
}

/** Writes the report. */
export function reportPool(
  origins: Iterable<PoolOrigin>,
  limits: PoolLimits,
  state: PoolReport['state'],
  now: number,
): PoolReport {
  const connections: ConnectionReport[] = []
  const dials: DialReport[] = []
  const waiters: WaiterReport[] = []
  for (const { key, connections: own, dials: begun, freshLine, line } of origins) {
    const { origin, route } = key
    for (const one of own) connections.push(reportConnection(one, now))
    for (const { startedAtMs } of begun) dials.push({ origin, route, ageMs: now - startedAtMs })
    for (const { sinceMs } of [...freshLine, ...line])
      waiters.push({ origin, route, waitedMs: now - sinceMs })
  }
  return freezeDeep({ connections, dials, waiters, limits, state })
}

function reportConnection(one: PooledConnection, now: number): ConnectionReport {
  const { transport, request } = one
  const { idleSinceMs } = transport
  return {
    id: one.id,
    origin: one.origin.key.origin,
    route: one.origin.key.route,
    state: one.state,
    address: transport.address,
    protocol: transport.protocol,
    owner: request === undefined ? undefined : describeRequest(request.method, request.url),
    ageMs: now - one.openedAtMs,
    idleMs: idleSinceMs === undefined ? undefined : now - idleSinceMs,
    uses: transport.exchanges,
    outstanding: transport.outstanding,
  }
}

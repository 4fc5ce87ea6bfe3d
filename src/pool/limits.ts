/**
 * What a pool is bounded by: the option as a caller gives it, and complete.
 */

import { type OptionNames, shown, takeOptions } from '../core/options.ts'

/** The bounds of a pool, complete. `Infinity` for none. */
export interface PoolLimits {
  /** Connections to one origin, dials under way included. */
  readonly perOrigin: number
  /** Connections to all origins together, dials under way included. */
  readonly total: number
  /** How long a connection is kept idle, in milliseconds. */
  readonly idleMs: number
  /** How many requests one connection is used for. */
  readonly maxUses: number
  /** How old a connection may be when a request is begun on it, in milliseconds. */
  readonly maxAgeMs: number
  /** How long a request waits for a connection that is neither free nor being opened, in milliseconds. */
  readonly queueMs: number
  /** How much of an unread body is read so that its connection can be used again, in bytes. */
  readonly drainBytes: number
  /** How long that may take, in milliseconds. */
  readonly drainMs: number
  /** After how long an unread response is warned of, in milliseconds. */
  readonly warnUnreadMs: number
}

/** The option: only what differs from the defaults. */
export type PoolLimitOptions = { readonly [K in keyof PoolLimits]?: number | undefined }

/** The defaults. */
export const DEFAULT_POOL_LIMITS: PoolLimits = Object.freeze({
  perOrigin: 256,
  total: 1_024,
  idleMs: 60_000,
  maxUses: Infinity,
  maxAgeMs: Infinity,
  queueMs: 60_000,
  drainBytes: 65_536,
  drainMs: 100,
  warnUnreadMs: Infinity,
})

const NAMES: OptionNames = Object.freeze(
  Object.fromEntries(Object.keys(DEFAULT_POOL_LIMITS).map((name) => [name, true] as const)),
)
/** Counts begin at 1: a pool without a place would let everything wait for ever. */
const COUNTS: ReadonlySet<string> = new Set(['perOrigin', 'total', 'maxUses'])

/**
 * Completes the option.
 * @throws TypeError for an unknown name, a count that is no whole number from 1, and a time or size that is no number from 0
 */
export function resolvePoolLimits(options?: PoolLimitOptions): PoolLimits {
  const taken = takeOptions(options, NAMES, "The option 'pool'")
  const resolved: Record<string, number> = { ...DEFAULT_POOL_LIMITS }
  for (const [name, value] of Object.entries(taken) as [string, unknown][]) {
    if (value === undefined) continue
    const isCount = COUNTS.has(name)
    const isRight =
      typeof value === 'number' &&
      value >= (isCount ? 1 : 0) &&
      (!isCount || value === Infinity || Number.isInteger(value))
    if (!isRight) {
      const takes = isCount ? 'a whole number from 1, or Infinity' : 'a number from 0'
      throw new TypeError(`The option 'pool': ${name} takes ${takes}, not ${shown(value)}`)
    }
    resolved[name] = value
  }
  return Object.freeze(resolved) as unknown as PoolLimits
}

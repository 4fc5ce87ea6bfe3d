/**
 * Timeouts by phase: the option as a caller gives it, and complete.
 */

import { shown } from './options.ts'

/** Timeouts by phase, in milliseconds; `Infinity` for none. One that runs out is a `TimeoutError` that names the phase. */
export interface Timeouts {
  /** Looking up the name. Default 30 s. */
  readonly dns?: number | undefined
  /** Connecting to an address. Default 30 s. */
  readonly connect?: number | undefined
  /** The TLS handshake. Default 30 s. */
  readonly tls?: number | undefined
  /** Without progress while the peer does not take the request. Default 300 s. */
  readonly send?: number | undefined
  /** From the end of the request to the head of the final response. Default 300 s. */
  readonly headers?: number | undefined
  /** Without progress while the body is awaited. Default 300 s. */
  readonly body?: number | undefined
  /** The whole exchange, from the call of `request` to the last byte of the response. Default: none. */
  readonly total?: number | undefined
}

/** Timeouts, complete. */
export type ResolvedTimeouts = Readonly<Record<keyof Timeouts, number>>

/** The defaults, in milliseconds. */
export const DEFAULT_TIMEOUTS: ResolvedTimeouts = {
  dns: 30_000,
  connect: 30_000,
  tls: 30_000,
  send: 300_000,
  headers: 300_000,
  body: 300_000,
  total: Infinity,
}

/** A number of milliseconds for each phase, or phases by name. */
export type TimeoutOption = number | Timeouts

/**
 * Completes the option. A number is the timeout of each phase by itself, as a socket's timeout is in Python's httplib; `total`
 * bounds the whole.
 * @throws TypeError for an unknown phase, or what is no number above 0
 */
export function resolveTimeouts(
  option: TimeoutOption | undefined,
  base: ResolvedTimeouts = DEFAULT_TIMEOUTS,
): ResolvedTimeouts {
  if (option === undefined) return base
  if (typeof option === 'number') {
    const each = checkTimeout('timeout', option)
    return { dns: each, connect: each, tls: each, send: each, headers: each, body: each, total: base.total }
  }
  const resolved: Record<keyof Timeouts, number> = { ...base }
  for (const [phase, value] of Object.entries(option) as [keyof Timeouts, unknown][]) {
    if (!Object.hasOwn(DEFAULT_TIMEOUTS, phase)) {
      throw new TypeError(`Unknown timeout '${phase}'; known: ${Object.keys(DEFAULT_TIMEOUTS).join(', ')}`)
    }
    if (value !== undefined) resolved[phase] = checkTimeout(phase, value)
  }
  return resolved
}

function checkTimeout(name: string, value: unknown): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`The timeout '${name}' must be a number of milliseconds above 0, not ${shown(value)}`)
  return value
}

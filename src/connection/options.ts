/**
 * The options of a connection and of one request, with their defaults: the documented table, as types and values.
 */

import type { TimeoutOption } from '../core/timeouts.ts'
import type { TlsOptions } from '../core/tls-options.ts'
import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { Connector } from '../io/dial.ts'
import type { Lookup } from '../io/lookup.ts'
import type { Clock } from '../time/clock.ts'

/** Receives the lines of the debug trace, without line ends. */
export type DebugSink = (line: string) => void

export interface HTTPConnectionOptions {
  readonly timeout?: TimeoutOption | undefined
  /** Aborts everything that this connection does. */
  readonly signal?: AbortSignal | undefined
  /** A unix socket to connect to instead of host and port. */
  readonly socketPath?: string | undefined
  /** The address to connect from. */
  readonly localAddress?: string | undefined
  /** 4 or 6 to use addresses of one family only. Default 0: both, side by side. */
  readonly family?: 0 | 4 | 6 | undefined
  /**
   * After how many milliseconds of silence the system asks whether the peer is still there, from 1 to 32,767,000 and in whole
   * seconds; false for never. A peer that does not answer for some 10 s more is gone. Default 60,000.
   */
  readonly keepAlive?: number | false | undefined
  /** Looks names up; the shape of `dns.lookup` with `all: true`. */
  readonly lookup?: Lookup | undefined
  /** Named departures from the strict reading of heads; see docs/tolerances.md. */
  readonly tolerances?: ToleranceOptions | undefined
  /** How much of each element a peer may send; see docs/tolerances.md. */
  readonly limits?: LimitOptions | undefined
  /** Where the debug trace goes. Default: standard error. */
  readonly debug?: DebugSink | undefined
  /** Shows credentials in the debug trace. Default false: they are masked. */
  readonly debugShowsCredentials?: boolean | undefined
  /** How many requests may be outstanding at once. Default 1. */
  readonly pipelining?: number | undefined
  /** Opens connections instead of the built-in way: tests, virtual networks, transports of your own. */
  readonly connect?: Connector | undefined
  /** Tells the time instead of the machine's clock. */
  readonly clock?: Clock | undefined
}

export interface HTTPSConnectionOptions extends HTTPConnectionOptions {
  readonly tls?: TlsOptions | undefined
}

/** The names of the options, those of HTTPSConnection among them: one table for callers that open either. */
export const OPTION_NAMES: Readonly<Record<keyof HTTPSConnectionOptions, true>> = {
  timeout: true,
  signal: true,
  socketPath: true,
  localAddress: true,
  family: true,
  keepAlive: true,
  lookup: true,
  tolerances: true,
  limits: true,
  debug: true,
  debugShowsCredentials: true,
  pipelining: true,
  connect: true,
  clock: true,
  tls: true,
}

/** The names of the TLS options. */
export const TLS_OPTION_NAMES: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  cert: true,
  key: true,
  pfx: true,
  passphrase: true,
  servername: true,
  minVersion: true,
  ciphers: true,
  legacyRenegotiation: true,
  crl: true,
  pin: true,
  accept: true,
  verify: true,
}

/**
 * A misspelt option must not be silently without effect.
 * @throws TypeError for a name that is not in `known`
 */
export function checkOptionNames(options: object, known: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name))
      throw new TypeError(`Unknown option '${name}'; known: ${Object.keys(known).join(', ')}`)
  }
}

/** What `putRequest` leaves out. */
export interface PutRequestOptions {
  /** No Host field: the caller places it, or wants none. */
  readonly skipHost?: boolean | undefined
  /** No `Accept-Encoding: identity`. */
  readonly skipAcceptEncoding?: boolean | undefined
}

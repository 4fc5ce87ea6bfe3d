/**
 * The options of a connection and of one request, with their defaults: the documented table, as types and values.
 */

import type { TimeoutOption } from '../core/timeouts.ts'
import type { TlsOptions } from '../core/tls-options.ts'
import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { Connector, Lookup } from '../io/dial.ts'
import type { Clock } from '../time/clock.ts'

/** Receives the lines of the debug trace, without line ends. */
export type DebugSink = (line: string) => void

/** What a connection is made with. All are optional; an unknown name is a `TypeError` that lists the known ones. */
export interface HTTPConnectionOptions {
  /**
   * Timeouts in milliseconds: a number for each phase by itself, or phases by name (`{ connect: 5_000, total: 60_000 }`).
   * Default: 30 s to look up, to connect and for TLS; 300 s without progress after that; no limit for the whole.
   */
  readonly timeout?: TimeoutOption | undefined
  /** Aborts everything that this connection does; what waits rejects with `signal.reason`. Default: none. */
  readonly signal?: AbortSignal | undefined
  /** The path of a unix socket to connect to instead of host and port; these still make the Host field. Default: none. */
  readonly socketPath?: string | undefined
  /** The address to connect from, as IPv4 or IPv6. Default: the system chooses. */
  readonly localAddress?: string | undefined
  /** 4 or 6 to use addresses of one family only. Default 0: both, side by side. */
  readonly family?: 0 | 4 | 6 | undefined
  /** Looks names up; the shape of `dns.lookup` with `all: true`. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
  /** Named departures from the strict reading of heads; see docs/tolerances.md. Default: none. */
  readonly tolerances?: ToleranceOptions | undefined
  /** How much of each element a peer may send, in bytes or pieces; see docs/tolerances.md for the defaults. */
  readonly limits?: LimitOptions | undefined
  /** Where the debug trace goes. Default: standard error. */
  readonly debug?: DebugSink | undefined
  /** Shows credentials in the debug trace. Default false: they are masked. */
  readonly debugShowsCredentials?: boolean | undefined
  /** How many requests may be outstanding at once. Default 1: the next request waits until the response is read. */
  readonly pipelining?: number | undefined
  /** Opens connections instead of the built-in way: tests, virtual networks, transports of your own. Default: sockets. */
  readonly connect?: Connector | undefined
  /** Tells the time for timeouts and timings. Default: the machine's monotonic clock. */
  readonly clock?: Clock | undefined
}

/** What an HTTPSConnection is made with: the options of HTTPConnection, and `tls`. */
export interface HTTPSConnectionOptions extends HTTPConnectionOptions {
  /** Whom to trust and who you are. Default: the system's authorities, and no certificate of your own. */
  readonly tls?: TlsOptions | undefined
}

/** The names of the options, those of HTTPSConnection among them: one table for callers that open either. */
export const OPTION_NAMES: Readonly<Record<keyof HTTPSConnectionOptions, true>> = {
  timeout: true,
  signal: true,
  socketPath: true,
  localAddress: true,
  family: true,
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
  /** No Host field: the caller places it, or wants none. Default false. */
  readonly skipHost?: boolean | undefined
  /** No `Accept-Encoding: identity`. Default false. */
  readonly skipAcceptEncoding?: boolean | undefined
}

/**
 * The options of a connection and of one request, with their defaults: the documented table, as types and values.
 */

import type { HeadersInput } from '../core/headers.ts'
import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { Clock } from '../io/clock.ts'
import type { Connector, Lookup } from '../io/dial.ts'
import type { TlsOptions } from '../io/tls-options.ts'

/** Timeouts by phase, in milliseconds; Infinity for none. */
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
 * Completes the option. A number is the timeout of each phase by itself, as a socket's timeout is in the seed; `total`
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
    throw new TypeError(`The timeout '${name}' must be a number of milliseconds above 0`)
  return value
}

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

/** Waits for a 100 (Continue) before the body: true, or a limit in milliseconds after which the body is sent anyway. */
export type ExpectContinueOption = boolean | number | { readonly timeoutMs: number }

/** How long `expectContinue: true` waits: what curl waits. */
export const DEFAULT_CONTINUE_TIMEOUT_MS = 1_000

/** Options of one request. */
export interface RequestOptions {
  /** Instead of the connection's. */
  readonly timeout?: TimeoutOption | undefined
  /** Aborts this exchange, and with it the connection. */
  readonly signal?: AbortSignal | undefined
  /** Fields to be sent behind the body, which is chunked then; a function is called when the body has been sent. */
  readonly trailers?: HeadersInput | (() => HeadersInput) | undefined
  readonly expectContinue?: ExpectContinueOption | undefined
  /** Sends the body chunked although its length is known. */
  readonly chunked?: boolean | undefined
}

/** What `putRequest` leaves out. */
export interface PutRequestOptions {
  /** No Host field: the caller places it, or wants none. */
  readonly skipHost?: boolean | undefined
  /** No `Accept-Encoding: identity`. */
  readonly skipAcceptEncoding?: boolean | undefined
}

/** How long to wait for a 100 (Continue); undefined for not at all. */
export function continueTimeout(option: ExpectContinueOption | undefined): number | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return DEFAULT_CONTINUE_TIMEOUT_MS
  return typeof option === 'number' ? option : option.timeoutMs
}

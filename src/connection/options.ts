/**
 * The options of a connection: the documented table, as types and values, and how they are taken from a caller.
 */

import { isBytes } from '../core/brands.ts'
import { keepAliveSeconds } from '../core/keep-alive.ts'
import {
  describe,
  hasMethods,
  isAddress,
  isBoolean,
  isFunction,
  isRecord,
  isSignal,
  isSocketPath,
  namesOf,
  type OptionNames,
  takeOptions,
} from '../core/options.ts'
import { hearPromise, takeTrailers } from '../core/outgoing-body.ts'
import { ownMember } from '../core/owns.ts'
import { maskMembers } from '../core/redact.ts'
import type { RequestOptions } from '../core/request-options.ts'
import type { TimeoutOption } from '../core/timeouts.ts'
import type { PemInput, TlsOptions } from '../core/tls-options.ts'
import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'
import type { Connector } from '../io/dial.ts'
import type { Lookup } from '../io/lookup.ts'
import type { Clock } from '../time/clock.ts'
import type { Random } from '../time/random.ts'

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
  /**
   * After how many milliseconds of silence the system asks whether the peer is still there, from 1 to 32,767,000 and in whole
   * seconds; false for never. A peer that does not answer for some 10 s more is gone. Default 60,000.
   */
  readonly keepAlive?: number | false | undefined
  /** Named departures from the strict reading of heads; see docs/tolerances.md. Default: none. */
  readonly tolerances?: ToleranceOptions | undefined
  /** How much of each element a peer may send, in bytes or pieces; see docs/tolerances.md for the defaults. */
  readonly limits?: LimitOptions | undefined
  /** Where the debug trace goes, a line each. Default: standard error. */
  readonly debug?: DebugSink | undefined
  /** Shows credentials in the debug trace. Default false: they are masked. */
  readonly debugShowsCredentials?: boolean | undefined
  /** How many requests may be outstanding at once. Default 1: the next request waits until the response is read. */
  readonly pipelining?: number | undefined
  /**
   * Opens connections instead of the built-in way: tests, virtual networks, transports of your own. It has as long as `timeout.connect` for
   * each, name and TLS included; `signal` tells it when nobody waits any more, and what it gives later is closed. Default: sockets.
   */
  readonly connect?: Connector | undefined
  /** Tells the time for timeouts and timings. Default: the machine's monotonic clock. */
  readonly clock?: Clock | undefined
  /** Draws what is random (the boundary of a form) instead of `Math.random`. */
  readonly random?: Random | undefined
}

/** What an HTTPSConnection is made with: the options of HTTPConnection, and `tls`. */
export interface HTTPSConnectionOptions extends HTTPConnectionOptions {
  /** Whom to trust and who you are. Default: the system's authorities, and no certificate of your own. */
  readonly tls?: TlsOptions | undefined
}

/** What an option takes, for messages, and whether a value is it. Options without a check have one of their own. */
interface OptionRow {
  readonly takes: string
  readonly is?: (value: unknown) => boolean
}

const OPTIONS: Readonly<Record<keyof HTTPConnectionOptions, OptionRow>> = {
  timeout: {
    takes: 'a number of milliseconds, or phases by name',
    is: (value) => typeof value === 'number' || isRecord(value),
  },
  signal: { takes: 'an AbortSignal', is: isSignal },
  socketPath: { takes: 'the path of a unix socket', is: isSocketPath },
  localAddress: { takes: 'an IP address', is: isAddress },
  family: { takes: '0, 4 or 6', is: (value) => value === 0 || value === 4 || value === 6 },
  lookup: { takes: 'a function', is: isFunction },
  keepAlive: { takes: 'a number of milliseconds, or false' },
  tolerances: { takes: 'an object of tolerances', is: isRecord },
  limits: { takes: 'an object of limits', is: isRecord },
  debug: { takes: 'a function', is: isFunction },
  debugShowsCredentials: { takes: 'true or false', is: isBoolean },
  pipelining: {
    takes: 'a whole number from 1',
    is: (value) => Number.isInteger(value) && (value as number) >= 1,
  },
  connect: { takes: 'a function', is: isFunction },
  clock: { takes: 'a Clock', is: hasMethods('now', 'after') },
  random: { takes: 'a Random', is: hasMethods('next') },
}

/** The names of the options of HTTPConnection. */
export const OPTION_NAMES: OptionNames = namesOf(OPTIONS)
/** The names of the options of HTTPSConnection. */
export const SECURE_OPTION_NAMES: OptionNames = { ...OPTION_NAMES, tls: true }

/** The names of the TLS options. */
export const TLS_OPTION_NAMES: Readonly<Record<keyof TlsOptions, true>> = {
  ca: true,
  cert: true,
  key: true,
  pfx: true,
  passphrase: true,
  servername: true,
  minVersion: true,
  maxVersion: true,
  ciphers: true,
  crl: true,
  pin: true,
  accept: true,
  verify: true,
  legacyRenegotiation: true,
}

const REQUEST_OPTIONS: Readonly<Record<keyof RequestOptions, OptionRow>> = {
  timeout: OPTIONS.timeout,
  signal: OPTIONS.signal,
  trailers: { takes: 'header fields, or a function that gives them' },
  expectContinue: { takes: 'true, false, a number of milliseconds, or { timeoutMs }', is: isExpectContinue },
  chunked: { takes: 'true or false', is: isBoolean },
}
const REQUEST_OPTION_NAMES: OptionNames = namesOf(REQUEST_OPTIONS)

function isExpectContinue(value: unknown): boolean {
  if (typeof value === 'boolean') return true
  const ms: unknown =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'timeoutMs')
      ? (value as { timeoutMs: unknown }).timeoutMs
      : value
  return typeof ms === 'number' && ms > 0
}

function checkValues(options: object, rows: Readonly<Record<string, OptionRow>>, what: string): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const row = ownMember(rows, name)
    const is = row !== undefined && Object.hasOwn(row, 'is') ? row.is : undefined
    if (value !== undefined && is?.(value) === false) {
      const got = typeof value === 'number' || typeof value === 'boolean' ? String(value) : describe(value)
      throw new TypeError(`${what}: ${name} takes ${row!.takes}, not ${got}`)
    }
  }
}

/**
 * The options as they are now, down to the bytes of keys; the connection reads nothing else.
 * @throws TypeError for an unknown name, and for a value that an option does not take
 */
export function takeConnectionOptions(
  given: HTTPSConnectionOptions | undefined,
  isSecure: boolean,
): HTTPSConnectionOptions {
  const what = isSecure ? 'HTTPSConnection' : 'HTTPConnection'
  const taken = takeOptions(given, isSecure ? SECURE_OPTION_NAMES : OPTION_NAMES, what)
  checkValues(taken, OPTIONS, what)
  keepAliveSeconds(taken.keepAlive)
  return taken
}

/**
 * The TLS options as they are now.
 * @throws TypeError for an unknown name
 */
export function takeTlsOptions(given: TlsOptions | undefined, what = 'tls'): TlsOptions {
  const taken = takeOptions(given, TLS_OPTION_NAMES, `The option '${what}'`) as {
    -readonly [K in keyof TlsOptions]: TlsOptions[K]
  }
  if (given === undefined) return taken
  for (const name of ['ca', 'cert', 'key', 'crl'] as const) {
    if (taken[name] !== undefined) taken[name] = copyPem(taken[name])
  }
  if (isBytes(taken.pfx)) taken.pfx = Uint8Array.from(taken.pfx)
  if (Array.isArray(taken.pin)) taken.pin = [...taken.pin]
  if (taken.accept !== undefined) taken.accept = copyData(taken.accept)
  return Object.freeze(maskMembers(taken, ['key', 'passphrase', 'pfx']))
}

function copyPem(pem: PemInput): PemInput {
  if (Array.isArray(pem)) return pem.map((one: string | Uint8Array) => copyPem(one) as string | Uint8Array)
  return isBytes(pem) ? Uint8Array.from(pem) : pem
}

/** All that may be said is said: nothing is looked for on `Object.prototype`, and looking is quick. */
const NO_REQUEST_OPTIONS: Readonly<Record<keyof RequestOptions, undefined>> = Object.freeze({
  timeout: undefined,
  signal: undefined,
  trailers: undefined,
  expectContinue: undefined,
  chunked: undefined,
})

/** Lists and records to the bottom; anything else as it is, for the check of the option. */
function copyData<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyData) as T
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, copyData(one)])) as T
}

/** Where a request is refused before its options are taken: trailers that are a promise are heard all the same. */
export function hearTrailers(given: RequestOptions | undefined): void {
  if (typeof given === 'object' && given !== null && Object.hasOwn(given, 'trailers'))
    hearPromise(given.trailers)
}

/**
 * The options of one request as they are now.
 * @throws TypeError for an unknown name, and for a value that an option does not take
 */
export function takeRequestOptions(given: RequestOptions | undefined): RequestOptions {
  if (given === undefined) return NO_REQUEST_OPTIONS
  const taken = takeOptions(given, REQUEST_OPTION_NAMES, 'The options of a request') as {
    -readonly [K in keyof RequestOptions]: RequestOptions[K]
  }
  hearPromise(taken.trailers)
  checkValues(taken, REQUEST_OPTIONS, 'The options of a request')
  taken.trailers = takeTrailers(taken.trailers)
  return taken
}

/** Options of `connect()`. */
export interface ConnectOptions {
  /** Aborts the opening. Default: none. */
  readonly signal?: AbortSignal | undefined
}

/** @throws TypeError for an unknown name */
export function takeConnectOptions(given: ConnectOptions | undefined): ConnectOptions {
  const what = 'The options of connect()'
  const taken = takeOptions(given, { signal: true }, what)
  checkValues(taken, OPTIONS, what)
  return taken
}

/** What `putRequest` leaves out. */
export interface PutRequestOptions {
  /** No Host field: the caller places it, or wants none. Default false. */
  readonly skipHost?: boolean | undefined
  /** No `Accept-Encoding: identity`. Default false. */
  readonly skipAcceptEncoding?: boolean | undefined
}

const PUT_REQUEST_OPTIONS: Readonly<Record<keyof PutRequestOptions, OptionRow>> = {
  skipHost: { takes: 'true or false', is: isBoolean },
  skipAcceptEncoding: { takes: 'true or false', is: isBoolean },
}
const PUT_REQUEST_OPTION_NAMES: OptionNames = namesOf(PUT_REQUEST_OPTIONS)

/** @throws TypeError for an unknown name, and for a value that an option does not take */
export function takePutRequestOptions(given: PutRequestOptions | undefined): PutRequestOptions {
  const what = 'The options of putRequest()'
  const taken = takeOptions(given, PUT_REQUEST_OPTION_NAMES, what)
  checkValues(taken, PUT_REQUEST_OPTIONS, what)
  return taken
}

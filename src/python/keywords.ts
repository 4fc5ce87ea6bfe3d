/**
 * Keyword arguments: Python writes them after a `*`, here they are an object in that place. Each is looked at once, when it is
 * given; an unknown name is a TypeError at once, and so is an object in the place of another argument.
 *
 * Units: a `timeout` is in SECONDS in this module, as in Python. Everywhere else in this package it is in milliseconds.
 */

import type { HTTPConnectionOptions, HTTPSConnectionOptions } from '../connection/options.ts'
import { OPTION_NAMES, takeConnectionOptions, takeTlsOptions } from '../connection/options.ts'
import { isBytes } from '../core/brands.ts'
import type { Timeouts } from '../core/timeouts.ts'
import { resolveTimeouts } from '../core/timeouts.ts'
import { checkTlsOptions } from '../core/tls-options.ts'
import { resolveLimits } from '../h1/limits.ts'
import { resolveTolerances } from '../h1/tolerances.ts'

/** Python's true and false: any number but 0 is true. */
export type Flag = boolean | number

/** What the connection below is told and Python does not know: limits, tolerances, `lookup`, `signal`, `socketPath`, … */
type OptionsBelow = Omit<HTTPConnectionOptions, 'pipelining' | 'timeout' | 'localAddress'>

/** The keyword arguments of HTTPConnection: those of Python 3, and the options of the connection below. */
export interface ConnectionOptions extends OptionsBelow {
  /**
   * In SECONDS, as in Python: how long to wait each time for the peer; null waits for ever. Or an object with a number of seconds
   * for each phase, which Python does not have: `{ connect: 5, total: 60 }`. Default: 30 s to connect, 300 s for anything else.
   */
  readonly timeout?: number | Timeouts | null | undefined
  /** The address to connect from, `[host, 0]`; the system chooses the port. */
  readonly source_address?: readonly [host: string, port: number] | null | undefined
  /** How many bytes of a file are read at a time, and make a chunk. Default 8192. */
  readonly blocksize?: number | undefined
  /** How many lines the fields of a response may have, with the empty one after them. Default 100, as in Python. */
  readonly max_response_headers?: number | null | undefined
  /** The address to connect from, as the other heights of this package name it. */
  readonly localAddress?: string | undefined
}

/** The keyword arguments of HTTPSConnection. */
export interface SecureConnectionOptions extends ConnectionOptions {
  /** Whom to trust and who you are. What is an SSLContext in Python are the options of TLS here: `{ ca, cert, key, … }`. */
  readonly context?: HTTPSConnectionOptions['tls'] | null
  /** Another name of `context`. */
  readonly tls?: HTTPSConnectionOptions['tls']
}

/** What Python takes as keyword arguments of `request` and `endheaders`. */
export interface Keywords {
  /** With a Transfer-Encoding of your own: true to have the body put into chunks, false if it is in chunks already. */
  readonly encode_chunked?: Flag
}

/** The keyword arguments of a connection, taken out of the caller's hands. */
export interface TakenOptions {
  readonly timeout: number | Timeouts | null | undefined
  readonly source_address: readonly [host: string, port: number] | null
  readonly blocksize: number
  readonly max_response_headers: number | null
  readonly below: OptionsBelow & { readonly localAddress?: string | undefined }
}

const NAMES: readonly string[] = [
  'timeout',
  'source_address',
  'blocksize',
  'max_response_headers',
  ...Object.keys(OPTION_NAMES).filter((name) => !['pipelining', 'timeout', 'tls'].includes(name)),
]

/** True for an object that can only be meant as keyword arguments: neither a list nor anything else with a class. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // The plain object of another realm has a prototype that has none.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** @throws TypeError for an object in the place of an argument that is none */
export function assertNoKeywords(value: unknown, place: string): void {
  if (isPlainObject(value)) {
    throw new TypeError(`${place} is no object; keyword arguments go into one after the other arguments`)
  }
}

/**
 * Where the keyword arguments of a constructor are: in the place where Python has its `*`, or after the arguments of old.
 * @throws TypeError for two objects
 */
export function findKeywords<O extends object>(inPlace: unknown, last: O | null): O | null {
  if (!isPlainObject(inPlace)) return last
  if (last !== null) throw new TypeError('keyword arguments were given twice')
  return inPlace as O
}

/**
 * Takes the keyword arguments of a connection.
 * @throws TypeError for an unknown name, and for a value that cannot be one
 */
export function takeOptions(options: ConnectionOptions | null): TakenOptions {
  const given = takeOwn(options) as ConnectionOptions
  checkNames(given, NAMES)
  const { timeout, source_address = null, blocksize = 8192, max_response_headers = null, ...below } = given
  timeoutsOf(timeout)
  localAddressOf(source_address)
  checkCount('blocksize', blocksize)
  if (max_response_headers !== null) checkCount('max_response_headers', max_response_headers)
  // Checked here, and not where the connection below is made, with the first request.
  const own = withoutPrototype(below)
  takeConnectionOptions(own, false)
  resolveTolerances(own.tolerances)
  resolveLimits(own.limits)
  return { timeout, source_address, blocksize, max_response_headers, below: own }
}

/**
 * Takes the keyword arguments of a connection over TLS: what is said of TLS, and the others.
 * @throws TypeError for an unknown name, and for both names of one argument
 */
export function takeSecureOptions(
  options: SecureConnectionOptions | null,
): readonly [tls: HTTPSConnectionOptions['tls'], others: ConnectionOptions] {
  const given = takeOwn(options) as SecureConnectionOptions
  checkNames(given, [...NAMES, 'context', 'tls'])
  const { context, tls, ...others } = given
  if (context !== undefined && context !== null && tls !== undefined) {
    throw new TypeError("'context' and 'tls' are two names of one argument")
  }
  // Its messages speak of what the caller wrote.
  const what = context === undefined || context === null ? 'tls' : 'context'
  const taken = takeTlsOptions(context ?? tls, what)
  checkTlsOptions(taken, what)
  return [taken, withoutPrototype(others)]
}

/** @throws TypeError for an unknown name */
export function takeKeywords(keywords: Keywords): { readonly encode_chunked: boolean } {
  const given = takeOwn(keywords) as Keywords
  checkNames(given, ['encode_chunked'])
  return { encode_chunked: Boolean(given.encode_chunked) }
}

/**
 * The timeouts of the connection below, in milliseconds.
 * @throws TypeError for what is no number of seconds above 0
 */
export function timeoutsOf(timeout: number | Timeouts | null | undefined): number | Timeouts | undefined {
  if (timeout === undefined) return undefined
  if (timeout === null) return Infinity
  if (typeof timeout === 'number') return inMilliseconds('timeout', timeout)
  if (!isPlainObject(timeout))
    throw new TypeError('timeout must be a number of seconds, or one for each phase')
  const phases: Record<string, number> = {}
  for (const [phase, seconds] of Object.entries(timeout) as [string, unknown][]) {
    if (seconds !== undefined) phases[phase] = inMilliseconds(`timeout.${phase}`, seconds)
  }
  resolveTimeouts(phases)
  return phases
}

function inMilliseconds(name: string, seconds: unknown): number {
  if (typeof seconds === 'number' && seconds > 0) return seconds * 1000
  throw new TypeError(`${name} must be a number of seconds above 0, or null for none`)
}

/** @throws TypeError for what is no pair of an address and the port 0 */
export function localAddressOf(source: readonly [host: string, port: number] | null): string | undefined {
  if (source === null) return undefined
  if (!Array.isArray(source) || typeof source[0] !== 'string' || source[1] !== 0) {
    throw new TypeError('source_address is [host, 0]; the system chooses the port')
  }
  return source[0] === '' ? undefined : source[0]
}

/** @throws TypeError for anything but true, false, 0, 1 and null: 10 was meant as a timeout, and an object as keyword arguments */
export function checkStrict(strict: unknown): Flag | null {
  if (strict === null || strict === undefined) return null
  if (typeof strict === 'boolean' || strict === 0 || strict === 1) return strict
  throw new TypeError('strict is true, false, 0 or 1; a timeout goes into an object: { timeout: seconds }')
}

/** @throws TypeError for what is neither true nor false in Python */
export function checkFlag(name: string, flag: unknown): boolean {
  if (typeof flag === 'boolean' || typeof flag === 'number' || flag === null) return Boolean(flag)
  throw new TypeError(`${name} is true or false`)
}

function checkCount(name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new TypeError(`${name} must be a whole number from 1`)
  }
}

function checkNames(given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new TypeError(`Unknown option '${name}'; known: ${known.join(', ')}`)
  }
}

/**
 * A copy to the bottom of plain objects and lists, without a prototype: what the caller changes later has no effect.
 * @throws TypeError for what is no object
 */
function takeOwn(value: unknown): object {
  if (value === undefined || value === null) return Object.create(null) as object
  if (typeof value !== 'object' || Array.isArray(value))
    throw new TypeError('keyword arguments are an object')
  const taken = Object.create(null) as Record<string, unknown>
  for (const [name, entry] of Object.entries(value)) taken[name] = takeDeep(entry)
  return taken
}

/** The rest of a destructuring is a plain object again: what it lacks would be looked for in its prototype. */
function withoutPrototype<T extends object>(value: T): T {
  return Object.assign(Object.create(null) as T, value)
}

function takeDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(takeDeep)
  if (isBytes(value)) return Buffer.from(value)
  return isPlainObject(value) ? takeOwn(value) : value
}

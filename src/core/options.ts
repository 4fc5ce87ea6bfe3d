/**
 * Takes options out of a caller's hands: its own enumerable properties, looked at once, into a record of ours.
 *
 * Security: what another package wrote onto `Object.prototype` must not be an option (it could switch the verification of
 * certificates off), and what the caller writes into the object later must not be one either.
 */

import { addressOfHost } from './host.ts'
import { nearestName } from './nearest-name.ts'

/** A record without a prototype: a property that it does not have is nowhere else. */
export type OptionNames = Readonly<Record<string, true>>

const EMPTY: object = Object.freeze(Object.create(null) as object)

/**
 * The options as they are now; `known` are the names that may be in it.
 * @param what - how messages call the options: "HTTPConnection", "The option 'tls'"
 * @param meant - what an unknown name may mean; undefined where that is not known
 * @throws TypeError for an unknown name (a misspelt option must not be silently without effect), and for what is no object
 *   of options
 */
export function takeOptions<T extends object>(
  given: T | undefined,
  known: OptionNames,
  what: string,
  meant: (name: string) => string | undefined = () => undefined,
): T {
  if (given === undefined) return EMPTY as T
  assertRecord(given, what)
  const taken = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`${what}: ${unknownOption(name, known, meant)}`)
    taken[name] = (given as Record<string, unknown>)[name]
  }
  return taken as T
}

function unknownOption(
  name: string,
  known: OptionNames,
  meant: (name: string) => string | undefined,
): string {
  const names = Object.keys(known)
  const refusal = `unknown option '${name}'; known: ${names.join(', ')}`
  const hint = meant(name) ?? nearestName(name, names)
  return hint === undefined ? refusal : `${refusal}. Try: ${hint}`
}

/** An array, a string or a signal where an object of options belongs would be without effect, and without an error. */
function assertRecord(given: unknown, what: string): asserts given is object {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  if (isObject && (isPlain(given) || Object.keys(given).length > 0)) return
  if (isObject && describe(given) === 'an Object')
    throw new TypeError(`${what}: options are the own properties of an object, and this one has none`)
  throw new TypeError(`${what}: options are an object, not ${describe(given)}`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // The plain object of another realm has a prototype that has none.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** What a value is, for messages: never the value itself. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  return /^[AEIO]/.test(tag) ? `an ${tag}` : `a ${tag}`
}

/** True for a promise of any kind. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** True for an object with members of its own, or none: no list, no string, no instance of another class. */
export function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)
}

// What options take again and again.

export const isFunction = (value: unknown): boolean => typeof value === 'function'
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
export const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** True for a path that names what it says: the system would end it at a NUL. One that begins with NUL is Linux's abstract name. */
export const isSocketPath = (value: unknown): boolean =>
  isText(value) && (value as string).lastIndexOf('\0') <= 0

/** True for an IP address as a system writes it: four decimal numbers, or IPv6, also with a zone. */
export const isAddress = (value: unknown): boolean => {
  const found = typeof value === 'string' ? addressOfHost(value) : undefined
  return found !== undefined && (found.family === 6 || found.address === value)
}

/** True for an object that has these methods, its own or inherited. */
export const hasMethods =
  (...names: readonly string[]): ((value: unknown) => boolean) =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => isFunction((value as Record<string, unknown>)[name]))

/** True for an AbortSignal, the platform's or another package's. */
export const isSignal = (value: unknown): boolean =>
  hasMethods('addEventListener', 'removeEventListener')(value) && 'aborted' in (value as object)

/** The names of a table of options, as `takeOptions` wants them. */
export function namesOf<T extends object>(rows: T): Readonly<Record<keyof T & string, true>> {
  return Object.fromEntries(Object.keys(rows).map((name) => [name, true])) as Record<keyof T & string, true>
}

/** A value as a message may show it. */
export function shown(value: unknown): string {
  if (value === '') return 'an empty string'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : describe(value)
}

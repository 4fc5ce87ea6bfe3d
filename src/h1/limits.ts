/**
 * Limits: how much of each element a peer may send before it is an error. They bound memory by what was received and
 * allowed, never by what was declared (RFC 9110 §2.3, §17.5). docs/tolerances.md is made from this table.
 */

import { freezeDeep } from '../core/freeze.ts'
import { isRecord, shown } from '../core/options.ts'

/** A row of the table. */
export interface LimitRow {
  readonly default: number
  readonly unit: string
  readonly bounds: string
  readonly precedent: string
}

/** How much of each element a peer may send: default, unit and precedent of each limit. docs/tolerances.md is made from it. */
export const LIMITS = {
  maxLineBytes: {
    default: 65_536,
    unit: 'bytes',
    bounds: 'One line of a head or trailer section, without its line end.',
    precedent: 'http.client 65,536',
  },
  maxHeadBytes: {
    default: 65_536,
    unit: 'bytes',
    bounds: 'A whole head: start line, field lines and empty line.',
    precedent: 'Node and undici 16 KiB, h11 16 KiB, httpcore 100 KiB, Go 10 MiB',
  },
  maxFields: {
    default: 1_000,
    unit: 'lines',
    bounds: 'The field lines of a head, and of a trailer section.',
    precedent: 'http.client 100, hyper 100, Node 2,000',
  },
  maxTrailerBytes: {
    default: 65_536,
    unit: 'bytes',
    bounds: 'A whole trailer section, without the empty line after it.',
    precedent: 'hyper 16 KiB',
  },
  maxChunkExtensionBytes: {
    default: 16_384,
    unit: 'bytes',
    bounds: 'All chunk extensions of one body together, with leading zeros of chunk sizes.',
    precedent: 'hyper and Node 16 KiB',
  },
  maxInformational: {
    default: 100,
    unit: 'responses',
    bounds: 'The 1xx responses before one final response.',
    precedent: 'Go: head bytes counted again after each',
  },
} as const
freezeDeep(LIMITS)

/** The names of the limits. */
export type LimitName = keyof typeof LIMITS

/** A complete record of limits. */
export type Limits = Readonly<Record<LimitName, number>>

/** The option: only what differs from the defaults. */
export type LimitOptions = { readonly [K in LimitName]?: number | undefined }

/** One for all connections that ask for nothing else: they share what they remember. */
const DEFAULTS: Limits = Object.freeze(
  Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, row.default])) as Record<
    LimitName,
    number
  >,
)

/**
 * Completes an option with the defaults.
 * @throws TypeError for a name that is not in the table, or a value that is not a whole number from 1 (Infinity lifts a limit).
 */
export function resolveLimits(options?: LimitOptions): Limits {
  if (options === undefined || options === DEFAULTS) return DEFAULTS
  if (!isRecord(options)) throw new TypeError(`The limits are an object, not ${shown(options)}`)
  const resolved: Record<LimitName, number> = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(LIMITS, name))
      throw new TypeError(`Unknown limit '${name}'; known: ${Object.keys(LIMITS).join(', ')}`)
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 1) || (value !== Infinity && !Number.isInteger(value))) {
      throw new TypeError(`Limit '${name}' must be a whole number from 1, or Infinity, not ${shown(value)}`)
    }
    resolved[name as LimitName] = value
  }
  const isDefault = Object.entries(DEFAULTS).every(([name, value]) => resolved[name as LimitName] === value)
  return isDefault ? DEFAULTS : resolved
}

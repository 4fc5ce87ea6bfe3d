/**
 * Tolerances: named departures from the strict reading of a head. Each has a default, a reason and the risk it opens;
 * docs/tolerances.md is made from this table. Where a message ends, and which message a byte belongs to, is read strictly
 * whatever is set here; the one tolerance that moves the end of a body (`identityWithLength`) ends the connection with it.
 * What a tolerance let through is listed in the message's `defects`.
 */

import { freezeDeep } from '../core/freeze.ts'
import { isRecord, shown } from '../core/options.ts'

/** A row of the table. */
export interface ToleranceRow {
  readonly default: boolean
  /** What is let through. */
  readonly accepts: string
  /** Who needs it. */
  readonly reason: string
  /** What an attacker may gain. */
  readonly risk: string
}

/** Every departure from strict reading that can be allowed: default, reason and risk. docs/tolerances.md is made from it. */
export const TOLERANCES = {
  http09: {
    default: false,
    accepts:
      'A response without a status line: all bytes up to the close are the body, version 9, status 200.',
    reason: "Servers of 1991 and a few devices; Python's httplib accepted it by default (strict=0).",
    risk: 'Any service that speaks first can be read as a response: cross-protocol attacks.',
  },
  bareLf: {
    default: false,
    accepts: 'A start line or field line that ends in LF alone. Never in chunk framing or trailer sections.',
    reason: 'RFC 9112 §2.2 allows it; scripts that print their own heads send it.',
    risk: 'A peer in front that does not take LF for a line end sees other fields than this side.',
  },
  controlInValue: {
    default: false,
    accepts: 'Control bytes other than NUL, CR and LF inside a field value.',
    reason: 'Servers that copy unclean text into fields.',
    risk: 'Values forwarded to a terminal or a log may carry escape sequences.',
  },
  spaceBeforeColon: {
    default: false,
    accepts:
      'White space between a field name and its colon. Never for Content-Length and Transfer-Encoding.',
    reason: "Some old servers send it; Python's httplib accepted it.",
    risk: 'A peer that takes the name with its space for another name sees other fields than this side.',
  },
  skipBadFields: {
    default: false,
    accepts:
      'A field line without a colon or with a name that is no token: the line is dropped. Never one that looks like Content-Length or Transfer-Encoding.',
    reason: 'One bad line should not cost a whole response where only its content matters.',
    risk: 'A field another peer did see is missing here.',
  },
  chunkSizePadding: {
    default: false,
    accepts:
      'Blanks before the digits of a chunk size, and between them and the line end. Never between the digits; before `;` they are always accepted.',
    reason:
      'Old load balancers, Tomcat and small devices pad sizes to a fixed width; curl and http.client take it.',
    risk: 'A peer that takes the blank for part of the size refuses what is read here; none is known to read another size.',
  },
  identityWithLength: {
    default: false,
    accepts:
      'A response with `Transfer-Encoding: identity` and Content-Length: the length counts. The connection is not used again.',
    reason:
      'RFC 2616 §4.4 read it so, and http.client does; servers of that time keep the connection open after it.',
    risk: 'RFC 9112 §6.3 reads such a body to the end of the connection: a peer in front may take for its rest what is dropped here.',
  },
  foldedValues: {
    default: false,
    accepts: 'When sending: a field value that holds CR LF HTAB, written as a continuation line.',
    reason: "Python's httplib: putheader with several arguments sends continuation lines.",
    risk: 'RFC 9112 §5.2 forbids sending them; a peer may reject or misread the request.',
  },
} as const
freezeDeep(TOLERANCES)

/** The names of the tolerances. */
export type ToleranceName = keyof typeof TOLERANCES

/** Which tolerances are on: a complete record. */
export type Tolerances = Readonly<Record<ToleranceName, boolean>>

/** The option: only what differs from the defaults. */
export type ToleranceOptions = { readonly [K in ToleranceName]?: boolean | undefined }

/** One for all connections that ask for nothing else: they share what they remember. */
const DEFAULTS: Tolerances = Object.freeze(
  Object.fromEntries(Object.entries(TOLERANCES).map(([name, row]) => [name, row.default])) as Record<
    ToleranceName,
    boolean
  >,
)

/** Every record that was asked for, by which of its members are on: there are no more than there are sets of names. */
const KNOWN: Map<string, Tolerances> = new Map([[keyOf(DEFAULTS), DEFAULTS]])

function keyOf(tolerances: Tolerances): string {
  return Object.values(tolerances).map(Number).join('')
}

/**
 * Completes an option with the defaults. Equal ones give the same record, which is frozen.
 * @throws TypeError for a name that is not in the table, or a value that is not a boolean.
 */
export function resolveTolerances(options?: ToleranceOptions): Tolerances {
  if (options === undefined || options === DEFAULTS) return DEFAULTS
  if (!isRecord(options)) throw new TypeError(`The tolerances are an object, not ${shown(options)}`)
  const resolved: Record<ToleranceName, boolean> = { ...DEFAULTS }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(TOLERANCES, name))
      throw new TypeError(`Unknown tolerance '${name}'; known: ${Object.keys(TOLERANCES).join(', ')}`)
    if (value === undefined) continue
    if (typeof value !== 'boolean')
      throw new TypeError(`Tolerance '${name}' must be true or false, not ${shown(value)}`)
    resolved[name as ToleranceName] = value
  }
  const key = keyOf(resolved)
  const known = KNOWN.get(key)
  if (known !== undefined) return known
  KNOWN.set(key, Object.freeze(resolved))
  return resolved
}

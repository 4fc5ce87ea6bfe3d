/**
 * HTTP Strict Transport Security (RFC 6797): what the field says, of which hosts, and what a URL becomes by it. Pure.
 */

import { isDigits, isToken, trimWhitespace } from '../../core/grammar.ts'
import { tlsNameOf } from '../../core/host.ts'
import type { HstsPolicy } from '../../core/settings.ts'

/** What a field says. */
export interface StrictTransportSecurity {
  /** For how long, in milliseconds: 0 for no longer. */
  readonly maxAgeMs: number
  readonly includeSubDomains: boolean
}

/** A quoted string is read, but not one with white space outside of it: `max-age="1"`. */
const DIRECTIVE = /^([^=\s"]+)[ \t]*(?:=[ \t]*(?:"((?:[^"\\]|\\[\t\x20-\x7e\x80-\xff])*)"|([^\s"]+)))?$/

/**
 * Reads a Strict-Transport-Security field (RFC 6797 §6.1); undefined for one that does not conform, which is ignored as a whole.
 */
export function readStrictTransportSecurity(value: string): StrictTransportSecurity | undefined {
  const seen = new Map<string, string | undefined>()
  for (const part of splitDirectives(value)) {
    const text = trimWhitespace(part)
    if (text === '') continue
    const match = DIRECTIVE.exec(text)
    if (match === null) return undefined
    const [, name = '', quoted, token] = match
    const key = name.toLowerCase()
    if (!isToken(name) || (token !== undefined && !isToken(token)) || seen.has(key)) return undefined
    seen.set(key, quoted === undefined ? token : quoted.replace(/\\(.)/gs, '$1'))
  }
  const seconds = seen.get('max-age')
  if (seconds === undefined || !isDigits(seconds)) return undefined
  const includeSubDomains = seen.has('includesubdomains')
  if (includeSubDomains && seen.get('includesubdomains') !== undefined) return undefined
  // Within what a Date can hold, however many digits there are.
  return { maxAgeMs: Math.min(Number(seconds) * 1_000, MAX_MS), includeSubDomains }
}

/** A hundred years. */
const MAX_MS = 100 * 366 * 86_400_000

/** Splits at the semicolons outside of quoted strings. */
function splitDirectives(value: string): string[] {
  return value.match(/(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/gs) ?? []
}

/** No name is longer, the dot at its end left out (RFC 1035 §2.3.4): 255 octets, each label with its length before it. */
const MAX_NAME_LENGTH = 253

/**
 * The name by which a host is known: without a dot at its end; undefined for what is never known, an address, and what is too long to
 * be a name.
 */
export function hstsHost(hostname: string): string | undefined {
  const { name, isAddress } = tlsNameOf(hostname)
  return isAddress || name === '' || name.length > MAX_NAME_LENGTH ? undefined : name.toLowerCase()
}

/** The host itself and each name above it: `a.b.c`, `b.c`, `c`. */
export function hostAndAbove(host: string): readonly string[] {
  const labels = host.split('.')
  return labels.map((_, i) => labels.slice(i).join('.'))
}

/** What a store of a caller's gives: null, as stores do that read JSON or a database, is as nothing. */
export type StoredPolicy = HstsPolicy | null | undefined

/** Whether the policy of `of` holds for `host`, which is that name or one below it. One that has no end in numbers is none. */
export function holdsFor(policy: StoredPolicy, of: string, host: string, nowMs: number): boolean {
  if (typeof policy?.expiresAtMs !== 'number' || !(policy.expiresAtMs > nowMs)) return false
  return of === host || policy.includeSubDomains
}

/** Whether a policy has come to its end: it may be forgotten. */
export function isOver(policy: StoredPolicy, nowMs: number): boolean {
  return typeof policy?.expiresAtMs === 'number' && policy.expiresAtMs <= nowMs
}

/** The URL over https: port 80 becomes 443, another one stays (RFC 6797 §8.3). A URL of http has no port where it is 80. */
export function overHttps(url: URL): URL {
  return new URL(`https:${url.href.slice('http:'.length)}`)
}

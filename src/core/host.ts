/**
 * What a host is: the one place that reads one. A host is kept as it was given, for that is what a Host field says; this file
 * tells what it is to all the rest: the address to dial, if it is one, and the name that TLS asks for and holds the certificate
 * against. RFC 9110 §4.2, RFC 3986 §3.2.2, RFC 1034 §3.1, RFC 4007 §11, RFC 6066 §3, RFC 6874 §2, RFC 9525 §6.3.
 *
 * Security: two readers who take one text for two hosts are how a certificate of one is accepted for the other. What can be read
 * in two ways is refused here.
 */

import { InvalidURL } from '../errors/index.ts'

/** An address that stands where a name may stand. */
export interface HostAddress {
  /** As the system and a certificate write it: four decimal numbers, or groups of IPv6; without a zone. */
  readonly address: string
  readonly family: 4 | 6
  /** The zone of an IPv6 address, which means something on this machine only; empty for none. */
  readonly zone: string
}

/** What ends or forges a Host field or a CONNECT target, and what userinfo, path or list would need. */
const NOT_IN_HOST = /[^\x21-\x7e]|[/\\?#@,:<>^`{|}"[\]%]/
const BEYOND_ASCII = /[^\0-\x7f]/
const URL_START = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//
/** Of a host of these alone everybody has thought that it is an IPv4 address, and not everybody of which. */
const NUMBER = /^(?:0[Xx][0-9A-Fa-f]*|[0-9]+)$/
const ZONE = /^[\w.~-]+$/

// RFC 1035 §2.3.4, as text and without the last dot.
const MAX_LABEL_LENGTH = 63
const MAX_NAME_LENGTH = 253

const NOT_A_URL = "it is a URL; give the host alone, as 'www.example.com', and the path to request()"

/** @throws InvalidURL for a URL where a host is wanted */
export function refuseUrl(text: string): void {
  if (URL_START.test(text) || text.startsWith('//')) refuse(NOT_A_URL)
}

/**
 * Reads a host: a name or an address, in brackets or without. Answers it as it stands, without the brackets.
 * @throws InvalidURL for what is no host: a byte that may not be in it, an empty or overlong label, what looks like an address
 *   and is none, and a name outside ASCII, whose message holds the `xn--` form to be given instead
 */
export function parseHost(text: string): string {
  refuseUrl(text)
  const host = withoutBrackets(text)
  const isBracketed = host.length < text.length
  if (host === '') refuse('it is empty')
  if (isBracketed || host.includes(':')) {
    if (readIPv6(host) === undefined) refuse('it has a colon, or brackets, and is no IPv6 address')
    return host
  }
  const bad = host.search(NOT_IN_HOST)
  if (bad >= 0) refuse(explainCharacter(host, bad))
  checkLabels(withoutLastDot(host))
  return host
}

/**
 * What stands in brackets is written as in a URL, where `%25` introduces a zone (RFC 6874 §2); a bare `%` does so too, as in
 * curl, and `%25` alone is the zone 25.
 */
function withoutBrackets(text: string): string {
  if (!text.startsWith('[') || !text.endsWith(']')) return text
  return text.slice(1, -1).replace(/^([^%]*%)25(?=.)/, '$1')
}

function refuse(detail: string): never {
  throw new InvalidURL('INVALID_HOST', detail)
}

function explainCharacter(host: string, at: number): string {
  if ('/?#'.includes(host[at]!)) return NOT_A_URL
  const aLabels = BEYOND_ASCII.test(host) ? toASCII(host) : undefined
  if (aLabels !== undefined) return `a name outside ASCII goes in its xn-- form: '${aLabels}'`
  return `the character at ${at} may not be in it; names outside ASCII go in their xn-- form`
}

/** A name with its labels in the `xn--` form; undefined where there is none. Only for messages: another host may come of it. */
function toASCII(host: string): string | undefined {
  if (NOT_IN_HOST.test(host.replaceAll(/[^\0-\x7f]/g, ''))) return undefined
  try {
    return new URL(`http://${host}`).hostname
  } catch {
    return undefined
  }
}

function checkLabels(name: string): void {
  const labels = name.split('.')
  if (labels.includes('')) refuse('one of its labels is empty')
  if (labels.some((label) => label.length > MAX_LABEL_LENGTH) || name.length > MAX_NAME_LENGTH)
    refuse(`a label has ${MAX_LABEL_LENGTH} characters at the most, a name ${MAX_NAME_LENGTH}`)
  if (labels.every((label) => NUMBER.test(label)) && readIPv4(labels) === undefined)
    refuse('it is all numbers, and no IPv4 address')
}

/** The dot that says "this is the whole name" (RFC 1034 §3.1); it is no part of the name to TLS or a certificate. */
function withoutLastDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/**
 * The address that a host is; undefined for a name. An IPv4 address may be spelled in every way that the system's `inet_aton` and
 * browsers take: fewer numbers, octal, hexadecimal.
 */
export function addressOfHost(host: string): HostAddress | undefined {
  if (host.includes(':')) return readIPv6(host)
  const labels = withoutLastDot(host).split('.')
  const address = labels.every((label) => NUMBER.test(label)) ? readIPv4(labels) : undefined
  return address === undefined ? undefined : { address, family: 4, zone: '' }
}

/** What TLS calls a host: the name for SNI and the certificate, or the address, of which SNI says nothing. */
export interface TlsName {
  readonly name: string
  readonly isAddress: boolean
}

/** What TLS calls this host: without a last dot, brackets or a zone. */
export function tlsNameOf(given: string): TlsName {
  const host = withoutBrackets(given)
  const address = addressOfHost(host)
  if (address !== undefined) return { name: address.address, isAddress: true }
  return { name: withoutLastDot(host), isAddress: false }
}

/** The numbers of an IPv4 address; the last one fills what is left. Undefined where they are too many or too large. */
function readIPv4(labels: readonly string[]): string | undefined {
  if (labels.length > 4) return undefined
  const numbers = labels.map(readNumber)
  const last = numbers.pop()!
  if (numbers.some((number) => !(number <= 255)) || !(last < 256 ** (4 - numbers.length))) return undefined
  const value = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last)
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** In C's notation: `0x` for hexadecimal, `0` for octal. NaN where it is none. */
function readNumber(text: string): number {
  if (/^0[Xx]/.test(text)) return text.length === 2 ? Number.NaN : Number(text)
  if (text.length > 1 && text.startsWith('0')) return Number(`0o${text}`)
  return Number(text)
}

/** Eight groups, `::` once for those that are left out, the last two perhaps as IPv4; RFC 4291 §2.2, RFC 4007 §11. */
function readIPv6(host: string): HostAddress | undefined {
  const percent = host.indexOf('%')
  const address = percent < 0 ? host : host.slice(0, percent)
  const zone = percent < 0 ? '' : host.slice(percent + 1)
  if (percent >= 0 && !ZONE.test(zone)) return undefined
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const counts = halves.map((half, index) => countGroups(half, index === halves.length - 1))
  const groups = counts.reduce((sum, count) => sum + count, 0)
  const isWhole = halves.length === 1 ? groups === 8 : groups < 8
  return isWhole ? { address, family: 6, zone } : undefined
}

/** How many groups of 16 bits there are; NaN where one is none. */
function countGroups(text: string, mayEndInIPv4: boolean): number {
  if (text === '') return 0
  const groups = text.split(':')
  const last = groups.at(-1)!
  const isIPv4 = mayEndInIPv4 && /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(last)
  const written = isIPv4 ? groups.slice(0, -1) : groups
  if (!written.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return Number.NaN
  return written.length + (isIPv4 ? 2 : 0)
}

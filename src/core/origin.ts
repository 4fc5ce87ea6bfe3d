/**
 * Host and port: read from what a caller gives, written into Host fields and CONNECT targets. RFC 9110 §4.2, §7.2, and the
 * seed: a port in the host string, `InvalidURL` for one that is empty or not a number.
 */

import { InvalidURL } from '../errors.ts'
import { isDigits } from './grammar.ts'

/** The default port of http. */
export const HTTP_PORT = 80
/** The default port of https. */
export const HTTPS_PORT = 443

/** Where to connect to. */
export interface HostPort {
  /** A name or an address, without brackets; lower case is not forced. */
  readonly host: string
  readonly port: number
}

/** What ends or forges a Host field or a CONNECT target, and what userinfo, path or list would need. */
const NOT_IN_HOST = /[^\x21-\x7e]|[/\\?#@,:<>^`{|}"[\]]/
/** What may stand between brackets: an IPv6 address, perhaps with a zone. */
const NOT_IN_BRACKETS = /[^0-9A-Fa-f:.%\w-]/

/**
 * Reads `host`, `host:port`, `[::1]:8080`, or a host with a port beside it. An IPv6 address without brackets is taken
 * whole, as a host, only where a port is given beside it or it has more than one colon.
 * @throws InvalidURL if the port is empty, not a number or over 65535, or the host has a byte that may not be in it
 */
export function parseHostPort(text: string, port: number | undefined, defaultPort: number): HostPort {
  if (port !== undefined) return { host: parseHost(text), port: checkPort(port) }
  const bracket = text.lastIndexOf(']')
  const colon = text.lastIndexOf(':')
  if (colon <= bracket || (bracket < 0 && text.indexOf(':') !== colon))
    return { host: parseHost(text), port: defaultPort }
  const digits = text.slice(colon + 1)
  if (!isDigits(digits)) {
    throw new InvalidURL(
      'INVALID_PORT',
      digits === '' ? 'nothing stands behind the colon' : 'it is not a number',
    )
  }
  return { host: parseHost(text.slice(0, colon)), port: checkPort(Number(digits)) }
}

function checkPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidURL('INVALID_PORT', String(port))
  return port
}

function parseHost(text: string): string {
  if (text.startsWith('[') && text.endsWith(']')) return checkHost(text.slice(1, -1), NOT_IN_BRACKETS)
  return checkHost(text, text.includes(':') ? NOT_IN_BRACKETS : NOT_IN_HOST)
}

function checkHost(host: string, forbidden: RegExp): string {
  if (host === '') throw new InvalidURL('INVALID_HOST', 'it is empty')
  const bad = host.search(forbidden)
  if (bad >= 0) {
    throw new InvalidURL(
      'INVALID_HOST',
      `the character at ${bad} may not be in it; names outside ASCII go in their xn-- form`,
    )
  }
  return host
}

/** `host:port` for messages and CONNECT targets: an IPv6 address in brackets, the port always there. */
export function formatAuthority({ host, port }: HostPort): string {
  return `${bracketHost(host)}:${port}`
}

/** The value of a Host field: without the default port (RFC 9110 §7.2), an IPv6 address in brackets and without its zone. */
export function formatHostField({ host, port }: HostPort, defaultPort: number): string {
  return port === defaultPort ? bracketHost(host) : `${bracketHost(host)}:${port}`
}

function bracketHost(host: string): string {
  if (!host.includes(':')) return host
  const zone = host.indexOf('%')
  return `[${zone < 0 ? host : host.slice(0, zone)}]`
}

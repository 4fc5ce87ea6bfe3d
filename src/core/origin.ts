/**
 * Host and port: read from what a caller gives, written into Host fields and CONNECT targets. RFC 9110 §4.2, §7.2, and Python's
 * httplib: a port in the host string, `InvalidURL` for one that is empty or not a number. What a host is, host.ts says.
 */

import { InvalidURL } from '../errors/index.ts'
import { isDigits } from './grammar.ts'
import { parseHost, refuseUrl } from './host.ts'
import { describe } from './options.ts'
import { assertString } from './snapshot.ts'

/** The default port of http. */
export const HTTP_PORT = 80
/** The default port of https. */
export const HTTPS_PORT = 443

/** Where to connect to. */
export interface HostPort {
  /** A name or an address as it was given, without brackets; lower case is not forced. */
  readonly host: string
  readonly port: number
}

/**
 * Reads `host`, `host:port`, `[::1]:8080`, or a host with a port beside it. An IPv6 address without brackets is taken
 * whole, as a host, only where a port is given beside it or it has more than one colon.
 * @throws InvalidURL if the port is empty, not a number or over 65535, or the host is none: see `parseHost`
 * @throws TypeError for a host that is no string
 */
export function parseHostPort(text: string, port: number | undefined, defaultPort: number): HostPort {
  assertString(text, 'The host')
  refuseUrl(text)
  assertPort(port)
  if (port !== undefined) return { host: parseHost(text), port: checkPort(port) }
  const bracket = text.lastIndexOf(']')
  const colon = text.lastIndexOf(':')
  if (colon <= bracket || (bracket < 0 && text.indexOf(':') !== colon))
    return { host: parseHost(text), port: defaultPort }
  const digits = text.slice(colon + 1)
  if (!isDigits(digits)) {
    throw new InvalidURL(
      'INVALID_PORT',
      digits === '' ? 'nothing stands after the colon' : 'it is not a number',
    )
  }
  return { host: parseHost(text.slice(0, colon)), port: checkPort(Number(digits)) }
}

/** Options in the place of the port would be told by a message that says nothing of options. */
function assertPort(port: unknown): void {
  if (port === undefined || typeof port === 'number' || typeof port === 'string') return
  const isOptions = typeof port === 'object' && port !== null
  const hint = isOptions
    ? ': options come after it, (host, port, options), with undefined for the default port'
    : ''
  throw new TypeError(`The port is a number or undefined, not ${describe(port)}${hint}`)
}

function checkPort(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidURL('INVALID_PORT', String(port))
  // Not -0.
  return port + 0
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

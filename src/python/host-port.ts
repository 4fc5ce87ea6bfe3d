/**
 * Hosts and ports as Python takes them: a port may be a string, and a host may have letters outside ASCII, which are kept on the
 * connection and go out in their `xn--` form.
 */

import { type FieldLine, hasField } from '../core/fields.ts'
import { isDigits } from '../core/grammar.ts'
import { formatAuthority, type HostPort, parseHostPort } from '../core/origin.ts'
import { assertString } from '../core/snapshot.ts'
import { InvalidURL } from '../errors/index.ts'
import { hostToAscii } from './idna.ts'
import { assertNoKeywords } from './keywords.ts'

/**
 * Takes host and port of what a caller gives. An empty host is an error only where a connection is made: the old class is given
 * its host by connect().
 * @throws InvalidURL if the port is empty or not a number, or the host cannot be one; TypeError for other types
 */
export function readHostPort(host: string, port: number | string | null, defaultPort: number): HostPort {
  assertString(host, 'The host')
  assertNoKeywords(port, 'The port')
  const given = typeof port === 'string' ? readPort(port) : (port ?? undefined)
  if (host === '') return { host, port: given ?? defaultPort }
  const { name, rest } = given === undefined ? splitPort(host) : { name: host, rest: '' }
  const ascii = hostToAscii(name)
  const at = parseHostPort(ascii + rest, given, defaultPort)
  return ascii === name ? at : { host: name, port: at.port }
}

/** The fields of CONNECT: those given, and Host after them where it is not among them, as in Python. */
export function connectFields(to: HostPort, given: readonly FieldLine[]): readonly FieldLine[] {
  return hasField(given, 'host') ? given : [...given, ['Host', formatAuthority(to)]]
}

function readPort(port: string): number {
  if (!isDigits(port))
    throw new InvalidURL('INVALID_PORT', port === '' ? 'it is empty' : 'it is not a number')
  return Number(port)
}

/** The name in `name:port`, and what follows it; a name in brackets has colons of its own. */
function splitPort(host: string): { name: string; rest: string } {
  const colon = host.lastIndexOf(':')
  const hasPort = colon > host.lastIndexOf(']') && host.indexOf(':') === colon
  return hasPort ? { name: host.slice(0, colon), rest: host.slice(colon) } : { name: host, rest: '' }
}

/**
 * The connection below, made so that it does what Python does: the version is what `_http_vsn` says, every call sends at once, and
 * the answer of a proxy is kept. The one place that touches the inside of `connection/`.
 */

import { HTTPConnection as Connection } from '../connection/http-connection.ts'
import { HTTPSConnection as SecureConnection } from '../connection/https-connection.ts'
import type { HTTPConnectionOptions, HTTPSConnectionOptions } from '../connection/options.ts'
import type { ConnectionSettings } from '../connection/request-maker.ts'
import type { FieldLine } from '../core/fields.ts'
import { hostToAscii } from './idna.ts'
import {
  type ConnectionOptions,
  type Flag,
  localAddressOf,
  type TakenOptions,
  timeoutsOf,
} from './keywords.ts'
import { limitsFor, tolerancesFor } from './strictness.ts'

/** What the connection below asks its owner, and tells it. */
export interface Owner {
  /** The version to be written: any code may write the attribute, and anything into it. */
  version(): 10 | 11
  /** A proxy has answered CONNECT with these fields, yes or no. */
  proxyAnswered(fields: readonly FieldLine[]): void
}

/** What the connection below is told of Python: what is sent is on its way when the call returns. */
function settingsFor(scheme: 'http' | 'https', owner: Owner): ConnectionSettings {
  return {
    scheme,
    isGathering: false,
    version: () => {
      const version = owner.version()
      if (version !== 10 && version !== 11) throw new TypeError('_http_vsn must be 10 or 11')
      return version
    },
    onTunnelAnswer: (fields) => owner.proxyAnswered(fields),
    lent: undefined,
  }
}

/** What a connection of Python has in its attributes when it is opened. */
export interface Settings {
  readonly host: string
  readonly port: number
  readonly strict: Flag | null
  readonly timeout: ConnectionOptions['timeout']
  readonly source_address: readonly [host: string, port: number] | null
  readonly max_response_headers: number | null
}

/** The response being read, and the one after it. */
const PIPELINING = 2

/**
 * Makes the connection below.
 * @param more - what Python does not know
 * @param tls - undefined for a connection without TLS
 * @throws InvalidURL for a host that cannot be one; TypeError for a value that cannot be one
 */
export function makeConnection(
  settings: Settings,
  more: TakenOptions['below'],
  tls: HTTPSConnectionOptions['tls'],
  owner: Owner,
): Connection {
  const options: HTTPConnectionOptions = {
    ...more,
    localAddress: localAddressOf(settings.source_address) ?? more.localAddress,
    timeout: timeoutsOf(settings.timeout),
    tolerances: tolerancesFor(settings.strict, more.tolerances),
    limits: limitsFor(settings.max_response_headers, more.limits),
    pipelining: PIPELINING,
  }
  const host = hostToAscii(settings.host)
  if (tls === undefined) return new Connection(host, settings.port, options, settingsFor('http', owner))
  const secure: HTTPSConnectionOptions = { ...options, tls }
  return new SecureConnection(host, settings.port, secure, settingsFor('https', owner))
}

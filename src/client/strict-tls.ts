/** What is opened to a host that is known to ask for https: no option lets a certificate through that is not right (RFC 6797 §8.4). */

import { takeTlsOptions } from '../connection/options.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { ClientSettings, ConnectionSettings } from './settings.ts'

/** One object for each, so that requests with it share connections. */
const STRICT: WeakMap<ConnectionSettings, ConnectionSettings> = new WeakMap()

/** The settings with certificates judged in full; undefined where they are already. */
export function strictConnection(connection: ConnectionSettings): ConnectionSettings | undefined {
  const { verify, accept, ...tls } = connection.tls
  if (verify !== false && accept === undefined) return undefined
  let strict = STRICT.get(connection)
  if (strict === undefined) {
    strict = Object.freeze({ ...connection, tls: takeTlsOptions(tls) })
    STRICT.set(connection, strict)
  }
  return strict
}

/** The request with certificates judged in full; undefined where they are already. */
export function withStrictTls(request: OutgoingRequest): OutgoingRequest | undefined {
  const settings = request.settings as ClientSettings
  const connection = strictConnection(settings.connection)
  if (connection === undefined) return undefined
  return withChanges(request, { settings: Object.freeze({ ...settings, connection }) })
}

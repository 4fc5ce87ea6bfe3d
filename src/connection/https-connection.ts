/**
 * HTTPConnection over TLS. The certificate is verified, which Python's httplib did not do; RFC 9110 §4.2.2, §4.3.4.
 */

import { HTTPS_PORT } from '../core/origin.ts'
import { HTTPConnection } from './http-connection.ts'
import type { HTTPSConnectionOptions } from './options.ts'
import { type ConnectionSettings, HTTPS_SETTINGS } from './request-maker.ts'

/**
 * A connection driven by hand, over TLS: the verbs of `HTTPConnection`. The server's certificate is verified unless an
 * option says otherwise; with `setTunnel()` TLS runs inside the tunnel.
 */
export class HTTPSConnection extends HTTPConnection {
  static override readonly defaultPort: number = HTTPS_PORT

  /**
   * @param host - a name or an address, also with a port: `www.example.com:8443`
   * @param port - default 443
   * @param options - `tls` says whom to trust and who you are; without it the system's authorities are trusted
   * @throws InvalidURL, TypeError as HTTPConnection
   */
  constructor(host: string, port?: number, options?: HTTPSConnectionOptions)
  /** @internal */
  constructor(
    host: string,
    port: number | undefined,
    options: HTTPSConnectionOptions | undefined,
    settings: ConnectionSettings,
  )
  constructor(
    host: string,
    port?: number,
    options?: HTTPSConnectionOptions,
    settings: ConnectionSettings = HTTPS_SETTINGS,
  ) {
    super(host, port, options, settings)
  }
}

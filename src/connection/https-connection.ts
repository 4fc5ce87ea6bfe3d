/**
 * HTTPConnection over TLS. The certificate is verified, which the seed did not do; RFC 9110 §4.2.2, §4.3.4.
 */

import type { HeadersInput } from '../core/headers.ts'
import { HTTPS_PORT } from '../core/origin.ts'
import { checkTlsOptions } from '../core/tls-options.ts'
import type { TlsSettings } from '../io/tls/settings.ts'
import { HTTPConnection } from './http-connection.ts'
import { checkOptionNames, type HTTPSConnectionOptions, TLS_OPTION_NAMES } from './options.ts'

export class HTTPSConnection extends HTTPConnection {
  static override readonly defaultPort: number = HTTPS_PORT
  protected override readonly scheme = 'https'
  #tls: TlsSettings

  /**
   * @param port default 443
   * @param options `tls` says whom to trust and who you are; without it the system's authorities are trusted
   * @throws InvalidURL, TypeError as HTTPConnection
   */
  constructor(host: string, port?: number, options: HTTPSConnectionOptions = {}) {
    super(host, port, options)
    checkOptionNames(options.tls ?? {}, TLS_OPTION_NAMES)
    checkTlsOptions(options.tls ?? {})
    // The session lives with this host and these options: it is never resumed for another peer.
    this.#tls = { options: options.tls ?? {}, sessions: { session: undefined } }
  }

  override setTunnel(host: string, port?: number, headers?: HeadersInput): void {
    super.setTunnel(host, port, headers)
    this.#tls = { ...this.#tls, sessions: { session: undefined } }
  }

  protected override get tls(): TlsSettings {
    return this.#tls
  }
}

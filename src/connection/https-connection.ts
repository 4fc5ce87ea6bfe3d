/**
 * HTTPConnection over TLS. The certificate is verified, which the seed did not do; RFC 9110 §4.2.2, §4.3.4.
 */

import { HTTPS_PORT } from '../core/origin.ts'
import type { TlsSettings } from '../io/tls-options.ts'
import { HTTPConnection } from './http-connection.ts'
import type { HTTPSConnectionOptions } from './options.ts'

export class HTTPSConnection extends HTTPConnection {
  static override readonly defaultPort: number = HTTPS_PORT
  protected override readonly scheme = 'https'
  readonly #tls: TlsSettings

  /**
   * @param port default 443
   * @param options `tls` says whom to trust and who you are; without it the system's authorities are trusted
   * @throws InvalidURL, TypeError as HTTPConnection
   */
  constructor(host: string, port?: number, options: HTTPSConnectionOptions = {}) {
    super(host, port, options)
    // The sessions live as long as this object, with its host and its options: one is never resumed for another peer.
    this.#tls = { options: options.tls ?? {}, sessions: { session: undefined } }
  }

  protected override get tls(): TlsSettings {
    return this.#tls
  }
}

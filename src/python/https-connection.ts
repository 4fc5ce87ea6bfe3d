/**
 * HTTPSConnection with Python's names. Unlike the old module's it verifies the server's certificate:
 *
 *     new HTTPSConnection(host, port, null, null, 0, { tls: { ca: readFileSync('own-ca.pem') } })
 *     new HTTPSConnection(host, port, null, null, 0, { tls: { verify: false } })  // as the old one: anybody may listen
 */

import { readFileSync } from 'node:fs'
import type { HTTPConnection as Connection } from '../connection/http-connection.ts'
import { HTTPSConnection as SecureConnection } from '../connection/https-connection.ts'
import type { HTTPConnectionOptions, HTTPSConnectionOptions } from '../connection/options.ts'
import { HTTPS_PORT } from '../core/origin.ts'
import {
  type ConnectionOptions,
  checkVersion,
  type Flag,
  HTTPConnection,
  settingsFor,
} from './http-connection.ts'

/** As ConnectionOptions, and `tls`: whom to trust, and who you are. */
export interface SecureConnectionOptions extends ConnectionOptions, Pick<HTTPSConnectionOptions, 'tls'> {}

/** A connection to an HTTPS server, as in Python's httplib, with the certificate verified. */
export class HTTPSConnection extends HTTPConnection {
  /** The path of the private key, or null. */
  key_file: string | null
  /** The path of the certificate, or null. */
  cert_file: string | null
  readonly #tls: HTTPSConnectionOptions['tls']

  /**
   * @param key_file - name of a PEM file with your private key
   * @param cert_file - name of a PEM file with your certificate chain; may hold the key, too
   * @throws InvalidURL if a port is empty or not a number; the system's error for a file that cannot be read
   */
  constructor(
    host: string,
    port: number | null = null,
    key_file: string | null = null,
    cert_file: string | null = null,
    strict: Flag = 0,
    options: SecureConnectionOptions = {},
  ) {
    super(host, port, strict, options)
    this.key_file = key_file
    this.cert_file = cert_file
    this.#tls = { ...readKeyPair(key_file, cert_file), ...options.tls }
  }

  override get default_port(): number {
    return HTTPS_PORT
  }

  protected override _make(options: HTTPConnectionOptions): Connection {
    const settings = settingsFor('https', () => checkVersion(this._http_vsn))
    return new SecureConnection(this.host, this.port, { ...options, tls: this.#tls }, settings)
  }
}

/** One file may hold both. */
function readKeyPair(key_file: string | null, cert_file: string | null): { key?: Buffer; cert?: Buffer } {
  const keyName = key_file ?? cert_file
  const certName = cert_file ?? key_file
  if (keyName === null || certName === null) return {}
  return { key: readFileSync(keyName), cert: readFileSync(certName) }
}

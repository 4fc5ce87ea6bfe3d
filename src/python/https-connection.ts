/**
 * HTTPSConnection with Python's names. Unlike the old module's it verifies the server's certificate:
 *
 *     new HTTPSConnection(host, port, { context: { ca: readFileSync('own-ca.pem') } })
 *     new HTTPSConnection(host, port, { context: { verify: false } })  // as the old one: any party may listen
 */

import { readFileSync } from 'node:fs'
import type { HTTPSConnectionOptions } from '../connection/options.ts'
import { HTTPS_PORT } from '../core/origin.ts'
import { HTTPConnection } from './http-connection.ts'
import {
  assertNoKeywords,
  type Flag,
  findKeywords,
  isPlainObject,
  type SecureConnectionOptions,
  takeSecureOptions,
} from './keywords.ts'

/** A connection to an HTTPS server, as in Python's httplib and http.client, with the certificate verified. */
export class HTTPSConnection extends HTTPConnection {
  static override default_port: number = HTTPS_PORT

  /** The path of the private key, or null. */
  key_file: string | null
  /** The path of the certificate, or null. */
  cert_file: string | null
  readonly #tls: HTTPSConnectionOptions['tls']

  /**
   * @param key_file - name of a PEM file with your private key. Or the keyword arguments, as in
   *   `new HTTPSConnection(host, port, { timeout: 5, context: { ca } })`, where `timeout` is in SECONDS
   * @param cert_file - name of a PEM file with your certificate chain; may hold the key, too
   * @param strict - as of HTTPConnection
   * @param options - the keyword arguments, after the arguments of old
   * @throws InvalidURL if a port is empty or not a number; the system's error for a file that cannot be read
   * @throws TypeError for an unknown keyword argument, or one in the wrong place
   */
  constructor(
    host: string,
    port: number | string | null = null,
    key_file: string | SecureConnectionOptions | null = null,
    cert_file: string | null = null,
    strict: Flag | null = null,
    options: SecureConnectionOptions | null = null,
  ) {
    assertNoKeywords(cert_file, 'cert_file')
    assertNoKeywords(strict, 'strict')
    const [tls, others] = takeSecureOptions(findKeywords(key_file, options))
    super(host, port, strict, others)
    this.key_file = isPlainObject(key_file) ? null : key_file
    this.cert_file = cert_file
    this.#tls = { ...readKeyPair(this.key_file, cert_file), ...tls }
  }

  protected override _tls(): HTTPSConnectionOptions['tls'] {
    return this.#tls
  }
}

/** One file may hold both. */
function readKeyPair(key_file: string | null, cert_file: string | null): { key?: Buffer; cert?: Buffer } {
  const keyName = key_file ?? cert_file
  const certName = cert_file ?? key_file
  if (keyName === null || certName === null) return {}
  return { key: readFileSync(keyName), cert: readFileSync(certName) }
}

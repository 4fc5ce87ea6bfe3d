/** The certificates that a peer has sent, for the few who ask: they are read while there is a connection, and not before. */

import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { TlsDetails } from '../../core/tls-options.ts'

const SOCKETS: WeakMap<TlsDetails, TLSSocket> = new WeakMap()

export function rememberSocket(details: TlsDetails, socket: TLSSocket): void {
  SOCKETS.set(details, socket)
}

/** The peer's own first, each with what has signed it after it; none on a resumed session. */
export function certificatesOf(details: TlsDetails): X509Certificate[] {
  const chain: X509Certificate[] = []
  let one = details.isResumed ? undefined : SOCKETS.get(details)?.getPeerX509Certificate()
  // What has signed itself is its own issuer.
  while (one !== undefined && one.fingerprint256 !== chain.at(-1)?.fingerprint256) {
    chain.push(one)
    one = one.issuerCertificate
  }
  return chain
}

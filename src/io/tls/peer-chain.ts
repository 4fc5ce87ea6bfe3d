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

const SELF_SIGNED = 18
const SELF_SIGNED_IN_CHAIN = 19
const NO_ISSUER = 20

/**
 * What OpenSSL says of a peer that was not verified, where it knows of no authority: its number (`X509_V_ERR_…`). 0 for one
 * that was verified.
 * @param chain - what `certificatesOf` has given: Node takes the first away when it is asked for
 */
export function unverifiedResultOf(details: TlsDetails, chain: readonly X509Certificate[]): number {
  if (details.isVerified) return 0
  const top = chain.at(-1)
  // Node adds the authority that it knows to what was sent.
  const isKnown = SOCKETS.get(details)?.authorized === true
  if (top === undefined || isKnown || top.issuer !== top.subject) return NO_ISSUER
  return chain.length === 1 ? SELF_SIGNED : SELF_SIGNED_IN_CHAIN
}

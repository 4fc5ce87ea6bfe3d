/**
 * One certificate of a chain that a server showed, and what was found to be wrong with it.
 */

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'
import { type CertificateOutline, readOutline } from './certificate-der.ts'
import type { ReasonName } from './certificate-reasons.ts'

/** One certificate of a chain, as Node shows it and as an object; the object costs 100 µs and is made when asked for. */
export class ChainCertificate {
  readonly shown: DetailedPeerCertificate
  #x509: X509Certificate | undefined
  #outline: CertificateOutline | false | undefined

  constructor(shown: DetailedPeerCertificate) {
    this.shown = shown
  }

  get x509(): X509Certificate {
    this.#x509 ??= new X509Certificate(this.shown.raw)
    return this.#x509
  }

  /** What stands in its DER; undefined where that cannot be read. */
  get outline(): CertificateOutline | undefined {
    this.#outline ??= readOutline(this.shown.raw) ?? false
    return this.#outline === false ? undefined : this.#outline
  }
}

/** Something that is wrong, and with which certificate. */
export interface Finding {
  readonly reason: ReasonName
  readonly certificate: ChainCertificate
}

/** Whatever its key may be used for: a server's certificate that is trusted by itself need not be an authority's. */
export function isSelfSigned(x509: X509Certificate): boolean {
  return x509.issuer === x509.subject && x509.verify(x509.publicKey)
}

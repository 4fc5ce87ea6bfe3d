/**
 * Which certificates of a chain are on the revocation lists that were given (RFC 5280 §5.1): needed where OpenSSL may have looked
 * at another chain. Only ever finds more that is wrong: OpenSSL has looked at the signatures and the dates of those lists that it used.
 */

import { isBytes } from '../../core/brands.ts'
import type { PemInput } from '../../core/tls-options.ts'
import { type Element, readElements } from './certificate-der.ts'
import type { ChainCertificate, Finding } from './chain-certificate.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02
const PEM_LIST = /-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g

/** One list: its issuer in DER, and the serial numbers on it in hexadecimal. */
interface RevocationList {
  readonly issuer: Buffer
  readonly serials: ReadonlySet<string>
}

/** What is wrong with the certificates below the uppermost, which is trusted by itself. */
export function findRevoked(chain: readonly ChainCertificate[], crl: PemInput): Finding[] {
  const lists = readLists(crl)
  return chain.slice(0, -1).flatMap((certificate): Finding[] => {
    const { issuer, serial } = readIssue(certificate.shown.raw)
    const known = lists.filter((list) => list.issuer.equals(issuer))
    if (known.length === 0) return [{ reason: 'revocationUnknown', certificate }]
    return known.some(({ serials }) => serials.has(serial)) ? [{ reason: 'revoked', certificate }] : []
  })
}

function readLists(crl: PemInput): RevocationList[] {
  const texts = typeof crl === 'string' || isBytes(crl) ? [crl] : crl
  return texts.flatMap((text) =>
    [...Buffer.from(text).toString('latin1').matchAll(PEM_LIST)].map(([, base64]) =>
      readList(Buffer.from(base64!, 'base64')),
    ),
  )
}

/** The version may be missing; behind the algorithm and the issuer stand one or two times, and then what is revoked. */
function readList(der: Uint8Array): RevocationList {
  const [algorithm, issuer, ...rest] = bodyOf(der).filter(({ tag }) => tag !== INTEGER)
  const revoked = rest.find(({ tag }) => tag === SEQUENCE)
  const entries = algorithm === undefined || revoked === undefined ? [] : readElements(revoked.content)
  return {
    issuer: Buffer.from(issuer!.content),
    serials: new Set(entries.map((entry) => serialOf(readElements(entry.content)[0]!))),
  }
}

/** Who has issued a certificate, and under which number: the version is `[0]`, and may be missing. */
function readIssue(der: Uint8Array): { readonly issuer: Uint8Array; readonly serial: string } {
  const [serial, , issuer] = bodyOf(der).filter(({ tag }) => tag === INTEGER || tag === SEQUENCE)
  return { issuer: issuer!.content, serial: serialOf(serial!) }
}

/** What was signed: the first element of a certificate, and of a list. */
function bodyOf(der: Uint8Array): Element[] {
  return readElements(readElements(readElements(der)[0]!.content)[0]!.content)
}

function serialOf({ content }: Element): string {
  return Buffer.from(content).toString('hex')
}

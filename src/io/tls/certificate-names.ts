/**
 * Whether a certificate is for a host. Only the subjectAltName counts, never the common name; an address needs an entry of its own
 * kind (RFC 9110 §4.3.4, §4.3.5). OpenSSL compares: it reads the entries themselves and no text made of them, and knows every way to
 * write an address. What it does not do is compare a wildcard with names that have other characters than letters, digits and
 * hyphens: `*.example.com` and `my_bucket.example.com`. To RFC 9525 §6.3 the star stands for one label, whatever is in it.
 */

import { tlsNameOf } from '../../core/host.ts'
import type { ChainCertificate } from './chain-certificate.ts'

/** How OpenSSL compares. Security: every name that Node looks for, for it looks on `Object.prototype` as well. */
const COMPARING = Object.freeze({
  subject: 'never',
  wildcards: true,
  partialWildcards: false,
  multiLabelWildcards: false,
  singleLabelSubdomains: false,
} as const)

/** Whether the certificate is for the host: a name or an address as a connection has it. */
export function namesHost({ x509, outline }: ChainCertificate, host: string): boolean {
  const { name, isAddress } = tlsNameOf(host)
  if (isAddress) return x509.checkIP(name) !== undefined
  // Security: to OpenSSL a name that begins with a dot means "any name below".
  if (name.startsWith('.')) return false
  if (x509.checkHost(name, COMPARING) !== undefined) return true
  return outline?.dnsNames.some((pattern) => isBelow(pattern, name)) === true
}

/** Whether a pattern that begins with a star and a dot, and has two labels at least after them, stands for the name. */
function isBelow(pattern: string, name: string): boolean {
  const suffix = pattern.slice(1).toLowerCase()
  if (!pattern.startsWith('*.') || !/^\.[^.*]+(?:\.[^.*]+)+$/.test(suffix)) return false
  const firstDot = name.indexOf('.')
  return firstDot > 0 && name.slice(firstDot).toLowerCase() === suffix
}

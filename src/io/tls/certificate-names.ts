/**
 * Whether a certificate is for a host. Only the subjectAltName counts, never the common name; an address needs an entry of its own
 * kind (RFC 9110 §4.3.4, §4.3.5). OpenSSL compares: it reads the entries themselves and no text made of them, and knows every way to
 * write an address. What it does not do is compare a wildcard with names that have other characters than letters, digits and
 * hyphens: `*.example.com` and `my_bucket.example.com`. To RFC 9525 §6.3 the star stands for one label, whatever is in it.
 */

import { tlsNameOf } from '../../core/host.ts'
import { bytesOfIp, readIpAddress } from '../../core/ip-address.ts'
import { DNS_NAME, type Element, IP_ADDRESS, type NameConstraints } from './certificate-der.ts'
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

/**
 * Whether an authority with these constraints may issue for the host (RFC 5280 §4.2.1.10). Of the names that a certificate has, this
 * one alone decides to whom is talked.
 */
export function mayIssueFor({ permitted, excluded }: NameConstraints, host: string): boolean {
  const { name, isAddress } = tlsNameOf(host)
  const address = isAddress ? bytesOfIp(readIpAddress(name)!) : undefined
  const kind = isAddress ? IP_ADDRESS : DNS_NAME
  const isWithin = ({ content }: Element): boolean =>
    address === undefined ? isInDomain(name, content) : isInNetwork(address, content)
  const allowed = permitted.filter(({ tag }) => tag === kind)
  return (
    (allowed.length === 0 || allowed.some(isWithin)) &&
    !excluded.some((base) => base.tag === kind && isWithin(base))
  )
}

/** With a dot before it, as OpenSSL takes it, a domain is the names below it alone. */
function isInDomain(name: string, base: Uint8Array): boolean {
  const domain = Buffer.from(base).toString('latin1').toLowerCase()
  const lower = name.toLowerCase()
  if (domain === '' || lower === domain) return true
  return lower.endsWith(domain.startsWith('.') ? domain : `.${domain}`)
}

/** An address, and as many bytes that say which of its bits count. */
function isInNetwork(address: readonly number[], base: Uint8Array): boolean {
  const width = address.length
  return (
    base.length === 2 * width &&
    address.every((byte, index) => ((byte ^ base[index]!) & base[width + index]!) === 0)
  )
}

/**
 * The chain of certificates a server showed: what there is to read in it, and everything that is wrong with it.
 *
 * OpenSSL judges the chain, and Node reports one error: the last. `examineChain` looks again by itself, so that an error
 * that another hides is found too. Security: it only ever adds reasons to refuse. Where OpenSSL is content it is not
 * asked about trust; where one reason is accepted (option `accept`) it must know every other, so what it cannot judge is a
 * reason as well. RFC 5280 §6.1.
 */

import { createHash, X509Certificate } from 'node:crypto'
import * as tls from 'node:tls'
import { isBytes } from '../../core/brands.ts'
import { ownMember } from '../../core/owns.ts'
import type { PemInput } from '../../core/tls-options.ts'
import type { CertificateOutline } from './certificate-der.ts'
import { mayIssueFor } from './certificate-names.ts'
import type { ReasonName } from './certificate-reasons.ts'
import { findWeaknesses } from './certificate-strength.ts'
import { ChainCertificate, type Finding, isSelfSigned } from './chain-certificate.ts'

/** The chain, from the server's own certificate upwards. Node joins it by names, with what the peer sent and what is trusted. */
export function readChain(certificate: tls.DetailedPeerCertificate): ChainCertificate[] {
  const chain: ChainCertificate[] = []
  const seen = new Set<string>()
  for (
    let one = certificate;
    one?.raw !== undefined && !seen.has(one.fingerprint256);
    one = ownMember(one, 'issuerCertificate')!
  ) {
    seen.add(one.fingerprint256)
    chain.push(new ChainCertificate(one))
  }
  return chain
}

/** The pin of a certificate: `sha256/` and the base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4). */
export function pinOf({ x509 }: ChainCertificate): string {
  return `sha256/${createHash('sha256').update(keyOf(x509)).digest('base64')}`
}

function keyOf(x509: X509Certificate): Buffer {
  return x509.publicKey.export({ type: 'spki', format: 'der' })
}

/**
 * Whether the server's certificate, or one that it is signed by, has a pinned key. Security: Node joins a chain by names alone;
 * without the usual verification a peer could show another's authority above a certificate of its own making.
 */
export function hasPinnedKey(chain: readonly ChainCertificate[], pins: string | readonly string[]): boolean {
  const accepted = typeof pins === 'string' ? [pins] : pins
  let below: X509Certificate | undefined
  for (const one of chain) {
    if (below !== undefined && !(one.x509.ca && below.verify(one.x509.publicKey))) return false
    if (accepted.includes(pinOf(one))) return true
    below = one.x509
  }
  return false
}

interface Authority {
  readonly subject: string
  readonly x509: X509Certificate
}

/** The authorities that are trusted, and whether these are all of them. */
export interface TrustStore {
  readonly authorities: readonly Authority[]
  readonly isComplete: boolean
}

/** The authorities of the option `ca`, or those that Node trusts by default. */
export function readTrustStore(ca: PemInput | undefined): TrustStore {
  if (ca !== undefined) {
    const texts = typeof ca === 'string' || isBytes(ca) ? [ca] : ca
    const pems = texts.flatMap((text) => Buffer.from(text).toString('latin1').match(PEM_CERTIFICATE) ?? [])
    return { authorities: pems.flatMap((pem) => readAuthority(pem) ?? []), isComplete: true }
  }
  // From Node 22.15 on. Before, what NODE_EXTRA_CA_CERTS and --use-openssl-ca add is hidden.
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default') => string[] }
  const all = getCACertificates?.('default') ?? []
  const pems = all.length > 0 ? all : tls.rootCertificates
  return { authorities: pems.flatMap((pem) => readSystemAuthority(pem) ?? []), isComplete: all.length > 0 }
}

const PEM_CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g

function readAuthority(pem: string): Authority | undefined {
  try {
    const x509 = new X509Certificate(pem)
    return { subject: x509.subject, x509 }
  } catch {
    // OpenSSL does not trust it either.
    return undefined
  }
}

/** There are about 150, and to read them takes 25 ms: not at every refusal. */
const systemAuthorities = new Map<string, Authority | undefined>()

function readSystemAuthority(pem: string): Authority | undefined {
  if (!systemAuthorities.has(pem)) systemAuthorities.set(pem, readAuthority(pem))
  return systemAuthorities.get(pem)
}

/**
 * Everything that is wrong with a chain, by the certificates themselves, but that it is for another host.
 * @param host - for which it has to be issued
 */
export function examineChain(
  chain: readonly ChainCertificate[],
  store: TrustStore,
  now: number,
  host: string,
): Finding[] {
  const relevant = upToAnchor(chain, store)
  const isTrusted = isAnchor(relevant.at(-1)!, store)
  return [
    ...(isTrusted ? [] : [findMistrust(chain, store)]),
    ...relevant.flatMap((certificate, height) =>
      findFaults(certificate, height === 0 ? undefined : relevant[height - 1], height, now),
    ),
    ...relevant.filter((one) => !isAllowedFor(one, host)).map(breaksConstraint),
    ...findWeaknesses(relevant),
  ]
}

/** What stands above a trusted authority decides nothing: it was shown for clients that trust another one. */
export function upToAnchor(
  chain: readonly ChainCertificate[],
  store: TrustStore,
): readonly ChainCertificate[] {
  const end = chain.findIndex((one) => isAnchor(one, store))
  return end < 0 ? chain : chain.slice(0, end + 1)
}

/** Whether this is a trusted authority, or one under its name and with its key. */
function isAnchor({ x509 }: ChainCertificate, { authorities }: TrustStore): boolean {
  const name = x509.subject
  return authorities.some(
    (one) => one.subject === name && isSelfSigned(one.x509) && keyOf(one.x509).equals(keyOf(x509)),
  )
}

function findMistrust(chain: readonly ChainCertificate[], store: TrustStore): Finding {
  const certificate = chain.at(-1)!
  if (!isSelfSigned(certificate.x509)) return { reason: 'issuerMissing', certificate }
  if (chain.length === 1) return { reason: 'selfSigned', certificate }
  return { reason: store.isComplete ? 'untrustedRoot' : 'trustUnknown', certificate }
}

/** Extensions whose meaning is heeded here or says nothing of a server's certificate, by their number under 2.5.29. */
const UNDERSTOOD: ReadonlySet<string> = new Set(
  ['14', '15', '17', '19', '30', '31', '32', '35', '37'].map((id) => `2.5.29.${id}`),
)
/** Of addresses, of autonomous systems (RFC 3779), and of proxy certificates (RFC 3820): OpenSSL heeds them, critical or not. */
const NOT_UNDERSTOOD = ['1.3.6.1.5.5.7.1.7', '1.3.6.1.5.5.7.1.8', '1.3.6.1.5.5.7.1.14']

/** digitalSignature, keyEncipherment, keyAgreement: what a server's key may be for (RFC 5280 §4.2.1.12). */
const HANDSHAKE_USES = 0x80 | 0x20 | 0x08
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_PURPOSE = '2.5.29.37.0'

/** @param height how many certificates stand below this one */
function findFaults(
  certificate: ChainCertificate,
  below: ChainCertificate | undefined,
  height: number,
  now: number,
): Finding[] {
  const { shown, x509 } = certificate
  const { outline } = certificate
  const found: ReasonName[] = []
  const isForged = below !== undefined && !below.x509.verify(x509.publicKey)
  if (below !== undefined && (!x509.ca || (outline?.maxPathLength ?? Infinity) < height - 1))
    found.push('wrongIssuer')
  if (outline !== undefined && !isUnderstood(outline)) found.push('notUnderstood')
  // By Node's name these are the extended ones.
  const purposes = x509.keyUsage as readonly string[] | undefined
  const isForServers = purposes?.some((id) => id === SERVER_AUTH || id === ANY_PURPOSE) ?? true
  const isForHandshakes = height > 0 || ((outline?.keyUsage ?? HANDSHAKE_USES) & HANDSHAKE_USES) > 0
  if (!isForServers || !isForHandshakes) found.push('wrongPurpose')
  if (Date.parse(shown.valid_to) < now) found.push('expired')
  if (Date.parse(shown.valid_from) > now) found.push('notYetValid')
  return [
    ...(isForged ? [{ reason: 'forged', certificate: below } as const] : []),
    ...found.map((reason) => ({ reason, certificate })),
  ]
}

function isUnderstood({ extensions }: CertificateOutline): boolean {
  if (NOT_UNDERSTOOD.some((id) => extensions.has(id))) return false
  return [...extensions].every(([id, isCritical]) => !isCritical || UNDERSTOOD.has(id))
}

/**
 * Security: OpenSSL looks at the constraints of the chain that it has built. With `pfx` that may be another one, up to an authority that
 * is not to be trusted and has the name and the key of this one.
 */
function isAllowedFor({ outline }: ChainCertificate, host: string): boolean {
  const constraints = outline?.nameConstraints
  return constraints === undefined || mayIssueFor(constraints, host)
}

function breaksConstraint(certificate: ChainCertificate): Finding {
  return { reason: 'nameConstraint', certificate }
}

/** The authorities of a chain that may issue for certain names only. */
export function findNameConstraints(chain: readonly ChainCertificate[]): Finding[] {
  return chain.filter(({ outline }) => outline?.nameConstraints !== undefined).map(breaksConstraint)
}

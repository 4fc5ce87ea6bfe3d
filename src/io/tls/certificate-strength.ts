/**
 * How strong the certificates of a chain are: their keys, of whatever kind, and the digests that were signed. RFC 9325 §4.5, and
 * NIST SP 800-57: 112 bits of security, as level 2 of OpenSSL has it; public authorities issue nothing weaker.
 *
 * Security: everything is named that is strong enough. What is not named is weak, or cannot be judged, and is refused: a kind of
 * key of which Node tells no length must not pass for a long one.
 */

import type { KeyObject } from 'node:crypto'
import { ownMember } from '../../core/owns.ts'
import { RSASSA_PSS } from './certificate-der.ts'
import { type ChainCertificate, type Finding, isSelfSigned } from './chain-certificate.ts'

const MIN_RSA_BITS = 2048
const MIN_DSA_BITS = 2048
const MIN_DSA_DIVISOR_BITS = 224
const MIN_EC_BITS = 224

/** Signature keys that have one strength, and it is enough (RFC 8032; FIPS 204 and 205). */
const STRONG_KINDS = /^(?:ed25519|ed448|ml-dsa-|slh-dsa-)/

/** `2.16.840.1.101.3.4.2.n`: SHA-2 and SHA-3, of which each is strong. */
const STRONG_DIGEST = /^2\.16\.840\.1\.101\.3\.4\.2\.(?:[1-9]|10)$/
/** RSA (PKCS #1) and ECDSA over SHA-2, Ed25519, Ed448; then DSA, ECDSA and RSA by FIPS 186, ML-DSA and SLH-DSA. */
const STRONG_SIGNATURE =
  /^(?:1\.2\.840\.113549\.1\.1\.1[1-6]|1\.2\.840\.10045\.4\.3\.[1-4]|1\.3\.101\.11[23]|2\.16\.840\.1\.101\.3\.4\.3\.(?:[1-9]|[1-3]\d|4[0-6]))$/
/** Digests of which two inputs with one value can be made: MD2, MD4, MD5 and SHA-1, by themselves and with RSA, DSA and ECDSA. */
const WEAK_SIGNATURES: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.2',
  '1.2.840.113549.1.1.3',
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.113549.2.2',
  '1.2.840.113549.2.4',
  '1.2.840.113549.2.5',
  '1.2.840.10040.4.3',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.3',
  '1.3.14.3.2.15',
  '1.3.14.3.2.26',
  '1.3.14.3.2.27',
  '1.3.14.3.2.29',
])

type Strength = 'strong' | 'weak' | 'unknown'

/** What is known of a key: what it is measured by, in bits, and how many that must be. */
interface KeyMeasure {
  readonly bits: number
  readonly min: number
}

/** The length of a key in bits; undefined where its kind has none, or none is told. */
export function keyBits(certificate: ChainCertificate): number | undefined {
  return measureKey(certificate)?.bits
}

/** Undefined for a kind of key that has no length to be measured, or whose length nobody tells. */
function measureKey(certificate: ChainCertificate): KeyMeasure | undefined {
  const { shown } = certificate
  const bits = ownMember(shown, 'bits')
  // The usual kinds, of which Node tells enough without an object.
  if (bits !== undefined && ownMember(shown, 'modulus') !== undefined) return { bits, min: MIN_RSA_BITS }
  if (bits !== undefined && ownMember(shown, 'asn1Curve') !== undefined) return { bits, min: MIN_EC_BITS }
  return measure(certificate.x509.publicKey)
}

function measure({
  asymmetricKeyType: kind,
  asymmetricKeyDetails: details = {},
}: KeyObject): KeyMeasure | undefined {
  const { modulusLength: bits, divisorLength = 0, namedCurve } = details
  if (kind === 'ec') {
    // `prime256v1`, `secp384r1`, `brainpoolP320r1`, `P-256`: each curve has the length of its field in its name.
    const length = /\d{3}/.exec(namedCurve ?? '')?.[0]
    return length === undefined ? undefined : { bits: Number(length), min: MIN_EC_BITS }
  }
  if (bits === undefined) return undefined
  if (kind === 'dsa') return { bits, min: divisorLength < MIN_DSA_DIVISOR_BITS ? Infinity : MIN_DSA_BITS }
  return kind === 'rsa' || kind === 'rsa-pss' ? { bits, min: MIN_RSA_BITS } : undefined
}

function keyStrength(certificate: ChainCertificate): Strength {
  const measured = measureKey(certificate)
  if (measured !== undefined) return measured.bits < measured.min ? 'weak' : 'strong'
  return STRONG_KINDS.test(certificate.x509.publicKey.asymmetricKeyType ?? '') ? 'strong' : 'unknown'
}

/** Of what the issuer signed. */
function signatureStrength({ outline }: ChainCertificate): Strength {
  if (outline === undefined) return 'unknown'
  const { signatureAlgorithm, pssDigest } = outline
  if (WEAK_SIGNATURES.has(pssDigest ?? signatureAlgorithm)) return 'weak'
  const isStrong =
    signatureAlgorithm === RSASSA_PSS
      ? STRONG_DIGEST.test(pssDigest ?? '')
      : STRONG_SIGNATURE.test(signatureAlgorithm)
  return isStrong ? 'strong' : 'unknown'
}

/** Which certificates are weaker than today's rules allow. What an authority says of itself proves nothing and may be weak. */
export function findWeaknesses(chain: readonly ChainCertificate[]): Finding[] {
  return chain.flatMap((certificate): Finding[] => {
    const key = keyStrength(certificate)
    if (key === 'weak') return [{ reason: 'weakKey', certificate }]
    if (key === 'unknown' || certificate.outline === undefined) return [{ reason: 'unreadable', certificate }]
    const signature = signatureStrength(certificate)
    if (signature === 'strong' || isSelfSigned(certificate.x509)) return []
    return [{ reason: signature === 'weak' ? 'weakSignature' : 'unreadable', certificate }]
  })
}

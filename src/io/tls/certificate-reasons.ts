/**
 * Why a server's certificate is refused, as one table: reason → code of ours, OpenSSL's words for it, a sentence, and the
 * narrowest option that would accept the peer. The order is that of gravity: where there are several reasons, the first one
 * names the error and the others are told after it. docs/certificates.md shows the table.
 *
 * OpenSSL reports the last error it met and no other, and Node has no name for some of them (`UNSPECIFIED`): what is hidden in
 * this way is found by certificate-chain.ts.
 */

import type { CodeOf } from '../../errors/index.ts'

/** Why a certificate is refused. */
export type ReasonName =
  | 'forged'
  | 'selfSigned'
  | 'untrustedRoot'
  | 'notAuthorised'
  | 'issuerMissing'
  | 'trustUnknown'
  | 'revoked'
  | 'revocationUnknown'
  | 'wrongIssuer'
  | 'nameConstraint'
  | 'notUnderstood'
  | 'unreadable'
  | 'wrongPurpose'
  | 'weakKey'
  | 'weakSignature'
  | 'rejected'
  | 'expired'
  | 'notYetValid'
  | 'noNames'
  | 'otherNames'
  | 'notPinned'

export interface ReasonRow {
  readonly code: CodeOf<'ConnectError'>
  /** The errors of OpenSSL, as Node names them, that mean this. */
  readonly openssl: readonly string[]
  /** What is wrong with the certificate, as the end of a sentence about it. Words in angle brackets are filled in. */
  readonly sentence: string
  /** The narrowest option that would accept the peer, likewise. */
  readonly remedy: string
}

const ACCEPT =
  "to accept this one nevertheless: `tls: { accept: { fingerprint: '<fingerprint>', reasons: ['<code>'] } }`"
const ONLY_KEY = "to accept its key and ask nothing else: `tls: { verify: false, pin: '<pin>' }`"
const TRUST = 'to trust it: `tls: { ca: … }` with that certificate'

/** The table, in the order of gravity. */
export const CERTIFICATE_REASONS: Readonly<Record<ReasonName, ReasonRow>> = {
  forged: {
    code: 'CERTIFICATE_REJECTED',
    openssl: ['CERT_SIGNATURE_FAILURE', 'UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
    sentence: 'its signature is not by the key of its issuer',
    remedy: ONLY_KEY,
  },
  selfSigned: {
    code: 'CERTIFICATE_SELF_SIGNED',
    openssl: ['DEPTH_ZERO_SELF_SIGNED_CERT'],
    sentence: 'it is signed by itself alone',
    remedy: TRUST,
  },
  untrustedRoot: {
    code: 'CERTIFICATE_UNTRUSTED',
    openssl: ['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_UNTRUSTED'],
    sentence: 'it is the top of the chain, and not among the trusted',
    remedy: TRUST,
  },
  notAuthorised: {
    code: 'CERTIFICATE_UNTRUSTED',
    openssl: ['KEYUSAGE_NO_CERTSIGN'],
    sentence: 'its issuer may not sign certificates',
    remedy: ONLY_KEY,
  },
  issuerMissing: {
    code: 'CERTIFICATE_UNTRUSTED',
    openssl: [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_GET_ISSUER_CERT',
    ],
    sentence: 'its issuer was not shown and is not among the trusted',
    remedy:
      'to trust it: `tls: { ca: … }` with the authority, and with those between that the server leaves out',
  },
  trustUnknown: {
    code: 'CERTIFICATE_UNTRUSTED',
    openssl: [],
    sentence:
      'whether its authority is trusted cannot be told on this version of Node beside `accept` or `pfx`',
    remedy: 'to say so: `tls: { ca: … }` with that authority',
  },
  revoked: {
    code: 'CERTIFICATE_REVOKED',
    openssl: ['CERT_REVOKED'],
    sentence: 'it is on the revocation list of its issuer',
    remedy: 'to accept it: `tls: { crl: … }` left out, or with a list on which it is not',
  },
  revocationUnknown: {
    code: 'CERTIFICATE_REJECTED',
    openssl: ['UNABLE_TO_GET_CRL', 'CRL_HAS_EXPIRED', 'CRL_NOT_YET_VALID', 'CRL_SIGNATURE_FAILURE'],
    sentence: 'there is no valid revocation list of an authority of its chain',
    remedy: 'to give one: `tls: { crl: … }` with a list of every authority of the chain',
  },
  wrongIssuer: {
    code: 'CERTIFICATE_WRONG_ISSUER',
    openssl: ['INVALID_CA', 'PATH_LENGTH_EXCEEDED'],
    sentence: 'it may not issue what is below it in the chain',
    remedy: ACCEPT,
  },
  nameConstraint: {
    code: 'CERTIFICATE_WRONG_ISSUER',
    openssl: ['PERMITTED_VIOLATION', 'EXCLUDED_VIOLATION'],
    sentence: 'it may issue for certain names only, and not for those below it in the chain',
    remedy: ACCEPT,
  },
  notUnderstood: {
    code: 'CERTIFICATE_REJECTED',
    openssl: ['UNHANDLED_CRITICAL_EXTENSION'],
    sentence: 'it has an extension that cannot be judged here',
    remedy: ONLY_KEY,
  },
  unreadable: {
    code: 'CERTIFICATE_REJECTED',
    openssl: [],
    sentence: 'its key, its signature or its form is of a kind that cannot be judged here',
    remedy: ONLY_KEY,
  },
  wrongPurpose: {
    code: 'CERTIFICATE_WRONG_PURPOSE',
    openssl: ['INVALID_PURPOSE'],
    sentence: 'it is not for servers',
    remedy: ACCEPT,
  },
  weakKey: {
    code: 'CERTIFICATE_WEAK',
    openssl: ['EE_KEY_TOO_SMALL', 'CA_KEY_TOO_SMALL'],
    sentence: 'its key of <bits> bits is too short',
    remedy: ACCEPT,
  },
  weakSignature: {
    code: 'CERTIFICATE_WEAK',
    openssl: ['CA_MD_TOO_WEAK'],
    sentence: 'it is signed over a digest that can be forged',
    remedy: ACCEPT,
  },
  rejected: {
    code: 'CERTIFICATE_REJECTED',
    openssl: [],
    sentence: 'OpenSSL does not accept it',
    remedy: ONLY_KEY,
  },
  expired: {
    code: 'CERTIFICATE_EXPIRED',
    openssl: ['CERT_HAS_EXPIRED'],
    sentence: 'it was valid until <to>',
    remedy: ACCEPT,
  },
  notYetValid: {
    code: 'CERTIFICATE_NOT_YET_VALID',
    openssl: ['CERT_NOT_YET_VALID'],
    sentence: 'it will be valid from <from>',
    remedy: ACCEPT,
  },
  noNames: {
    code: 'CERTIFICATE_WRONG_HOST',
    openssl: [],
    sentence: 'it names no host in its subjectAltName, and its common name does not count',
    remedy: ACCEPT,
  },
  otherNames: {
    code: 'CERTIFICATE_WRONG_HOST',
    openssl: ['HOSTNAME_MISMATCH', 'IP_ADDRESS_MISMATCH'],
    sentence: 'it is for <names>, not for <host>',
    remedy: 'to expect one of those names: `tls: { servername: … }`',
  },
  notPinned: {
    code: 'CERTIFICATE_NOT_PINNED',
    openssl: [],
    sentence: 'its key is <pin>, which is not pinned',
    remedy: "to pin it: `tls: { pin: '<pin>' }`",
  },
}

/** The reasons in the order of gravity. */
export const REASON_NAMES = Object.keys(CERTIFICATE_REASONS) as readonly ReasonName[]

/** The row of a reason. */
export function reasonRow(name: ReasonName): ReasonRow {
  return CERTIFICATE_REASONS[name]
}

/** The reason that an error of OpenSSL means. */
export function reasonOfOpenssl(error: string): ReasonName {
  return REASON_NAMES.find((name) => reasonRow(name).openssl.includes(error)) ?? 'rejected'
}

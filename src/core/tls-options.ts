/**
 * What a caller may say about TLS, and what is told about a connection that has it. Plain values.
 */

import type { ErrorCode } from '../errors/index.ts'

/** Key material as Node takes it: PEM text or bytes, one or several. */
export type PemInput = string | Uint8Array | readonly (string | Uint8Array)[]

/**
 * What may be said about TLS. Each is read when the connection is made; unknown names are a `TypeError`.
 * Default: the system's authorities, TLS 1.2 or newer, and a certificate that has to be right.
 */
export interface TlsOptions {
  /** Authorities to trust instead of the system's, PEM. */
  readonly ca?: PemInput | undefined
  /** The client's certificate chain, PEM. */
  readonly cert?: PemInput | undefined
  /** The client's private key, PEM. */
  readonly key?: PemInput | undefined
  /** Client certificate and key in one PKCS#12 container. */
  readonly pfx?: Uint8Array | undefined
  /** For an encrypted `key` or `pfx`. */
  readonly passphrase?: string | undefined
  /** The name to ask for (SNI) and to hold the certificate against, instead of the host. */
  readonly servername?: string | undefined
  /** Default TLSv1.2. Security: what TLS 1.0 and 1.1 protect can be read and changed with effort. */
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Cipher suites instead of Node's, in the words of OpenSSL. */
  readonly ciphers?: string | undefined
  /** Revocation lists, PEM: one of every authority of the server's chain. Without them nothing is looked up. */
  readonly crl?: PemInput | undefined
  /**
   * Public keys of which at least one must be in the server's chain: `sha256/` and the base64 of the SHA-256 of the
   * SubjectPublicKeyInfo. Checked besides the usual verification, also where that is switched off.
   */
  readonly pin?: string | readonly string[] | undefined
  /** Certificates that are accepted although something named is wrong with them. Not together with `crl`. */
  readonly accept?: AcceptedCertificate | readonly AcceptedCertificate[] | undefined
  /**
   * False accepts any certificate. Security: anybody between you and the server can then read and change everything. Trust
   * a certificate of your own with `ca` instead. Default true.
   */
  readonly verify?: boolean | undefined
}

/** What may be wrong with a certificate that is accepted by name. Who signed it is not among it: see `ca`. */
export type AcceptableReason =
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_WRONG_HOST'
  | 'CERTIFICATE_WRONG_ISSUER'
  | 'CERTIFICATE_WRONG_PURPOSE'
  | 'CERTIFICATE_WEAK'

/** All of them. */
export const ACCEPTABLE_REASONS: readonly AcceptableReason[] = [
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_WRONG_HOST',
  'CERTIFICATE_WRONG_ISSUER',
  'CERTIFICATE_WRONG_PURPOSE',
  'CERTIFICATE_WEAK',
]

/** A server's certificate that is accepted although something is wrong with it. */
export interface AcceptedCertificate {
  /** Its SHA-256, in hexadecimal with colons or without: as the error shows it. */
  readonly fingerprint: string
  /** The codes of the errors that are let through, with this certificate or another one of its chain. All others stay. */
  readonly reasons: readonly AcceptableReason[]
}

function listAccepted({ accept }: TlsOptions): readonly AcceptedCertificate[] {
  if (accept === undefined) return []
  return Array.isArray(accept) ? accept : [accept as AcceptedCertificate]
}

const plainFingerprint = (fingerprint: string): string => fingerprint.replaceAll(':', '').toUpperCase()

/** The codes that are let through for the certificate with this fingerprint. */
export function acceptedReasons(options: TlsOptions, fingerprint: string): readonly ErrorCode[] {
  return listAccepted(options)
    .filter((one) => plainFingerprint(one.fingerprint) === plainFingerprint(fingerprint))
    .flatMap(({ reasons }) => reasons)
}

/**
 * An exception that is written wrongly must not be silently without effect, nor one with more effect than it says.
 * @throws TypeError
 */
export function checkAccepted(options: TlsOptions): void {
  for (const { fingerprint, reasons } of listAccepted(options)) {
    if (!/^[0-9A-F]{64}$/.test(plainFingerprint(fingerprint)))
      throw new TypeError(`accept: '${fingerprint}' is no SHA-256 fingerprint of 64 hexadecimal digits`)
    const unknown = reasons.find((reason) => !ACCEPTABLE_REASONS.includes(reason))
    if (unknown !== undefined)
      throw new TypeError(`accept: '${unknown}' cannot be accepted; known: ${ACCEPTABLE_REASONS.join(', ')}`)
  }
  // OpenSSL reports one error, and a revocation may hide behind it.
  if (options.accept !== undefined && options.crl !== undefined)
    throw new TypeError("the options 'accept' and 'crl' exclude each other")
}

/** What TLS agreed on. */
export interface TlsDetails {
  /** `TLSv1.3`, … */
  readonly protocol: string
  /** The cipher suite in the words of OpenSSL: `TLS_AES_256_GCM_SHA384`, … */
  readonly cipher: string
  /** The application protocol chosen by ALPN, if any. */
  readonly alpn: string | undefined
  /** True if an earlier session was resumed. */
  readonly isResumed: boolean
  /** False where `verify: false` or `accept` let a certificate through that would have been refused or was not looked at. */
  readonly isVerified: boolean
  /** SHA-256 fingerprint of the server's certificate, `AB:CD:…`; undefined on a resumed session. */
  readonly fingerprint: string | undefined
}

/**
 * What a caller may say about TLS, checked, and what is told about a connection that has it. Plain values.
 */

import type { ErrorCode } from '../errors/index.ts'
import { isBytes } from './brands.ts'
import { escapeText } from './escape.ts'
import { parseHost } from './host.ts'

/** Key material as Node takes it: PEM text or bytes, one or several. */
export type PemInput = string | Uint8Array | readonly (string | Uint8Array)[]

/**
 * What may be said about TLS. Each is read when the connection is made; unknown names are a `TypeError`.
 * Default: the system's authorities, TLS 1.2 or newer, and a certificate that has to be right.
 */
export interface TlsOptions {
  /** Authorities to trust instead of the system's, PEM; at least one certificate in each text. */
  readonly ca?: PemInput | undefined
  /** The client's certificate chain, PEM. */
  readonly cert?: PemInput | undefined
  /** The client's private key, PEM. */
  readonly key?: PemInput | undefined
  /** Client certificate and key in one PKCS#12 container. It says who you are; authorities in it are not trusted. */
  readonly pfx?: Uint8Array | undefined
  /** For an encrypted `key` or `pfx`. */
  readonly passphrase?: string | undefined
  /** The name or address to ask for (SNI) and to hold the certificate against, instead of the host. */
  readonly servername?: string | undefined
  /** Default TLSv1.2. Security: what TLS 1.0 and 1.1 protect can be read and changed with effort. */
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Default: the newest that Node knows. */
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Cipher suites instead of Node's, in the words of OpenSSL. */
  readonly ciphers?: string | undefined
  /**
   * True speaks to a server that does not know secure renegotiation (RFC 5746), as old load balancers do not. Security: who is
   * between you and such a server can put bytes of his own before yours (CVE-2009-3555). Default false.
   */
  readonly legacyRenegotiation?: boolean | undefined
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
   * False accepts any certificate. Security: any party between you and the server can then read and change everything. Trust
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

// ---------------------------------------------------------------------------------------------- checking

const TLS_VERSIONS: readonly string[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** Whatever else is in it: a certificate or a list, in PEM. Its base64 begins a SEQUENCE (RFC 7468 §5.1, §6). */
const PEM_CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s+M[A-Za-z0-9+/=\s]+-----END /
const PEM_CRL = /-----BEGIN X509 CRL-----\s+M[A-Za-z0-9+/=\s]+-----END /
const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/

/** Says what is wrong with the value of an option; undefined where nothing is. Never with the value of a secret in it. */
type Check = (value: unknown) => string | undefined

function checkVersion(value: unknown): string | undefined {
  return TLS_VERSIONS.includes(value as string)
    ? undefined
    : `it takes ${quoted(TLS_VERSIONS)}, not ${shown(value)}`
}

/** What each option takes. */
const CHECKS: Readonly<Record<keyof TlsOptions, Check>> = {
  ca: (value) => checkPem(value, 'a certificate', PEM_CERTIFICATE),
  cert: (value) => checkPem(value, 'anything'),
  key: (value) => checkPem(value, 'anything'),
  pfx: (value) => {
    if (!isBytes(value)) return `it takes bytes of PKCS#12, not ${kindOf(value)}`
    return value.byteLength === 0 ? 'it takes bytes of PKCS#12, not none' : undefined
  },
  passphrase: (value) => (typeof value === 'string' ? undefined : `it takes a string, not ${kindOf(value)}`),
  servername: (value) =>
    typeof value === 'string' ? undefined : `it takes a host as a string, not ${kindOf(value)}`,
  minVersion: checkVersion,
  maxVersion: checkVersion,
  ciphers: (value) =>
    typeof value === 'string' && value.trim() !== ''
      ? undefined
      : `it takes cipher suites in the words of OpenSSL, not ${shown(value)}`,
  legacyRenegotiation: checkBoolean,
  crl: (value) => checkPem(value, 'a revocation list', PEM_CRL),
  pin: checkPins,
  accept: checkAccept,
  verify: checkBoolean,
}

/**
 * Checks the values of the options, which the caller gave as `what`. One that is written wrongly must not be silently without effect, nor have more effect than it
 * says: an empty `ca` would trust every authority that the system trusts.
 * @throws TypeError that names the option, what it takes and what it got, but never the content of a key or a passphrase
 * @throws InvalidURL for a `servername` that is no host
 */
export function checkTlsOptions(options: TlsOptions, what = 'tls'): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the option '${what}' takes an object, not ${kindOf(options)}`)
  for (const name of Object.keys(CHECKS) as (keyof TlsOptions)[]) {
    const value = options[name]
    const fault = value === undefined ? undefined : CHECKS[name](value)
    if (fault !== undefined) throw new TypeError(`the option ${what}.${name}: ${fault}`)
  }
  const { minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = options
  // OpenSSL says so late, and where no caller waits.
  if (minVersion > maxVersion)
    throw new TypeError(
      `the option ${what}.maxVersion: ${maxVersion} is older than minVersion, which is ${minVersion}`,
    )
  if (options.servername !== undefined) parseHost(options.servername)
  // OpenSSL reports one error, and it may hide a revocation.
  if (options.accept !== undefined && options.crl !== undefined)
    throw new TypeError("the options 'accept' and 'crl' exclude each other")
}

/** @param holds what must be in each text: `form` finds it */
function checkPem(value: unknown, holds: string, form = /\S/): string | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.length === 0) return `it takes PEM with ${holds} in it, not an empty array`
  for (const text of texts) {
    if (typeof text !== 'string' && !isBytes(text))
      return `it takes PEM as a string or bytes, or an array of them, not ${kindOf(text)}`
    const isBinary = typeof text !== 'string'
    if (!form.test(isBinary ? latin1(text) : text)) {
      const given = text.length === 0 ? 'an empty one' : 'one without'
      return `it takes PEM with ${holds} in it, and got ${given}`
    }
  }
  return undefined
}

/** PEM is ASCII; what is not cannot be it. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function checkBoolean(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : `it takes true or false, not ${shown(value)}`
}

function checkPins(value: unknown): string | undefined {
  const pins: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (pins.length === 0) return 'it takes a pin or several, not an empty array'
  const wrong = pins.findIndex((pin) => typeof pin !== 'string' || !PIN.test(pin))
  return wrong < 0 ? undefined : `it takes 'sha256/' and the base64 of 32 bytes, not ${shown(pins[wrong])}`
}

function checkAccept(value: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const one of list) {
    if (typeof one !== 'object' || one === null)
      return `it takes { fingerprint, reasons }, or an array of them, not ${kindOf(one)}`
    const { fingerprint, reasons } = one as { fingerprint?: unknown; reasons?: unknown }
    if (typeof fingerprint !== 'string' || !/^[0-9A-F]{64}$/.test(plainFingerprint(fingerprint)))
      return `${shown(fingerprint)} is no SHA-256 fingerprint of 64 hexadecimal digits`
    if (!Array.isArray(reasons)) return `its reasons are an array, not ${kindOf(reasons)}`
    const unknown = reasons.findIndex((reason) => !ACCEPTABLE_REASONS.includes(reason))
    if (unknown >= 0)
      return `${shown(reasons[unknown])} cannot be accepted; known: ${ACCEPTABLE_REASONS.join(', ')}`
  }
  return undefined
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ')
}

/** A value that is no secret: a text as it is, of anything else its kind. */
function shown(value: unknown): string {
  return typeof value === 'string' ? `'${escapeText(value, 100)}'` : kindOf(value)
}

/** What kind of value it is, and nothing of its content. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  if (isBytes(value)) return 'bytes'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
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

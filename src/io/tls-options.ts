/**
 * What a caller may say about TLS, and what is told about a connection that has it. Plain values.
 */

/** Key material as Node takes it: PEM text or bytes, one or several. */
export type PemInput = string | Uint8Array | readonly (string | Uint8Array)[]

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
  /** Default TLSv1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * Public keys of which at least one must be in the server's chain: `sha256/` and the base64 of the SHA-256 of the
   * SubjectPublicKeyInfo. Checked besides the usual verification, also where that is switched off.
   */
  readonly pin?: string | readonly string[] | undefined
  /**
   * False accepts any certificate. Security: anybody between you and the server can then read and change everything. Trust
   * a certificate of your own with `ca` instead. Default true.
   */
  readonly verify?: boolean | undefined
}

/** What TLS agreed on. */
export interface TlsDetails {
  /** `TLSv1.3`, … */
  readonly protocol: string
  readonly cipher: string
  /** The application protocol chosen by ALPN, if any. */
  readonly alpn: string | undefined
  /** True if an earlier session was resumed. */
  readonly isResumed: boolean
  /** False where `verify: false` let an unverified certificate through. */
  readonly isVerified: boolean
  /** SHA-256 fingerprint of the server's certificate, `AB:CD:…`; undefined on a resumed session. */
  readonly fingerprint: string | undefined
}

/** Keeps the newest TLS session of one host and one set of options, so that the next connection can resume it. */
export interface SessionHolder {
  session: Buffer | undefined
}

/** What laying TLS over a stream needs. */
export interface TlsSettings {
  readonly options: TlsOptions
  readonly sessions: SessionHolder
}

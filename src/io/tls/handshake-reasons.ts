/**
 * Why a handshake fails before there is a certificate to judge, as one table: the errors of OpenSSL → a sentence, and the option
 * that would accept the peer. The peer says why with an alert (RFC 8446 §6.2), and not always precisely.
 */

export interface HandshakeRow {
  /** Matches the code of the error, as Node gives it. */
  readonly openssl: RegExp
  /** What the peer did or lacks, as the end of a sentence about it. */
  readonly sentence: string
  readonly remedy: string
}

export const HANDSHAKE_REASONS: readonly HandshakeRow[] = [
  {
    openssl: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    sentence: 'it speaks no version of TLS that is new enough',
    remedy: "to accept an older one: `tls: { minVersion: 'TLSv1' }`",
  },
  {
    openssl: /ALERT_CERTIFICATE_REQUIRED/,
    sentence: 'it demands a certificate of the client, and none was given',
    remedy: 'to give one: `tls: { cert: …, key: … }`',
  },
  {
    openssl:
      /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|ACCESS_DENIED)/,
    sentence: 'it does not accept the certificate of the client',
    remedy: 'to give another: `tls: { cert: …, key: … }`',
  },
  {
    openssl: /ALERT_HANDSHAKE_FAILURE|ALERT_INSUFFICIENT_SECURITY/,
    sentence: 'it demands a certificate of the client, or knows none of the cipher suites',
    remedy: 'to give a certificate: `tls: { cert: …, key: … }`, or other suites: `tls: { ciphers: … }`',
  },
  {
    openssl: /DH_KEY_TOO_SMALL/,
    sentence: 'its Diffie-Hellman key is too short',
    remedy: "to accept it: `tls: { ciphers: 'DEFAULT@SECLEVEL=0' }`",
  },
  {
    openssl: /UNSAFE_LEGACY_RENEGOTIATION/,
    sentence: 'it does not know secure renegotiation (RFC 5746)',
    remedy: 'to accept it: `tls: { legacyRenegotiation: true }`',
  },
  {
    openssl: /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/,
    sentence: 'it answers something that is not TLS',
    remedy: 'to speak to it in the clear: `http:` in its URL, or `HTTPConnection`',
  },
]

/** The row of an error; undefined where the error says no more than its code. */
export function handshakeRow(opensslCode: string): HandshakeRow | undefined {
  return HANDSHAKE_REASONS.find(({ openssl }) => openssl.test(opensslCode))
}

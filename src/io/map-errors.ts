/**
 * The one place where an error of the system, of DNS or of TLS becomes one of ours. The cause is kept as it was.
 */

import {
  type CodeOf,
  ConnectError,
  ConnectionLost,
  type FailedAttempt,
  type HTTPException,
} from '../errors.ts'

/** The code of a system or TLS error: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, …; undefined where there is none. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function reasonOf(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error))
}

/** A name that could not be resolved. */
export function dnsError(host: string, cause: unknown): ConnectError {
  return new ConnectError('DNS_FAILED', 'dns', `${host} (${reasonOf(cause)})`, { cause, address: host })
}

/** No address of a host took the connection: one error that lists each address with its own reason. */
export function connectError(address: string, attempts: readonly FailedAttempt[]): ConnectError {
  const cause = attempts[0]?.error
  const code = attempts.every(({ error }) => systemCode(error) === 'ECONNREFUSED')
    ? 'CONNECT_REFUSED'
    : 'CONNECT_FAILED'
  const reasons = attempts.map((attempt) => `${attempt.address} (${reasonOf(attempt.error)})`).join(', ')
  return new ConnectError(code, 'tcp', reasons, { cause, address, attempts })
}

/** The handshake failed before a certificate could be judged. */
export function tlsError(address: string, cause: unknown): ConnectError {
  return new ConnectError('TLS_FAILED', 'tls', `${address} (${reasonOf(cause)})`, { cause, address })
}

const CERTIFICATE_CODES: Readonly<Record<string, CodeOf<'ConnectError'>>> = {
  CERT_HAS_EXPIRED: 'CERTIFICATE_EXPIRED',
  CERT_NOT_YET_VALID: 'CERTIFICATE_NOT_YET_VALID',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'CERTIFICATE_SELF_SIGNED',
  SELF_SIGNED_CERT_IN_CHAIN: 'CERTIFICATE_UNTRUSTED',
  UNABLE_TO_GET_ISSUER_CERT: 'CERTIFICATE_UNTRUSTED',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CERTIFICATE_UNTRUSTED',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CERTIFICATE_UNTRUSTED',
  CERT_UNTRUSTED: 'CERTIFICATE_UNTRUSTED',
}

/** Which of our codes a verification failure of OpenSSL has. */
export function certificateCode(opensslCode: string): CodeOf<'ConnectError'> {
  return CERTIFICATE_CODES[opensslCode] ?? 'CERTIFICATE_REJECTED'
}

/** An established stream broke. */
export function lostError(address: string, cause: unknown): HTTPException {
  return new ConnectionLost(`${address} (${reasonOf(cause)})`, { cause, address })
}

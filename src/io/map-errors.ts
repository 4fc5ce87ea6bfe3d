/**
 * The one place where an error of the system, of DNS or of TLS becomes one of ours. The cause is kept as it was.
 */

import { isError } from '../core/brands.ts'
import { ConnectError, ConnectionLost, type FailedAttempt, type HTTPException } from '../errors/index.ts'
import { handshakeRow } from './tls/handshake-reasons.ts'

/** The code of a system or TLS error: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, …; undefined where there is none. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function reasonOf(error: unknown): string {
  return systemCode(error) ?? (isError(error) ? error.message : String(error))
}

/** A name that could not be resolved. @param role `the proxy`, where the host is one */
export function dnsError(host: string, cause: unknown, role?: string): ConnectError {
  const detail = `${shownRole(role)}${host} (${reasonOf(cause)})`
  return new ConnectError('DNS_FAILED', 'dns', detail, { cause, address: host })
}

function shownRole(role: string | undefined): string {
  return role === undefined ? '' : `${role} `
}

/**
 * No address of a host took the connection: one error that lists each address with its own reason.
 * @param role `the proxy`, where the host is one
 */
export function connectError(
  address: string,
  attempts: readonly FailedAttempt[],
  role?: string,
): ConnectError {
  const cause = attempts[0]?.error
  const code = attempts.every(({ error }) => systemCode(error) === 'ECONNREFUSED')
    ? 'CONNECT_REFUSED'
    : 'CONNECT_FAILED'
  const reasons = attempts.map((attempt) => `${attempt.address} (${reasonOf(attempt.error)})`).join(', ')
  const name = attempts.every((attempt) => attempt.address === address) ? '' : `${address} at `
  const detail = `${shownRole(role)}${name}${reasons}`
  return new ConnectError(code, 'tcp', detail, { cause, address, attempts })
}

/** The handshake failed before a certificate could be judged. */
export function tlsError(address: string, cause: unknown): ConnectError {
  const { detail, remedy } = explain(address, cause)
  return new ConnectError('TLS_FAILED', 'tls', detail, { cause, address, remedy })
}

function explain(address: string, cause: unknown): { detail: string; remedy: string | undefined } {
  const reason = reasonOf(cause)
  const row = handshakeRow(reason)
  const because = row === undefined ? '' : `: ${row.sentence}`
  return { detail: `${address} (${reason})${because}`, remedy: row?.remedy }
}

/** An established stream broke. */
export function lostError(address: string, cause: unknown): HTTPException {
  // In TLS 1.3 the client's handshake ends before the server has looked at the client's certificate.
  const { detail, remedy } = explain(address, cause)
  return new ConnectionLost(detail, { cause, address, remedy })
}

/**
 * TLS: the handshake, and the judgement of the certificate. RFC 9110 §4.2.2, §4.3.4.
 *
 * Security: Node is told not to reject by itself (`rejectUnauthorized: false`), because it destroys the socket before one
 * can ask which certificate failed. Instead `judgePeer` decides, right at the end of the handshake and before a byte of
 * HTTP is written; Node itself decides at the same moment and no earlier. Whoever changes this file keeps that order.
 */

import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import type { TlsDetails, TlsOptions } from '../../core/tls-options.ts'
import { type Deadlines, waitFor } from '../../time/wait.ts'
import { tlsError } from '../map-errors.ts'
import { ownTlsOptions } from '../own-options.ts'
import { watchClosure } from './closure-alert.ts'
import { judgePeer } from './judge-certificate.ts'
import type { TlsSettings } from './settings.ts'

/** A TLS socket whose peer has been judged and found good. */
export interface SecureSocket {
  readonly socket: TLSSocket
  readonly details: TlsDetails
}

/** The options for `tls.connect`, without where to. */
function connectionOptions(host: string, { options, sessions }: TlsSettings): ConnectionOptions {
  const name = options.servername ?? host
  const { ca, cert, key, pfx, passphrase, crl, ciphers, minVersion = 'TLSv1.2' } = options
  // OpenSSL 3 has no TLS 1.0 and 1.1 but at the lowest level of security. The level would let weak certificates through too;
  // judge-certificate.ts does not.
  const level = minVersion < 'TLSv1.2' ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : undefined
  return {
    ...(ca !== undefined && { ca: toPem(ca) }),
    ...(cert !== undefined && { cert: toPem(cert) }),
    ...(key !== undefined && { key: toPem(key) }),
    ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(sessions.session !== undefined && { session: sessions.session }),
    ...(crl !== undefined && { crl: toPem(crl) }),
    ...((ciphers ?? level) !== undefined && { ciphers: ciphers ?? level }),
    minVersion,
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 §3: an address is no name for SNI.
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  }
}

type Pem = Exclude<ConnectionOptions['ca'], undefined>

function toPem(input: Exclude<TlsOptions['ca'], undefined>): Pem {
  return typeof input === 'string' || input instanceof Uint8Array ? onePem(input) : input.map(onePem)
}

function onePem(pem: string | Uint8Array): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem)
}

/**
 * Begins a handshake; `where` says over which socket, or to where.
 * @throws ConnectError for key material that cannot be used, before anything is dialled or sent
 */
export function connectSecurely(
  host: string,
  address: string,
  settings: TlsSettings,
  where: ConnectionOptions,
): TLSSocket {
  let socket: TLSSocket
  try {
    socket = connect(ownTlsOptions({ ...connectionOptions(host, settings), ...where }))
  } catch (cause) {
    throw tlsError(address, cause)
  }
  watchClosure(socket)
  return socket
}

/** Lays TLS over a connected socket and judges the peer. The socket is destroyed where that fails. */
export async function layTlsOver(
  under: Socket,
  host: string,
  address: string,
  settings: TlsSettings,
  waiting: Deadlines,
): Promise<SecureSocket> {
  let socket: TLSSocket
  try {
    socket = connectSecurely(host, address, settings, { socket: under })
  } catch (error) {
    under.destroy()
    throw error
  }
  return secure(socket, host, address, settings, waiting)
}

/** Waits for the end of the handshake and judges the peer. The socket is destroyed where that fails. */
export async function secure(
  socket: TLSSocket,
  host: string,
  address: string,
  settings: TlsSettings,
  waiting: Deadlines,
): Promise<SecureSocket> {
  try {
    return await shakeHands(socket, host, address, settings, waiting)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function shakeHands(
  socket: TLSSocket,
  host: string,
  address: string,
  settings: TlsSettings,
  waiting: Deadlines,
): Promise<SecureSocket> {
  return waitFor<SecureSocket>(waiting, 'tls', address, (outcome) => {
    const onError = (cause: Error): void => outcome.reject(tlsError(address, cause))
    const onClose = (): void => onError(new Error('the peer closed the connection during the handshake'))
    let isTrusted = false
    socket.once('error', onError)
    socket.once('close', onClose)
    // Listened for from the beginning: in TLS 1.2 the session comes inside the handshake, and Node hands it out behind
    // `secureConnect`. Security: a session of a peer that was refused must never be resumed.
    socket.on('session', (session: Buffer) => {
      if (isTrusted) settings.sessions.session = session
    })
    socket.once('secureConnect', () => {
      socket.off('close', onClose)
      const { refusal, isException } = judgePeer({
        host,
        address,
        options: settings.options,
        certificate: socket.getPeerCertificate(true),
        // Node's types promise an Error; it is the code of OpenSSL, a string, or null.
        opensslError: (socket.authorizationError as unknown as string | null) ?? undefined,
        isResumed: socket.isSessionReused(),
        now: Date.now(),
      })
      if (refusal !== undefined) {
        outcome.reject(refusal)
        return
      }
      socket.off('error', onError)
      // Security: what was accepted as an exception is judged again on every connection.
      isTrusted = !isException
      outcome.resolve({
        socket,
        details: readDetails(socket, settings.options.verify !== false && !isException),
      })
    })
    return () => {}
  })
}

function readDetails(socket: TLSSocket, isVerified: boolean): TlsDetails {
  const isResumed = socket.isSessionReused()
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol,
    isResumed,
    isVerified,
    fingerprint: isResumed ? undefined : socket.getPeerCertificate().fingerprint256,
  }
}

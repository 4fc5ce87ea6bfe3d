/**
 * TLS: the handshake, and the judgement of the certificate. RFC 9110 §4.2.2, §4.3.4.
 *
 * Security: Node is told not to reject by itself (`rejectUnauthorized: false`), because it destroys the socket before one
 * can ask which certificate failed. Instead `judgePeer` decides, right at the end of the handshake and before a byte of
 * HTTP is written; Node itself decides at the same moment and no earlier. A change of this file keeps that order.
 */

import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import { type ConnectionOptions, connect, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import { tlsNameOf } from '../../core/host.ts'
import type { TlsDetails } from '../../core/tls-options.ts'
import { type Deadlines, waitFor } from '../../time/wait.ts'
import { tlsError } from '../map-errors.ts'
import { ownTlsOptions } from '../own-options.ts'
import { watchClosure } from './closure-alert.ts'
import { judgePeer } from './judge-certificate.ts'
import { rememberSocket } from './peer-chain.ts'
import { beginHandshake, type Handshake, type TlsSettings } from './settings.ts'

/** A TLS socket whose peer has been judged and found good. */
export interface SecureSocket {
  readonly socket: TLSSocket
  readonly details: TlsDetails
}

/** The options for `tls.connect`, without where to. */
function connectionOptions({ host, options, session }: Handshake): ConnectionOptions {
  const { name, isAddress } = tlsNameOf(options.servername ?? host)
  const { ca, cert, key, pfx, passphrase, crl, ciphers, minVersion = 'TLSv1.2', maxVersion } = options
  // OpenSSL 3 has no TLS 1.0 and 1.1 but at the lowest level of security. The level would let weak certificates through too;
  // judge-certificate.ts does not.
  const level = minVersion < 'TLSv1.2' ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : undefined
  return {
    ...(ca !== undefined && { ca: ca as Pem }),
    ...(cert !== undefined && { cert: cert as Pem }),
    ...(key !== undefined && { key: key as Pem }),
    // Security: Node trusts the authorities in it; judge-certificate.ts does not.
    ...(pfx !== undefined && { pfx: pfx as Buffer }),
    ...(passphrase !== undefined && { passphrase }),
    ...(session !== undefined && { session }),
    ...(crl !== undefined && { crl: crl as Pem }),
    ...((ciphers ?? level) !== undefined && { ciphers: ciphers ?? level }),
    ...(options.legacyRenegotiation === true && { secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT }),
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 §3: an address is no name for SNI.
    servername: isAddress ? '' : name,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  }
}

/** What the copy of the options is made of. */
type Pem = string | Buffer | (string | Buffer)[]

/** A socket whose handshake has begun, and by which options. */
export interface BegunSocket {
  readonly socket: TLSSocket
  readonly handshake: Handshake
}

/** Security: Node looks for more options in a second argument, and for a listener after them, and be it on `Array.prototype`. */
const connectAlone = connect as (
  options: ConnectionOptions,
  none: undefined,
  listener: () => void,
) => TLSSocket
const noListener = (): void => {}

/**
 * Begins a handshake; `where` says over which socket, or to where.
 * @throws ConnectError for key material that cannot be used, before anything is dialled or sent
 */
export function connectSecurely(
  host: string,
  address: string,
  settings: TlsSettings,
  where: ConnectionOptions,
): BegunSocket {
  const handshake = beginHandshake(host, settings)
  let socket: TLSSocket
  try {
    socket = connectAlone(ownTlsOptions({ ...connectionOptions(handshake), ...where }), undefined, noListener)
  } catch (cause) {
    throw tlsError(address, cause)
  }
  watchClosure(socket)
  return { socket, handshake }
}

/** Lays TLS over a connected socket and judges the peer. The socket is destroyed where that fails. */
export async function layTlsOver(
  under: Socket,
  host: string,
  address: string,
  settings: TlsSettings,
  waiting: Deadlines,
): Promise<SecureSocket> {
  let begun: BegunSocket
  try {
    begun = connectSecurely(host, address, settings, { socket: under })
  } catch (error) {
    under.destroy()
    throw error
  }
  return secure(begun, address, waiting)
}

/** Waits for the end of the handshake and judges the peer. The socket is destroyed where that fails. */
export async function secure(begun: BegunSocket, address: string, waiting: Deadlines): Promise<SecureSocket> {
  try {
    return await shakeHands(begun, address, waiting)
  } catch (error) {
    begun.socket.destroy()
    throw error
  }
}

function shakeHands(
  { socket, handshake }: BegunSocket,
  address: string,
  waiting: Deadlines,
): Promise<SecureSocket> {
  return waitFor<SecureSocket>(waiting, 'tls', address, (outcome) => {
    const onError = (cause: Error): void => outcome.reject(tlsError(address, cause))
    const onClose = (): void => onError(new Error('the peer closed the connection during the handshake'))
    let isTrusted = false
    socket.once('error', onError)
    socket.once('close', onClose)
    // Listened for from the beginning: in TLS 1.2 the session comes inside the handshake, and Node hands it out after
    // `secureConnect`. Security: a session of a peer that was refused must never be resumed.
    socket.on('session', (session: Buffer) => {
      if (isTrusted) handshake.keep(session)
    })
    socket.once('secureConnect', () => {
      socket.off('close', onClose)
      const { refusal, isException } = judgePeer({
        host: handshake.host,
        address,
        options: handshake.options,
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
      const details = readDetails(socket, handshake.options.verify !== false && !isException)
      rememberSocket(details, socket)
      outcome.resolve({ socket, details })
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

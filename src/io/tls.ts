/**
 * TLS: the handshake, and the judgement of the certificate. RFC 9110 §4.2.2, §4.3.4.
 *
 * Security: Node is told not to reject by itself (`rejectUnauthorized: false`), because it destroys the socket before one
 * can ask which certificate failed. Instead `judgePeer` decides, right at the end of the handshake and before a byte of
 * HTTP is written; Node itself decides at the same moment and no earlier. Whoever changes this file keeps that order.
 */

import { createHash, X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { escapeText } from '../core/escape.ts'
import { ConnectError } from '../errors.ts'
import { certificateCode, tlsError } from './map-errors.ts'
import { watchClosure } from './tls-closure.ts'
import type { TlsDetails, TlsOptions, TlsSettings } from './tls-options.ts'
import { type Waiting, waitFor } from './waiting.ts'

/** A TLS socket whose peer has been judged and found good. */
export interface SecureSocket {
  readonly socket: TLSSocket
  readonly details: TlsDetails
}

/** The options for `tls.connect`, without where to. */
function connectionOptions(host: string, { options, sessions }: TlsSettings): ConnectionOptions {
  const name = options.servername ?? host
  const { ca, cert, key, pfx, passphrase, minVersion = 'TLSv1.2' } = options
  return {
    ...(ca !== undefined && { ca: toPem(ca) }),
    ...(cert !== undefined && { cert: toPem(cert) }),
    ...(key !== undefined && { key: toPem(key) }),
    ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(sessions.session !== undefined && { session: sessions.session }),
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
    socket = connect({ ...connectionOptions(host, settings), ...where })
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
  waiting: Waiting,
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
  waiting: Waiting,
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
  waiting: Waiting,
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
      const refusal = judgePeer(socket, host, address, settings.options)
      if (refusal !== undefined) {
        outcome.reject(refusal)
        return
      }
      socket.off('error', onError)
      isTrusted = true
      outcome.resolve({ socket, details: readDetails(socket, settings.options) })
    })
    return () => {}
  })
}

/** Why the peer may not be talked to; undefined if it may. */
function judgePeer(
  socket: TLSSocket,
  host: string,
  address: string,
  options: TlsOptions,
): ConnectError | undefined {
  const certificate = socket.getPeerCertificate(true)
  if (options.verify !== false) {
    // Node's types promise an Error; it is a string, the code of OpenSSL.
    const failure = socket.authorizationError as Error | string | null | undefined
    if (failure !== undefined && failure !== null) {
      const opensslCode = typeof failure === 'string' ? failure : failure.message
      return refuse(certificateCode(opensslCode), address, blamed(certificate, opensslCode), opensslCode)
    }
  }
  // A session is only ever resumed for the host and the options it was made with: name and pin were judged then, and the
  // certificates are not shown again.
  if (socket.isSessionReused()) return undefined
  if (options.verify !== false) {
    const mismatch = findHostMismatch(options.servername ?? host, certificate)
    if (mismatch !== undefined)
      return refuse('CERTIFICATE_WRONG_HOST', address, describe(certificate), mismatch)
  }
  if (options.pin !== undefined && !hasPinnedKey(certificate, options.pin)) {
    return refuse(
      'CERTIFICATE_NOT_PINNED',
      address,
      describe(certificate),
      `its key is ${pinOf(certificate)}`,
    )
  }
  return undefined
}

function refuse(
  code: ConstructorParameters<typeof ConnectError>[0],
  address: string,
  certificate: string,
  reason: string,
): ConnectError {
  return new ConnectError(code, 'tls', `${address} showed ${certificate}: ${reason}`, { address })
}

/**
 * Why a certificate is not for `host`, or undefined. Only the subjectAltName counts, never the common name; an address needs
 * an entry of its own kind (RFC 9110 §4.3.4, §4.3.5). OpenSSL compares: it reads the entries themselves and no text made of
 * them, and knows every way to write an address.
 */
function findHostMismatch(host: string, certificate: DetailedPeerCertificate): string | undefined {
  const names = certificate.subjectaltname
  if (names === undefined) return 'it names no host in its subjectAltName'
  const x509 = new X509Certificate(certificate.raw)
  const match =
    isIP(host) === 0
      ? x509.checkHost(host.replace(/\.$/, ''), { subject: 'never', partialWildcards: false })
      : x509.checkIP(host)
  return match === undefined ? `it is for ${escapeText(names, MAX_SHOWN_NAMES)}, not for ${host}` : undefined
}

/** Some certificates name hundreds of hosts. */
const MAX_SHOWN_NAMES = 400

/** The certificates of a chain, from the server's own upwards. */
function chainOf(certificate: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = []
  for (let one = certificate; one?.raw !== undefined && !chain.includes(one); one = one.issuerCertificate)
    chain.push(one)
  return chain
}

/** Shows the certificate of the chain that OpenSSL's code is about. */
function blamed(certificate: DetailedPeerCertificate, opensslCode: string): string {
  const chain = chainOf(certificate)
  const now = Date.now()
  let culprit: DetailedPeerCertificate | undefined
  if (opensslCode === 'CERT_HAS_EXPIRED') culprit = chain.find(({ valid_to }) => Date.parse(valid_to) < now)
  else if (opensslCode === 'CERT_NOT_YET_VALID')
    culprit = chain.find(({ valid_from }) => Date.parse(valid_from) > now)
  else if (/ISSUER|IN_CHAIN|VERIFY_LEAF/.test(opensslCode)) culprit = chain.at(-1)
  return describe(culprit ?? certificate)
}

function describe(certificate: DetailedPeerCertificate): string {
  const name = String(certificate.subject?.CN ?? certificate.subjectaltname ?? 'without a name')
  const issuer = String(certificate.issuer?.CN ?? certificate.issuer?.O ?? 'unknown')
  // Security: whoever made the certificate chose these names.
  return `certificate "${escapeText(name)}" (issued by "${escapeText(issuer)}", valid ${certificate.valid_from} to ${certificate.valid_to})`
}

/** The pin of a certificate: `sha256/` and the base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4). */
function pinOf(certificate: DetailedPeerCertificate): string {
  const key = new X509Certificate(certificate.raw).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(key).digest('base64')}`
}

/**
 * Whether the certificate, or one that it is signed by, has a pinned key. Security: Node joins a chain by names alone; without
 * the usual verification a peer could show somebody else's authority above a certificate of its own making.
 */
function hasPinnedKey(certificate: DetailedPeerCertificate, pins: string | readonly string[]): boolean {
  const accepted = typeof pins === 'string' ? [pins] : pins
  let below: X509Certificate | undefined
  for (const one of chainOf(certificate)) {
    const shown = new X509Certificate(one.raw)
    if (below !== undefined && !(shown.ca && below.verify(shown.publicKey))) return false
    if (accepted.includes(pinOf(one))) return true
    below = shown
  }
  return false
}

function readDetails(socket: TLSSocket, options: TlsOptions): TlsDetails {
  const isResumed = socket.isSessionReused()
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? undefined : socket.alpnProtocol,
    isResumed,
    isVerified: options.verify !== false,
    fingerprint: isResumed ? undefined : socket.getPeerCertificate().fingerprint256,
  }
}

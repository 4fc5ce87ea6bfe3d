/**
 * What to try next: one line for every error, by its code where there is something particular to say, else by its class.
 * Shown after `Try:` in the one line that the command writes about a failure.
 */

import { type ErrorClassName, type ErrorCode, errorRow } from '../../errors/table.ts'

const SEE_WIRE = 'again with -v to see what the peer sent'
const CHECK_HEADER = 'again with a corrected -H'
const INSECURE = '-k accepts any certificate'
const USE_HELP = 'httplib --help'

const BY_CODE: Partial<Readonly<Record<ErrorCode, string>>> = {
  INVALID_METHOD: 'a method such as GET or POST',
  INVALID_TARGET: 'the URL with the odd characters percent-encoded',
  INVALID_HOST: 'the URL with a plain host name',
  INVALID_PORT: 'a port from 1 to 65535',
  CONFLICTING_FRAMING: 'without your own Content-Length or Transfer-Encoding',
  INVALID_TRANSFER_ENCODING: 'without your own Transfer-Encoding',
  INVALID_CONTENT_LENGTH: 'without your own Content-Length',
  INVALID_HOST_FIELD: 'only one -H "Host: ..."',
  INVALID_EXPECT: '-d with a body, or without the Expect header',
  INVALID_TRACE: 'TRACE without -d, -u and credentials in the URL',
  BODY_TOO_LONG: 'without your own Content-Length',
  BODY_TOO_SHORT: 'without your own Content-Length',
  UNKNOWN_PROTOCOL: 'https:// instead of http://, or another port; -v shows what the peer sent',
  BAD_STATUS_LINE: 'https:// instead of http://, or another port; -v shows what the peer sent',
  UNKNOWN_TRANSFER_ENCODING: 'without your own TE header',
  DNS_FAILED: 'another spelling of the host, or check that this machine is online',
  CONNECT_REFUSED: 'another port, or check that a server listens there',
  PROXY_FAILED: 'another -x; -v shows what it sent',
  CONNECT_FAILED: 'another host or port, or check the way to it',
  TLS_FAILED: 'http:// if the server does not speak TLS; --cert and --key if it wants to know you',
  CERTIFICATE_EXPIRED: `check the clock of this machine, then tell the server's operator; ${INSECURE}`,
  CERTIFICATE_NOT_YET_VALID: `check the clock of this machine, then tell the server's operator; ${INSECURE}`,
  CERTIFICATE_WRONG_HOST: `the URL with a host that the certificate names; ${INSECURE}`,
  CERTIFICATE_SELF_SIGNED: '--cacert with that certificate, if you got it from someone you trust',
  CERTIFICATE_UNTRUSTED:
    '--cacert with the authority that signed it, and with those between that the server leaves out',
  CERTIFICATE_NOT_PINNED: '--pinnedpubkey with that hash, if it is the server that is meant',
  CERTIFICATE_WRONG_ISSUER: `tell the server's operator; ${INSECURE}`,
  CERTIFICATE_WRONG_PURPOSE: `tell the server's operator; ${INSECURE}`,
  CERTIFICATE_WEAK: `tell the server's operator; ${INSECURE}`,
  CERTIFICATE_REJECTED: `tell the server's operator; ${INSECURE}`,
  TIMEOUT_DNS: 'check that this machine is online',
  TIMEOUT_CONNECT: 'another host or port, or check the way to it',
  TIMEOUT_TLS: 'http:// if the server does not speak TLS',
  TIMEOUT_TOTAL: 'a larger --max-time',
  REDIRECT_LIMIT: 'a larger --max-redirs',
  REDIRECT_LOOP: "again with -v to see where it leads; -b '' where it wants cookies",
  REDIRECT_DOWNGRADE: '--proto-redir =http,https if that is meant to be',
  REDIRECT_BODY: '-T FILE, which can be sent again',
  AUTH_NETRC: 'another --netrc-file, or check what is in it and who may read it',
  LIMIT_RATIO: 'without --compressed, and look at what comes',
  INCOMPLETE_BODY: 'again; if it breaks off at the same place each time, the server says a wrong length',
  CONNECTION_LOST: SEE_WIRE,
}

const BY_CLASS: Readonly<Record<ErrorClassName, string>> = {
  LocalProtocolError: USE_HELP,
  InvalidURL: USE_HELP,
  InvalidHeader: CHECK_HEADER,
  NotConnected: USE_HELP,
  UnimplementedFileMode: USE_HELP,
  ImproperConnectionState: USE_HELP,
  CannotSendRequest: USE_HELP,
  CannotSendHeader: USE_HELP,
  ResponseNotReady: USE_HELP,
  RemoteProtocolError: `${SEE_WIRE}, and tell the server's operator`,
  BadStatusLine: SEE_WIRE,
  RemoteDisconnected: 'again; https:// instead of http:// if the port is one for TLS',
  UnknownProtocol: SEE_WIRE,
  UnknownTransferEncoding: SEE_WIRE,
  IncompleteRead: SEE_WIRE,
  LimitExceeded: SEE_WIRE,
  LineTooLong: SEE_WIRE,
  ConnectError: SEE_WIRE,
  GuardError: SEE_WIRE,
  ProxyError: 'another -x, or USER:PASSWORD@ in it if the proxy wants to know you',
  ConnectionLost: SEE_WIRE,
  DecodeError: SEE_WIRE,
  TimeoutError: 'again later',
  AuthError: SEE_WIRE,
  RedirectError: SEE_WIRE,
  StatusError: SEE_WIRE,
}

/** What the options of the library are to the command: a handshake fails for several reasons under one code. */
const BY_REMEDY: readonly (readonly [option: string, advice: string])[] = [
  ['minVersion:', "tell the server's operator that its TLS is too old"],
  ['cert:', '--cert and --key with your certificate'],
  ['HTTPConnection', 'http:// instead of https://'],
]

/** The same where it was a proxy that failed. */
export function adviceForProxy(code: ErrorCode, remedy?: string): string {
  const row = errorRow(code)
  if (row.className !== 'ConnectError' || code === 'PROXY_FAILED') return adviceFor(code, remedy)
  return code.startsWith('CERTIFICATE_') || code === 'TLS_FAILED'
    ? '--proxy-cacert for an https proxy; -x http://HOST:PORT for one that speaks no TLS'
    : "another -x, or check that a proxy runs there; -x '' goes without"
}

/**
 * One line, without an end: what to try after an error with this code.
 * @param remedy the option of the library that would do, where the error names one
 */
export function adviceFor(code: ErrorCode, remedy?: string): string {
  const [, advice] = BY_REMEDY.find(([option]) => remedy?.includes(option) === true) ?? []
  if (advice !== undefined) return advice
  return BY_CODE[code] ?? BY_CLASS[errorRow(code).className]
}

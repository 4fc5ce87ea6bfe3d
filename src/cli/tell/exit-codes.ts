/**
 * The exit codes of the command, as one table: code → meaning → which errors end in it. The help, docs/command.md and the
 * command itself read it. Where curl has a code for the same thing, it is the same code, so that scripts can be moved.
 */

import { type ErrorClassName, type ErrorCode, errorRow } from '../../errors/table.ts'

/** The names of the rows. */
export type ExitName =
  | 'success'
  | 'scheme'
  | 'usage'
  | 'url'
  | 'proxy-dns'
  | 'dns'
  | 'connect'
  | 'protocol'
  | 'incomplete-body'
  | 'http-error'
  | 'local-write'
  | 'local-read'
  | 'timeout'
  | 'range'
  | 'tls'
  | 'interface'
  | 'redirects'
  | 'resolve-syntax'
  | 'no-response'
  | 'connection-lost'
  | 'client-certificate'
  | 'ciphers'
  | 'certificate'
  | 'coding'
  | 'too-large'
  | 'rewind'
  | 'ca-file'
  | 'crl'
  | 'pinned'
  | 'auth'
  | 'proxy'
  | 'unexpected'
  | 'interrupted'

export interface ExitRow {
  readonly code: number
  readonly meaning: string
  /** Errors of the library that end here, by code or by class; a code counts before a class. */
  readonly errors: readonly (ErrorCode | ErrorClassName)[]
}

/** The table, by name and in the order of the codes. */
export const EXIT_CODES: Readonly<Record<ExitName, ExitRow>> = {
  success: {
    code: 0,
    meaning: 'the response came whole, whatever its status; or the reader of standard output had enough',
    errors: [],
  },
  scheme: {
    code: 1,
    meaning:
      'the scheme of the URL is not spoken, or a redirect leads from https to http; or what answers speaks no HTTP/1',
    errors: ['REDIRECT_DOWNGRADE', 'BadStatusLine', 'UnknownProtocol'],
  },
  usage: {
    code: 2,
    meaning: 'bad usage: an option, method or header that cannot be used; nothing was sent',
    errors: [
      'LocalProtocolError',
      'InvalidHeader',
      'NotConnected',
      'UnimplementedFileMode',
      'ImproperConnectionState',
      'CannotSendRequest',
      'CannotSendHeader',
      'ResponseNotReady',
    ],
  },
  url: { code: 3, meaning: 'the URL cannot be read', errors: ['InvalidURL', 'REDIRECT_LOCATION'] },
  'proxy-dns': { code: 5, meaning: 'the name of the proxy was not found', errors: [] },
  dns: { code: 6, meaning: 'the name of the host was not found', errors: ['DNS_FAILED'] },
  connect: { code: 7, meaning: 'no connection could be made', errors: ['ConnectError', 'GuardError'] },
  protocol: {
    code: 8,
    meaning: 'the peer broke the rules of HTTP, or went past a limit',
    errors: ['RemoteProtocolError', 'UnknownTransferEncoding', 'LimitExceeded', 'LineTooLong'],
  },
  'incomplete-body': {
    code: 18,
    meaning: 'the body broke off; what came of it was written',
    errors: ['INCOMPLETE_BODY'],
  },
  'http-error': { code: 22, meaning: 'a status of 400 or more, with -f', errors: ['StatusError'] },
  'local-write': { code: 23, meaning: 'the file or standard output could not be written', errors: [] },
  'local-read': {
    code: 26,
    meaning:
      'standard input, or a file that an option names, could not be read; or that of --etag-save not be opened',
    errors: ['AUTH_NETRC'],
  },
  timeout: { code: 28, meaning: 'something took too long', errors: ['TimeoutError'] },
  range: { code: 33, meaning: 'the server does not go on where -C asks it to', errors: [] },
  tls: { code: 35, meaning: 'the TLS handshake failed', errors: ['TLS_FAILED'] },
  interface: {
    code: 45,
    meaning: 'the network interface of --interface is not there, or its address is not of this machine',
    errors: [],
  },
  redirects: {
    code: 47,
    meaning: 'there are more redirects than --max-redirs allows',
    errors: ['RedirectError'],
  },
  'resolve-syntax': { code: 49, meaning: '--resolve or --connect-to cannot be read', errors: [] },
  'no-response': {
    code: 52,
    meaning: 'the peer closed the connection without a byte of a response',
    errors: ['RemoteDisconnected'],
  },
  'connection-lost': {
    code: 56,
    meaning:
      'the connection broke before the head of the response was complete; a chunk of the body is malformed; or the proxy gave no tunnel',
    errors: [
      'IncompleteRead',
      'ConnectionLost',
      'BAD_CHUNK_SIZE',
      'BAD_CHUNK_EXTENSION',
      'BAD_CHUNK_END',
      'PROXY_REFUSED',
      'PROXY_FAILED',
    ],
  },
  'client-certificate': { code: 58, meaning: 'your certificate or key cannot be used', errors: [] },
  ciphers: { code: 59, meaning: 'no cipher suite of --ciphers can be used', errors: [] },
  certificate: {
    code: 60,
    meaning: 'the certificate of the server was not accepted',
    errors: [
      'CERTIFICATE_EXPIRED',
      'CERTIFICATE_NOT_YET_VALID',
      'CERTIFICATE_WRONG_HOST',
      'CERTIFICATE_SELF_SIGNED',
      'CERTIFICATE_UNTRUSTED',
      'CERTIFICATE_WRONG_ISSUER',
      'CERTIFICATE_WRONG_PURPOSE',
      'CERTIFICATE_WEAK',
      'CERTIFICATE_REVOKED',
      'CERTIFICATE_REJECTED',
    ],
  },
  coding: {
    code: 61,
    meaning: 'the body is not in the coding that it names',
    errors: ['DecodeError', 'INCOMPLETE_CODING'],
  },
  'too-large': {
    code: 63,
    meaning: 'the body is larger than --max-filesize, or decompresses to more than is safe',
    errors: ['LIMIT_DECODED', 'LIMIT_RATIO'],
  },
  rewind: { code: 65, meaning: 'the body cannot be sent a second time', errors: ['REDIRECT_BODY'] },
  'ca-file': {
    code: 77,
    meaning: 'the file of --cacert cannot be read, or has no certificate in it',
    errors: [],
  },
  crl: {
    code: 82,
    meaning: 'the file of --crlfile cannot be read, or has no revocation list in it',
    errors: [],
  },
  pinned: { code: 90, meaning: 'no key of the server is a pinned one', errors: ['CERTIFICATE_NOT_PINNED'] },
  auth: { code: 94, meaning: 'the credentials cannot be had, or answer no challenge', errors: ['AuthError'] },
  proxy: {
    code: 97,
    meaning: 'the SOCKS proxy made no connection, or went away',
    errors: ['ProxyError'],
  },
  unexpected: {
    code: 125,
    meaning: 'a fault of the command itself, or a demo that was not as expected',
    errors: [],
  },
  interrupted: { code: 130, meaning: 'interrupted with Ctrl-C (SIGINT)', errors: [] },
}

const ROWS = Object.entries(EXIT_CODES) as readonly [ExitName, ExitRow][]

/** The exit code of a row. */
export function exitCodeOf(name: ExitName): number {
  return EXIT_CODES[name].code
}

/** The row in which an error of the library ends: the one that lists its code, else the one that lists its class. */
export function exitNameOf(code: ErrorCode): ExitName {
  return rowListing(code) ?? rowListing(errorRow(code).className) ?? 'unexpected'
}

function rowListing(wanted: ErrorCode | ErrorClassName): ExitName | undefined {
  return ROWS.find(([, { errors }]) => errors.includes(wanted))?.[0]
}

/** The table in Markdown, for docs/command.md. */
export function formatExitCodes(): string {
  const lines = ROWS.map(([, { code, meaning, errors }]) => {
    const names = errors.map((name) => `\`${name}\``).join(', ')
    return `| ${code} | ${meaning} | ${names} |`
  })
  return ['| code | meaning | errors of the library |', '| --- | --- | --- |', ...lines].join('\n')
}

/** Code and meaning, for `--help`. */
export function listExitCodes(): readonly (readonly [code: number, meaning: string])[] {
  return ROWS.map(([, { code, meaning }]) => [code, meaning])
}

/**
 * The exit codes of the command, as one table: code → meaning → which errors end in it. The help, docs/command.md and the
 * command itself read it. Where curl has a code for the same thing, it is the same code, so that scripts can be moved.
 */

import { type ErrorClassName, type ErrorCode, errorRow } from '../errors/table.ts'

/** The names of the rows. */
export type ExitName =
  | 'success'
  | 'unexpected'
  | 'usage'
  | 'dns'
  | 'connect'
  | 'protocol'
  | 'incomplete-body'
  | 'local-write'
  | 'local-read'
  | 'timeout'
  | 'tls'
  | 'no-response'
  | 'connection-lost'
  | 'certificate'
  | 'proxy'
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
  unexpected: {
    code: 1,
    meaning: 'anything else: a fault of the command, or a demo that was not as expected',
    errors: ['AuthError', 'DecodeError', 'RedirectError', 'StatusError'],
  },
  usage: {
    code: 2,
    meaning: 'bad usage: an option, URL, method or header that cannot be used; nothing was sent',
    errors: [
      'LocalProtocolError',
      'InvalidURL',
      'InvalidHeader',
      'NotConnected',
      'UnimplementedFileMode',
      'ImproperConnectionState',
      'CannotSendRequest',
      'CannotSendHeader',
      'ResponseNotReady',
    ],
  },
  dns: { code: 6, meaning: 'the name of the host was not found', errors: ['DNS_FAILED'] },
  connect: { code: 7, meaning: 'no connection could be made', errors: ['ConnectError', 'GuardError'] },
  protocol: {
    code: 8,
    meaning: 'the peer broke the rules of HTTP, or went past a limit',
    errors: [
      'RemoteProtocolError',
      'BadStatusLine',
      'UnknownProtocol',
      'UnknownTransferEncoding',
      'LimitExceeded',
      'LineTooLong',
    ],
  },
  'incomplete-body': {
    code: 18,
    meaning: 'the body broke off; what came of it was written',
    errors: ['INCOMPLETE_BODY'],
  },
  'local-write': { code: 23, meaning: 'the file or standard output could not be written', errors: [] },
  'local-read': {
    code: 26,
    meaning: 'standard input, or a file that an option names, could not be read',
    errors: [],
  },
  timeout: { code: 28, meaning: 'something took too long', errors: ['TimeoutError'] },
  tls: { code: 35, meaning: 'the TLS handshake failed', errors: ['TLS_FAILED'] },
  'no-response': {
    code: 52,
    meaning: 'the peer closed the connection without a byte of a response',
    errors: ['RemoteDisconnected'],
  },
  'connection-lost': {
    code: 56,
    meaning: 'the connection broke before the head of the response was complete',
    errors: ['IncompleteRead', 'ConnectionLost'],
  },
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
      'CERTIFICATE_NOT_PINNED',
    ],
  },
  proxy: {
    code: 97,
    meaning: 'the proxy refused the tunnel, or did not answer as a proxy does',
    errors: ['ProxyError', 'PROXY_FAILED'],
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

/** The table in plain lines, for `--help`. */
export function formatExitCodesForHelp(): string {
  return ROWS.map(([, { code, meaning }]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')
}

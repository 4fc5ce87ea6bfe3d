/**
 * What to try after an error of an exchange, in the words of the library's options: one line by code where there is something
 * particular to say, else by class. It ends the message, after `Try:`. Where TLS refused a peer, `remedy` is said instead.
 */

import { ownMember } from './own.ts'
import { type CodeOf, ERRORS, type ErrorClassName, type ErrorCode } from './table.ts'

const SEE_WIRE = 'setDebugLevel(1), which shows what was sent and what came'
const TELL_OPERATOR = `${SEE_WIRE}, and tell the operator of the server`
const OWN_LENGTH = 'without a Content-Length of your own, or with the one of the body'
const AGAIN = 'again with a new connection, if the request may be repeated'
const OTHER_SCHEME = 'https:// in its URL (HTTPSConnection), if the port is one for TLS'
const NO_HTTP = `${OTHER_SCHEME}, or another port`

const BY_CODE: Partial<Readonly<Record<ErrorCode, string>>> = {
  BODY_TOO_LONG: OWN_LENGTH,
  BODY_TOO_SHORT: OWN_LENGTH,
  CHUNKED_TO_HTTP10: 'a body of known length: bytes or a string, or Content-Length among the headers',
  INVALID_BODY: 'a source that gives Uint8Array or strings only',
  BODY_ALREADY_READ: 'one call, whose value is used twice',
  BAD_STATUS_LINE: NO_HTTP,
  UNKNOWN_PROTOCOL: NO_HTTP,
  REMOTE_DISCONNECTED: `${NO_HTTP}; or ${AGAIN}`,
  UNEXPECTED_DATA: 'again with a new connection',
  BARE_LF: 'tolerances: { bareLf: true }, if you trust the server',
  SPACE_BEFORE_COLON: 'tolerances: { spaceBeforeColon: true }, if you trust the server',
  CONTROL_IN_VALUE: 'tolerances: { controlInValue: true }, if you trust the server',
  NO_COLON: 'tolerances: { skipBadFields: true }, if you trust the server',
  BAD_FIELD_NAME: 'tolerances: { skipBadFields: true }, if you trust the server',
  INCOMPLETE_HEAD: 'again, if the request may be repeated',
  INCOMPLETE_BODY:
    'again, if the request may be repeated; where it breaks off at the same byte each time, the server declares a wrong length',
  INCOMPLETE_CODING:
    'again, if the request may be repeated; where it ends at the same byte each time, the server cuts what it has coded',
  LIMIT_LINE: 'a larger limits.maxLineBytes, or maxBytes of readLine()',
  LIMIT_HEAD: 'a larger limits.maxHeadBytes',
  LIMIT_FIELDS: 'a larger limits.maxFields',
  LIMIT_TRAILERS: 'a larger limits.maxTrailerBytes',
  LIMIT_CHUNK_EXTENSIONS: 'a larger limits.maxChunkExtensionBytes',
  LIMIT_INFORMATIONAL: 'a larger limits.maxInformational',
  DNS_FAILED: 'another spelling of the host, or find out whether this machine is online',
  CONNECT_REFUSED: 'another port, or find out whether a server listens on this one',
  CONNECT_FAILED: 'another host or port, or find out what is in the way: a firewall, a network that is down',
  TLS_FAILED:
    'http: in its URL (HTTPConnection), if it speaks no TLS; tls.cert and tls.key, if it wants to know you',
  SOCKS_REFUSED: 'user and password, if it wants to know you; else another proxy, or none',
  PROXY_FAILED: 'another host or port for the proxy: what is there speaks no HTTP, or does not know CONNECT',
  CONNECTION_CLOSED: 'again: close() was called while the request was under way',
  TIMEOUT_QUEUE: 'more connections, or a larger timeout',
  TIMEOUT_DNS: 'a larger timeout.dns, or find out whether this machine is online',
  TIMEOUT_CONNECT: 'a larger timeout.connect, or find out whether the host can be reached from here',
  TIMEOUT_TLS: 'a larger timeout.tls, or http: in its URL (HTTPConnection), if it speaks no TLS',
  TIMEOUT_SEND: 'a larger timeout.send, or find out why the server does not take the body',
  TIMEOUT_HEADERS: 'a larger timeout.headers, or find out why the server takes so long',
  TIMEOUT_BODY: 'a larger timeout.body, or find out why the server has stopped',
  TIMEOUT_TOTAL: 'a larger timeout.total, or find out which part takes so long (response.timings)',
  TIMEOUT_SPEED: 'a lower timeout.minSpeed, or another time: the network or the server is slow',
  AUTH_BODY: 'a body that can be made again: bytes, a string, a Blob, a form, or a function that makes it',
  AUTH_PROOF: 'another way to authenticate, if you trust the server',
  AUTH_NETRC: 'the line that is named, or another path; docs/auth.md says what may be in the file',
  REDIRECT_LIMIT: 'a larger redirect.limit, or redirect: false, which gives the response itself',
  REDIRECT_LOOP:
    'redirect: false, and look at what each response says: a cookie may be asked for (cookies: true)',
  REDIRECT_DOWNGRADE: 'redirect: { downgrade: true }, if the whole may be seen on the way',
  REDIRECT_LOCATION: 'redirect: false, and read the field Location of the response',
  REDIRECT_BODY:
    'a body that can be made again: bytes, a string, a Blob, a form, or a function that makes it',
  STATUS_IS_ERROR: 'throwOnError: false, which gives the response as it is; what it says is in error.text',
  BAD_CONTENT_CODING: 'decompress: false, which gives the bytes as they came',
  SCHEMA_MISMATCH: 'error.issues, which says what is missing or wrong',
  LIMIT_BODY: 'a larger limits.body, or read it piece by piece: for await (const bytes of response)',
  LIMIT_DECODED: 'a larger decompress.maxBytes, or decompress: false',
  LIMIT_RATIO: 'a larger decompress.maxRatio, or decompress: false',
  LIMIT_CODINGS: 'a larger decompress.maxChain, or decompress: false',
  NOT_JSON: 'text(), and look at the status first: an error page is seldom JSON',
}

const BY_CLASS: Readonly<Record<ErrorClassName, string>> = {
  LocalProtocolError: 'the request without what the message names',
  InvalidURL: 'a target with the odd characters percent-encoded',
  InvalidHeader: 'the request without that field',
  NotConnected: 'connect() first',
  UnimplementedFileMode: "the mode 'rb'",
  ImproperConnectionState: 'one of the calls that are legal now',
  CannotSendRequest: 'one of the calls that are legal now',
  CannotSendHeader: 'one of the calls that are legal now',
  ResponseNotReady: 'one of the calls that are legal now',
  RemoteProtocolError: TELL_OPERATOR,
  BadStatusLine: NO_HTTP,
  RemoteDisconnected: NO_HTTP,
  UnknownProtocol: NO_HTTP,
  UnknownTransferEncoding: 'response.allowUndecoded(), which gives the coded bytes',
  IncompleteRead: 'again, if the request may be repeated',
  LimitExceeded: 'a larger limit',
  LineTooLong: 'a larger limit',
  GuardError:
    'another URL, or, where this address is meant, guard: (address, url) => boolean, with isPublicAddress() for all others',
  ConnectError: 'find out what the cause says (error.cause)',
  ProxyError: 'for a 407, user and password for the proxy; else another proxy, or none',
  ConnectionLost: 'again with a new connection, if the request may be repeated',
  DecodeError: 'text(), and look at what came',
  TimeoutError: 'a larger timeout',
  AuthError: 'an Authorization field of your own, and auth: false',
  RedirectError: 'redirect: false, which gives the response itself',
  StatusError: 'throwOnError: false, which gives the response as it is',
}

/** Where the proxy is at fault, and not the server. */
const OF_PROXY: Partial<Readonly<Record<ErrorCode, string>>> = {
  DNS_FAILED: 'another spelling of the host of the proxy',
  CONNECT_REFUSED: 'another port for the proxy, find out whether it runs, or go without it',
  CONNECT_FAILED: 'another host or port for the proxy, or go without it',
  TIMEOUT_CONNECT: 'a larger timeout.connect, or find out whether the proxy can be reached from here',
} satisfies Partial<Record<CodeOf<'ConnectError' | 'TimeoutError'>, string>>

/** Where a unix socket is connected to: it has no host and no port. */
const OF_SOCKET: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONNECT_REFUSED: 'another path of the socket, or find out whether a server listens on this one',
  CONNECT_FAILED: 'another path of the socket, or find out whether its server runs and this user may use it',
} satisfies Partial<Record<CodeOf<'ConnectError'>, string>>

const NOT_HTTP = 'another port, or find out what listens on this one'

/** Where TLS was spoken: https is no advice then. */
const OVER_TLS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_STATUS_LINE: NOT_HTTP,
  UNKNOWN_PROTOCOL: NOT_HTTP,
  REMOTE_DISCONNECTED: `${AGAIN}; or find out why the server hangs up`,
} satisfies Partial<Record<CodeOf<'BadStatusLine' | 'UnknownProtocol' | 'RemoteDisconnected'>, string>>

/** Where the connection has served before: the peer speaks what it is spoken to in. */
const OF_KNOWN_PEER: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_STATUS_LINE: TELL_OPERATOR,
  REMOTE_DISCONNECTED: AGAIN,
} satisfies Partial<Record<CodeOf<'BadStatusLine' | 'RemoteDisconnected'>, string>>

/** What is known of the exchange that failed. */
export interface HintFacts {
  readonly url?: string | undefined
  /** The peer: `host:port`, or the path of a unix socket. */
  readonly address?: string | undefined
  readonly reused?: boolean | undefined
}

/**
 * One line without an end: what to try after an error with this code.
 * @param isOfProxy - the exchange did not get farther than to its proxy
 */
export function hintFor(code: ErrorCode, isOfProxy: boolean, facts: HintFacts = {}): string {
  const { url, address, reused } = facts
  const isPath = address !== undefined && !/:\d+$/.test(address)
  return (
    (isOfProxy ? ownMember(OF_PROXY, code) : undefined) ??
    (isPath ? ownMember(OF_SOCKET, code) : undefined) ??
    (reused === true ? ownMember(OF_KNOWN_PEER, code) : undefined) ??
    (url?.startsWith('https:') === true ? ownMember(OVER_TLS, code) : undefined) ??
    ownMember(BY_CODE, code) ??
    BY_CLASS[ERRORS[code][0]]
  )
}

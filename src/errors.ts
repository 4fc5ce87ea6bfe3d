/**
 * Every error this package raises, as one tree and one table.
 *
 *   HTTPException                     code, cause; on a failed exchange also: reused, requestBytesWritten,
 *   │                                 responseStarted, address, phase
 *   ├─ LocalProtocolError             you asked for something that must not be sent
 *   │   ├─ InvalidURL                 host, port or target with forbidden bytes
 *   │   ├─ InvalidHeader              a field name or value with forbidden bytes
 *   │   ├─ NotConnected
 *   │   ├─ UnimplementedFileMode
 *   │   └─ ImproperConnectionState    a call that is not legal now
 *   │       ├─ CannotSendRequest  ├─ CannotSendHeader  └─ ResponseNotReady
 *   ├─ RemoteProtocolError            the peer broke the rules: rule, offset, bytes
 *   │   ├─ BadStatusLine (line)       └─ RemoteDisconnected: closed before any byte of a response
 *   │   ├─ UnknownProtocol            ├─ UnknownTransferEncoding
 *   │   ├─ IncompleteRead             partial, expected
 *   │   └─ LimitExceeded (limit)      └─ LineTooLong
 *   ├─ ConnectError (phase)           no byte of the request was sent
 *   ├─ ProxyError (status)            the proxy refused the tunnel
 *   ├─ ConnectionLost                 the connection broke during an exchange
 *   ├─ DecodeError (bytes)            the body is not what it was read as
 *   └─ TimeoutError (phase, timeoutMs)
 *
 * Each class is one decision a caller may take; each code is one rule. The table of error-table.ts joins the two. The names of the seed's module (`httplib` of Python) are the trunk of the tree.
 *
 * Security: a message says what happened, to which origin and in which phase; never a credential, a field value or a
 * query string. What the peer sent is on `bytes`, escaped and cut.
 */

import { type CodeOf, type ErrorCode, errorRow } from './error-table.ts'

export { type CodeOf, ERRORS, type ErrorCode } from './error-table.ts'

/** The part of an exchange in which something went wrong. */
export type Phase =
  | 'queue'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'proxy'
  | 'connect'
  | 'send'
  | 'headers'
  | 'body'
  | 'total'

/** What is known of a failed exchange. A decision to retry reads these facts and nothing else. */
export interface ExchangeFacts {
  /** True if an earlier exchange was made on the same connection. */
  reused?: boolean | undefined
  /** Bytes of the request, head and body, handed to the system. */
  requestBytesWritten?: number | undefined
  /** True if at least one byte of the response had come. */
  responseStarted?: boolean | undefined
  /** The peer: `host:port` or the path of a unix socket. */
  address?: string | undefined
  phase?: Phase | undefined
}

export interface ErrorDetails extends ExchangeFacts {
  cause?: unknown
  remedy?: string | undefined
}

const BRAND = Symbol.for('httplib.HTTPException')

/** The base class of everything this package raises, except aborts (`signal.reason`, untouched) and `TypeError`. */
export class HTTPException extends Error implements ExchangeFacts {
  /** Which rule, as one word: a row of the table `ERRORS`. */
  readonly code: ErrorCode
  declare reused?: boolean | undefined
  declare requestBytesWritten?: number | undefined
  declare responseStarted?: boolean | undefined
  declare address?: string | undefined
  declare phase?: Phase | undefined
  /** The option that would accept a peer that TLS refused: the end of the message. */
  declare readonly remedy?: string

  constructor(code: ErrorCode, detail?: string, details: ErrorDetails = {}) {
    const { cause, remedy } = details
    super(composeMessage(code, detail, remedy), cause === undefined ? undefined : { cause })
    this.code = code
    if (remedy !== undefined) this.remedy = remedy
    addFacts(this, details)
  }

  /** Whether `value` is an error of this package, also of another copy of it. */
  static isHTTPException(value: unknown): value is HTTPException {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** `Sentence: detail; remedy`, without what is not there. */
function composeMessage(code: ErrorCode, detail: string | undefined, remedy?: string): string {
  const { sentence } = errorRow(code)
  if (detail === undefined) return `${sentence}.`
  // What stands in parentheses is an addition to the sentence and no detail of it.
  if (detail.startsWith('(')) return `${sentence} ${detail}`
  return `${sentence}: ${detail}${remedy === undefined ? '' : `; ${remedy}`}`
}

/** Writes the facts of the exchange onto an error; a fact that is there already stays. */
export function addFacts(error: HTTPException, facts: ExchangeFacts): void {
  if (facts.reused !== undefined) error.reused ??= facts.reused
  if (facts.requestBytesWritten !== undefined) error.requestBytesWritten ??= facts.requestBytesWritten
  if (facts.responseStarted !== undefined) error.responseStarted ??= facts.responseStarted
  if (facts.address !== undefined) error.address ??= facts.address
  if (facts.phase !== undefined) error.phase ??= facts.phase
}

/** You asked for something that must not be sent. Nothing of it was sent. */
export class LocalProtocolError extends HTTPException {}
/** The host, the port or the request target cannot be used. */
export class InvalidURL extends LocalProtocolError {}
/** A header or trailer field cannot be sent. */
export class InvalidHeader extends LocalProtocolError {}
/** There is no connection, and none may be opened. */
export class NotConnected extends LocalProtocolError {
  constructor(detail?: string) {
    super('NOT_CONNECTED', detail)
  }
}
/** Kept for the seed: a response was asked for as a file in a mode it does not have. */
export class UnimplementedFileMode extends LocalProtocolError {
  constructor(mode: string) {
    super('UNIMPLEMENTED_FILE_MODE', `only 'rb' is offered, not '${mode}'`)
  }
}

/** A call that is not legal in the state the connection is in. The message names state, call, and the legal calls. */
export class ImproperConnectionState extends LocalProtocolError {
  constructor(detail?: string, code: CodeOf<ImproperStateClass> = 'IMPROPER_STATE', details?: ErrorDetails) {
    super(code, detail, details)
  }
}
type ImproperStateClass =
  | 'ImproperConnectionState'
  | 'CannotSendRequest'
  | 'CannotSendHeader'
  | 'ResponseNotReady'
/** A request was begun while another one is under way. */
export class CannotSendRequest extends ImproperConnectionState {
  constructor(detail?: string) {
    super(detail, 'CANNOT_SEND_REQUEST')
  }
}
/** A header field or the end of the head came without a request begun. */
export class CannotSendHeader extends ImproperConnectionState {
  constructor(detail?: string) {
    super(detail, 'CANNOT_SEND_HEADER')
  }
}
/** A response was asked for before a request was sent, or while an earlier response is unread. */
export class ResponseNotReady extends ImproperConnectionState {
  constructor(detail?: string) {
    super(detail, 'RESPONSE_NOT_READY')
  }
}

/** Where in the stream the peer broke which rule. */
export interface Offence extends ErrorDetails {
  /** Index of the offending byte in all the bytes received on the connection, from 0. */
  offset?: number | undefined
  /** The offending bytes, escaped and cut. */
  bytes?: string | undefined
}

/** The peer broke the rules of HTTP. */
export class RemoteProtocolError extends HTTPException {
  /** The rule, in words, and where it is written. */
  readonly rule: string
  /** Index of the offending byte in all the bytes received on the connection, from 0; undefined where none is at fault. */
  readonly offset: number | undefined
  /** The offending bytes, escaped and cut; undefined where none are at fault. */
  readonly bytes: string | undefined

  constructor(code: ErrorCode, detail?: string, offence: Offence = {}) {
    super(code, describeOffence(code, detail, offence), offence)
    this.rule = `${errorRow(code).sentence} (${errorRow(code).source})`
    this.offset = offence.offset
    this.bytes = offence.bytes
  }
}

function describeOffence(code: ErrorCode, detail: string | undefined, { offset, bytes }: Offence): string {
  let text = detail === undefined ? '' : `${detail} `
  text += `(${errorRow(code).source}`
  if (offset !== undefined) text += `; at byte ${offset} of the stream`
  if (bytes !== undefined) text += `: "${bytes}"`
  return `${text})`
}

/** The first line of the response is no status line. */
export class BadStatusLine extends RemoteProtocolError {
  /** The line as it came, escaped and cut; empty if the peer closed without a byte. */
  readonly line: string
  constructor(
    line: string,
    offence?: Offence,
    code: 'BAD_STATUS_LINE' | 'REMOTE_DISCONNECTED' = 'BAD_STATUS_LINE',
  ) {
    super(code, undefined, offence)
    this.line = line
  }
}
/** The peer closed the connection before any byte of a response. On a reused connection this is a race, not a fault. */
export class RemoteDisconnected extends BadStatusLine {
  constructor(details?: ErrorDetails) {
    super('', details, 'REMOTE_DISCONNECTED')
  }
}
/** The peer speaks, but not HTTP/1. */
export class UnknownProtocol extends RemoteProtocolError {
  /** The first line as it came, escaped and cut. */
  readonly line: string
  constructor(line: string, offence?: Offence) {
    super('UNKNOWN_PROTOCOL', undefined, offence)
    this.line = line
  }
}
/** The body has a transfer coding other than chunked. `response.allowUndecoded()` gives the coded bytes. */
export class UnknownTransferEncoding extends RemoteProtocolError {
  /** The codings in the order they were applied, without chunked. */
  readonly codings: readonly string[]
  constructor(codings: readonly string[]) {
    super('UNKNOWN_TRANSFER_ENCODING', codings.join(', '))
    this.codings = codings
  }
}
/** The connection ended before the message did. */
export class IncompleteRead extends RemoteProtocolError {
  /** The bytes that did arrive and were not handed out by an earlier call. */
  readonly partial: Buffer
  /** How many more bytes were to come; undefined where the peer had not said. */
  readonly expected: number | undefined
  constructor(
    partial: Buffer,
    expected?: number,
    details?: ErrorDetails,
    code: 'INCOMPLETE_BODY' | 'INCOMPLETE_HEAD' = 'INCOMPLETE_BODY',
  ) {
    super(
      code,
      `${partial.length} bytes in hand${expected === undefined ? '' : `, ${expected} more expected`}`,
      details,
    )
    this.partial = partial
    this.expected = expected
  }
}
/** The peer sent more than a limit allows. */
export class LimitExceeded extends RemoteProtocolError {
  /** The name of the limit: a key of the option `limits`. */
  readonly limit: string
  /** Its value. */
  readonly maximum: number
  constructor(
    code: CodeOf<'LimitExceeded' | 'LineTooLong'>,
    limit: string,
    maximum: number,
    offence?: Offence,
  ) {
    super(code, `${limit} is ${maximum}`, offence)
    this.limit = limit
    this.maximum = maximum
  }
}
/** The peer sent a line longer than `limits.maxLineBytes`. */
export class LineTooLong extends LimitExceeded {
  constructor(maximum: number, offence?: Offence) {
    super('LIMIT_LINE', 'maxLineBytes', maximum, offence)
  }
}

/** One address that was tried and what became of it. */
export interface FailedAttempt {
  readonly address: string
  readonly error: Error
}

/** No connection was made. No byte of the request was sent. */
export class ConnectError extends HTTPException {
  declare phase: 'dns' | 'tcp' | 'tls' | 'proxy'
  /** Each address that was tried, with its own reason. */
  readonly attempts: readonly FailedAttempt[]
  constructor(
    code: CodeOf<'ConnectError'>,
    phase: 'dns' | 'tcp' | 'tls' | 'proxy',
    detail: string,
    details: ErrorDetails & { attempts?: readonly FailedAttempt[] } = {},
  ) {
    super(code, detail, { ...details, phase })
    this.attempts = details.attempts ?? []
  }
}

/** The proxy answered CONNECT with something else than success. */
export class ProxyError extends HTTPException {
  readonly status: number
  readonly reason: string
  /** The fields of the proxy's answer, in order. */
  readonly rawHeaders: readonly (readonly [string, string])[]
  /** The first bytes of the proxy's answer, at most 64 KiB. */
  readonly body: Buffer
  constructor(
    answer: {
      status: number
      reason: string
      rawHeaders: readonly (readonly [string, string])[]
      body: Buffer
    },
    details?: ErrorDetails,
  ) {
    super('PROXY_REFUSED', `it answered ${answer.status} ${answer.reason}`.trimEnd(), {
      ...details,
      phase: 'proxy',
    })
    this.status = answer.status
    this.reason = answer.reason
    this.rawHeaders = answer.rawHeaders
    this.body = answer.body
  }
}

/** The connection broke during an exchange. */
export class ConnectionLost extends HTTPException {
  constructor(
    detail?: string,
    details?: ErrorDetails,
    code: 'CONNECTION_LOST' | 'CONNECTION_CLOSED' = 'CONNECTION_LOST',
  ) {
    super(code, detail, details)
  }
}

/** The body came whole, but is not what it was to be read as. */
export class DecodeError extends HTTPException {
  /** The first bytes of the body, escaped and cut. */
  readonly bytes: string
  constructor(code: CodeOf<'DecodeError'>, detail: string, details: ErrorDetails & { bytes: string }) {
    super(code, detail, details)
    this.bytes = details.bytes
  }
}

/** The phases that have a timeout of their own. */
export type TimeoutPhase = 'queue' | 'dns' | 'connect' | 'tls' | 'send' | 'headers' | 'body' | 'total'

const TIMEOUT_CODES = {
  queue: 'TIMEOUT_QUEUE',
  dns: 'TIMEOUT_DNS',
  connect: 'TIMEOUT_CONNECT',
  tls: 'TIMEOUT_TLS',
  send: 'TIMEOUT_SEND',
  headers: 'TIMEOUT_HEADERS',
  body: 'TIMEOUT_BODY',
  total: 'TIMEOUT_TOTAL',
} as const satisfies Record<TimeoutPhase, CodeOf<'TimeoutError'>>

/** A phase took longer than its timeout. */
export class TimeoutError extends HTTPException {
  declare phase: TimeoutPhase
  /** The timeout that ran out, in milliseconds. */
  readonly timeoutMs: number
  constructor(phase: TimeoutPhase, timeoutMs: number, details?: ErrorDetails) {
    super(TIMEOUT_CODES[phase], `the ${phase} timeout is ${timeoutMs} ms`, { ...details, phase })
    this.timeoutMs = timeoutMs
  }
}

const ERROR_CLASSES = {
  HTTPException,
  LocalProtocolError,
  InvalidURL,
  InvalidHeader,
  NotConnected,
  UnimplementedFileMode,
  ImproperConnectionState,
  CannotSendRequest,
  CannotSendHeader,
  ResponseNotReady,
  RemoteProtocolError,
  BadStatusLine,
  RemoteDisconnected,
  UnknownProtocol,
  UnknownTransferEncoding,
  IncompleteRead,
  LimitExceeded,
  LineTooLong,
  ConnectError,
  ProxyError,
  ConnectionLost,
  DecodeError,
  TimeoutError,
}

for (const [name, errorClass] of Object.entries(ERROR_CLASSES)) {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true })
}
Object.defineProperty(HTTPException.prototype, BRAND, { value: true })

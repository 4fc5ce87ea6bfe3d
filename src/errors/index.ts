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
 *   │   ├─ BadStatusLine (line)       ├─ RemoteDisconnected: closed before any byte of a response
 *   │   │                             └─ UnknownProtocol: another protocol's first line
 *   │   ├─ UnknownTransferEncoding
 *   │   ├─ IncompleteRead             partial, expected
 *   │   └─ LimitExceeded (limit)      └─ LineTooLong
 *   ├─ ConnectError (phase)           no byte of the request was sent
 *   │   └─ GuardError (refused)       the guard let nothing be connected to
 *   ├─ ProxyError (status)            the proxy refused the tunnel
 *   ├─ ConnectionLost                 the connection broke during an exchange
 *   ├─ DecodeError (bytes, issues)    the body is not what it was read as
 *   ├─ AuthError                      a request that cannot be authenticated
 *   ├─ RedirectError (location)       a redirect that is not followed
 *   ├─ StatusError (status, body)     the status is an error, where throwing was asked for
 *   └─ TimeoutError (phase, timeoutMs)
 *
 * Each class is one decision a caller may take; each code is one rule. The table of table.ts joins the two. The names of
 * Python's httplib are the trunk of the tree.
 *
 * Security: a message says what happened, to which origin and in which phase; never a credential, a field value or a
 * query string. What the peer sent is on `bytes`, escaped and cut.
 */

import { BRAND, HTTPException } from './exception.ts'
import {
  AuthError,
  ConnectError,
  ConnectionLost,
  DecodeError,
  GuardError,
  ProxyError,
  RedirectError,
  StatusError,
  TimeoutError,
} from './exchange.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ImproperConnectionState,
  InvalidHeader,
  InvalidURL,
  LocalProtocolError,
  NotConnected,
  ResponseNotReady,
  UnimplementedFileMode,
} from './local.ts'
import {
  BadStatusLine,
  IncompleteRead,
  LimitExceeded,
  LineTooLong,
  RemoteDisconnected,
  RemoteProtocolError,
  UnknownProtocol,
  UnknownTransferEncoding,
} from './remote.ts'

export {
  type Attempt,
  type ErrorDetails,
  type ExchangeFacts,
  HTTPException,
  type Phase,
} from './exception.ts'
export * from './exchange.ts'
export * from './local.ts'
export * from './remote.ts'
export type { CodeOf, ErrorCode } from './table.ts'

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
  GuardError,
  ProxyError,
  ConnectionLost,
  DecodeError,
  TimeoutError,
  AuthError,
  RedirectError,
  StatusError,
}

for (const [name, errorClass] of Object.entries(ERROR_CLASSES)) {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true })
}
Object.defineProperty(HTTPException.prototype, BRAND, { value: true })

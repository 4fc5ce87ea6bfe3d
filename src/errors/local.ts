/** What the caller asked for and must not have: LocalProtocolError and its kinds. */

import { type ErrorDetails, HTTPException } from './exception.ts'
import type { CodeOf } from './table.ts'

/** You asked for something that must not be sent. Nothing of it was sent. */
export class LocalProtocolError extends HTTPException {}
/** The host, the port or the request target cannot be used. */
export class InvalidURL extends LocalProtocolError {}
/** A header or trailer field cannot be sent. */
export class InvalidHeader extends LocalProtocolError {}
/** There is no connection, and none may be opened. */
export class NotConnected extends LocalProtocolError {
  constructor(detail?: string, details?: ErrorDetails) {
    super('NOT_CONNECTED', detail, details)
  }
}
/** Kept for Python's httplib: a response was asked for as a file in a mode it does not have. */
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

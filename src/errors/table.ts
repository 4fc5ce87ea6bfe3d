/**
 * The table of errors: code → class, one sentence that a stranger understands, where the rule is written. A class is one
 * decision that a caller may take, a code is one rule. Messages begin with the sentence; docs/errors.md is generated from
 * the table; codes are stable across versions.
 */

/** code → [class, sentence, source] */
export const ERRORS = {
  // What a caller asked for and must not have.
  INVALID_METHOD: ['LocalProtocolError', 'The method is not a token', 'RFC 9110 §9.1'],
  INVALID_TARGET: ['InvalidURL', 'The URL or request target cannot be asked for', 'RFC 9112 §3.2'],
  INVALID_HOST: ['InvalidURL', 'The host has a byte that may not be in it, or is empty', 'RFC 9110 §4.2'],
  INVALID_PORT: ['InvalidURL', 'The port is empty, not a number, or over 65535', 'httplib: InvalidURL'],
  INVALID_FIELD_NAME: ['InvalidHeader', 'The field name is not a token', 'RFC 9110 §5.1'],
  INVALID_FIELD_VALUE: ['InvalidHeader', 'The field value has a byte that may not be sent', 'RFC 9110 §5.5'],
  INVALID_STATUS: ['LocalProtocolError', 'The status code or reason phrase cannot be sent', 'RFC 9112 §4'],
  INVALID_CONTENT_LENGTH: [
    'InvalidHeader',
    'The Content-Length to be sent is not a number of bytes',
    'RFC 9110 §8.6',
  ],
  CONFLICTING_FRAMING: [
    'InvalidHeader',
    'Content-Length and Transfer-Encoding were given together, or one of them twice',
    'RFC 9112 §6.2',
  ],
  INVALID_TRANSFER_ENCODING: [
    'InvalidHeader',
    'The Transfer-Encoding to be sent does not end in exactly one chunked, or the version is HTTP/1.0',
    'RFC 9112 §6.1',
  ],
  INVALID_HOST_FIELD: ['InvalidHeader', 'The Host field is no host, or is given twice', 'RFC 9112 §3.2'],
  CONNECTION_OPTION_MISSING: [
    'InvalidHeader',
    'A connection-specific field is sent but not listed in Connection',
    'RFC 9110 §7.6.1',
  ],
  INVALID_CONNECTION_OPTION: [
    'InvalidHeader',
    'Connection lists a field that is meant for all recipients',
    'RFC 9110 §7.6.1',
  ],
  INVALID_TE: ['InvalidHeader', 'TE may not list chunked', 'RFC 9112 §7.4'],
  INVALID_EXPECT: [
    'InvalidHeader',
    'Expect: 100-continue was given for a request without content',
    'RFC 9110 §10.1.1',
  ],
  INVALID_TRACE: [
    'LocalProtocolError',
    'A TRACE request may have no content and no credentials',
    'RFC 9110 §9.3.8',
  ],
  INVALID_CONNECT: ['LocalProtocolError', 'A CONNECT request may have no content', 'RFC 9110 §9.3.6'],
  REPEATED_FIELD: ['InvalidHeader', 'A field that may stand only once is given twice', 'RFC 9110 §5.3'],
  CHUNKED_TO_HTTP10: [
    'LocalProtocolError',
    'The server speaks HTTP/1.0 and does not know chunked: this body needs a Content-Length',
    'RFC 9112 §6.1',
  ],
  INVALID_CONDITION: [
    'InvalidHeader',
    'A conditional field is given in a form that means nothing',
    'RFC 9110 §13.1',
  ],
  INVALID_CONTENT: [
    'LocalProtocolError',
    'An OPTIONS request with content needs a Content-Type',
    'RFC 9110 §9.3.7',
  ],
  INVALID_TRAILER: ['InvalidHeader', 'This field may not be sent in a trailer section', 'RFC 9110 §6.5.1'],
  TRAILERS_WITHOUT_CHUNKED: [
    'LocalProtocolError',
    'Trailers can only follow a chunked body',
    'RFC 9112 §7.1.2',
  ],
  BODY_TOO_LONG: ['LocalProtocolError', 'The body is longer than its declared length', 'RFC 9112 §6.3'],
  BODY_TOO_SHORT: ['LocalProtocolError', 'The body ended before its declared length', 'RFC 9112 §6.3'],
  INVALID_BODY: ['LocalProtocolError', 'A piece of the body is neither bytes nor a string', 'httplib: send'],
  NOT_CONNECTED: ['NotConnected', 'There is no connection', 'httplib: NotConnected'],
  UNIMPLEMENTED_FILE_MODE: [
    'UnimplementedFileMode',
    'The response cannot be opened in this mode',
    'httplib: UnimplementedFileMode',
  ],
  BODY_ALREADY_READ: [
    'ImproperConnectionState',
    'The body has been read already',
    'DESIGN: a body is read once',
  ],
  IMPROPER_STATE: [
    'ImproperConnectionState',
    'This call is not legal now',
    'httplib: ImproperConnectionState',
  ],
  CANNOT_SEND_REQUEST: ['CannotSendRequest', 'A request cannot be started now', 'httplib: CannotSendRequest'],
  CANNOT_SEND_HEADER: ['CannotSendHeader', 'A header field cannot be added now', 'httplib: CannotSendHeader'],
  RESPONSE_NOT_READY: ['ResponseNotReady', 'There is no response to be had now', 'httplib: ResponseNotReady'],

  // What the peer sent and must not send: the start line.
  BAD_STATUS_LINE: ['BadStatusLine', 'The status line is malformed', 'RFC 9112 §4'],
  REMOTE_DISCONNECTED: [
    'RemoteDisconnected',
    'The peer closed the connection before the first byte of a response',
    'RFC 9112 §8',
  ],
  UNKNOWN_PROTOCOL: ['UnknownProtocol', 'The peer does not speak HTTP/1', 'RFC 9112 §2.3'],
  BAD_REQUEST_LINE: ['RemoteProtocolError', 'The request line is malformed', 'RFC 9112 §3'],
  BAD_HOST_FIELD: ['RemoteProtocolError', 'The request has no Host field, or more than one', 'RFC 9112 §3.2'],

  // Field lines, of a head or a trailer section.
  BARE_LF: ['RemoteProtocolError', 'A line ends in LF without CR', 'RFC 9112 §2.2'],
  BARE_CR: ['RemoteProtocolError', 'A CR is not followed by LF', 'RFC 9112 §2.2'],
  NUL_IN_HEAD: ['RemoteProtocolError', 'There is a NUL byte in the head', 'RFC 9110 §5.5'],
  CONTROL_IN_VALUE: ['RemoteProtocolError', 'There is a control byte in a field value', 'RFC 9110 §5.5'],
  SPACE_BEFORE_COLON: [
    'RemoteProtocolError',
    'There is white space before the colon of a field line',
    'RFC 9112 §5.1',
  ],
  BAD_FIELD_NAME: ['RemoteProtocolError', 'A field name is empty or not a token', 'RFC 9110 §5.1'],
  NO_COLON: ['RemoteProtocolError', 'A field line has no colon', 'RFC 9112 §5'],
  LEADING_SPACE: ['RemoteProtocolError', 'There is white space before the first field line', 'RFC 9112 §2.2'],

  // Framing.
  BAD_CONTENT_LENGTH: [
    'RemoteProtocolError',
    'Content-Length is not a number of bytes below 2^53',
    'RFC 9112 §6.3',
  ],
  DIFFERING_CONTENT_LENGTH: [
    'RemoteProtocolError',
    'Content-Length is given twice with different values',
    'RFC 9110 §8.6',
  ],
  BAD_TRANSFER_ENCODING: [
    'RemoteProtocolError',
    'Transfer-Encoding is empty, malformed, or applies chunked twice or with parameters',
    'RFC 9112 §7.1',
  ],
  AMBIGUOUS_FRAMING: [
    'RemoteProtocolError',
    'A request has both Transfer-Encoding and Content-Length, or Transfer-Encoding in HTTP/1.0, or no final chunked',
    'RFC 9112 §6.1',
  ],
  UNKNOWN_TRANSFER_ENCODING: [
    'UnknownTransferEncoding',
    'The body has a transfer coding that cannot be undone',
    'RFC 9112 §6.1',
  ],
  BAD_CHUNK_SIZE: [
    'RemoteProtocolError',
    'A chunk size is not a hexadecimal number below 2^53',
    'RFC 9112 §7.1',
  ],
  BAD_CHUNK_EXTENSION: [
    'RemoteProtocolError',
    'A chunk extension has a byte that may not be in it',
    'RFC 9112 §7.1.1',
  ],
  BAD_CHUNK_END: ['RemoteProtocolError', 'The data of a chunk is not followed by CR LF', 'RFC 9112 §7.1'],
  UNEXPECTED_DATA: ['RemoteProtocolError', 'Bytes came with no request outstanding', 'RFC 9112 §9.2'],
  INCOMPLETE_HEAD: ['IncompleteRead', 'The connection ended inside the head', 'RFC 9112 §8'],
  INCOMPLETE_BODY: ['IncompleteRead', 'The connection ended inside the body', 'RFC 9112 §8'],

  // Limits: see `LIMITS` in h1/limits.ts.
  LIMIT_LINE: ['LineTooLong', 'A line is longer than the limit', 'RFC 9110 §2.3'],
  LIMIT_HEAD: ['LimitExceeded', 'The head is larger than the limit', 'RFC 9110 §2.3'],
  LIMIT_FIELDS: ['LimitExceeded', 'There are more field lines than the limit', 'RFC 9110 §2.3'],
  LIMIT_TRAILERS: ['LimitExceeded', 'The trailer section is larger than the limit', 'RFC 9110 §2.3'],
  LIMIT_CHUNK_EXTENSIONS: [
    'LimitExceeded',
    'The chunk extensions of a body are larger than the limit',
    'RFC 9112 §7.1.1',
  ],
  LIMIT_INFORMATIONAL: [
    'LimitExceeded',
    'There are more informational responses than the limit',
    'RFC 9110 §15.2',
  ],

  // Connecting: no byte of the request was sent.
  DNS_FAILED: ['ConnectError', 'The name could not be resolved', 'RFC 8305 §3'],
  CONNECT_REFUSED: ['ConnectError', 'The connection was refused', 'RFC 8305 §5'],
  CONNECT_FAILED: ['ConnectError', 'No connection could be made', 'RFC 8305 §5'],
  TLS_FAILED: ['ConnectError', 'The TLS handshake failed', 'RFC 9110 §4.2.2'],
  CERTIFICATE_EXPIRED: ['ConnectError', 'A certificate has expired', 'RFC 9110 §4.3.4'],
  CERTIFICATE_NOT_YET_VALID: ['ConnectError', 'A certificate is not valid yet', 'RFC 9110 §4.3.4'],
  CERTIFICATE_WRONG_HOST: ['ConnectError', 'The certificate is for another host', 'RFC 9110 §4.3.4'],
  CERTIFICATE_SELF_SIGNED: ['ConnectError', 'The certificate is self-signed', 'RFC 9110 §4.3.4'],
  CERTIFICATE_UNTRUSTED: [
    'ConnectError',
    'The certificate chain leads to no trusted authority',
    'RFC 9110 §4.3.4',
  ],
  CERTIFICATE_WRONG_ISSUER: [
    'ConnectError',
    'A certificate was issued by one that may not issue it',
    'RFC 5280 §6.1.4',
  ],
  CERTIFICATE_WRONG_PURPOSE: ['ConnectError', 'A certificate is not for servers', 'RFC 5280 §4.2.1.12'],
  CERTIFICATE_WEAK: ['ConnectError', 'A certificate has a weak key or signature', 'RFC 9325 §4.5'],
  CERTIFICATE_REVOKED: ['ConnectError', 'A certificate has been revoked', 'RFC 5280 §6.3'],
  CERTIFICATE_REJECTED: ['ConnectError', 'The certificate was rejected', 'RFC 9110 §4.3.4'],
  CERTIFICATE_NOT_PINNED: ['ConnectError', 'No certificate of the chain has a pinned key', 'RFC 7469 §2.6'],
  GUARD_REFUSED: ['GuardError', 'The guard refused the connection', 'RFC 6890 §2.2'],
  PROXY_FAILED: ['ConnectError', 'The proxy did not open a tunnel', 'RFC 9110 §9.3.6'],
  PROXY_REFUSED: ['ProxyError', 'The proxy refused the tunnel', 'RFC 9110 §9.3.6'],
  SOCKS_REFUSED: ['ProxyError', 'The SOCKS proxy made no connection', 'RFC 1928 §6'],

  // During an exchange.
  CONNECTION_LOST: ['ConnectionLost', 'The connection broke', 'RFC 9112 §8'],
  CONNECTION_CLOSED: ['ConnectionLost', 'The connection was closed by this side', 'RFC 9112 §9.6'],
  TIMEOUT_QUEUE: ['TimeoutError', 'Waiting for a free connection timed out', 'DESIGN: timeouts'],
  TIMEOUT_DNS: ['TimeoutError', 'Looking up the name timed out', 'DESIGN: timeouts'],
  TIMEOUT_CONNECT: ['TimeoutError', 'Connecting timed out', 'DESIGN: timeouts'],
  TIMEOUT_TLS: ['TimeoutError', 'The TLS handshake timed out', 'DESIGN: timeouts'],
  TIMEOUT_SEND: ['TimeoutError', 'Sending the request timed out', 'DESIGN: timeouts'],
  TIMEOUT_HEADERS: ['TimeoutError', 'Waiting for the response timed out', 'DESIGN: timeouts'],
  TIMEOUT_BODY: ['TimeoutError', 'Waiting for the body timed out', 'DESIGN: timeouts'],
  TIMEOUT_TOTAL: ['TimeoutError', 'The exchange timed out', 'DESIGN: timeouts'],

  TIMEOUT_SPEED: ['TimeoutError', 'The body moved too slowly and timed out', 'DESIGN: timeouts'],

  // Redirects: the response is one, and is not followed.
  REDIRECT_LIMIT: ['RedirectError', 'There are more redirects in a row than the limit', 'RFC 9110 §15.4'],
  REDIRECT_LOOP: ['RedirectError', 'The redirects lead in a circle', 'RFC 9110 §15.4'],
  REDIRECT_DOWNGRADE: ['RedirectError', 'The redirect leads from https to http', 'RFC 9110 §4.2.2'],
  REDIRECT_LOCATION: [
    'RedirectError',
    'The Location of the redirect is no http or https URL',
    'RFC 9110 §10.2.2',
  ],
  REDIRECT_BODY: [
    'RedirectError',
    'The redirect asks for the body again, which can be sent once only',
    'RFC 9110 §15.4.8',
  ],

  // Authentication: a server asked for it, and could not be answered, or its own answer is not to be believed.
  AUTH_BODY: [
    'AuthError',
    'The server asks who you are, and the body was sent and can be sent once only',
    'RFC 9110 §11.6.1',
  ],
  AUTH_PROOF: [
    'AuthError',
    'The server does not prove that it knows the password: rspauth is wrong',
    'RFC 7616 §3.5',
  ],
  AUTH_NETRC: ['AuthError', 'The netrc file cannot be read', 'curl: netrc'],

  // Statuses, where throwing was asked for.
  STATUS_IS_ERROR: ['StatusError', 'The status of the response is an error', 'RFC 9110 §15'],

  // What a message held.
  BAD_CONTENT_CODING: [
    'DecodeError',
    'The body is not in the coding that Content-Encoding names',
    'RFC 9110 §8.4',
  ],
  INCOMPLETE_CODING: [
    'IncompleteRead',
    'The body ended inside the coding that Content-Encoding names',
    'RFC 9110 §8.4',
  ],
  SCHEMA_MISMATCH: ['DecodeError', 'The body is not what the schema asks for', 'Standard Schema'],
  LIMIT_BODY: ['LimitExceeded', 'The body is larger than may be gathered', 'RFC 9110 §2.3'],
  LIMIT_DECODED: ['LimitExceeded', 'The decoded body is larger than the limit', 'RFC 9110 §2.3'],
  LIMIT_RATIO: ['LimitExceeded', 'The body is coded more tightly than the limit', 'RFC 9110 §2.3'],
  LIMIT_CODINGS: [
    'LimitExceeded',
    'More content codings are laid over each other than the limit',
    'RFC 9110 §8.4',
  ],
  NOT_JSON: ['DecodeError', 'The body is not JSON', 'RFC 8259'],
} as const

/** Every code an error of this package can have: a closed union. */
export type ErrorCode = keyof typeof ERRORS

/** The names of the classes that carry a code. */
export type ErrorClassName = (typeof ERRORS)[ErrorCode][0]

/** The codes whose row names the class `C`. */
export type CodeOf<C extends ErrorClassName> = {
  [K in ErrorCode]: (typeof ERRORS)[K][0] extends C ? K : never
}[ErrorCode]

/** A row of the table, with names. */
export interface ErrorRow {
  readonly className: ErrorClassName
  readonly sentence: string
  readonly source: string
}

/** The row of a code. */
export function errorRow(code: ErrorCode): ErrorRow {
  const [className, sentence, source] = ERRORS[code]
  return { className, sentence, source }
}

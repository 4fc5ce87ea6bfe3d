/** What the peer did against the rules: RemoteProtocolError and its kinds. */

import { type ErrorDetails, HTTPException } from './exception.ts'
import { ownMember } from './own.ts'
import { type CodeOf, type ErrorCode, errorRow } from './table.ts'

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
    this.offset = ownMember(offence, 'offset')
    this.bytes = ownMember(offence, 'bytes')
  }
}

function describeOffence(code: ErrorCode, detail: string | undefined, offence: Offence): string {
  const [offset, bytes] = [ownMember(offence, 'offset'), ownMember(offence, 'bytes')]
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
    code: 'BAD_STATUS_LINE' | 'REMOTE_DISCONNECTED' | 'UNKNOWN_PROTOCOL' = 'BAD_STATUS_LINE',
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
export class UnknownProtocol extends BadStatusLine {
  constructor(line: string, offence?: Offence) {
    super(line, offence, 'UNKNOWN_PROTOCOL')
  }
  /** What names the protocol: the first word of the line. */
  get version(): string {
    return this.line.split(' ')[0]!
  }
}
/** The body has a transfer coding other than chunked. `response.allowUndecoded()` gives the coded bytes. */
export class UnknownTransferEncoding extends RemoteProtocolError {
  /** The codings in the order they were applied, without chunked. */
  readonly codings: readonly string[]
  constructor(codings: readonly string[]) {
    super('UNKNOWN_TRANSFER_ENCODING', codings.join(', '))
    // A copy: the decoder may take them off one by one, and the head they come from may be shared.
    this.codings = [...codings]
  }
}
/** The connection ended before the message did. */
export class IncompleteRead extends RemoteProtocolError {
  /** The bytes that did arrive and were not handed out by an earlier call. Not shown by `inspect` and JSON: a log is no place for a body. */
  get partial(): Buffer {
    return this.#partial
  }
  // Security: not even what is asked to show hidden members shows it.
  readonly #partial: Buffer
  /** How many more bytes were to come; undefined where the peer had not said. */
  readonly expected: number | undefined
  constructor(
    partial: Buffer,
    expected?: number,
    details?: ErrorDetails,
    code: CodeOf<'IncompleteRead'> = 'INCOMPLETE_BODY',
  ) {
    super(
      code,
      `${partial.length} bytes in hand${expected === undefined ? '' : `, ${expected} more expected`}`,
      details,
    )
    this.#partial = partial
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

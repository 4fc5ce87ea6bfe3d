/**
 * The base class of all errors, and the facts that one of a failed exchange carries.
 *
 * Security: a message says what happened, to which origin and in which phase; never a credential, a field value or a
 * query string. What the peer sent is on `bytes`, escaped and cut.
 */

import { type ErrorCode, errorRow } from './table.ts'

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
  /** The part of the exchange in which it failed. */
  phase?: Phase | undefined
}

/** What an error is made with, besides its code and its text. */
export interface ErrorDetails extends ExchangeFacts {
  /** What the system or TLS reported; kept on `error.cause`. */
  cause?: unknown
  /** The option that would accept the peer; ends the message. */
  remedy?: string | undefined
}

/** Marks errors of this package, also those of another copy of it. */
export const BRAND: unique symbol = Symbol.for('httplib.HTTPException')

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

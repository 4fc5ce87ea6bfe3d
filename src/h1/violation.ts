/**
 * Raises what the peer did wrong: picks the class from the table of errors, adds where and what. Only the reading half of
 * the engine uses it.
 */

import { escapeText } from '../core/escape.ts'
import { maskCredentials } from '../core/redact.ts'
import {
  BadStatusLine,
  type CodeOf,
  LimitExceeded,
  LineTooLong,
  RemoteProtocolError,
  UnknownProtocol,
} from '../errors/index.ts'
import type { LimitName, Limits } from './limits.ts'

/** The codes of plain rule violations: those whose class adds nothing to the code. */
export type ViolationCode = CodeOf<'RemoteProtocolError' | 'BadStatusLine' | 'UnknownProtocol'>

/**
 * The error for a broken rule.
 * @param offset of the offending byte in the received stream
 * @param shown the offending bytes as latin1 text; Security: never a field value
 */
export function violation(
  code: ViolationCode,
  offset: number,
  shown?: string,
  detail?: string,
): RemoteProtocolError {
  // Out of step with its peer, this side may take any line for the first of a message.
  const bytes = shown === undefined ? undefined : escapeText(maskCredentials(shown, true))
  if (code === 'BAD_STATUS_LINE') return new BadStatusLine(bytes ?? '', { offset, bytes })
  if (code === 'UNKNOWN_PROTOCOL') return new UnknownProtocol(bytes ?? '', { offset, bytes })
  return new RemoteProtocolError(code, detail, { offset, bytes })
}

const LIMIT_CODES = {
  maxHeadBytes: 'LIMIT_HEAD',
  maxFields: 'LIMIT_FIELDS',
  maxTrailerBytes: 'LIMIT_TRAILERS',
  maxChunkExtensionBytes: 'LIMIT_CHUNK_EXTENSIONS',
  maxInformational: 'LIMIT_INFORMATIONAL',
} as const satisfies Record<Exclude<LimitName, 'maxLineBytes'>, CodeOf<'LimitExceeded'>>

/** The error for an exceeded limit. */
export function limitExceeded(limit: LimitName, limits: Limits, offset: number): LimitExceeded {
  if (limit === 'maxLineBytes') return new LineTooLong(limits.maxLineBytes, { offset })
  return new LimitExceeded(LIMIT_CODES[limit], limit, limits[limit], { offset })
}

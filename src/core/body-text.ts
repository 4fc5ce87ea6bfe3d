/**
 * Bytes of a body as what they mean: text, by the charset that its media type names, and JSON.
 */

import { DecodeError } from '../errors/index.ts'
import { escapeText } from './escape.ts'
import { type FieldLine, firstFieldValue, listTokens, readParameterized } from './fields.ts'
import { isToken } from './grammar.ts'
import { maskCredentials } from './redact.ts'
import type { ResponseHead } from './response-head.ts'

const BYTE_ORDER_MARK = 0xfeff
/** How much of a body that is not JSON is looked at for credentials; less of it is shown. */
const MAX_SEARCHED_BYTES = 4_096

/** The charset that Content-Type names; undefined where it names none. */
export function charsetOf(fields: readonly FieldLine[]): string | undefined {
  const type = firstFieldValue(fields, 'content-type')
  // Most types have no parameters, and reading them costs as much as decoding a small body.
  return type?.includes(';') === true ? readParameterized(type).parameters.get('charset') : undefined
}

/** The codings that Content-Encoding names, in the order they were applied, in lower case, without `identity`. */
export function contentCodings(fields: readonly FieldLine[]): string[] {
  return listTokens(fields, 'content-encoding').filter((coding) => coding !== 'identity')
}

/**
 * The value that `bytes` hold as JSON.
 * @param head of the response, for the message of the error
 * @throws DecodeError with the first bytes, if they are not JSON
 */
export function parseJson(bytes: Buffer, head: ResponseHead): unknown {
  try {
    return JSON.parse(decodeText(bytes, undefined))
  } catch (error) {
    // Security: the parser quotes what it has met, and knows of no mask.
    const cause = new SyntaxError((error as Error).message.replace(/"[^]*"/, '"..."'))
    const start = bytes.toString('latin1', 0, MAX_SEARCHED_BYTES)
    const shown = escapeText(maskCredentials(start, bytes.length > start.length))
    throw new DecodeError('NOT_JSON', describeBody(bytes.length, head, start), { bytes: shown, cause })
  }
}

/**
 * What a body is, in words. Security: of fields only media type and codings are shown, and only where they are tokens; of the body
 * nothing but what it looks like.
 */
function describeBody(length: number, { status, fields }: ResponseHead, start: string): string {
  const type = mediaTypeOf(fields)
  const hasType = (firstFieldValue(fields, 'content-type') ?? '').trim() !== ''
  const size = length === 0 ? 'it is empty' : `${length} bytes`
  const codings = contentCodings(fields).filter(isToken)
  return [
    type === undefined || length === 0 ? size : `${size} of ${type}`,
    `status ${status}`,
    ...(hasType ? [] : ['no Content-Type']),
    ...(codings.length > 0 ? [`coded (Content-Encoding: ${escapeText(codings.join(', '))})`] : []),
    ...(codings.length === 0 && type !== 'text/html' && /^\s*</.test(start)
      ? ['it looks like HTML or XML']
      : []),
  ].join(', ')
}

/** The media type that Content-Type names, without parameters, to be shown; undefined where it is no media type. */
export function mediaTypeOf(fields: readonly FieldLine[]): string | undefined {
  const type = /^[^;]*/.exec(firstFieldValue(fields, 'content-type') ?? '')![0].trim()
  return type.split('/').length === 2 && type.split('/').every(isToken) ? escapeText(type) : undefined
}

/** Text by `charset`, or UTF-8 where none is given or it is unknown; a byte order mark is dropped. */
export function decodeText(bytes: Buffer, charset: string | undefined): string {
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return makeDecoder(charset).decode(bytes)
  }
  const text = bytes.toString('utf8')
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

/** A decoder by the label of a charset. For an unknown label UTF-8 is the better guess than an error. */
export function makeDecoder(charset = 'utf-8'): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset)
  } catch {
    return new TextDecoder()
  }
}

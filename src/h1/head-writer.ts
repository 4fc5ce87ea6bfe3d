/**
 * Writes heads and trailer sections, and refuses what must not be written. Every start line and every field that this
 * package sends passes here, as one string: nothing a caller's data holds can end a line or a message.
 *
 * Security: names and values are checked character by character against core/grammar.ts; characters above 0xFF, which
 * would become other bytes in latin1, are refused with the rest. Errors never show a value.
 */

import { escapeText } from '../core/escape.ts'
import {
  type FieldLine,
  fieldValues,
  hasField,
  listElements,
  listTokens,
  readContentLength,
  readTransferEncoding,
  unfoldValue,
} from '../core/fields.ts'
import {
  findForbiddenInTarget,
  findForbiddenInValue,
  isFieldValue,
  isHostValue,
  isToken,
  trimWhitespace,
} from '../core/grammar.ts'
import { InvalidHeader, InvalidURL, LocalProtocolError } from '../errors/index.ts'
import type { Framing, ResponseToSend } from './events.ts'
import { FRAMINGS, messagePersists, offeredProtocols } from './framing.ts'
import type { Tolerances } from './tolerances.ts'

/** A response head ready to be written, and how its body is framed. */
export interface WrittenHead {
  readonly text: string
  readonly framing: Framing
  /** Whether it lets the connection go on after its exchange. */
  readonly persists: boolean
}

/** The field lines of a request head, checked and written, with what they say. */
export interface WrittenFields {
  /** The lines and the empty line after them. */
  readonly text: string
  readonly framing: Framing
  /** The protocols it offers to switch to, in lower case. */
  readonly offered: readonly string[]
  /** Whether it lets the connection go on after its exchange. */
  readonly persists: boolean
}

/**
 * Writes a request line (RFC 9112 §3).
 * @throws LocalProtocolError or InvalidURL for what must not be sent
 */
export function writeRequestLine(method: string, target: string, version: 10 | 11): string {
  if (!isToken(method))
    throw new LocalProtocolError('INVALID_METHOD', "a method is made of letters, digits and !#$%&'*+-.^_`|~")
  const bad = target === '' ? 0 : findForbiddenInTarget(target)
  if (bad >= 0) {
    throw new InvalidURL(
      'INVALID_TARGET',
      target === '' ? 'it is empty' : `the character at ${bad} has to be percent-encoded`,
    )
  }
  if (target === '*' && method !== 'OPTIONS')
    throw new InvalidURL('INVALID_TARGET', '"*" is for OPTIONS only')
  return `${method} ${target} HTTP/1.${version - 10}\r\n`
}

/**
 * Writes the field lines of a request to `method` (RFC 9112 §5).
 * @throws InvalidHeader or LocalProtocolError for what must not be sent
 */
export function writeRequestFields(
  method: string,
  version: 10 | 11,
  given: readonly FieldLine[],
  tolerances: Tolerances,
): WrittenFields {
  const text = writeFieldLines(given, tolerances, '\r\n')
  const fields = unfolded(given, tolerances)
  // None at all is the caller's explicit wish (`skipHost`); the connection adds one otherwise.
  const hosts = fieldValues(fields, 'host')
  if (hosts.length > 1) throw new InvalidHeader('INVALID_HOST_FIELD', `${hosts.length} were given`)
  if (hosts.length === 1 && !isHostValue(hosts[0]!)) throw new InvalidHeader('INVALID_HOST_FIELD')
  const framing = decideSentFraming(version, fields, FRAMINGS.none)
  checkRequestFields(method, fields, framing)
  const offered = offeredProtocols(version, fields)
  return { text, framing, offered, persists: messagePersists(version, fields) }
}

/** What the framing of a response to be sent depends on besides its fields. */
export interface AnsweredRequest {
  readonly method: string | undefined
  readonly upgradeOffered: boolean
}

/** Writes a response head (RFC 9112 §4). */
export function writeResponseHead(
  response: ResponseToSend,
  answered: AnsweredRequest,
  tolerances: Tolerances,
): WrittenHead {
  const { status, reason = '', type } = response
  const version = response.version ?? 11
  const isInformational = status < 200 && status !== 101
  if (
    !Number.isInteger(status) ||
    status < 100 ||
    status > 999 ||
    (type === 'informational') !== isInformational
  ) {
    throw new LocalProtocolError('INVALID_STATUS', `${status} as ${type}`)
  }
  if (!isFieldValue(reason))
    throw new LocalProtocolError('INVALID_STATUS', 'the reason phrase has a byte that may not be in it')
  const text = `HTTP/1.${version - 10} ${status} ${reason}\r\n${writeFieldLines(response.fields, tolerances)}\r\n`
  const fields = unfolded(response.fields, tolerances)
  if (status === 101 && (!answered.upgradeOffered || !hasField(fields, 'upgrade'))) {
    throw new LocalProtocolError(
      'INVALID_STATUS',
      'a 101 answers an offer, and names the protocol in Upgrade',
    )
  }
  if (status === 101 || (answered.method === 'CONNECT' && status >= 200 && status < 300))
    return { text, framing: FRAMINGS.switch, persists: false }
  const announced = decideSentFraming(version, fields, FRAMINGS.untilClose)
  const hasNoBody = answered.method === 'HEAD' || status < 200 || status === 204 || status === 304
  const framing = hasNoBody ? FRAMINGS.none : announced
  return { text, framing, persists: framing.kind !== 'until-close' && messagePersists(version, fields) }
}

/** The fields as their reader understands them: what a fold hides is looked at with the rest. */
function unfolded(fields: readonly FieldLine[], { foldedValues }: Tolerances): readonly FieldLine[] {
  return foldedValues ? fields.map(([name, value]) => [name, unfoldValue(value)] as const) : fields
}

/** Writes field lines, each with its line end, and `end` after them. */
export function writeFieldLines(fields: readonly FieldLine[], tolerances: Tolerances, end = ''): string {
  const parts: string[] = []
  for (const [name, value] of fields) {
    checkField(name, value, tolerances)
    parts.push(name, ': ', value, '\r\n')
  }
  // Joined, the text is one piece of memory; added up it would be a tree of its parts for as long as it is kept.
  parts.push(end)
  return parts.join('')
}

/**
 * Checks one field to be sent.
 * @throws InvalidHeader with the name, if it can be shown, and never the value
 */
export function checkField(name: string, value: string, tolerances: Tolerances): void {
  if (!isToken(name)) {
    throw new InvalidHeader('INVALID_FIELD_NAME', `a name is made of letters, digits and !#$%&'*+-.^_\`|~`)
  }
  if (isFieldValue(value)) return
  if (tolerances.foldedValues && isFoldedValue(value)) return
  throw new InvalidHeader('INVALID_FIELD_VALUE', explainForbidden(name, value))
}

/** Says what kind of character it is, and not which: it may be one of a password. */
function explainForbidden(name: string, value: string): string {
  const at = findForbiddenInValue(value)
  const kind =
    value.charCodeAt(at) > 0xff
      ? 'is not of ISO-8859-1; text beyond it has to be encoded'
      : 'is a control character, such as a line break'
  return `the character at ${at} of "${name}" ${kind}`
}

/** True for lines that may be sent. Security: a line of blanks only would end the head for a lenient reader. */
function isFoldedValue(value: string): boolean {
  const [first = '', ...more] = value.split('\r\n\t')
  return isFieldValue(first) && more.every((line) => trimWhitespace(line) !== '' && isFieldValue(line))
}

/** A transfer coding with its parameters, as it may be written: RFC 9112 §7. */
const TRANSFER_CODING =
  /^[!#$%&'*+.^_`|~\w-]+(?:[\t ]*;[\t ]*[!#$%&'*+.^_`|~\w-]+=(?:[!#$%&'*+.^_`|~\w-]+|"[^"\\,]*"))*$/

/** How the body announced by `fields` is framed (RFC 9112 §6); `otherwise` where they announce none. */
function decideSentFraming(version: 10 | 11, fields: readonly FieldLine[], otherwise: Framing): Framing {
  const lengths = fieldValues(fields, 'content-length')
  const encodings = fieldValues(fields, 'transfer-encoding')
  if (lengths.length + encodings.length === 0) return otherwise
  if (lengths.length + encodings.length > 1) throw new InvalidHeader('CONFLICTING_FRAMING')
  if (encodings.length === 1) {
    const encoding = readTransferEncoding(encodings)
    // Read with forgiveness, written without: an empty element or parameter is where two readers may differ (RFC 9112 §7).
    const isPlain = encodings[0]!.split(',').every((element) => TRANSFER_CODING.test(trimWhitespace(element)))
    if (encoding.kind !== 'valid' || !encoding.finalChunked || !isPlain || version === 10) {
      throw new InvalidHeader('INVALID_TRANSFER_ENCODING')
    }
    return FRAMINGS.chunked
  }
  const length = readContentLength(lengths)
  if (length.kind !== 'valid' || length.repeated) throw new InvalidHeader('INVALID_CONTENT_LENGTH')
  return { kind: 'length', length: length.length }
}

/** Fields that travel end to end: Connection may not name them (RFC 9110 §7.6.1). */
const END_TO_END = new Set([
  'cache-control',
  'host',
  'content-length',
  'content-type',
  'authorization',
  'cookie',
  'date',
  'etag',
])
/** Fields that mean something on this connection only: Connection must name them. */
const CONNECTION_FIELDS = ['te', 'upgrade', 'keep-alive'] as const
/** Credentials, which a TRACE would echo (RFC 9110 §9.3.8). */
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'] as const

/** The rules that bind several parts of a request together. */
function checkRequestFields(method: string, fields: readonly FieldLine[], framing: Framing): void {
  const hasContent = framing.kind === 'chunked' || (framing.kind === 'length' && framing.length > 0)
  let isRare = method === 'TRACE' || (method === 'OPTIONS' && hasContent)
  // A proxy that does not expect content here would take it for the first bytes of the tunnel.
  if (method === 'CONNECT' && hasContent) throw new LocalProtocolError('INVALID_CONNECT')
  const seen: string[] = []
  for (const [name] of fields) {
    const lower = name.toLowerCase()
    if (SINGLETONS.has(lower)) {
      if (seen.includes(lower)) throw new InvalidHeader('REPEATED_FIELD', `"${name}"`)
      seen.push(lower)
    } else if (RARE_FIELDS.has(lower)) isRare = true
  }
  if (!isRare) return

  const options = listTokens(fields, 'connection')
  for (const option of options) {
    if (END_TO_END.has(option)) throw new InvalidHeader('INVALID_CONNECTION_OPTION', option)
  }
  for (const name of CONNECTION_FIELDS) {
    if (hasField(fields, name) && !options.includes(name))
      throw new InvalidHeader('CONNECTION_OPTION_MISSING', name)
  }
  if (listTokens(fields, 'te').some((coding) => /^chunked\b/.test(coding)))
    throw new InvalidHeader('INVALID_TE')
  if (!hasContent && listTokens(fields, 'expect').includes('100-continue'))
    throw new InvalidHeader('INVALID_EXPECT')
  if (method === 'TRACE' && (hasContent || CREDENTIALS.some((name) => hasField(fields, name)))) {
    throw new LocalProtocolError('INVALID_TRACE')
  }
  if (method === 'OPTIONS' && hasContent && !hasField(fields, 'content-type')) {
    throw new LocalProtocolError('INVALID_CONTENT')
  }
  checkConditions(fields)
}

/** Conditional fields whose wrong forms are plain to see (RFC 9110 §13.1). */
function checkConditions(fields: readonly FieldLine[]): void {
  for (const name of ['if-match', 'if-none-match'] as const) {
    const tags = fieldValues(fields, name).flatMap(listElements)
    if (tags.includes('*') && tags.length > 1)
      throw new InvalidHeader('INVALID_CONDITION', `${name}: "*" stands alone`)
  }
  const ranges = fieldValues(fields, 'if-range')
  if (ranges.length > 0 && !hasField(fields, 'range'))
    throw new InvalidHeader('INVALID_CONDITION', 'If-Range needs Range')
  if (ranges.some((value) => value.startsWith('W/'))) {
    throw new InvalidHeader('INVALID_CONDITION', 'If-Range needs a strong entity tag')
  }
}

/** Request fields that are defined as one value: a second line would be another meaning (RFC 9110 §5.3). */
const SINGLETONS: ReadonlySet<string> = new Set(
  (
    'content-type content-location authorization proxy-authorization user-agent from referer max-forwards ' +
    'if-modified-since if-unmodified-since range date'
  ).split(' '),
)

/** The fields that `checkRequestFields` has a rule for: where none is there, the rules need not be looked at. */
const RARE_FIELDS = new Set([
  'connection',
  'te',
  'upgrade',
  'keep-alive',
  'expect',
  'if-match',
  'if-none-match',
  'if-range',
])

/** Fields that a trailer section may not hold: framing, routing, authentication, modifiers, content format (RFC 9110 §6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(
  (
    'transfer-encoding content-length trailer host connection keep-alive te upgrade proxy-connection cache-control ' +
    'expect max-forwards pragma range if-match if-none-match if-modified-since if-unmodified-since if-range ' +
    'authorization proxy-authorization proxy-authenticate www-authenticate cookie set-cookie age date expires ' +
    'location retry-after vary warning content-encoding content-type content-range'
  ).split(' '),
)

/** Writes the trailer section after the last chunk, with the empty line that ends the message. */
export function writeTrailers(trailers: readonly FieldLine[], tolerances: Tolerances): string {
  for (const [name] of trailers) {
    if (NOT_IN_TRAILERS.has(name.toLowerCase()))
      throw new InvalidHeader('INVALID_TRAILER', `"${escapeText(name)}"`)
  }
  return `${writeFieldLines(trailers, tolerances)}\r\n`
}

/**
 * Field values as questions: what do these field lines say of connection options, length, codings? Pure functions over
 * ordered lists of field lines; whatever chooses on grounds of a field asks here. RFC 9110 §5.6, §7.6, §8.6; RFC 9112 §6.1.
 */

import { freezeDeep } from './freeze.ts'
import { equalsIgnoringCase, isBlank, isDigits, isToken, trimWhitespace } from './grammar.ts'

/** One field line: name as it was written, value without surrounding white space; latin1, one character per byte. */
export type FieldLine = readonly [name: string, value: string]

const NO_VALUES: readonly string[] = freezeDeep([])
const ABSENT = freezeDeep({ kind: 'absent' } as const)

/** The values of all lines named `lowerName`, in order. Asked several times for each head: it allocates only where it finds. */
export function fieldValues(fields: readonly FieldLine[], lowerName: string): readonly string[] {
  let values: string[] | undefined
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (!equalsIgnoringCase(field[0], lowerName)) continue
    if (values === undefined) values = [field[1]]
    else values.push(field[1])
  }
  return values ?? NO_VALUES
}

/** The value of the first line named `lowerName`; undefined where there is none. */
export function firstFieldValue(fields: readonly FieldLine[], lowerName: string): string | undefined {
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (equalsIgnoringCase(field[0], lowerName)) return field[1]
  }
  return undefined
}

/** True if a line has the name `lowerName`. */
export function hasField(fields: readonly FieldLine[], lowerName: string): boolean {
  for (let i = 0; i < fields.length; i++) {
    if (equalsIgnoringCase(fields[i]![0], lowerName)) return true
  }
  return false
}

/** The fields with one more: after Host where that comes first (RFC 9110 §7.2 asks for it there), else before all. */
export function withFieldAfterHost(fields: readonly FieldLine[], line: FieldLine): FieldLine[] {
  const [first, ...rest] = fields
  return first?.[0].toLowerCase() === 'host' ? [first, line, ...rest] : [line, ...fields]
}

/**
 * Splits a list value (`#element`, RFC 9110 §5.6.1) at the commas outside quoted strings and drops empty elements.
 * Takes time linear in the length.
 */
export function listElements(value: string): string[] {
  const elements: string[] = []
  let start = 0
  let quoted = false
  for (let i = 0; i <= value.length; i++) {
    const code = i < value.length ? value.charCodeAt(i) : 0x2c
    if (quoted && i < value.length) {
      if (code === 0x5c && i + 1 < value.length) i++
      else if (code === 0x22) quoted = false
    } else if (code === 0x22) {
      quoted = true
    } else if (code === 0x2c) {
      const element = trimWhitespace(value.slice(start, i))
      if (element !== '') elements.push(element)
      start = i + 1
    }
  }
  return elements
}

/** A continuation line (obs-fold, RFC 9112 §5.2), with the white space before it. */
const FOLD = /\r\n[\t ]+/g

/** A value with its continuation lines joined to one: each fold becomes one SP. Received values have none any more. */
export function unfoldValue(value: string): string {
  return value.includes('\r') ? trimWhitespace(value.replace(FOLD, ' ')) : value
}

/**
 * The tokens of all lines of a list field, in lower case: `Connection`, `Expect`, `Upgrade`, `TE`, … Every comma separates: a token
 * has no quoted string, and a stray quote must not hide the `close` after it. A fold hides nothing either.
 */
export function listTokens(fields: readonly FieldLine[], lowerName: string): string[] {
  const tokens: string[] = []
  for (const value of fieldValues(fields, lowerName)) {
    for (const element of unfoldValue(value).split(',')) {
      const token = trimWhitespace(element).toLowerCase()
      if (token !== '') tokens.push(token)
    }
  }
  return tokens
}

/** What a message says of its length. */
export type ContentLength =
  | { readonly kind: 'absent' }
  /** `repeated`: the same number stood there more than once. */
  | { readonly kind: 'valid'; readonly length: number; readonly repeated: boolean }
  /** `line`: the index, among the Content-Length lines, of the one that is at fault. */
  | { readonly kind: 'malformed'; readonly value: string; readonly line: number }
  | { readonly kind: 'differing'; readonly value: string; readonly line: number }

/** A number of so many digits is below 2^53. */
const SAFE_DIGITS = 15

/**
 * Reads the Content-Length lines of a message: one number, perhaps repeated to the letter (RFC 9110 §8.6; Fetch, "extract a
 * length": `05` beside `5` differs). A list with an empty element, a sign, a fraction or a number over 2^53 - 1 is malformed:
 * this field decides where a message ends.
 */
export function readContentLength(values: readonly string[]): ContentLength {
  if (values.length === 0) return ABSENT
  if (values.length === 1 && values[0]!.length <= SAFE_DIGITS && isDigits(values[0]!))
    return { kind: 'valid', length: Number(values[0]), repeated: false }
  let first: string | undefined
  let repeated = false
  for (const [line, value] of values.entries()) {
    for (const element of value.split(',')) {
      const text = trimWhitespace(element)
      if (!isDigits(text) || Number(text) > Number.MAX_SAFE_INTEGER) return { kind: 'malformed', value, line }
      if (first === undefined) first = text
      else if (first !== text) return { kind: 'differing', value: values.join(', '), line }
      else repeated = true
    }
  }
  return { kind: 'valid', length: Number(first), repeated }
}

/** What a message says of its transfer codings. */
export type TransferEncoding =
  | { readonly kind: 'absent' }
  /** `codings`: all but a final chunked, in the order applied, lower case, without `identity`. */
  | { readonly kind: 'valid'; readonly finalChunked: boolean; readonly codings: readonly string[] }
  | { readonly kind: 'malformed'; readonly value: string }

/** Reads the Transfer-Encoding lines of a message (RFC 9112 §6.1, §7). Chunked twice or with parameters is malformed. */
export function readTransferEncoding(values: readonly string[]): TransferEncoding {
  if (values.length === 0) return ABSENT
  const value = values.join(', ')
  const codings: string[] = []
  let chunkedAt = -1
  for (const element of listElements(value)) {
    const semicolon = element.indexOf(';')
    const name = trimWhitespace(semicolon < 0 ? element : element.slice(0, semicolon)).toLowerCase()
    if (!isToken(name)) return { kind: 'malformed', value }
    if (name === 'chunked') {
      if (chunkedAt >= 0 || semicolon >= 0) return { kind: 'malformed', value }
      chunkedAt = codings.length
    }
    // Obsolete `identity` says nothing, unless it stands after chunked: then chunked is not final.
    if (name !== 'identity' || chunkedAt >= 0) codings.push(name)
  }
  if (codings.length === 0 && !/identity/i.test(value)) return { kind: 'malformed', value }
  const finalChunked = chunkedAt >= 0 && chunkedAt === codings.length - 1
  return { kind: 'valid', finalChunked, codings: finalChunked ? codings.slice(0, -1) : codings }
}

/** A value with parameters (RFC 9110 §5.6.6): `text/html; charset=utf-8`. Names in lower case, quoted forms undone. */
export interface ParameterizedValue {
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Reads `value; name=token; name="quoted \" string"`, tolerating white space around `=`; the first of equal names wins. One
 * scan forwards: time is linear in the length.
 */
export function readParameterized(text: string): ParameterizedValue {
  const parameters = new Map<string, string>()
  let end = endOf(text, 0, ';')
  const value = trimWhitespace(text.slice(0, end))
  while (end < text.length) {
    const start = end + 1
    let equals = start
    while (equals < text.length && text[equals] !== '=' && text[equals] !== ';') equals++
    if (text[equals] !== '=') {
      end = equals
      continue
    }
    const name = trimWhitespace(text.slice(start, equals)).toLowerCase()
    let i = equals + 1
    while (i < text.length && isBlank(text.charCodeAt(i))) i++
    let parameter: string
    if (text[i] === '"') {
      const quoted = readQuotedString(text, i)
      parameter = quoted.value
      end = endOf(text, quoted.end, ';')
    } else {
      end = endOf(text, i, ';')
      parameter = trimWhitespace(text.slice(i, end))
    }
    if (name !== '' && !parameters.has(name)) parameters.set(name, parameter)
  }
  return { value, parameters }
}

/** The index of `mark` from `from` on; the length of the text where there is none. */
function endOf(text: string, from: number, mark: string): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at
}

/** Reads the quoted string that opens at `start`; a quoted pair stands for the octet after the backslash (RFC 9110 §5.6.4). */
export function readQuotedString(text: string, start: number): { value: string; end: number } {
  let value = ''
  let i = start + 1
  while (i < text.length && text[i] !== '"') {
    if (text[i] === '\\' && i + 1 < text.length) i++
    value += text[i]
    i++
  }
  return { value, end: Math.min(i + 1, text.length) }
}

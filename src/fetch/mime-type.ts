/**
 * Media types as the MIME Sniffing standard reads and writes them (§4), and as the Fetch standard finds them in fields ("extract
 * a MIME type"). Not as RFC 9110 reads parameters: a body's Blob has the type that a browser would give it.
 */

import { trimWhitespace } from '../core/grammar.ts'

/** Tabulator, line feed, carriage return, space (Fetch standard, "HTTP whitespace"). */
const HTTP_WHITESPACE = '\t\n\r '
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const QUOTED_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/

/** A media type, its names in lower case. */
export interface MimeType {
  /** `text/html` */
  readonly essence: string
  readonly parameters: ReadonlyMap<string, string>
}

/** Reads a media type; undefined for what is none. */
export function parseMimeType(input: string): MimeType | undefined {
  const text = trimHTTPWhitespace(input)
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const type = text.slice(0, slash)
  const semicolon = indexOf(text, ';', slash + 1)
  const subtype = trimEnd(text.slice(slash + 1, semicolon))
  if (!TOKEN.test(type) || !TOKEN.test(subtype)) return undefined
  return { essence: `${type}/${subtype}`.toLowerCase(), parameters: readParameters(text, semicolon) }
}

function readParameters(text: string, from: number): Map<string, string> {
  const parameters = new Map<string, string>()
  let at = from
  while (at < text.length) {
    at++
    while (at < text.length && HTTP_WHITESPACE.includes(text[at]!)) at++
    const nameStart = at
    while (at < text.length && text[at] !== ';' && text[at] !== '=') at++
    const name = text.slice(nameStart, at).toLowerCase()
    if (at >= text.length) break
    if (text[at] === ';') continue
    at++
    if (at >= text.length) break
    let value: string
    if (text[at] === '"') {
      const quoted = readQuoted(text, at)
      value = quoted.value
      at = indexOf(text, ';', quoted.end)
    } else {
      const end = indexOf(text, ';', at)
      value = trimEnd(text.slice(at, end))
      at = end
      if (value === '') continue
    }
    if (TOKEN.test(name) && QUOTED_TEXT.test(value) && !parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

function readQuoted(text: string, start: number): { value: string; end: number } {
  let value = ''
  let at = start + 1
  while (at < text.length && text[at] !== '"') {
    // A backslash at the very end stands for itself.
    if (text[at] === '\\' && at + 1 < text.length) at++
    value += text[at]
    at++
  }
  return { value, end: Math.min(at + 1, text.length) }
}

/** Writes a media type. */
export function writeMimeType({ essence, parameters }: MimeType): string {
  let text = essence
  for (const [name, value] of parameters)
    text += `;${name}=${TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`
  return text
}

/**
 * The media type of a message (Fetch standard, "extract a MIME type"): the last that can be read, with the charset of an
 * earlier one of the same essence where it has none of its own.
 * @param values - of the Content-Type lines
 */
export function extractMimeType(values: readonly string[]): MimeType | undefined {
  let found: MimeType | undefined
  let charset: string | undefined
  for (const value of splitOutsideQuotes(values.join(', '))) {
    const type = parseMimeType(value)
    if (type === undefined || type.essence === '*/*') continue
    if (type.essence !== found?.essence) {
      charset = type.parameters.get('charset')
      found = type
    } else if (type.parameters.has('charset') || charset === undefined) {
      found = type
    } else {
      found = { essence: type.essence, parameters: new Map([...type.parameters, ['charset', charset]]) }
    }
  }
  return found
}

/** The elements of a list of field values (Fetch standard, "get, decode, and split"). */
export function splitOutsideQuotes(text: string): string[] {
  const elements: string[] = []
  let start = 0
  let at = 0
  while (at < text.length) {
    if (text[at] === '"') {
      at = readQuoted(text, at).end
    } else {
      if (text[at] === ',') {
        elements.push(text.slice(start, at))
        start = at + 1
      }
      at++
    }
  }
  elements.push(text.slice(start))
  return elements.map(trimWhitespace)
}

/**
 * Text without HTTP white space around it. Security: the text is a peer's. An expression that is anchored at the end alone begins
 * again at each blank inside, which takes seconds for a field of 64 KiB.
 */
export function trimHTTPWhitespace(text: string): string {
  let start = 0
  while (start < text.length && HTTP_WHITESPACE.includes(text[start]!)) start++
  return trimEnd(text.slice(start))
}

function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && HTTP_WHITESPACE.includes(text[end - 1]!)) end--
  return text.slice(0, end)
}

function indexOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at
}

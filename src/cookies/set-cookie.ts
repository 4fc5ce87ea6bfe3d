/**
 * A Set-Cookie field read: name, value and attributes by the algorithm of RFC 6265 §5.2, with the bounds of its successor
 * (RFC 6265bis §5.6): sizes, control characters, a life of 400 days at the most. Pure.
 *
 * Text is one character for each byte, and stays so: what a server has set, it gets back byte for byte.
 */

import { parseDate } from 'tough-cookie'

/** What is read of a Set-Cookie field. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  /** When it ends, in milliseconds since 1970, zero where it has ended already; undefined for a cookie of the session. */
  readonly expiresAtMs: number | undefined
  /** In lower case, without a leading dot; undefined for the host alone. */
  readonly domain: string | undefined
  /** Undefined for the default path. */
  readonly path: string | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none' | undefined
}

/** Bytes of name and value together. */
export const MAX_PAIR_BYTES = 4_096
/** Bytes of the value of an attribute: a longer one counts as not said. */
export const MAX_ATTRIBUTE_BYTES = 1_024
/** No cookie lives longer. */
export const MAX_AGE_MS: number = 400 * 86_400_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are looked for; a tab is white space
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/
/** What a Cookie field cannot carry: a semicolon would begin another cookie, a line feed another field. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]|;/
const SAME_SITE: readonly string[] = ['strict', 'lax', 'none']

type Attributes = { -readonly [K in keyof SetCookie]: SetCookie[K] }

/** What each attribute says, by its name in lower case. One that says nothing usable leaves what was said before it. */
const ATTRIBUTES: Readonly<Record<string, (said: Attributes, value: string, nowMs: number) => void>> = {
  __proto__: null as never,
  secure: (said) => {
    said.secure = true
  },
  httponly: (said) => {
    said.httpOnly = true
  },
  domain: (said, value) => {
    const domain = value.replace(/^\./, '').toLowerCase()
    if (domain !== '') said.domain = domain
  },
  path: (said, value) => {
    said.path = value.startsWith('/') ? value : undefined
  },
  samesite: (said, value) => {
    const word = value.toLowerCase()
    said.sameSite = SAME_SITE.includes(word) ? (word as SetCookie['sameSite']) : undefined
  },
}

/**
 * Reads one Set-Cookie field; undefined where it is to be ignored as a whole.
 * @param field - the value of one field line, one character for each byte
 * @param nowMs - the time of day, in milliseconds since 1970
 */
export function readSetCookie(field: string, nowMs: number): SetCookie | undefined {
  if (CONTROLS.test(field)) return undefined
  const [pair = '', ...rest] = field.split(';')
  const equals = pair.indexOf('=')
  if (equals < 0) return undefined
  const name = trim(pair.slice(0, equals))
  const value = trim(pair.slice(equals + 1))
  if (name === '' || name.length + value.length > MAX_PAIR_BYTES) return undefined
  const said: Attributes = {
    name,
    value,
    expiresAtMs: undefined,
    domain: undefined,
    path: undefined,
    secure: false,
    httpOnly: false,
    sameSite: undefined,
  }
  let maxAge: number | undefined
  let expires: number | undefined
  for (const attribute of rest) {
    const at = attribute.indexOf('=')
    const key = trim(at < 0 ? attribute : attribute.slice(0, at)).toLowerCase()
    const text = at < 0 ? '' : trim(attribute.slice(at + 1))
    if (text.length > MAX_ATTRIBUTE_BYTES) continue
    if (key === 'max-age') maxAge = readMaxAge(text, nowMs) ?? maxAge
    else if (key === 'expires') expires = parseDate(text)?.getTime() ?? expires
    else ATTRIBUTES[key]?.(said, text, nowMs)
  }
  said.expiresAtMs = capExpiry(maxAge ?? expires, nowMs)
  return said
}

/** Whether a name and a value can stand in a Cookie field as one cookie, wherever they come from. */
export function canBeSent(name: string, value: string): boolean {
  return !UNSENDABLE.test(name) && !UNSENDABLE.test(value) && !name.includes('=')
}

/** When a cookie ends whose end is `expiresAtMs`: no later than 400 days from now; zero where that is over. */
export function capExpiry(expiresAtMs: number | undefined, nowMs: number): number | undefined {
  if (expiresAtMs === undefined) return undefined
  return expiresAtMs <= nowMs ? 0 : Math.min(expiresAtMs, nowMs + MAX_AGE_MS)
}

/** When a Max-Age ends; undefined for one that is no whole number. */
function readMaxAge(text: string, nowMs: number): number | undefined {
  return /^-?[0-9]+$/.test(text) ? nowMs + Number(text) * 1_000 : undefined
}

/** Without the spaces and tabs around it, and nothing else: `trim()` would take a byte 0xA0 off the end of UTF-8. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

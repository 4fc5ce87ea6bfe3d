/**
 * The Cookie field of a request: what of a jar may stand in it, and how the caller's own is joined with it. Pure.
 *
 * Security: whatever a jar holds, nothing but cookies comes out of it: a control character or a semicolon in a name or a value
 * leaves out that cookie, so that none can write a second cookie or a second field.
 */

import { type FieldLine, fieldValues, hasField } from '../../core/fields.ts'
import { type OutgoingRequest, withFields } from '../../core/request.ts'

/** A cookie as a jar tells it. */
export interface CookiePair {
  readonly key: unknown
  readonly value: unknown
}

/** Anything but the characters that a value of a field may have, each of which is a byte. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are looked for; a tab is white space
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

/** What a response sets: its Set-Cookie fields, without those that hold control characters. */
export function settable(fields: readonly FieldLine[]): readonly string[] {
  return fieldValues(fields, 'set-cookie').filter((value) => !UNSENDABLE.test(value))
}

/** The value of a Cookie field; the empty string for no cookies. */
export function fieldOf(cookies: readonly CookiePair[]): string {
  return cookies.map(pairOf).filter(isSendable).join('; ')
}

/** A nameless cookie is sent as its value alone. */
function pairOf({ key, value }: CookiePair): string {
  const [name, text] = [typeof key === 'string' ? key : '', typeof value === 'string' ? value : '']
  return name === '' ? text : `${name}=${text}`
}

function isSendable(pair: string): boolean {
  return pair !== '' && !pair.includes(';') && !UNSENDABLE.test(pair)
}

/** The value of a Cookie field without the cookies that cannot be sent. */
export function keepSendable(field: string): string {
  if (!UNSENDABLE.test(field)) return field
  return field
    .split(';')
    .map((pair) => pair.trim())
    .filter(isSendable)
    .join('; ')
}

/** The target for which a jar is asked; that of `OPTIONS *` is `/`. */
export function jarTarget({ target }: OutgoingRequest): string {
  return target.startsWith('/') ? target : '/'
}

/** The URL for which a jar is asked: without the query, which is nobody's business. */
export function jarUrl(request: OutgoingRequest): string {
  const target = jarTarget(request)
  const query = target.indexOf('?')
  return request.origin.prefix + (query < 0 ? target : target.slice(0, query))
}

/** The request with one Cookie field: the caller's own cookies come first. */
export function withCookies(request: OutgoingRequest, field: string): OutgoingRequest {
  const { fields, defaults } = request
  if (!hasField(fields, 'cookie') && !hasField(defaults, 'cookie')) {
    if (field === '') return request
    return withFields(request, fields.length === 0 ? linesOf(field) : [...fields, ['Cookie', field]])
  }
  const own = fieldValues(hasField(fields, 'cookie') ? fields : defaults, 'cookie')
  if (field === '' && own.length === 1) return request
  const whole = [...own, field].filter((part) => part !== '').join('; ')
  const others = fields.filter(([name]) => name.toLowerCase() !== 'cookie')
  return withFields(request, [...others, ['Cookie', whole]])
}

let lastShared: readonly FieldLine[] = Object.freeze([['Cookie', ''] as const])

/** The only line of a request: the same list again and again, so that its head is known. */
function linesOf(field: string): readonly FieldLine[] {
  if (lastShared[0]![1] !== field) lastShared = Object.freeze([Object.freeze(['Cookie', field] as const)])
  return lastShared
}

/**
 * The grammar of HTTP's characters: which byte may stand where. The one place that knows.
 *
 * Everything works on latin1 strings, one character per byte, so that a byte above 0x7F survives unchanged in both
 * directions (RFC 9110 §5.5). The regular expressions are the rules as the RFCs write them; `BYTE_CLASSES` is made from
 * them at load, for the scanner that reads heads.
 */

/** token = 1*tchar (RFC 9110 §5.6.2): methods, field names, codings, connection options. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What a field value may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). */
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/
/** A request target to be sent: visible ASCII. Anything else is to be percent-encoded by who made the URL. */
const NOT_IN_TARGET = /[^\x21-\x7e]/
/** What makes of a Host value another host to another reader, or no host. */
const NOT_IN_HOST_VALUE = /[\s@,/?#\\]/
/** DIGIT only; Number() would also take signs, points, exponents, hex and white space. */
const DIGITS = /^[0-9]+$/

/** True for a token: at least one of the characters that a method, field name or coding is made of. */
export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** The index of the first character that may not stand in a field value, or -1. */
export function findForbiddenInValue(text: string): number {
  return text.search(NOT_IN_VALUE)
}

/** True if `text` may be sent as a field value. */
export function isFieldValue(text: string): boolean {
  return !NOT_IN_VALUE.test(text)
}

/** The index of the first character that may not stand in a request target, or -1. */
export function findForbiddenInTarget(text: string): number {
  return text.search(NOT_IN_TARGET)
}

/** True for a Host value as far as both sides must check it (RFC 9112 §3.2): empty, or no white space, no userinfo, no list. */
export function isHostValue(text: string): boolean {
  return !NOT_IN_HOST_VALUE.test(text)
}

/** True for a string of decimal digits and nothing else. */
export function isDigits(text: string): boolean {
  return DIGITS.test(text)
}

/** Byte classes, as bits: what the head scanner asks of each byte. */
export const TCHAR = 1
export const VALUE_BYTE = 2
export const HEX_DIGIT = 4

/** For each byte value the classes it belongs to, made from the rules above. */
export const BYTE_CLASSES: Uint8Array = makeByteClasses()

function makeByteClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    let bits = 0
    if (TOKEN.test(character)) bits |= TCHAR
    if (!NOT_IN_VALUE.test(character)) bits |= VALUE_BYTE
    if (/[0-9A-Fa-f]/.test(character)) bits |= HEX_DIGIT
    classes[byte] = bits
  }
  return classes
}

/** Removes leading and trailing SP and HTAB (OWS, RFC 9110 §5.6.3) and nothing else; `trim()` would take more. */
export function trimWhitespace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

/** True for SP and HTAB. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Compares ASCII text without regard to case; `lower` must be in lower case already. */
export function equalsIgnoringCase(text: string, lower: string): boolean {
  return text.length === lower.length && (text === lower || text.toLowerCase() === lower)
}

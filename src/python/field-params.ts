/**
 * Parameters of a field value as Python's `email.message` reads them: `text/html; charset="utf-8"`. Quotes protect a semicolon,
 * names are in lower case, and RFC 2231 values say charset and language. In one pass: a peer cannot make it slow.
 */

/** The value of a parameter; for `name*=utf-8'en'%E2%82%AC` its charset, language and text. */
export type ParamValue = string | readonly [charset: string | null, language: string | null, text: string]

/** Name and value of a parameter; the first is what stands before the first semicolon, with an empty value. */
export type Param = readonly [name: string, value: ParamValue]

/** What stands before the first semicolon, without blanks around it. */
export function beforeParams(value: string): string {
  const semicolon = value.indexOf(';')
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim()
}

/** The parameters of a value, the first part among them, with their quotes. */
export function readParams(value: string): Param[] {
  return splitParams(value).map((part) => {
    const equals = part.indexOf('=')
    if (equals < 0) return [part.trim(), ''] as const
    return readExtended(part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim())
  })
}

/** Cuts at the semicolons that do not stand between quotes; a quote after a backslash does not count. */
function splitParams(value: string): string[] {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < value.length; at++) {
    const character = value[at]
    if (character === '"' && value[at - 1] !== '\\') isQuoted = !isQuoted
    else if (character === ';' && !isQuoted) {
      parts.push(value.slice(start, at))
      start = at + 1
    }
  }
  // A quote that is never closed protects all that is left.
  parts.push(value.slice(start))
  return parts
}

/** A name that ends in an asterisk: its value says charset and language, or neither (RFC 2231 §4). */
function readExtended(name: string, value: string): Param {
  if (!name.endsWith('*')) return [name, value]
  const [charset, language, ...text] = decodePercent(unquoteParam(value)).split("'")
  const plain = name.slice(0, -1)
  if (text.length === 0)
    return [plain, [null, null, `"${[charset, language].filter((part) => part !== undefined).join("'")}"`]]
  return [plain, [charset!, language!, `"${text.join("'")}"`]]
}

/** Each byte as one character. */
function decodePercent(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_match, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  )
}

/** Takes off quotes, with the backslashes inside, or angle brackets. */
export function unquoteParam(text: string): string {
  if (text.length > 1 && text.startsWith('"') && text.endsWith('"')) {
    return text.slice(1, -1).replaceAll('\\\\', '\\').replaceAll('\\"', '"')
  }
  return text.length > 1 && text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text
}

/** A parameter as text: one of RFC 2231 is decoded with its charset, if that is known. */
export function paramText(value: ParamValue): string {
  if (typeof value === 'string') return unquoteParam(value)
  const [charset, , quoted] = value
  const text = unquoteParam(quoted)
  try {
    return new TextDecoder(charset === null || charset === '' ? 'us-ascii' : charset).decode(
      Buffer.from(text, 'latin1'),
    )
  } catch {
    return text
  }
}

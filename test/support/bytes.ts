// Bytes of the wire, written so that they can be read. In a `wire` literal a line end of the source is CRLF on the wire,
// and everything else is latin1, one byte a character.

/**
 * The bytes of a template literal. A line end in the source stands for CRLF; `\r`, `\n`, `\t`, `\0`, `\\`,
 * `` \` ``, `\$` and `\xHH` stand for one byte each, and a backslash at the end of a line joins it with the next.
 * Values put in with `${}` are taken as they are: strings as latin1 without any conversion of line ends, numbers as
 * decimal digits, bytes as bytes.
 *
 * One line end right behind the opening backtick is dropped, so that a head can begin in the first column.
 *
 * @throws RangeError for a character above U+00FF and for an escape that is not in the list.
 */
export function wire(
  literal: TemplateStringsArray,
  ...values: ReadonlyArray<string | number | Uint8Array>
): Buffer {
  const parts: Buffer[] = []
  literal.raw.forEach((raw, index) => {
    const text = index === 0 ? raw.replace(/^\r?\n/, '') : raw
    parts.push(latin1(unescapeWire(text)))
    const value = values[index]
    if (value === undefined) return
    parts.push(value instanceof Uint8Array ? Buffer.from(value) : latin1(String(value)))
  })
  return Buffer.concat(parts)
}

/** One byte a character; unlike `Buffer.from`, refuses a character that is not one byte. */
export function latin1(text: string): Buffer {
  for (const char of text) {
    if ((char.codePointAt(0) ?? 0) > 0xff) throw new RangeError(`not a latin1 character: ${char}`)
  }
  return Buffer.from(text, 'latin1')
}

/** The bytes as the inside of a `wire` literal, for messages: CRLF as a line end, the rest escaped. */
export function showWire(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/\\|\r\n|[^\x20-\x7e]/g, (part) => {
      if (part === '\r\n') return '\n'
      return ESCAPED[part] ?? `\\x${part.charCodeAt(0).toString(16).padStart(2, '0')}`
    })
}

const ESCAPES: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  '`': '`',
  $: '$',
  '\n': '',
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
}

function unescapeWire(raw: string): string {
  return raw.replace(/\\(x[0-9a-fA-F]{2}|[\s\S]|$)|\r?\n/g, (part, escape: string | undefined) => {
    if (escape === undefined) return '\r\n'
    if (escape.length === 3) return String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    const char = ESCAPES[escape]
    if (char === undefined) throw new RangeError(`unknown escape in a wire literal: ${part}`)
    return char
  })
}

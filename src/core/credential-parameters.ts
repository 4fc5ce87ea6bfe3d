/**
 * Credentials by the name in front of them: `name=value` of queries, forms, attributes and INI files; `"name": value`,
 * `name: 'value'` and `name => value` of JSON, of what `inspect` shows, and of what people write.
 *
 * Where it is in doubt where a value ends, it is taken to be longer.
 */

import { isCredentialField, isCredentialName, MAX_NAME_CHARS } from './credential-names.ts'

/** Is told where a credential begins and ends. */
export type Found = (start: number, end: number) => void

const MARK = /[=:]/g
const NOT_BLANK = /\S/g
const NO_SPACE = /[^ \t]/g
const BLANK = /\s/
const QUOTES = '"\'`'
/** What parameters are called by: letters, digits, and what stands between them. */
const NAME_CHARACTER = /[\w.~%$[\]-]/
/** After a name that stands in a sentence, these go on: `Authorization: Bearer …`. */
const SCHEME = /(?:basic|bearer|digest|dpop|negotiate|ntlm|token)[ \t]+/iy
/** The port of a host, or what follows a scheme, and not what a name names. */
const PORT = /[0-9]{1,5}(?![\w.~-])|\/\//y
/** What holds the name of another parameter, `{ name: 'password', value: … }`, and what holds its value. */
const NAMING: ReadonlySet<string> = new Set('name key field header param id k'.split(' '))
const VALUES: ReadonlySet<string> = new Set('value val content v'.split(' '))
/** So near is the value to its name. */
const MAX_BETWEEN = 256

/** Where `pattern` matches first from `from` on; the length of the text where it does not. */
export function indexFrom(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

/** Finds the values of parameters whose name says that they are credentials. */
export function findParameters(text: string, found: Found): void {
  const line = new LineSoFar(text)
  let done = 0
  let namedBefore = -Infinity
  for (
    let at = indexFrom(MARK, text, 0);
    at < text.length;
    at = indexFrom(MARK, text, Math.max(at + 1, done))
  ) {
    const name = nameBefore(text, at, done)
    if (name === undefined) continue
    line.readTo(at)
    const isCredential = isCredentialName(name.text)
    if (NAMING.has(name.text)) namedBefore = namesCredential(text, at) ? at : -Infinity
    if (!isCredential && !(VALUES.has(name.text) && at - namedBefore < MAX_BETWEEN)) continue
    const start = startOfValue(text, at, name)
    const end = start === undefined ? -1 : endOfValue(text, start, at, name, line)
    if (start === undefined || end <= start) continue
    found(start, end)
    done = end
  }
}

interface Name {
  readonly text: string
  readonly start: number
  readonly isQuoted: boolean
  /** Whether a blank stands between it and the mark. */
  readonly isApart: boolean
}

/** The name in front of the mark at `at`, in quotation marks or bare; no more than a name may have. */
function nameBefore(text: string, at: number, from: number): Name | undefined {
  let end = at
  while (end > from && at - end < MAX_NAME_CHARS && BLANK.test(text[end - 1]!)) end--
  const quote = text[end - 1]
  const isQuoted = quote !== undefined && end > from && QUOTES.includes(quote)
  let start = isQuoted ? end - 1 : end
  const isOfName = (one: string): boolean => (isQuoted ? one !== quote : NAME_CHARACTER.test(one))
  while (start > from && end - start <= MAX_NAME_CHARS && isOfName(text[start - 1]!)) start--
  if (isQuoted ? text[start - 1] !== quote : start === end) return undefined
  return { text: text.slice(start, isQuoted ? end - 1 : end), start, isQuoted, isApart: end < at }
}

/** Whether the value after the mark is, whole, the name of a credential. */
function namesCredential(text: string, at: number): boolean {
  const value = text.slice(at + 1, at + 1 + MAX_NAME_CHARS)
  const name = /^\s*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([\w.-]+))/.exec(value)
  return name !== null && isCredentialName((name[1] ?? name[2] ?? name[3] ?? name[4])!)
}

/** Where the value begins; undefined where what follows is none, but a word of a sentence or a port. */
function startOfValue(text: string, at: number, name: Name): number | undefined {
  if (text[at] === ':') {
    const start = indexFrom(NOT_BLANK, text, at + 1)
    if (name.isQuoted || start > at + 1 || isCredentialField(name.text)) return start
    const before = text[name.start - 1]
    PORT.lastIndex = start
    return before === ':' || before === '/' || PORT.test(text) ? undefined : start
  }
  const start = indexFrom(NO_SPACE, text, text[at + 1] === '>' ? at + 2 : at + 1)
  // The end of a request line, and a parameter without a value.
  if (start > at + 1 && !name.isApart && text.startsWith('HTTP/', start)) return undefined
  return start
}

/** In a query and a form; in JSON and its kin. */
const VALUE_END = /[&;\s"'`<>]/g
const MEMBER_END = /[,}\]\s]/g
/** What follows a quotation mark, or a `>`, that ends more than this value. */
const AFTER_END = /[\s,;:&)}\]>#<]/
const WORD = /[\w%+/=.~-]/

function endOfValue(text: string, start: number, at: number, name: Name, line: LineSoFar): number {
  const first = text[start]
  if (first === '{' || first === '[') return endOfNested(text, start)
  const isMember = text[at] === ':'
  if (first !== undefined && QUOTES.includes(first)) {
    // `"/?sig="` has no value, and the quotation mark is that of the whole.
    const isOfWhole = first === '"' && !isMember && line.isOpen(first) && isAfterEnd(text, start + 1)
    return isOfWhole ? start : endOfQuoted(text, start, isMember)
  }
  if (!isMember) return endOfBare(text, start, line)
  if (name.isQuoted) return indexFrom(MEMBER_END, text, start)
  if (isCredentialField(name.text)) return line.endAfter(start)
  SCHEME.lastIndex = start
  return indexFrom(MEMBER_END, text, SCHEME.test(text) ? SCHEME.lastIndex : start)
}

/** Where a value ends that no quotation mark begins: at what separates parameters. */
function endOfBare(text: string, start: number, line: LineSoFar): number {
  let end = indexFrom(VALUE_END, text, start)
  while (end < text.length && !endsBare(text, end, line)) end = indexFrom(VALUE_END, text, end + 1)
  return text[end - 1] === '\\' && end > start && text[end] === '"' ? end - 1 : end
}

/** Security: a quotation mark, or a bracket, may be of the value; it ends it only where it was opened in front of it. */
function endsBare(text: string, end: number, line: LineSoFar): boolean {
  const one = text[end]!
  if (one === '<') return text[end + 1] === '/'
  if (one === '>') return line.isOpen('<')
  if (!QUOTES.includes(one)) return true
  if (!isAfterEnd(text, end + 1)) return false
  // In a text within a text they come in no order.
  return text[end - 1] === '\\' || line.isOpen(one) || (one === '"' && line.hasDouble)
}

function isAfterEnd(text: string, index: number): boolean {
  return index >= text.length || AFTER_END.test(text[index]!) || text[index] === '\\'
}

/** After the quotation mark that ends the text at `start`, and what is written onto it, as `'a''b'` and `"a"b` are. */
function endOfQuoted(text: string, start: number, isMember: boolean): number {
  let end = endOfText(text, start)
  while (end < text.length) {
    const one = text[end]!
    const isAgain = one === text[start] && WORD.test(text[end + 1] ?? '')
    if (!isAgain && !WORD.test(one)) return end
    if (isAgain) end = endOfText(text, end)
    else end = indexFrom(isMember ? MEMBER_END : VALUE_END, text, end)
  }
  return end
}

/** The index after the quotation mark that ends the text which begins with one at `start`. */
export function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[start]) return i + 1
  }
  return text.length
}

/** The index after the bracket that ends the object or the list at `start`. */
function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const one = text[i]!
    if (QUOTES.includes(one)) i = endOfText(text, i) - 1
    else if (one === '{' || one === '[') depth++
    else if ((one === '}' || one === ']') && --depth === 0) return i + 1
  }
  return text.length
}

/** What is open in the line that is being read: of quotation marks, and of brackets. */
class LineSoFar {
  readonly #text: string
  #read = 0
  #open = ''
  /** Whether there was a `"` at all. */
  hasDouble = false

  constructor(text: string) {
    this.#text = text
  }

  readTo(at: number): void {
    for (; this.#read < at; this.#read++) {
      const one = this.#text[this.#read]!
      if (one === '"') this.hasDouble = true
      if (one === '\n') this.#newLine()
      else if (one === '>') this.#toggle('<', false)
      else if (one === '<') this.#toggle('<', true)
      else if (QUOTES.includes(one) && this.#text[this.#read - 1] !== '\\')
        this.#toggle(one, !this.#open.includes(one))
    }
  }

  #newLine(): void {
    this.#open = ''
    this.hasDouble = false
  }

  #toggle(one: string, isOpen: boolean): void {
    this.#open = this.#open.replace(one, '') + (isOpen ? one : '')
  }

  isOpen(one: string): boolean {
    return this.#open.includes(one)
  }

  /** The end of the line after `start`, or the quotation mark in it that closes the last one opened. */
  endAfter(start: number): number {
    const last = this.#open.at(-1)
    for (let i = start; i < this.#text.length; i++) {
      const one = this.#text[i]
      if (one === '\r' || one === '\n' || (one === last && isAfterEnd(this.#text, i + 1))) return i
    }
    return this.#text.length
  }
}

/**
 * The grammar of a netrc file, as curl and Python read it: pure. Tokens between white space; a token in quotation marks may hold
 * white space, and in it a backslash stands before what it would end by, `\n`, `\r` and `\t`. A comment goes from `#`, where a
 * keyword could be, to the end of its line. Macros are skipped.
 */

/** What a file says of one host. */
export interface NetrcEntry {
  /** In lower case; undefined for the entry `default`. */
  readonly machine: string | undefined
  /** Empty where it has none. */
  readonly login: string
  readonly password: string
}

/** A file that is no netrc file. */
export class NetrcFault extends Error {
  /** From 1. */
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

interface Token {
  readonly text: string
  readonly line: number
  readonly isQuoted: boolean
}

const KEYS: ReadonlySet<string> = new Set(['login', 'user', 'password', 'account'])

/**
 * The entries, in order.
 * @throws NetrcFault with the line; no value of the file is in its message
 */
export function parseNetrc(text: string): readonly NetrcEntry[] {
  const scanner = new Scanner(text)
  const entries: { machine: string | undefined; login: string; password: string }[] = []
  for (let token = scanner.keyword(); token !== undefined; token = scanner.keyword()) {
    const { text: word, line, isQuoted } = token
    const key = isQuoted ? '' : word.toLowerCase()
    if (key === 'machine') {
      entries.push({ machine: scanner.value(key, line).toLowerCase(), login: '', password: '' })
    } else if (key === 'default') {
      entries.push({ machine: undefined, login: '', password: '' })
    } else if (key === 'macdef') {
      scanner.skipMacro()
    } else if (KEYS.has(key)) {
      const value = scanner.value(key, line)
      const entry = entries.at(-1)
      if (entry === undefined) throw new NetrcFault(line, `${key} comes before any machine`)
      if (key === 'password') entry.password = value
      else if (key !== 'account') entry.login = value
    } else {
      throw new NetrcFault(line, 'there is a word that is no keyword')
    }
  }
  return entries
}

/**
 * The first entry for a host that has a login; `default` where none is.
 * @param wanted - the login whose password is asked for: an entry with a password and no login is for any
 */
export function findInNetrc(
  entries: readonly NetrcEntry[],
  host: string,
  wanted?: string,
): NetrcEntry | undefined {
  const lower = host.toLowerCase()
  const fits = ({ login, password }: NetrcEntry): boolean =>
    wanted === undefined ? login !== '' : login === wanted || (login === '' && password !== '')
  const fitting = entries.filter(fits)
  return (
    fitting.find(({ machine }) => machine === lower) ?? fitting.find(({ machine }) => machine === undefined)
  )
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

class Scanner {
  readonly #text: string
  #at = 0
  #line = 1

  constructor(text: string) {
    this.#text = text.startsWith('\uFEFF') ? text.slice(1) : text
  }

  /** The next token where a keyword belongs; undefined at the end. */
  keyword(): Token | undefined {
    while (true) {
      this.#skipBlanks()
      if (this.#text[this.#at] !== '#') return this.#token()
      this.#skipLine()
    }
  }

  /** The token after a keyword. */
  value(key: string, line: number): string {
    this.#skipBlanks()
    const token = this.#token()
    if (token === undefined) throw new NetrcFault(line, `${key} has no value`)
    return token.text
  }

  /** To the empty line that ends a macro. */
  skipMacro(): void {
    this.#skipLine()
    while (this.#at < this.#text.length) {
      const start = this.#at
      this.#skipLine()
      if (this.#text.slice(start, this.#at).trim() === '') return
    }
  }

  #skipBlanks(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!
      if (character === '\n') this.#line++
      else if (!isBlank(character)) return
    }
  }

  /** To the start of the next line. */
  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end + 1
    if (end >= 0) this.#line++
  }

  #token(): Token | undefined {
    const line = this.#line
    if (this.#at >= this.#text.length) return undefined
    if (this.#text[this.#at] === '"') return { text: this.#quoted(), line, isQuoted: true }
    const start = this.#at
    while (this.#at < this.#text.length && !isBlank(this.#text[this.#at]!) && this.#text[this.#at] !== '\n')
      this.#at++
    return { text: this.#text.slice(start, this.#at), line, isQuoted: false }
  }

  #quoted(): string {
    const line = this.#line
    const pieces: string[] = []
    for (let i = this.#at + 1; i < this.#text.length && this.#text[i] !== '\n'; i++) {
      const character = this.#text[i]!
      if (character === '"') {
        this.#at = i + 1
        return pieces.join('')
      }
      if (character !== '\\') {
        pieces.push(character)
        continue
      }
      i++
      const escaped = this.#text[i]
      if (escaped === undefined) break
      pieces.push(ESCAPES[escaped] ?? escaped)
    }
    throw new NetrcFault(line, 'a quotation mark is not closed')
  }
}

function isBlank(character: string): boolean {
  return (
    character === ' ' || character === '\t' || character === '\r' || character === '\f' || character === '\v'
  )
}

/**
 * What a server or a proxy asks for: the fields WWW-Authenticate and Proxy-Authenticate read into challenges, and
 * Authentication-Info into parameters. RFC 9110 §11.2, §11.6.1, §11.7.1; RFC 7615. Pure, and linear in the length.
 *
 * Strict: what the grammar does not allow is no challenge. A challenge with a parameter twice is left out (§11.2); a field with
 * a fault in its grammar gives nothing, for where its next challenge would begin is not known.
 */

import { isBlank } from '../core/grammar.ts'

/** One challenge. */
export interface Challenge {
  /** The name of the scheme, in lower case. */
  readonly scheme: string
  /** What follows it in the form token68; undefined where parameters follow, or nothing does. */
  readonly token68: string | undefined
  /** The parameters, quoted forms undone; names in lower case. */
  readonly params: ReadonlyMap<string, string>
}

/** What fields say. */
export interface ReadChallenges {
  /** In the order in which they came. */
  readonly challenges: readonly Challenge[]
  /** What was left out, and why: for people, and without a value. */
  readonly defects: readonly string[]
}

/**
 * The challenges of all fields of a name.
 * @param values - the values of the fields, one character for each byte
 */
export function parseChallenges(values: readonly string[]): readonly Challenge[] {
  return readChallenges(values).challenges
}

/** As `parseChallenges`, with what was left out. */
export function readChallenges(values: readonly string[]): ReadChallenges {
  // Several fields are one list (RFC 9110 §5.3); where that is none, a fault in one field is no fault of the others.
  const whole = readList(values.join(', '))
  if (whole.fault === undefined) return finish(whole.found)
  const lists = values.map(readList)
  const { challenges, defects } = finish(
    lists.flatMap(({ found, fault }) => (fault === undefined ? found : [])),
  )
  const faults = lists.flatMap(({ fault }) =>
    fault === undefined ? [] : [`malformed at character ${fault}`],
  )
  return { challenges, defects: [...faults, ...defects] }
}

/** A challenge while it is read. */
interface Found {
  readonly scheme: string
  token68: string | undefined
  readonly params: Map<string, string>
  /** The name of a parameter that stands in it twice. */
  twice: string | undefined
  /** True where parameters may follow: there was a space after the scheme, and no token68. */
  isOpen: boolean
}

function finish(found: readonly Found[]): ReadChallenges {
  return {
    challenges: found
      .filter(({ twice }) => twice === undefined)
      .map(({ scheme, token68, params }) => ({ scheme, token68, params })),
    defects: found.flatMap(({ scheme, twice }) =>
      twice === undefined ? [] : [`${scheme}: the parameter ${twice} is there twice`],
    ),
  }
}

/** What a list gave, and where it breaks the grammar, from 0; undefined where it does not. */
interface ReadList {
  readonly found: readonly Found[]
  readonly fault: number | undefined
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*/y

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** `#challenge`: empty elements are allowed. */
function readList(text: string): ReadList {
  const found: Found[] = []
  let at = skipSeparators(text, 0)
  while (at < text.length) {
    const current = found.at(-1)
    const end = isParameter(text, at)
      ? current?.isOpen === true
        ? readParameter(text, at, current)
        : undefined
      : readScheme(text, at, found)
    if (end === undefined) return { found, fault: at }
    const after = skipBlanks(text, end)
    if (after < text.length && text[after] !== ',') return { found, fault: after }
    at = skipSeparators(text, after)
  }
  return { found, fault: undefined }
}

/** Whether a token and a `=` are there. */
function isParameter(text: string, at: number): boolean {
  const name = matchAt(TOKEN, text, at)
  return name !== undefined && text[skipBlanks(text, at + name.length)] === '='
}

/** Where the scheme, and what stands in the same element of the list, ends; undefined where there is a fault. */
function readScheme(text: string, at: number, found: Found[]): number | undefined {
  const name = matchAt(TOKEN, text, at)
  if (name === undefined) return undefined
  const one: Found = {
    scheme: name.toLowerCase(),
    token68: undefined,
    params: new Map(),
    twice: undefined,
    isOpen: false,
  }
  found.push(one)
  const end = at + name.length
  let next = end
  while (text[next] === ' ') next++
  if (next === end) return end
  one.isOpen = true
  if (next === text.length || text[next] === ',') return next
  const token68 = matchAt(TOKEN68, text, next)
  if (token68 !== undefined) {
    const after = skipBlanks(text, next + token68.length)
    if (after === text.length || text[after] === ',') {
      one.token68 = token68
      one.isOpen = false
      return after
    }
  }
  return readParameter(text, next, one)
}

/** Where the parameter ends; undefined where there is a fault. */
function readParameter(text: string, at: number, into: Pick<Found, 'params' | 'twice'>): number | undefined {
  const name = matchAt(TOKEN, text, at)
  if (name === undefined) return undefined
  const equals = skipBlanks(text, at + name.length)
  if (text[equals] !== '=') return undefined
  const start = skipBlanks(text, equals + 1)
  const token = matchAt(TOKEN, text, start)
  const read = token === undefined ? readQuoted(text, start) : { value: token, end: start + token.length }
  if (read === undefined) return undefined
  const lower = name.toLowerCase()
  if (into.params.has(lower)) into.twice ??= lower
  into.params.set(lower, read.value)
  return read.end
}

/** HTAB, SP, VCHAR, obs-text: what may stand in a quoted string, the quotation mark and the backslash by a backslash. */
const QUOTABLE = /[\t\x20-\x7e\x80-\xff]/

function readQuoted(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | undefined {
  if (text[start] !== '"') return undefined
  const pieces: string[] = []
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '"') return { value: pieces.join(''), end: i + 1 }
    if (text[i] === '\\') i++
    const character = text[i]
    if (character === undefined || !QUOTABLE.test(character)) return undefined
    pieces.push(character)
  }
  return undefined
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && isBlank(text.charCodeAt(at))) at++
  return at
}

function skipSeparators(text: string, from: number): number {
  let at = from
  while (at < text.length && (text[at] === ',' || isBlank(text.charCodeAt(at)))) at++
  return at
}

/**
 * The parameters of Authentication-Info or Proxy-Authentication-Info; undefined where there is no such field, or it is malformed,
 * or has a parameter twice.
 * @param values - the values of the fields, one character for each byte
 */
export function parseAuthInfo(values: readonly string[]): ReadonlyMap<string, string> | undefined {
  if (values.length === 0) return undefined
  const text = values.join(', ')
  const read: Pick<Found, 'params' | 'twice'> = { params: new Map(), twice: undefined }
  let at = skipSeparators(text, 0)
  while (at < text.length) {
    const end = readParameter(text, at, read)
    if (end === undefined) return undefined
    const after = skipBlanks(text, end)
    if (after < text.length && text[after] !== ',') return undefined
    at = skipSeparators(text, after)
  }
  return read.twice === undefined ? read.params : undefined
}

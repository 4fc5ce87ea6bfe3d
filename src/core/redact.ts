/**
 * What is a credential, and how it is shown: the one place for traces, the command, errors and whatever else a person reads.
 *
 * A credential is known by where it stands: the value of a field whose name says so, the userinfo of a URL, the value of a
 * parameter (of a query, a form, a JSON object) whose name says so. What stands nowhere in particular is not known; docs/connection.md
 * says so. Names are judged word by word, so that `X-Vault-Token` and `X-Amz-Signature` need no list, and `Author` is no `auth`.
 *
 * Everything here takes time linear in the text.
 */

import { isBlank } from './grammar.ts'

/** What is shown instead of a credential. */
export const MASK = '***'

/** Words that make a name the name of a credential. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'auth oauth xauth authentication authenticate authorization authorisation bearer dpop jwt ' +
    'key keys hmac sig otp totp pwd pass sid'
  ).split(' '),
)
/** Ends of words that do: `accesstoken`, `PHPSESSID`. */
const ENDINGS: readonly string[] = (
  'token secret secrets password passwords passwd passphrase passcode session sessionid sessid credential credentials signature ' +
  'apikey appkey authkey accesskey accesskeyid secretkey privatekey sharedkey masterkey userkey clientkey subscriptionkey authorization'
).split(' ')
/** Names that no word betrays, or only the whole. */
const NAMES: ReadonlySet<string> = new Set(
  'cookie cookie2 set-cookie set-cookie2 x-amzn-oidc-data client-assertion assertion code-verifier device-code samlresponse samlrequest'.split(
    ' ',
  ),
)
/** Names whose words say too much: what they hold is public by its definition. */
const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'idempotency-key',
  'public-key-pins',
  'public-key-pins-report-only',
  'sec-websocket-key',
  'surrogate-key',
  'x-cache-key',
])
/** Challenges: scheme and parameters are what one wants to see, a token is not. */
const CHALLENGES: ReadonlySet<string> = new Set(['www-authenticate', 'proxy-authenticate'])

/** Between the words of a name: punctuation; and perhaps, where letter case means something, the hump of a camel. */
const BETWEEN_WORDS = /[^A-Za-z0-9]+/
const BETWEEN_HUMPS = /(?<=[a-z0-9])(?=[A-Z])/
/** No name that means something is longer. */
const MAX_NAME_CHARS = 128

/** Whether a field, or a parameter, of that name holds a credential. In any letter case. */
export function isCredentialName(name: string): boolean {
  const lower = name.toLowerCase().replaceAll('_', '-')
  if (PUBLIC_NAMES.has(lower) || CHALLENGES.has(lower)) return false
  // Security: too long to be judged, it may hold anything.
  if (NAMES.has(lower) || name.length > MAX_NAME_CHARS) return true
  const words = name.split(BETWEEN_WORDS)
  return words.some((word) => isCredentialWord(word) || word.split(BETWEEN_HUMPS).some(isCredentialWord))
}

function isCredentialWord(word: string): boolean {
  const lower = word.toLowerCase().replace(/[0-9]{1,4}$/, '')
  return WORDS.has(lower) || ENDINGS.some((ending) => lower.endsWith(ending))
}

/** The value of a field as it may be shown. */
export function maskField(name: string, value: string, isCut = false): string {
  if (isCredentialName(name)) return MASK
  return maskText(CHALLENGES.has(name.toLowerCase()) ? maskChallenge(value) : value, isCut)
}

/** `Negotiate YIIJ…` without the token: white space, and then one word that is no parameter. */
function maskChallenge(value: string): string {
  return value
    .split(',')
    .map((part) => part.replace(/^(\s*[^\s=]+[ \t]+)[^\s="]+=*\s*$/, `$1${MASK}`))
    .join(',')
}

/**
 * Masks credentials in the text of a head, or of anything that went over the wire: fields with their continuation lines,
 * userinfo, parameters.
 * @param isCut true where the text is the beginning of more
 */
export function maskCredentials(text: string, isCut = false): string {
  const shown: string[] = []
  let isMasked = false
  for (const line of text.split('\n')) {
    if (isMasked && isBlank(line.charCodeAt(0))) continue
    const colon = line.indexOf(':')
    const name = colon < 0 ? '' : line.slice(0, colon)
    isMasked = isFieldName(name) && isCredentialName(name)
    if (!isMasked) {
      const value = line.slice(colon + 1)
      shown.push(isFieldName(name) ? `${name}:${maskField(name, value, isCut)}` : maskText(line, isCut))
      continue
    }
    const start = line.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1
    shown.push(`${line.slice(0, start)}${MASK}${line.endsWith('\r') ? '\r' : ''}`)
  }
  return shown.join('\n')
}

/** What may be a name in front of a colon; blanks before the colon are let through by some. */
function isFieldName(name: string): boolean {
  return name !== '' && !/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(name.trimEnd())
}

/** Masks userinfo, and parameters that are credentials, in a text that is no field line. */
export function maskText(text: string, isCut = false): string {
  return maskParameters(maskUserinfo(text, isCut))
}

/** What an authority begins after; a URL of http needs no slashes, and may have more than two (WHATWG URL). */
const AUTHORITY = /\bhttps?:[/\\]*|[/\\]{2,}/gi
const AUTHORITY_END = /[/?#\s]/g

/** Masks what stands in front of the last @ of an authority; in a text that is cut, also an authority that has no end. */
function maskUserinfo(text: string, isCut: boolean): string {
  let shown = ''
  let done = 0
  for (let at = indexFrom(AUTHORITY, text, 0); at < text.length; at = indexFrom(AUTHORITY, text, done)) {
    const start = AUTHORITY.lastIndex
    const end = indexFrom(AUTHORITY_END, text, start)
    const isOpen = isCut && end === text.length
    const last = isOpen ? end : start + text.slice(start, end).lastIndexOf('@')
    shown += text.slice(done, start)
    if (last >= start) shown += MASK
    shown += text.slice(Math.max(start, last), end)
    done = end
  }
  return done === 0 ? text : shown + text.slice(done)
}

/** Where `pattern` matches first from `from` on; the length of the text where it does not. */
function indexFrom(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

/** Masks `name=value` and `"name": value` where the name says that the value is a credential. */
function maskParameters(text: string): string {
  let shown = ''
  let done = 0
  for (
    let at = indexFrom(MARK, text, 0);
    at < text.length;
    at = indexFrom(MARK, text, Math.max(at + 1, done))
  ) {
    const name = text[at] === '=' ? nameBefore(text, at) : keyBefore(text, at, done)
    if (name === undefined || !isCredentialName(unescapeName(name))) continue
    let start = at + 1
    if (text[at] === ':') start = indexFrom(NOT_BLANK, text, start)
    const end = endOfValue(text, start, text[at] === '=' ? VALUE_END : MEMBER_END)
    if (end === start) continue
    shown += `${text.slice(done, start)}${MASK}`
    done = end
  }
  return done === 0 ? text : shown + text.slice(done)
}

const MARK = /[=:]/g
const NOT_BLANK = /\S/g

/** What parameters are called by: letters, digits, and what stands between them, percent-encoded or not. */
const NAME_CHARACTER = /[\w.~%$[\]-]/

/** The name in front of the `=` at `at`; no more than a name may have. */
function nameBefore(text: string, at: number): string | undefined {
  let start = at
  while (start > 0 && at - start <= MAX_NAME_CHARS && NAME_CHARACTER.test(text[start - 1]!)) start--
  return start === at ? undefined : text.slice(start, at)
}

/** The key in quotation marks in front of the `:` at `at`; undefined where none is. */
function keyBefore(text: string, at: number, from: number): string | undefined {
  let end = at
  while (end > from && at - end < MAX_NAME_CHARS && /\s/.test(text[end - 1]!)) end--
  const quote = text[end - 1]
  if (quote !== '"' && quote !== "'") return undefined
  let start = end - 1
  while (start > from && end - start <= MAX_NAME_CHARS && text[start - 1] !== quote) start--
  return text[start - 1] === quote ? text.slice(start, end - 1) : undefined
}

/** `access%5Ftoken` is read by servers as `access_token`. */
function unescapeName(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const VALUE_END = /[&#;\s"'<>]/g
const MEMBER_END = /[,}\]\s]/g

/** Where the value that begins at `start` ends: after its quotation mark, or at what separates parameters. */
function endOfValue(text: string, start: number, separator: RegExp): number {
  const first = text[start]
  if (first === '"' || first === "'") return endOfText(text, start)
  if (first === '\\') return endOfEscaped(text, start) ?? indexFrom(separator, text, start)
  return separator === MEMBER_END && (first === '{' || first === '[')
    ? endOfNested(text, start)
    : indexFrom(separator, text, start)
}

/** The index after the quotation mark that ends the text which begins with one at `start`. */
function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[start]) return i + 1
  }
  return text.length
}

/** The same of a text in a text, `\"…\"`; undefined where no quotation mark stands after the backslashes at `start`. */
function endOfEscaped(text: string, start: number): number | undefined {
  let mark = start
  while (text[mark] === '\\') mark++
  if (text[mark] !== '"' && text[mark] !== "'") return undefined
  const quote = text.slice(start, mark + 1)
  let end = text.indexOf(quote, mark + 1)
  // One that is escaped once more is in the text.
  while (end >= 0 && text[end - 1] === '\\') end = text.indexOf(quote, end + 1)
  return end < 0 ? text.length : end + quote.length
}

/** The index after the bracket that ends the object or the list at `start`. */
function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const one = text[i]
    if (one === '"') i = endOfText(text, i) - 1
    else if (one === '{' || one === '[') depth++
    else if ((one === '}' || one === ']') && --depth === 0) return i + 1
  }
  return text.length
}

/**
 * Whether the piece of a line that follows `text` may begin inside a credential: in a URL, or in a parameter. Such a piece
 * is to be masked up to its first blank.
 */
export function endsOpen(text: string): boolean {
  const word = text.slice(Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')) + 1)
  return /[/\\?&#="':]/.test(word)
}

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Lets members of a record be read by their names, and be shown as masked by `inspect` and JSON. To be called before it is frozen. */
export function maskMembers<T extends object>(record: T, names: readonly (keyof T & string)[]): T {
  const shown = (): T => {
    const copy = { ...record }
    for (const name of names) if (copy[name] !== undefined) Object.assign(copy, { [name]: MASK })
    return copy
  }
  return Object.defineProperties(record, { toJSON: { value: shown }, [INSPECT]: { value: shown } })
}

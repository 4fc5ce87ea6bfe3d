/**
 * What is a credential, and how it is shown: the one place for traces, the command, errors and whatever else a person reads.
 *
 * A credential is known by where it stands: the value of a field whose name says so (credential-names.ts), the value of a parameter
 * (of a query, a form, a JSON object: credential-parameters.ts), the userinfo of a URL and other places (credential-places.ts); each
 * of them also where escapes hide it (mask-layers.ts). What stands nowhere in particular is not known; docs/connection.md says so.
 *
 * Everything here takes time linear in the text.
 */

import { CHALLENGES, isCredentialName } from './credential-names.ts'
import { type Found, findParameters, indexFrom } from './credential-parameters.ts'
import { findPlaces } from './credential-places.ts'
import { layersOf } from './mask-layers.ts'

export { isCredentialName } from './credential-names.ts'

/** What is shown instead of a credential. */
export const MASK = '***'

/** The value of a field as it may be shown. */
export function maskField(name: string, value: string, isCut = false): string {
  if (isCredentialName(name)) return MASK
  const isChallenge = CHALLENGES.has(name.toLowerCase())
  return mask(value, isCut, isChallenge ? (found) => findChallengeTokens(value, 0, found) : undefined)
}

/**
 * Masks credentials in the text of a head, or of anything that went over the wire: fields with their continuation lines,
 * userinfo, parameters.
 * @param isCut true where the text is the beginning of more
 */
export function maskCredentials(text: string, isCut = false): string {
  return mask(text, isCut, (found) => findFields(text, found))
}

/** Masks userinfo, and parameters that are credentials, in a text that is no field line. */
export function maskText(text: string, isCut = false): string {
  return mask(text, isCut)
}

function mask(text: string, isCut: boolean, findMore?: (found: Found) => void): string {
  /** Of the credential that begins at an index, the end. */
  const ends = new Uint32Array(text.length + 1)
  const add = (start: number, end: number): void => {
    if (end > start && end > ends[start]!) ends[start] = end
  }
  findMore?.(add)
  for (const { text: layer, starts } of layersOf(text)) {
    const found: Found = starts === undefined ? add : (start, end) => add(starts[start]!, starts[end]!)
    findPlaces(layer, isCut, found)
    findParameters(layer, found)
  }
  return show(text, ends)
}

/** The text with its credentials masked; what overlaps, or touches, is one. */
function show(text: string, ends: Uint32Array): string {
  let shown = ''
  let done = 0
  for (let i = 0; i < text.length; i++) {
    if (ends[i] === 0) continue
    shown += text.slice(done, i) + MASK
    done = ends[i]!
    for (; i <= done; i++) if (ends[i]! > done) done = ends[i]!
    i = done - 1
  }
  return done === 0 ? text : shown + text.slice(done)
}

/** A field at the beginning of a line, or, in YAML, a key; some let blanks through in front of the colon. */
const FIELD = /([ \t]*(?:-[ \t]+)*)([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*:/y
const LINE_END = /\r?\n/g

/** Finds the values of fields that hold credentials: to the end of the line, and of the lines that are indented more. */
function findFields(text: string, found: Found): void {
  let hidden: { start: number; indent: number } | undefined
  let next = 0
  for (let from = 0; from < text.length; from = next) {
    const end = indexFrom(LINE_END, text, from)
    next = end === text.length ? end : LINE_END.lastIndex
    const indent = indexFrom(/[^ \t]/g, text, from) - from
    if (hidden !== undefined && indent > hidden.indent) {
      found(hidden.start, end)
      continue
    }
    FIELD.lastIndex = from
    const field = FIELD.exec(text)
    hidden = undefined
    if (field === null) continue
    const colon = FIELD.lastIndex
    if (CHALLENGES.has(field[2]!.toLowerCase())) findChallengeTokens(text.slice(colon, end), colon, found)
    if (!isCredentialName(field[2]!)) continue
    const start = text[colon] === ' ' ? colon + 1 : colon
    hidden = { start, indent: field[1]!.length }
    found(start, end)
  }
}

/** `Negotiate YIIJ…` has a token: white space, and then one word that is no parameter. */
function findChallengeTokens(value: string, offset: number, found: Found): void {
  let start = offset
  for (const part of value.split(',')) {
    const match = /^(\s*[^\s=]+[ \t]+)([^\s="]+=*)\s*$/.exec(part)
    if (match !== null) found(start + match[1]!.length, start + match[1]!.length + match[2]!.length)
    start += part.length + 1
  }
}

/**
 * Whether the piece of a line that follows `text` may begin inside a credential: in a URL, or in a parameter. Such a piece
 * is to be masked up to its first blank.
 */
export function endsOpen(text: string): boolean {
  const word = text.slice(Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')) + 1)
  return /[/\\?&#="'`:%]/.test(word)
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

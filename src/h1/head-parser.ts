/**
 * Reads a complete head, or a complete trailer section, from one latin1 string: start line, field lines, folds.
 * RFC 9112 §2 to §5. Validates while it scans: each byte is looked up once in the byte classes of core/grammar.ts. Raises
 * only through `violation`; what a tolerance lets through is put on `defects`.
 *
 * It does not know what the fields mean. Framing is framing.ts.
 */

import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import {
  BYTE_CLASSES,
  findForbiddenInTarget,
  isBlank,
  isToken,
  TCHAR,
  trimWhitespace,
  VALUE_BYTE,
} from '../core/grammar.ts'
import type { Defect } from './events.ts'
import { type FramingValues, framingValues } from './framing-values.ts'
import { type Limits, resolveLimits } from './limits.ts'
import type { Tolerances } from './tolerances.ts'
import { violation } from './violation.ts'

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const SP = 0x20

/** How far a bad first line is looked at and shown: the same bytes however the input was cut. */
export const MAX_FIRST_LINE_SHOWN_BYTES = 256

/** How to read field lines. */
export interface FieldRules {
  readonly tolerances: Tolerances
  readonly limits: Limits
  /** False in a trailer section: LF alone is never accepted inside chunk framing. */
  readonly isHead: boolean
}

const DEFAULT_LIMITS = resolveLimits()
/** One for all engines with the default limits, for each record of tolerances: what is remembered by it is shared by them. */
const RULES = new WeakMap<Tolerances, FieldRules>()

/** How heads are read with these tolerances and limits. */
export function rulesOf(tolerances: Tolerances, limits: Limits): FieldRules {
  if (limits !== DEFAULT_LIMITS) return { tolerances, limits, isHead: true }
  const known = RULES.get(tolerances)
  if (known !== undefined) return known
  const rules: FieldRules = freezeDeep({ tolerances, limits, isHead: true })
  RULES.set(tolerances, rules)
  return rules
}

/** Adds a defect once. */
export function note(defects: Defect[], defect: Defect): void {
  if (!defects.includes(defect)) defects.push(defect)
}

export interface StatusLine {
  readonly version: 10 | 11
  readonly status: number
  readonly reason: string
}

const STATUS_LINE = /^HTTP\/1\.([0-9]) ([1-9][0-9][0-9])(?: (.*))?$/s

const PLAIN_START = 'HTTP/1.1 '

/** The status of a line as nearly all are, `HTTP/1.1 200 reason`: the expression takes as long as the fields. Undefined for all others. */
function readPlainStatus(line: string): number | undefined {
  if (!line.startsWith(PLAIN_START) || line.charCodeAt(12) !== SP) return undefined
  const [hundreds, tens, ones] = [
    line.charCodeAt(9) - 0x30,
    line.charCodeAt(10) - 0x30,
    line.charCodeAt(11) - 0x30,
  ]
  const isNumber = hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9
  return isNumber ? 100 * hundreds + 10 * tens + ones : undefined
}

/**
 * Reads a status line (RFC 9112 §4), without its line end. The space after the code may be missing with the reason.
 * @param offset of the line in the received stream
 */
export function parseStatusLine(line: string, offset: number): StatusLine {
  const plain = readPlainStatus(line)
  const match = plain === undefined ? STATUS_LINE.exec(line) : null
  if (plain === undefined && match === null) throw badFirstLine(line, offset)
  const reason = plain === undefined ? (match![3] ?? '') : line.slice(PLAIN_START.length + 4)
  const bad = findBadByte(reason)
  if (bad >= 0) throw badFirstLineByte(line, line.length - reason.length + bad, offset)
  // RFC 9110 §2.5: a higher minor version is read as the highest one known.
  const version = match?.[1] === '0' ? 10 : 11
  return { version, status: plain ?? Number(match![2]), reason: trimWhitespace(reason) }
}

/** Another protocol's first line, as far as a client meets them: another version, another letter case, ICY, RTSP, SIP. */
const OTHER_PROTOCOL = /^(?:ICY(?: |$)|(?!HTTP\/1(?![0-9]))[A-Za-z]+\/[0-9])/

/** True if a first line is no status line of HTTP/1, or, where it is cut, cannot become one. */
export function isForeignFirstLine(line: string, isComplete = true): boolean {
  return !line.startsWith('HTTP/1.') && (isComplete || !'HTTP/1.'.startsWith(line))
}

/** True if a first line names a protocol that is not HTTP/1. */
export function namesOtherProtocol(line: string): boolean {
  return isForeignFirstLine(line) && OTHER_PROTOCOL.test(line)
}

/** The error for a first line that is no status line. */
export function badFirstLine(line: string, offset: number): Error {
  const shown = line.slice(0, MAX_FIRST_LINE_SHOWN_BYTES)
  return violation(namesOtherProtocol(shown) ? 'UNKNOWN_PROTOCOL' : 'BAD_STATUS_LINE', offset, shown)
}

function findBadByte(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if ((BYTE_CLASSES[text.charCodeAt(i)]! & VALUE_BYTE) === 0) return i
  }
  return -1
}

/** The error for a byte that may not stand in a first line: those that could end a line are named as such. */
function badFirstLineByte(line: string, index: number, offset: number): Error {
  const code = line.charCodeAt(index)
  if (code === CR) return violation('BARE_CR', offset + index, '\r')
  return code === 0 ? violation('NUL_IN_HEAD', offset + index, '\0') : badFirstLine(line, offset)
}

export interface RequestLine {
  readonly method: string
  readonly target: string
  readonly version: 10 | 11
}

const REQUEST_LINE = /^([^ ]+) ([^ ]+) HTTP\/1\.([0-9])$/s

/** Reads a request line (RFC 9112 §3), without its line end. */
export function parseRequestLine(line: string, offset: number): RequestLine {
  const match = REQUEST_LINE.exec(line)
  const method = match?.[1] ?? ''
  const target = match?.[2] ?? ''
  const bare = line.search(/[\r\0]/)
  if (bare >= 0) throw badFirstLineByte(line, bare, offset)
  // Security: the line may hold a query string; only its method is shown.
  if (match === null || !isToken(method) || findForbiddenInTarget(target) >= 0) {
    throw violation('BAD_REQUEST_LINE', offset, /^[A-Za-z]{1,20}(?= )/.exec(line)?.[0])
  }
  return { method, target, version: match[3] === '0' ? 10 : 11 }
}

/** Refuses what cannot become a request line, perhaps before its end has come: a method begins with a token character. */
export function checkMethodBegins(line: string, offset: number): void {
  const code = line.charCodeAt(0)
  if ((BYTE_CLASSES[code]! & TCHAR) !== 0) return
  throw code === CR || code === 0 ? badFirstLineByte(line, 0, offset) : violation('BAD_REQUEST_LINE', offset)
}

/** The first line of `text` without its line end, CR LF or LF. */
function cutFirstLine(text: string): string {
  const lf = text.indexOf('\n')
  return text.slice(0, text.charCodeAt(lf - 1) === CR ? lf - 1 : lf)
}

/** A start line that was read, and where the field lines begin. */
export interface StartLine<T> {
  readonly line: T
  readonly next: number
}

/** Reads the status line at the beginning of `text`. Another protocol's line is named before a missing CR is. */
export function readStatusLine(
  text: string,
  offset: number,
  rules: FieldRules,
  defects: Defect[],
): StartLine<StatusLine> {
  const line = cutFirstLine(text)
  if (isForeignFirstLine(line)) throw badFirstLine(line, offset)
  const next = endLine(text, line.length, offset, rules, defects)
  return { line: parseStatusLine(line, offset), next }
}

/** A response head that was read, without what depends on the request it answers. Shared between equal heads: frozen. */
export interface ParsedResponse {
  readonly text: string
  readonly line: StatusLine
  readonly fields: readonly FieldLine[]
  readonly defects: readonly Defect[]
  /** What of the fields decides where the body ends. */
  readonly values: FramingValues
}

/** Reads a whole response head, from the status line to the empty line. */
export function parseResponseHead(text: string, offset: number, rules: FieldRules): ParsedResponse {
  const defects: Defect[] = []
  const { line, next } = readStatusLine(text, offset, rules, defects)
  const fields = parseFieldLines(text, next, offset, rules, defects)
  return { text, line, fields, defects, values: framingValues(fields) }
}

/** Reads the request line at the beginning of `text`. */
export function readRequestLine(
  text: string,
  offset: number,
  rules: FieldRules,
  defects: Defect[],
): StartLine<RequestLine> {
  const line = cutFirstLine(text)
  checkMethodBegins(line, offset)
  const next = endLine(text, line.length, offset, rules, defects)
  return { line: parseRequestLine(line, offset), next }
}

/**
 * Reads the field lines of `text` from `at` up to and including the empty line that ends it.
 * @param offset of `text[0]` in the received stream
 * @returns the lines in order, case and number as they came; values without surrounding white space, folds undone
 */
export function parseFieldLines(
  text: string,
  at: number,
  offset: number,
  rules: FieldRules,
  defects: Defect[],
): FieldLine[] {
  const { tolerances } = rules
  const fields: FieldLine[] = []
  let lines = 0
  /** False after a line that was skipped: a fold after it is skipped too. */
  let keptLast = true
  /** Continuation lines of the last field; joined once, so that many folds cost linear time. */
  let folds: string[] = []
  let i = at
  while (true) {
    const code = text.charCodeAt(i)
    if (folds.length > 0 && !isBlank(code)) {
      unfold(fields, folds)
      folds = []
    }
    if (code === LF || (code === CR && text.charCodeAt(i + 1) === LF)) {
      endLine(text, i, offset, rules, defects)
      return fields
    }

    if (isBlank(code)) {
      if (lines === 0) throw violation('LEADING_SPACE', offset + i, text[i])
      const valueEnd = scanValue(text, i, offset, tolerances, defects)
      if (keptLast) folds.push(trimWhitespace(text.slice(i, valueEnd)))
      note(defects, 'folded-field')
      i = endLine(text, valueEnd, offset, rules, defects)
      continue
    }

    lines++
    let nameEnd = i
    while ((BYTE_CLASSES[text.charCodeAt(nameEnd)]! & TCHAR) !== 0) nameEnd++
    let valueStart = nameEnd + 1
    keptLast = true
    if (nameEnd === i || text.charCodeAt(nameEnd) !== COLON) {
      const repaired = repairName(text, i, nameEnd, offset, rules, defects)
      if (repaired === undefined) {
        const lineEnd = scanValue(text, i, offset, tolerances, defects)
        note(defects, 'skipped-field')
        keptLast = false
        i = endLine(text, lineEnd, offset, rules, defects)
        continue
      }
      valueStart = repaired
    }
    while (isBlank(text.charCodeAt(valueStart))) valueStart++
    const lineEnd = scanValue(text, valueStart, offset, tolerances, defects)
    let valueEnd = lineEnd
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    fields.push([text.slice(i, nameEnd), text.slice(valueStart, valueEnd)])
    i = endLine(text, lineEnd, offset, rules, defects)
  }
}

/** Puts the continuation lines after the value they continue: each fold becomes one SP (RFC 9112 §5.2). */
function unfold(fields: FieldLine[], folds: readonly string[]): void {
  const [name, value] = fields[fields.length - 1]!
  fields[fields.length - 1] = [name, trimWhitespace(`${value} ${folds.join(' ')}`)]
}

/** The index of the CR or LF that ends the value at `from`; every byte before it may stand in a value. */
function scanValue(
  text: string,
  from: number,
  offset: number,
  tolerances: Tolerances,
  defects: Defect[],
): number {
  let i = from
  while (true) {
    const code = text.charCodeAt(i)
    if ((BYTE_CLASSES[code]! & VALUE_BYTE) !== 0) i++
    else if (code === LF || (code === CR && text.charCodeAt(i + 1) === LF)) return i
    else if (code === CR) throw violation('BARE_CR', offset + i, '\r')
    else if (code === 0) throw violation('NUL_IN_HEAD', offset + i, '\0')
    else if (tolerances.controlInValue) {
      note(defects, 'control-in-value')
      i++
    } else throw violation('CONTROL_IN_VALUE', offset + i, text[i])
  }
}

/** Steps over the line end at `i`. LF alone needs its tolerance, and is never accepted in a trailer section. */
function endLine(text: string, i: number, offset: number, rules: FieldRules, defects: Defect[]): number {
  if (text.charCodeAt(i) === CR) return i + 2
  if (!rules.isHead || !rules.tolerances.bareLf) throw violation('BARE_LF', offset + i, '\n')
  note(defects, 'bare-lf')
  return i + 1
}

/** Fields that decide where a message ends: no tolerance may change whether or how they are seen. */
const FRAMING_NAME = /^[^\r\n]{0,2}(?:content-length|transfer-encoding)/i

/**
 * What to do with a line whose name does not end at a colon: the index where its value begins, undefined to skip the
 * line, or an error. `nameEnd` is the first character that is no tchar.
 */
function repairName(
  text: string,
  line: number,
  nameEnd: number,
  offset: number,
  rules: FieldRules,
  defects: Defect[],
): number | undefined {
  const { tolerances } = rules
  const stop = text.charCodeAt(nameEnd)
  if (stop === 0) throw violation('NUL_IN_HEAD', offset + nameEnd, '\0')
  if (stop === CR && text.charCodeAt(nameEnd + 1) !== LF) throw violation('BARE_CR', offset + nameEnd, '\r')
  let colon = nameEnd
  while (isBlank(text.charCodeAt(colon))) colon++
  const isSpaced = nameEnd > line && colon > nameEnd && text.charCodeAt(colon) === COLON
  const mayDecideFraming = FRAMING_NAME.test(text.slice(line, line + 20))
  if (isSpaced && tolerances.spaceBeforeColon && !mayDecideFraming) {
    note(defects, 'space-before-colon')
    return colon + 1
  }
  if (tolerances.skipBadFields && !mayDecideFraming) return undefined
  if (isSpaced)
    throw violation(
      'SPACE_BEFORE_COLON',
      offset + nameEnd,
      text[nameEnd],
      `after "${text.slice(line, nameEnd)}"`,
    )
  if (stop === CR || stop === LF || !lineHasColon(text, line)) {
    throw violation('NO_COLON', offset + line, text.slice(line, Math.min(nameEnd, line + SHOWN_NAME_BYTES)))
  }
  throw violation('BAD_FIELD_NAME', offset + nameEnd, text[nameEnd])
}

/** Security: a line without a colon may be part of a value; no more of it than this is shown. */
const SHOWN_NAME_BYTES = 32

function lineHasColon(text: string, line: number): boolean {
  const colon = text.indexOf(':', line)
  return colon >= 0 && colon < text.indexOf('\n', line)
}

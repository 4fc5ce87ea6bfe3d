/**
 * Header fields as Python's putheader() and request() take them: names and values may be strings, integers or bytes.
 */

import { isBytes } from '../core/brands.ts'
import type { FieldLine } from '../core/fields.ts'
import { InvalidHeader } from '../errors/index.ts'
import { checkField, writeRequestFields } from '../h1/head-writer.ts'
import { resolveTolerances } from '../h1/tolerances.ts'

/** A value: a string is latin-1. */
export type HeaderValue = string | number | Uint8Array

/** Header fields in order: an object, or pairs, as those of a Map. */
export type HeaderFields =
  | Readonly<Record<string, HeaderValue>>
  | Iterable<readonly [name: string | Uint8Array, value: HeaderValue]>

const STRICT = resolveTolerances()

/**
 * The field lines of any form of header fields, in order.
 * @throws TypeError for a value of another type; InvalidHeader for a name or a value that may not be sent
 */
export function fieldsOf(headers: HeaderFields): FieldLine[] {
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers)
  return Array.from(pairs, ([name, value]) => {
    const text = textOf(name)
    return [text, valueOf(text, [value])] as const
  })
}

/**
 * The value of a field of one or more arguments: each but the first stands in a continuation line of its own.
 * @throws TypeError for a value of another type; InvalidHeader for a name or a value that may not be sent
 */
export function valueOf(name: string, values: readonly HeaderValue[]): string {
  const lines = values.map(textOf)
  // Security: the engine lets continuation lines pass here, so no single argument may hold one.
  for (const line of ['', ...lines]) checkField(name, line, STRICT)
  if (lines.length > 1) checkUnfolded(name, lines)
  return lines.join('\r\n\t')
}

/**
 * What is folded is read by the peer that unfolds it: it has to be right as one line, too. Security: an option after a fold would be
 * unseen here and seen by a proxy.
 */
function checkUnfolded(name: string, lines: readonly string[]): void {
  // A line of a tab only may be taken for the end of the head.
  if (lines.slice(1).some((line) => line.trim() === '')) {
    throw new InvalidHeader('INVALID_FIELD_VALUE', `an argument of "${name}" after the first is empty`)
  }
  const lower = name.toLowerCase()
  const field: FieldLine = [name, lines.join(' ')]
  const others = COMPANIONS.filter(([other]) => !mayNotBeWith(lower, other))
  writeRequestFields('GET', 11, [...others, field], STRICT)
}

/** What makes other fields legal, so that only the one that is looked at can be wrong. */
const COMPANIONS: readonly FieldLine[] = [
  ['connection', 'te, upgrade, keep-alive'],
  ['content-length', '1'],
]

function mayNotBeWith(name: string, other: string): boolean {
  return name === other || (name === 'transfer-encoding' && other === 'content-length')
}

/** The text of a name or a value, one character for each byte. */
export function textOf(value: HeaderValue): string {
  if (typeof value === 'string') return value
  if (isBytes(value)) return Buffer.from(value).toString('latin1')
  if (Number.isInteger(value)) return String(value)
  throw new TypeError('the name or value of a header field is a string, an integer or a Uint8Array')
}

/**
 * Writes the request heads of one connection. Callers send the same method and fields again and again: lines that are equal
 * to the last ones are not checked and joined again, and a head that is equal altogether is the same string, which V8 has
 * laid out for writing already. The plain way is head-writer.ts, whose answers this gives.
 *
 * Fields that were announced by `shareFields` are remembered by all connections together: ten thousand idle ones to one
 * server keep one head.
 *
 * Security: what is kept are strings that passed the checks; what is compared with them is read once and no more.
 */

import type { FieldLine } from '../core/fields.ts'
import { assertString } from '../core/snapshot.ts'
import type { RequestToSend } from './events.ts'
import { type WrittenFields, writeRequestFields, writeRequestLine } from './head-writer.ts'
import { snapshotFields, snapshotRequest } from './snapshot-fields.ts'
import type { Tolerances } from './tolerances.ts'

/** A request head ready to be written, with what its fields say. */
export interface WrittenRequest {
  readonly method: string
  readonly text: string
  readonly fields: WrittenFields
}

/** The last head: its parts as they were given, and what was made of them. */
export interface KeptHead {
  /** True where it is the connection's own; false where all connections keep it together. */
  readonly isOwn: boolean
  readonly method: string
  readonly version: 10 | 11
  /** Names and values in turn; undefined where the fields are known by identity. */
  readonly lines: readonly string[] | undefined
  readonly fields: WrittenFields
  target: string
  last: WrittenRequest
}

/** What all connections remember of fields that are shared; by identity, so that nothing has to be compared. */
const SHARED = new WeakMap<readonly FieldLine[], { kept: KeptHead | undefined }>()

/**
 * Field lines that many requests are going to be sent with, on many connections: frozen, and to be given to `write` as they
 * are.
 * @throws TypeError for a name or a value that is no string
 */
export function shareFields(given: readonly FieldLine[]): readonly FieldLine[] {
  const fields = snapshotFields(given)
  for (const line of fields) Object.freeze(line)
  Object.freeze(fields)
  SHARED.set(fields, { kept: undefined })
  return fields
}

/**
 * Writes a request head (RFC 9112 §3).
 * @param own - what the connection has kept: the last answer with `isOwn`; undefined before there was one
 * @returns the head as `last`, to be kept by the connection where `isOwn` says so
 * @throws LocalProtocolError, InvalidURL or InvalidHeader for what must not be sent
 * @throws TypeError for a part that is not of its type
 */
export function writeRequestHead(
  request: RequestToSend,
  tolerances: Tolerances,
  own: KeptHead | undefined,
): KeptHead {
  const { method, target, fields } = request
  // Each request passes here: a look by a name that is passed takes several times as long.
  const said = Object.hasOwn(request, 'version') ? request.version : undefined
  const version = said === undefined ? 11 : said
  // No other tolerance has a say in what is sent.
  const shared = tolerances.foldedValues ? undefined : SHARED.get(fields)
  const kept = shared === undefined ? own : shared.kept
  // Each part is looked at once here, and is a string that has passed the checks where it equals one.
  const areEqual =
    kept !== undefined && method === kept.method && version === kept.version && hasLines(kept, fields)
  if (areEqual && target === kept.target) return kept
  if (areEqual) {
    assertString(target, 'The request target')
    kept.last = join(method, writeRequestLine(method, target, version), kept.fields)
    kept.target = target
    return kept
  }
  // Security: of what was read above. A second look at `request` might show other fields, and all connections would keep them.
  const taken = snapshotRequest({ type: 'request', method, target, version, fields })
  const written = writeNew(taken, tolerances, shared === undefined)
  if (shared !== undefined) shared.kept = written
  return written
}

function writeNew(request: RequestToSend, tolerances: Tolerances, isOwn: boolean): KeptHead {
  const { method, target, version = 11, fields } = request
  const line = writeRequestLine(method, target, version)
  const written = writeRequestFields(method, version, fields, tolerances)
  // Made as long as it is: `flat` and `push` leave room for what does not come.
  const lines = isOwn
    ? Array.from({ length: 2 * fields.length }, (_, at) => fields[at >> 1]![at & 1]!)
    : undefined
  return { isOwn, method, version, lines, fields: written, target, last: join(method, line, written) }
}

function join(method: string, line: string, fields: WrittenFields): WrittenRequest {
  return { method, text: line + fields.text, fields }
}

function hasLines({ lines }: KeptHead, fields: readonly FieldLine[]): boolean {
  if (lines === undefined) return true
  if (lines.length !== 2 * fields.length) return false
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (field[0] !== lines[2 * i] || field[1] !== lines[2 * i + 1]) return false
  }
  return true
}

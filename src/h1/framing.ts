/**
 * Where a body ends. The one function that decides it for responses, and the one for requests; RFC 9112 §6.3, in the
 * RFC's own order. Pure: fields and facts in, framing out. Strict whatever the tolerances.
 */

import {
  type FieldLine,
  fieldValues,
  hasField,
  listTokens,
  readContentLength,
  readTransferEncoding,
} from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import type { Defect, Framing } from './events.ts'
import { type FramingValues, framingValues } from './framing-values.ts'
import { note } from './head-parser.ts'
import type { Tolerances } from './tolerances.ts'
import { violation } from './violation.ts'

/** The framings that say no more than their kind: one each for all messages. */
export const FRAMINGS: Readonly<Record<'none' | 'chunked' | 'untilClose' | 'switch', Framing>> = freezeDeep({
  none: { kind: 'none' },
  chunked: { kind: 'chunked' },
  untilClose: { kind: 'until-close' },
  switch: { kind: 'switch' },
})
const NO_CODINGS: readonly string[] = freezeDeep([])

/** What is decided about the body of a message. */
export interface BodyDecision {
  readonly framing: Framing
  /** Transfer codings that stay applied to the bytes of the body. */
  readonly codings: readonly string[]
  /** False where the framing forbids another message on the connection. */
  readonly mayPersist: boolean
}

/** What the framing of a response depends on besides its fields. */
export interface ResponseFacts {
  /** The method of the request it answers; undefined where none is outstanding. */
  readonly method: string | undefined
  /** The protocols that request offered to switch to, in lower case. */
  readonly offeredProtocols: readonly string[]
  readonly status: number
  readonly version: 10 | 11
  readonly head: HeadPlace
  readonly tolerances: Tolerances
}

/** Where a head stood, for errors that point at one of its lines. */
export interface HeadPlace {
  /** Index of the head in the received stream. */
  readonly offset: number
  readonly text: string
}

/** Index in the received stream of a field line: the one with this number among those of its name. */
function placeOf({ offset, text }: HeadPlace, name: string, line = 0): number {
  const places = [...text.matchAll(new RegExp(`^${name}:`, 'gim'))].map(({ index }) => index)
  return offset + places[line]!
}

const decision = (framing: Framing, mayPersist = true, codings = NO_CODINGS): BodyDecision => ({
  framing,
  codings,
  mayPersist,
})

const NO_BODY = decision(FRAMINGS.none)
const NO_BODY_LAST = decision(FRAMINGS.none, false)
const SWITCHED = decision(FRAMINGS.switch, false)
const BY_CLOSE = decision(FRAMINGS.untilClose, false)

/**
 * Decides the body of a response. Adds to `defects` what was accepted although it is wrong.
 * @param values - `framingValues` of the fields, where they are known
 */
export function decideResponseBody(
  facts: ResponseFacts,
  fields: readonly FieldLine[],
  defects: Defect[],
  { lengths, encodings }: FramingValues = framingValues(fields),
): BodyDecision {
  const { method, status } = facts
  // 0. Switching protocols: what follows is not HTTP at all.
  if (status === 101) {
    const chosen = listTokens(fields, 'upgrade')
    if (chosen.length > 0 && chosen.every((protocol) => facts.offeredProtocols.includes(protocol)))
      return SWITCHED
    note(defects, 'unsolicited-switch')
    return NO_BODY_LAST
  }
  // 1. HEAD, 1xx, 204, 304: no body, whatever the fields say.
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY
  // 2. 2xx to CONNECT: a tunnel, whatever the fields say.
  if (method === 'CONNECT' && status < 300) return SWITCHED

  // 3. and 4. Transfer-Encoding overrides Content-Length; the connection is not used again, for a peer may differ.
  const encoding = readTransferEncoding(encodings)
  if (encoding.kind === 'malformed') throw badEncoding(facts.head, encoding.value)
  if (encoding.kind === 'valid') {
    if (lengths.length > 0) note(defects, 'content-length-with-transfer-encoding')
    if (facts.version === 10) note(defects, 'transfer-encoding-in-http10')
    // RFC 2616 §4.4: identity is no coding at all.
    if (isIdentity(encoding) && lengths.length > 0 && facts.tolerances.identityWithLength) {
      return decision({ kind: 'length', length: readLength(lengths, facts.head, defects)! }, false)
    }
    if (!encoding.finalChunked) return decision(FRAMINGS.untilClose, false, encoding.codings)
    return decision(FRAMINGS.chunked, lengths.length === 0 && facts.version === 11, encoding.codings)
  }
  // 5. and 6. Content-Length.
  const length = readLength(lengths, facts.head, defects)
  if (length !== undefined) return decision({ kind: 'length', length })
  // 8. Otherwise until the connection closes.
  return BY_CLOSE
}

/** True for a Transfer-Encoding that names nothing but `identity`. */
function isIdentity({
  finalChunked,
  codings,
}: {
  finalChunked: boolean
  codings: readonly string[]
}): boolean {
  return !finalChunked && codings.length === 0
}

/** Decides the body of a request. What another server might read in another way is refused. */
export function decideRequestBody(
  version: 10 | 11,
  fields: readonly FieldLine[],
  head: HeadPlace,
  defects: Defect[],
): BodyDecision {
  const lengths = fieldValues(fields, 'content-length')
  const encoding = readTransferEncoding(fieldValues(fields, 'transfer-encoding'))
  if (encoding.kind === 'malformed') throw badEncoding(head, encoding.value)
  if (encoding.kind === 'valid') {
    if (lengths.length > 0 || version === 10 || !encoding.finalChunked)
      throw violation('AMBIGUOUS_FRAMING', placeOf(head, 'transfer-encoding'))
    return decision(FRAMINGS.chunked, true, encoding.codings)
  }
  const length = readLength(lengths, head, defects)
  return length === undefined ? NO_BODY : decision({ kind: 'length', length })
}

function badEncoding(head: HeadPlace, value: string): Error {
  return violation('BAD_TRANSFER_ENCODING', placeOf(head, 'transfer-encoding'), value)
}

function readLength(values: readonly string[], head: HeadPlace, defects: Defect[]): number | undefined {
  const length = readContentLength(values)
  switch (length.kind) {
    case 'absent':
      return undefined
    case 'malformed':
      throw violation('BAD_CONTENT_LENGTH', placeOf(head, 'content-length', length.line), length.value)
    case 'differing':
      throw violation('DIFFERING_CONTENT_LENGTH', placeOf(head, 'content-length', length.line), length.value)
    case 'valid':
      if (length.repeated) note(defects, 'repeated-content-length')
      return length.length
  }
}

/** Whether a message lets the connection go on after its exchange (RFC 9112 §9.3): `close`, version, `keep-alive`. */
export function messagePersists(version: 9 | 10 | 11, fields: readonly FieldLine[]): boolean {
  return persistsBy(version, fields, fieldValues(fields, 'connection'))
}

/** As `messagePersists`, where the values of Connection are known. */
export function persistsBy(
  version: 9 | 10 | 11,
  fields: readonly FieldLine[],
  connection: readonly string[],
): boolean {
  if (
    version === 11 &&
    (connection.length === 0 || (connection.length === 1 && connection[0] === 'keep-alive'))
  )
    return true
  const options = listTokens(fields, 'connection')
  if (options.includes('close')) return false
  return version === 11 || (version === 10 && options.includes('keep-alive'))
}

/** The protocols a request offers to switch to: an Upgrade field that Connection lists (RFC 9110 §7.8). */
export function offeredProtocols(version: 10 | 11, fields: readonly FieldLine[]): readonly string[] {
  if (version === 10 || !hasField(fields, 'upgrade')) return NO_CODINGS
  return listTokens(fields, 'connection').includes('upgrade') ? listTokens(fields, 'upgrade') : NO_CODINGS
}

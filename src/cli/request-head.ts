/**
 * The head of the request that the command sends: which fields, in which order. Pure. The order, and what a `-H` replaces or
 * leaves out, is curl's; so the bytes are, but for User-Agent.
 */

import { type FieldLine, fieldValues, hasField, listTokens, readContentLength } from '../core/fields.ts'
import { usageFailure } from './failure.ts'

/** What the fields are made from. */
export interface HeadFacts {
  readonly method: string
  /** The value of the Host field. */
  readonly authority: string
  readonly authorization: string | undefined
  /** Empty for none. */
  readonly userAgent: string
  /** The lines given with -H. */
  readonly headerLines: readonly string[]
  /** In bytes; undefined for no body. */
  readonly bodyLength: number | undefined
}

/** Methods that give content a meaning: without any they say so (RFC 9110 §8.6). curl does not. */
const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])

/** The field lines, in order. */
export function planFields(facts: HeadFacts): FieldLine[] {
  const given = facts.headerLines.map(readHeaderLine)
  const own = given.flatMap(({ name, value }): FieldLine[] => (value === undefined ? [] : [[name, value]]))
  const isTaken = (name: string): boolean =>
    given.some((line) => line.name.toLowerCase() === name.toLowerCase())
  const fields: FieldLine[] = own.filter(([name]) => isHost(name))
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '' && !isTaken(name)) fields.push([name, value])
  }
  add('Host', facts.authority)
  add('Authorization', facts.authorization)
  add('User-Agent', facts.userAgent)
  add('Accept', '*/*')
  fields.push(...own.filter(([name]) => !isHost(name)))
  const { bodyLength } = facts
  checkLength(own, bodyLength ?? 0)
  const length = bodyLength ?? (METHODS_WITH_CONTENT.has(facts.method.toUpperCase()) ? 0 : undefined)
  if (length !== undefined && !hasField(own, 'transfer-encoding')) add('Content-Length', String(length))
  if (bodyLength !== undefined) add('Content-Type', 'application/x-www-form-urlencoded')
  return fields
}

/** Whether the fields ask the server for a 100 (Continue) before the body. */
export function expectsContinue(fields: readonly FieldLine[]): boolean {
  return listTokens(fields, 'expect').includes('100-continue')
}

/**
 * `Name: value`; `Name;` is sent empty, `Name:` is not sent and keeps the default away (its value is undefined). What is not
 * ASCII goes out as the UTF-8 that the shell gave.
 */
function readHeaderLine(line: string): { name: string; value: string | undefined } {
  const colon = line.indexOf(':')
  if (colon > 0) {
    const value = Buffer.from(line.slice(colon + 1).trim()).toString('latin1')
    return { name: line.slice(0, colon), value: value === '' ? undefined : value }
  }
  if (colon < 0 && line.endsWith(';') && line.length > 1) return { name: line.slice(0, -1), value: '' }
  throw usageFailure('a header has no name and colon', '-H "Name: value"')
}

/** Told before anything is sent: a message with a wrong length ends in the middle of the next one, or never. */
function checkLength(own: readonly FieldLine[], bodyLength: number): void {
  const declared = readContentLength(fieldValues(own, 'content-length'))
  if (declared.kind === 'valid' && declared.length !== bodyLength)
    throw usageFailure(
      'the Content-Length of -H is not that of the body',
      'without it: the length is counted',
    )
}

function isHost(name: string): boolean {
  return name.toLowerCase() === 'host'
}

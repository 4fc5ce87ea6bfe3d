/**
 * The head of the request that the command sends: which fields, in which order. Pure. The order, and what a `-H` replaces or
 * leaves out, is curl's; so the bytes are, but for User-Agent.
 */

import { type FieldLine, fieldValues, hasField, listTokens, readContentLength } from '../../core/fields.ts'
import { usageFailure } from '../tell/failure.ts'

/** What the fields are made from. */
export interface HeadFacts {
  readonly method: string
  /** The lines given with -H, read. */
  readonly custom: readonly HeaderLine[]
  /** Fields of other options, as `[name, value]`, in curl's order; an undefined value is none. */
  readonly made: readonly (readonly [name: string, value: string | undefined])[]
  /** Undefined for no body. */
  readonly body: { readonly length: number | undefined; readonly contentType: string | undefined } | undefined
  /** A large body that asks for a 100 (Continue) first. */
  readonly asksFirst: boolean
}

/** A line of `-H`; an undefined value keeps a default away. */
export interface HeaderLine {
  readonly name: string
  readonly value: string | undefined
}

/** Methods that give content a meaning: without any they say so (RFC 9110 §8.6). curl does not. */
const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])

/** The field lines but for Host and what is said of the body. */
export function planFields({ custom, made }: HeadFacts): FieldLine[] {
  const isTaken = (name: string): boolean => isSaid(custom, name)
  const own = fieldsOf(custom)
  return [
    ...own.filter(([name]) => isHost(name)),
    ...made.flatMap(([name, value]): FieldLine[] =>
      value === undefined || isTaken(name) ? [] : [[name, value]],
    ),
    ...own.filter(([name]) => !isHost(name)),
  ]
}

/** The lines that are sent. */
export function fieldsOf(custom: readonly HeaderLine[]): FieldLine[] {
  return custom.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]]))
}

/** What is still to be added when it is known what goes out: after redirects, too. */
export interface Finish {
  readonly facts: HeadFacts
  readonly method: string
  readonly hasBody: boolean
  /** The Host field of the place it goes to. */
  readonly host: FieldLine
  readonly version: 10 | 11
}

/** Of fields that other layers add, those that curl writes first. */
const EARLY: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization'])
const LATER: ReadonlySet<string> = new Set(['cookie'])

/** The whole head. */
export function finishHead(carried: readonly FieldLine[], finish: Finish): FieldLine[] {
  const { facts, method, hasBody, host } = finish
  const { custom, body } = facts
  const isOwn = (name: string): boolean => isSaid(custom, name)
  const isEarly = ([name]: FieldLine): boolean => EARLY.has(name.toLowerCase()) && !isOwn(name)
  const isLater = ([name]: FieldLine): boolean => LATER.has(name.toLowerCase()) && !isOwn(name)
  const isCustom = ([name]: FieldLine): boolean => isOwn(name) && !isHost(name)
  const isRest = (line: FieldLine): boolean =>
    !isHost(line[0]) && !isEarly(line) && !isLater(line) && !isCustom(line)
  const ownHost = carried.filter(([name]) => isHost(name))
  const fields: FieldLine[] = [
    ...(ownHost.length > 0 ? ownHost : isOwn('host') ? [] : [host]),
    ...carried.filter(isEarly),
    ...carried.filter(isRest),
  ]
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !isOwn(name)) fields.push([name, value])
  }
  const length = hasBody ? body?.length : METHODS_WITH_CONTENT.has(method.toUpperCase()) ? 0 : undefined
  const isChunked = hasBody && length === undefined
  if (isChunked) add('Transfer-Encoding', 'chunked')
  fields.push(...carried.filter(isLater), ...carried.filter(isCustom))
  if (length !== undefined && !hasField(carried, 'transfer-encoding')) add('Content-Length', String(length))
  if (hasBody) {
    add('Content-Type', body?.contentType)
    completeMultipart(fields, body?.contentType)
    if (facts.asksFirst && finish.version === 11) add('Expect', '100-continue')
  }
  return withTeListed(fields)
}

/** TE is of the connection, and has to be named there (RFC 9110 §10.1.4): lines that a browser gives to be copied do not. */
function withTeListed(fields: readonly FieldLine[]): FieldLine[] {
  if (!hasField(fields, 'te') || listTokens(fields, 'connection').includes('te')) return [...fields]
  const at = fields.findIndex(([name]) => name.toLowerCase() === 'connection')
  if (at < 0) return [...fields, ['Connection', 'TE']]
  return fields.map(([name, value], index) => [name, index === at ? `${value}, TE` : value])
}

/** A multipart type of the caller's is nothing without the boundary of the body. */
function completeMultipart(fields: FieldLine[], made: string | undefined): void {
  const [, boundary] = /;\s*(boundary=.*)$/.exec(made ?? '') ?? []
  const at = fields.findIndex(([name, value]) => {
    return (
      name.toLowerCase() === 'content-type' && /^multipart\//i.test(value) && !/;\s*boundary=/i.test(value)
    )
  })
  if (boundary === undefined || at < 0) return
  // After the length, where curl has it.
  const [[name, value]] = fields.splice(at, 1) as [FieldLine]
  fields.push([name, `${value}; ${boundary}`])
}

/** Told before anything is sent: a message with a wrong length ends in the middle of the next one, or never. */
export function checkLength({ custom, body }: HeadFacts): void {
  const own = fieldsOf(custom)
  const declared = readContentLength(fieldValues(own, 'content-length'))
  if (declared.kind !== 'valid' || body?.length === undefined) {
    if (declared.kind !== 'valid' || body !== undefined || declared.length === 0) return
  }
  if (declared.length !== (body?.length ?? 0))
    throw usageFailure(
      'the Content-Length of -H is not that of the body',
      'without it: the length is counted',
    )
}

/** Whether the lines ask the server for a 100 (Continue) before the body. */
export function expectsContinue(custom: readonly HeaderLine[]): boolean {
  const own = fieldsOf(custom)
  return listTokens(own, 'expect').includes('100-continue')
}

/**
 * `Name: value`; `Name;` is sent empty, `Name:` is not sent and keeps the default away. What is not ASCII goes out as the UTF-8
 * that the shell gave.
 * @throws CommandFailure of `usage`
 */
export function readHeaderLine(line: string): HeaderLine {
  const colon = line.indexOf(':')
  if (colon > 0) {
    const value = Buffer.from(line.slice(colon + 1).trim()).toString('latin1')
    return { name: line.slice(0, colon), value: value === '' ? undefined : value }
  }
  if (colon < 0 && line.endsWith(';') && line.length > 1) return { name: line.slice(0, -1), value: '' }
  throw usageFailure('a header has no name and colon', '-H "Name: value"')
}

/** Whether `-H` speaks of a field, be it to keep it away. */
export function isSaid(custom: readonly HeaderLine[], name: string): boolean {
  return custom.some((line) => line.name.toLowerCase() === name.toLowerCase())
}

function isHost(name: string): boolean {
  return name.toLowerCase() === 'host'
}

/**
 * A request being put together: the head a caller writes step by step, or the one `request` makes for it. Decides which
 * fields are added, in which order, and nothing else. What it adds is what Python's httplib adds: Host, Accept-Encoding, and the
 * length of the body; besides, what options of ours ask for.
 */

import type { FieldLine } from '../../core/fields.ts'
import { fieldValues, hasField, listTokens, readContentLength } from '../../core/fields.ts'
import { type HeadersInput, toFieldLines } from '../../core/headers.ts'
import { formatHostField, type HostPort, parseHostPort } from '../../core/origin.ts'
import type { OutgoingBody, TrailerSource } from '../../core/outgoing-body.ts'
import type { RequestOptions } from '../../core/request-options.ts'
import { authorityOf, checkTarget } from '../../core/request-target.ts'
import { LocalProtocolError } from '../../errors/index.ts'
import type { RequestToSend } from '../../h1/events.ts'
import { writeTrailers } from '../../h1/head-writer.ts'
import { shareFields } from '../../h1/request-heads.ts'
import { resolveTolerances } from '../../h1/tolerances.ts'

/** A head that is ready: what the engine is going to be given. */
export interface RequestHead extends RequestToSend {
  readonly method: string
  readonly target: string
  readonly version: 10 | 11
  /** Of a request that is made at once: the lines, or what gives them once the body has been sent. */
  readonly trailers?: TrailerSource
}

/** A head that was begun and is written step by step. */
export interface OpenRequestHead extends RequestHead {
  readonly fields: FieldLine[]
}

/** Where the connection goes, as far as a head depends on it. */
export interface RequestOrigin {
  readonly defaultPort: number
  /** The Host field of a target that names no authority. */
  readonly host: FieldLine
  /** All fields of a request for which the caller gives neither fields nor a body. */
  readonly fields: readonly FieldLine[]
  /** Scheme and authority: what stands before the path in a URL. */
  readonly prefix: string
}

/** The field that asks for a body as it is, as Python's httplib does. */
export const IDENTITY: FieldLine = Object.freeze(['Accept-Encoding', 'identity'] as const)

/** The newest origins: connections to one of them share what heads say of it. */
const ORIGINS = new Map<string, RequestOrigin>()
const MAX_ORIGINS = 32

export function makeOrigin(scheme: string, at: HostPort, defaultPort: number): RequestOrigin {
  const authority = formatHostField(at, defaultPort)
  const prefix = `${scheme}://${authority}`
  // The same default port, too: there are classes with another one.
  const key = `${prefix} ${defaultPort}`
  let origin = ORIGINS.get(key)
  if (origin === undefined) {
    const fields = shareFields([['Host', authority], IDENTITY])
    origin = { defaultPort, host: fields[0]!, fields, prefix }
    ORIGINS.set(key, origin)
    if (ORIGINS.size > MAX_ORIGINS) ORIGINS.delete(ORIGINS.keys().next().value!)
  }
  return origin
}

const NO_FIELDS: readonly FieldLine[] = []

/** Methods that give content a meaning: without a body they say so (RFC 9110 §8.6, as http.client does). */
const METHODS_WITH_CONTENT: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])

function isWithContent(method: string): boolean {
  return method !== 'GET' && METHODS_WITH_CONTENT.has(method.toUpperCase())
}

/** The Host field: the authority of an absolute target or of CONNECT, else where the connection goes. */
export function hostFieldFor(method: string, target: string, origin: RequestOrigin): FieldLine {
  if (method === 'CONNECT') return ['Host', target]
  const authority = authorityOf(target)
  if (authority === undefined || authority === '') return origin.host
  // Checks it as a host; what is sent is what stands in the target.
  parseHostPort(authority.replace(/:$/, ''), undefined, origin.defaultPort)
  return ['Host', authority]
}

/** A body's length as far as it is known; undefined for a body of unknown length. */
function lengthOf(body: OutgoingBody): number | undefined {
  if (body.kind === 'none') return 0
  return body.kind === 'bytes' ? body.bytes.length : body.length
}

/** Neither the method nor the target nor an option asks for a field of its own. */
function isPlain(method: string, target: string, options: RequestOptions): boolean {
  const { expectContinue, trailers, chunked } = options
  return (
    (expectContinue === undefined || expectContinue === false) &&
    trailers === undefined &&
    chunked !== true &&
    target.startsWith('/') &&
    !isWithContent(method)
  )
}

/** The head that `request` sends. */
export function completeHead(
  method: string,
  target: string,
  body: OutgoingBody,
  headers: HeadersInput | undefined,
  options: RequestOptions,
  origin: RequestOrigin,
  version: 10 | 11,
): RequestHead {
  const checked = checkTarget(method, target)
  if (headers === undefined && body.kind === 'none' && version === 11 && isPlain(method, checked, options))
    return { type: 'request', method, target: checked, version, fields: origin.fields }
  const given = headers === undefined ? NO_FIELDS : toFieldLines(headers)
  const host = version === 10 || hasField(given, 'host') ? undefined : hostFieldFor(method, checked, origin)
  const isIdentity = version === 11 && !hasField(given, 'accept-encoding')
  // Made as long as it is: an array that begins empty and grows has room for seventeen.
  const fields = host === undefined ? [] : isIdentity ? [host, IDENTITY] : [host]
  if (host === undefined && isIdentity) fields.push(IDENTITY)
  addFraming(fields, given, method, body, options)
  if (body.kind !== 'none' && body.contentType !== undefined && !hasField(given, 'content-type')) {
    fields.push(['Content-Type', body.contentType])
  }
  const { expectContinue } = options
  let { trailers } = options
  if (trailers !== undefined && typeof trailers !== 'function') {
    const lines = toFieldLines(trailers)
    trailers = lines
    // Refused now, while nothing has been sent.
    writeTrailers(lines, resolveTolerances())
    const names = lines.map(([name]) => name)
    if (names.length > 0 && !hasField(given, 'trailer')) fields.push(['Trailer', names.join(', ')])
  }
  const expects = expectContinue !== undefined && expectContinue !== false
  if (expects && !listTokens(given, 'expect').includes('100-continue'))
    fields.push(['Expect', '100-continue'])
  for (const field of given) fields.push(field)
  return { type: 'request', method, target: checked, version, fields, trailers }
}

/** Content-Length where the length is known, else chunked, unless the caller has framed the body (RFC 9112 §6.3). */
function addFraming(
  fields: FieldLine[],
  given: readonly FieldLine[],
  method: string,
  body: OutgoingBody,
  options: RequestOptions,
): void {
  const length = lengthOf(body)
  const declared = readContentLength(fieldValues(given, 'content-length'))
  if (declared.kind === 'valid' && length !== undefined && declared.length !== length) {
    const code = length > declared.length ? 'BODY_TOO_LONG' : 'BODY_TOO_SHORT'
    throw new LocalProtocolError(code, `${length} bytes were given, ${declared.length} declared`)
  }
  if (declared.kind !== 'absent' && options.trailers !== undefined)
    throw new LocalProtocolError('TRAILERS_WITHOUT_CHUNKED')
  if (declared.kind !== 'absent' || hasField(given, 'transfer-encoding')) return
  if (options.chunked === true || options.trailers !== undefined || length === undefined) {
    fields.push(['Transfer-Encoding', 'chunked'])
  } else if (body.kind !== 'none' || isWithContent(method)) {
    fields.push(['Content-Length', String(length)])
  }
}

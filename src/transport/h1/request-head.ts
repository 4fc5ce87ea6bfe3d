/**
 * The head of a request as it is written: which fields are added to what the caller gave, in which order, and nothing else.
 * What is added is what Python's httplib adds: Host, the caller's defaults, and the length of the body; besides, what
 * options of ours ask for. Pure.
 */

import type { FieldLine } from '../../core/fields.ts'
import { fieldValues, hasField, listTokens, readContentLength } from '../../core/fields.ts'
import { formatHostField, type HostPort, parseHostPort } from '../../core/origin.ts'
import { isEmptyBody, lengthOf } from '../../core/outgoing-body.ts'
import type { OutgoingRequest, RequestOrigin } from '../../core/request.ts'
import { authorityOf } from '../../core/request-target.ts'
import { LocalProtocolError } from '../../errors/index.ts'
import type { RequestToSend } from '../../h1/events.ts'
import { writeTrailers } from '../../h1/head-writer.ts'
import { shareFields, writeRequestHead } from '../../h1/request-heads.ts'
import { resolveTolerances, type Tolerances } from '../../h1/tolerances.ts'

const DEFAULT_TOLERANCES = resolveTolerances()
const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** The newest origins: connections to one of them share what heads say of it. */
const ORIGINS = new Map<string, RequestOrigin>()
const MAX_ORIGINS = 32

/** The origin that requests name, with the fields of those that have nothing but `defaults`. */
export function makeOrigin(
  scheme: string,
  at: HostPort,
  defaultPort: number,
  defaults: readonly FieldLine[],
): RequestOrigin {
  const authority = formatHostField(at, defaultPort)
  const prefix = `${scheme}://${authority}`
  // The same default port, too: there are classes with another one.
  const key = `${prefix} ${defaultPort}`
  const known = ORIGINS.get(key)
  if (known?.defaults === defaults) return known
  // Of its own: what a redirect brings here has no Host of another origin, be it a default.
  const [host] = shareFields([['Host', authority]])
  // What frames a body is held against that of each request.
  const isFraming = hasField(defaults, 'content-length') || hasField(defaults, 'transfer-encoding')
  const plainFields = isFraming ? NO_FIELDS : shareFields(withHostFirst(host, defaults))
  const origin = Object.freeze({ defaultPort, host: host!, prefix, defaults, plainFields })
  ORIGINS.set(key, origin)
  if (ORIGINS.size > MAX_ORIGINS) ORIGINS.delete(ORIGINS.keys().next().value!)
  return origin
}

/** The fields after Host; a Host of their own takes its place (RFC 9110 §7.2). */
function withHostFirst(host: FieldLine | undefined, fields: readonly FieldLine[]): FieldLine[] {
  if (!hasField(fields, 'host')) return host === undefined ? [...fields] : [host, ...fields]
  return [...fields.filter(isHost), ...fields.filter((line) => !isHost(line))]
}

function isHost([name]: FieldLine): boolean {
  return name.toLowerCase() === 'host'
}

/** The fields among which a request has one of that name: its own ones, else those it has by default. */
function fieldsWith({ fields, defaults }: OutgoingRequest, lower: string): readonly FieldLine[] {
  return hasField(fields, lower) ? fields : defaults
}

/** Whether a request has a field, of its own or by default: it is not computed then. */
function says({ fields, defaults }: OutgoingRequest, lower: string): boolean {
  return hasField(fields, lower) || hasField(defaults, lower)
}

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

/** Neither the method nor the target nor an option asks for a field of its own: the head is the fields, and Host. */
function isBare(request: OutgoingRequest): boolean {
  return (
    request.body.kind === 'none' &&
    request.version === 11 &&
    request.trailers === undefined &&
    !request.chunked &&
    request.defaults === request.origin.defaults &&
    request.origin.plainFields.length > 0 &&
    request.target.startsWith('/') &&
    !isWithContent(request.method)
  )
}

/** Heads of bare requests by the list of their fields, where that cannot change: layers give the same one again and again. */
const BARE_HEADS: WeakMap<readonly FieldLine[], { origin: RequestOrigin; fields: readonly FieldLine[] }> =
  new WeakMap()

function isFrozen(fields: readonly FieldLine[]): boolean {
  return Object.isFrozen(fields) && fields.every((line) => Object.isFrozen(line))
}

/** True where a 100 (Continue) is asked for: only a request with content may (RFC 9110 §10.1.1). */
export function expectsContinue(request: OutgoingRequest): boolean {
  return request.expectContinueMs !== undefined && !isEmptyBody(request.body)
}

/**
 * The head that is written for a request.
 * @throws LocalProtocolError for a body that does not fit what its fields declare, and for trailers that have no place
 */
export function completeHead(request: OutgoingRequest): RequestToSend {
  const { method, target, version, fields: given, origin } = request
  if (request.isHeadComplete) return { type: 'request', method, target, version, fields: given }
  const isSimple = isBare(request)
  if (isSimple && given.length === 0)
    return { type: 'request', method, target, version, fields: origin.plainFields }
  const known = isSimple ? BARE_HEADS.get(given) : undefined
  if (known?.origin === origin) return { type: 'request', method, target, version, fields: known.fields }
  const host = version === 10 || says(request, 'host') ? undefined : hostFieldFor(method, target, origin)
  const defaults = request.defaults.filter(([name]) => !hasField(given, name.toLowerCase()))
  // Made as long as it is: an array that begins empty and grows has room for seventeen.
  const fields = withHostFirst(host, defaults)
  addFraming(fields, request)
  const { body, trailers } = request
  if (body.kind !== 'none' && body.contentType !== undefined && !says(request, 'content-type')) {
    fields.push(['Content-Type', body.contentType])
  }
  if (Array.isArray(trailers)) {
    const lines = trailers as readonly FieldLine[]
    // Refused now, while nothing has been sent.
    writeTrailers(lines, DEFAULT_TOLERANCES)
    const names = lines.map(([name]) => name)
    if (names.length > 0 && !says(request, 'trailer')) fields.push(['Trailer', names.join(', ')])
  }
  if (
    expectsContinue(request) &&
    !listTokens(fieldsWith(request, 'expect'), 'expect').includes('100-continue')
  )
    fields.push(['Expect', '100-continue'])
  for (const field of given) fields.push(field)
  if (!isSimple || !isFrozen(given)) return { type: 'request', method, target, version, fields }
  const shared = shareFields(fields)
  BARE_HEADS.set(given, { origin, fields: shared })
  return { type: 'request', method, target, version, fields: shared }
}

/** Content-Length where the length is known, else chunked, unless the caller has framed the body (RFC 9112 §6.3). */
function addFraming(fields: FieldLine[], request: OutgoingRequest): void {
  const { method, body, trailers, chunked } = request
  const length = lengthOf(body)
  const declared = readContentLength(fieldValues(fieldsWith(request, 'content-length'), 'content-length'))
  if (declared.kind === 'valid' && length !== undefined && declared.length !== length) {
    const code = length > declared.length ? 'BODY_TOO_LONG' : 'BODY_TOO_SHORT'
    const by = hasField(request.fields, 'content-length') ? '' : ' by the option headers of the client'
    throw new LocalProtocolError(code, `${length} bytes were given, ${declared.length} declared${by}`)
  }
  if (declared.kind !== 'absent' && trailers !== undefined)
    throw new LocalProtocolError('TRAILERS_WITHOUT_CHUNKED')
  if (declared.kind !== 'absent' || says(request, 'transfer-encoding')) return
  if (chunked || trailers !== undefined || length === undefined) {
    fields.push(['Transfer-Encoding', 'chunked'])
  } else if (body.kind !== 'none' || isWithContent(method)) {
    fields.push(['Content-Length', String(length)])
  }
}

/**
 * Checks a head before anything is dialled for it, as the engine will when it is written.
 * @throws LocalProtocolError, InvalidURL or InvalidHeader for what must not be sent
 */
export function checkHead(request: OutgoingRequest, head: RequestToSend, tolerances: Tolerances): void {
  // What passed before is known by the list of its fields.
  writeRequestHead(head, tolerances, undefined)
  if (request.body.kind === 'chunks') checkAnnounced(head.fields, request.body.length)
  if (Array.isArray(request.trailers)) writeTrailers(request.trailers as FieldLine[], tolerances)
}

/**
 * What does not go out with the head, and is not announced by it, or not all of it, would be found out when the head is gone.
 * @param length - how many bytes they are known to be: where they are fewer than announced, others may follow
 * @throws LocalProtocolError where neither Content-Length nor Transfer-Encoding is there, and where they are more than Content-Length
 */
export function checkAnnounced(fields: readonly FieldLine[], length: number | undefined): void {
  const declared = readContentLength(fieldValues(fields, 'content-length'))
  if (declared.kind === 'valid' && length !== undefined && length > declared.length)
    throw new LocalProtocolError('BODY_TOO_LONG', `${length} bytes were given, ${declared.length} declared`)
  if (declared.kind !== 'absent' || hasField(fields, 'transfer-encoding')) return
  throw new LocalProtocolError('BODY_TOO_LONG', 'the header fields announce no body')
}

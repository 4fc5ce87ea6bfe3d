// A second opinion, written for this test alone and sharing no code with the package: reads requests from the text of a
// stream (one character a byte), letter by letter as RFC 9112 has them, and takes nothing that two servers could read in
// two ways. What it does not take is malformed, and said to be.

/** One message as a reader understood it. */
export interface Message {
  readonly method: string
  readonly target: string
  readonly version: number
  /** In order; values without the white space around them. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** The body, its chunks joined; one character a byte. */
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

/** What stands at a place of the stream. */
export type Reading =
  | { readonly kind: 'message'; readonly message: Message; readonly end: number }
  /** The head is there, the rest of the message is not; or not even the head. */
  | { readonly kind: 'partial'; readonly head: string | undefined }
  | { readonly kind: 'malformed'; readonly why: string }

export interface ReaderOptions {
  /** Continuation lines are read as one space: `httplib-ts/python` sends them where it is told to. */
  readonly folds?: boolean
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/
const HOST = /^[^\s@,/?#\\]*$/
const FINAL_CHUNKED = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+[\t ]*,[\t ]*)*chunked$/i
/** A head may be this long here: the test sends values beyond all limits, and wants to see what becomes of them. */
const MAX_HEAD = 4_000_000

class Malformed extends Error {}

/** Reads the message that begins at `start`. */
export function readMessage(text: string, start: number, options: ReaderOptions = {}): Reading {
  const headEnd = text.indexOf('\r\n\r\n', start)
  if (headEnd < 0) return checkBeginning(text, start)
  try {
    return readWhole(text, start, headEnd, options)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { kind: 'malformed', why: error.message }
  }
}

/** Half a head: a line end that is none can be seen already. */
function checkBeginning(text: string, start: number): Reading {
  const rest = text.slice(start)
  if (/\r[^\n]|(?:^|[^\r])\n|\0/.test(rest)) return { kind: 'malformed', why: 'a line end that is none' }
  return { kind: 'partial', head: undefined }
}

function readWhole(text: string, start: number, headEnd: number, { folds = false }: ReaderOptions): Reading {
  if (headEnd - start > MAX_HEAD) throw new Malformed('the head is too long')
  const head = text.slice(start, headEnd)
  // A lenient reader takes a line of blanks for the end of the head.
  if (/\r\n[\t ]+(?:\r\n|$)/.test(head)) throw new Malformed('a continuation line with nothing in it')
  const lines = (folds ? head.replace(/\r\n[\t ]+/g, ' ') : head).split('\r\n')
  const request = REQUEST_LINE.exec(lines[0]!)
  if (request === null) throw new Malformed(`no request line: ${JSON.stringify(lines[0]!.slice(0, 80))}`)
  const [, method = '', target = '', minor = ''] = request
  const fields = lines.slice(1).map(readField)
  const version = 10 + Number(minor)
  checkHost(fields)
  checkOptions(fields)
  const bodyStart = headEnd + 4
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Malformed('framed twice')
  const base = { method, target, version, fields }
  // Behind the head of a CONNECT begins the tunnel (RFC 9110 §9.3.6).
  if (method === 'CONNECT' && (codings.length > 0 || Number(lengths[0] ?? 0) > 0))
    throw new Malformed('a CONNECT with content')
  if (codings.length === 1) {
    if (version === 10 || !FINAL_CHUNKED.test(codings[0]!)) throw new Malformed('Transfer-Encoding')
    const chunked = readChunks(text, bodyStart)
    if (chunked === undefined) return { kind: 'partial', head }
    const { body, trailers, end } = chunked
    return { kind: 'message', message: { ...base, body, trailers }, end }
  }
  const length = Number(lengths[0] ?? 0)
  if (lengths.length === 1 && !(/^[0-9]+$/.test(lengths[0]!) && Number.isSafeInteger(length)))
    throw new Malformed('Content-Length')
  const end = bodyStart + length
  if (end > text.length) return { kind: 'partial', head }
  return { kind: 'message', message: { ...base, body: text.slice(bodyStart, end), trailers: [] }, end }
}

function readField(line: string): readonly [string, string] {
  const match = FIELD_LINE.exec(line)
  if (match === null) throw new Malformed(`no field line: ${JSON.stringify(line.slice(0, 80))}`)
  const [, name = '', value = ''] = match
  return [name, trimBlanks(value)]
}

function checkHost(fields: readonly (readonly [string, string])[]): void {
  const hosts = valuesOf(fields, 'host')
  if (hosts.length > 1) throw new Malformed('Host twice')
  for (const host of hosts) if (!HOST.test(host)) throw new Malformed('a Host that is none')
}

/** Fields that are for all recipients: Connection would have the next one drop them (RFC 9110 §7.6.1). */
const FOR_ALL = /^(?:cache-control|host|content-length|content-type|authorization|cookie|date|etag)$/i

function checkOptions(fields: readonly (readonly [string, string])[]): void {
  const optionsOf = (name: string): string[] =>
    valuesOf(fields, name).flatMap((value) => value.split(',').map(trimBlanks))
  if (optionsOf('connection').some((option) => FOR_ALL.test(option)))
    throw new Malformed('Connection names a field for all recipients')
  if (optionsOf('te').some((coding) => /^chunked\b/i.test(coding))) throw new Malformed('TE: chunked')
}

function valuesOf(fields: readonly (readonly [string, string])[], name: string): string[] {
  return fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value)
}

/** The white space that HTTP knows: space and tab. */
export function trimBlanks(text: string): string {
  return text.replace(/^[\t ]+/, '').replace(/[\t ]+$/, '')
}

interface Chunked {
  readonly body: string
  readonly trailers: readonly (readonly [string, string])[]
  readonly end: number
}

/** Undefined where more has to come. */
function readChunks(text: string, start: number): Chunked | undefined {
  let body = ''
  let at = start
  while (true) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = text.slice(at, lineEnd)
    if (!/^[0-9A-Fa-f]{1,8}$/.test(size)) throw new Malformed(`no chunk size: ${JSON.stringify(size)}`)
    const length = Number.parseInt(size, 16)
    at = lineEnd + 2
    if (length === 0) break
    if (text.length < at + length + 2) return undefined
    body += text.slice(at, at + length)
    at += length
    if (text.slice(at, at + 2) !== '\r\n') throw new Malformed('a chunk does not end where it should')
    at += 2
  }
  const trailers: (readonly [string, string])[] = []
  while (true) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const line = text.slice(at, lineEnd)
    at = lineEnd + 2
    if (line === '') return { body, trailers, end: at }
    trailers.push(readField(line))
  }
}

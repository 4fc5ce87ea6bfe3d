// A second reader of HTTP/1, deliberately simple: one regular expression for a head, one for a chunk size, no state, no
// limits, the whole input at once. It understands only what is plainly well-formed and says `unsure` of the rest. Where it
// is sure, the engine may refuse, but it may not read anything else.

type Pair = readonly [name: string, value: string]

export interface NaiveMessage {
  /** `GET /` or `200`. */
  readonly start: string
  readonly fields: readonly Pair[]
  readonly isInformational: boolean
  /** The bytes of the body that came. */
  body: string
  trailers: readonly Pair[]
  /** Bytes of chunk extensions and of leading zeros of chunk sizes. */
  extensionBytes: number
  /** Why nobody may accept this head, although each of its lines is plain. */
  refusal: string | undefined
  /** `complete` if the message ended by its own framing; `broken` if it was cut or is malformed. */
  end: 'complete' | 'broken' | 'unsure'
}

const FIELD_LINES = "(?:[!#$%&'*+\\-.^_`|~0-9A-Za-z]+:[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)*"
const RESPONSE_HEAD = new RegExp(
  `HTTP/1\\.([0-9]) ([1-9][0-9][0-9])(?: [\\t\\x20-\\x7e\\x80-\\xff]*)?\\r\\n(${FIELD_LINES})\\r\\n`,
  'y',
)
const REQUEST_HEAD = new RegExp(
  `([!#$%&'*+\\-.^_\`|~0-9A-Za-z]+ [\\x21-\\x7e]+) HTTP/1\\.([0-9])\\r\\n(${FIELD_LINES})\\r\\n`,
  'y',
)
const CHUNK_SIZE = /(0*)([0-9A-Fa-f]{0,13})(?<=[0-9A-Fa-f])([ \t]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/y
/** The same with blanks around the digits, where they are let through. */
const PADDED_SIZE =
  /[ \t]*(0*)([0-9A-Fa-f]{0,13})(?<=[0-9A-Fa-f])([ \t]*;[\t\x20-\x7e\x80-\xff]*|[ \t]+)?\r\n/y
const TRAILERS = new RegExp(`(${FIELD_LINES})\\r\\n`, 'y')

/** What is let through besides; both are names of tolerances. */
export interface Leave {
  readonly chunkSizePadding: boolean
  readonly identityWithLength: boolean
}

const NO_LEAVE: Leave = { chunkSizePadding: false, identityWithLength: false }

/** What the responses to requests of these methods are, as far as they are plain. */
export function readResponses(
  text: string,
  methods: readonly string[],
  hasEnded: boolean,
  leave: Leave = NO_LEAVE,
): NaiveMessage[] {
  const messages: NaiveMessage[] = []
  let at = 0
  for (const method of methods) {
    if (messages.length > 0 && text.startsWith('\r\n', at)) at += 2
    let message: NaiveMessage | undefined
    do {
      const head = matchAt(RESPONSE_HEAD, text, at)
      if (head === undefined) return messages
      const [whole, minor = '', start = '', lines = ''] = head
      at += whole.length
      const fields = readFields(lines)
      const isInformational = start < '200' && start !== '101'
      message = makeMessage(start, fields, isInformational)
      messages.push(message)
      if (isInformational) continue
      if (start === '101' || (method === 'CONNECT' && start < '300')) {
        message.end = 'unsure'
        return messages
      }
      if (method === 'HEAD' || start === '204' || start === '304') break
      const end = readBody(message, text, at, minor, hasEnded ? 'complete' : 'broken', leave)
      if (end === undefined) return messages
      at = end
    } while (message.isInformational)
  }
  return messages
}

function makeMessage(start: string, fields: readonly Pair[], isInformational: boolean): NaiveMessage {
  const nothingYet = { body: '', trailers: [], extensionBytes: 0, refusal: undefined }
  return { start, fields, isInformational, ...nothingYet, end: 'complete' }
}

function valuesOf({ fields }: NaiveMessage, wanted: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
}

/** What the requests are, as far as they are plain. */
export function readRequests(text: string, leave: Leave = NO_LEAVE): NaiveMessage[] {
  const messages: NaiveMessage[] = []
  for (let at = 0; ; ) {
    if (text.startsWith('\r\n', at)) at += 2
    const head = matchAt(REQUEST_HEAD, text, at)
    if (head === undefined) return messages
    const [whole, start = '', minor = '', lines = ''] = head
    at += whole.length
    const message = makeMessage(start, readFields(lines), false)
    messages.push(message)
    const hosts = valuesOf(message, 'host')
    if (hosts.length > 1 || (hosts.length === 0 && minor !== '0')) message.refusal = 'one Host is needed'
    const end = readBody(message, text, at, minor, undefined, leave)
    if (end === undefined) return messages
    at = end
  }
}

/**
 * Reads the body at `at` into `message`; the index behind it, or undefined where nothing more can be told.
 * `withoutLength` is how a body ends that nothing announces: undefined for a message that then has none.
 */
function readBody(
  message: NaiveMessage,
  text: string,
  at: number,
  minor: string,
  withoutLength: 'complete' | 'broken' | undefined,
  leave: Leave,
): number | undefined {
  const codings = valuesOf(message, 'transfer-encoding')
  const lengths = valuesOf(message, 'content-length')
  const isRequest = withoutLength === undefined
  if (isRequest && codings.length > 0 && lengths.length > 0) message.refusal = 'both framing fields'
  if (isRequest && codings.length > 0 && minor === '0') message.refusal = 'a coding in HTTP/1.0'
  if (codings.length === 0 && lengths.some((value) => !/^[0-9]+(?:[ \t]*,[ \t]*[0-9]+)*$/.test(value)))
    message.refusal = 'a length that is none'
  if (codings.length > 0) {
    if (codings.length === 1 && codings[0]?.toLowerCase() === 'chunked') {
      return readChunks(message, text, at, leave.chunkSizePadding ? PADDED_SIZE : CHUNK_SIZE)
    }
    const isIdentity = codings.length === 1 && codings[0]?.toLowerCase() === 'identity'
    if (isIdentity && !isRequest && lengths.length === 1 && /^[0-9]{1,15}$/.test(lengths[0]!)) {
      // By its length with leave, to the close without; nothing follows on that connection in either case.
      const end = leave.identityWithLength ? at + Number(lengths[0]) : Infinity
      message.body = text.slice(at, end)
      message.end = end === Infinity ? withoutLength : end > text.length ? 'broken' : 'complete'
    } else message.end = 'unsure'
    return undefined
  }
  if (lengths.length > 1 || (lengths[0] !== undefined && !/^[0-9]{1,15}$/.test(lengths[0]))) {
    message.end = 'unsure'
    return undefined
  }
  if (lengths[0] === undefined) {
    if (isRequest) return at
    message.body = text.slice(at)
    message.end = withoutLength
    return undefined
  }
  const end = at + Number(lengths[0])
  message.body = text.slice(at, end)
  if (end > text.length) message.end = 'broken'
  return end > text.length ? undefined : end
}

function readChunks(message: NaiveMessage, text: string, start: number, size: RegExp): number | undefined {
  message.end = 'broken'
  for (let at = start; ; ) {
    const line = matchAt(size, text, at)
    if (line === undefined) return undefined
    const [whole, zeros = '', digits = '', extension = ''] = line
    at += whole.length
    message.extensionBytes += extension.length + zeros.length - (digits === '' ? 1 : 0)
    const length = Number.parseInt(digits || '0', 16)
    if (length === 0) {
      const section = matchAt(TRAILERS, text, at)
      if (section === undefined) {
        // There is an empty line: the lines before it may be right in a way that is not plain, folded for one.
        if (/(?:^|\n)\r?\n/.test(text.slice(at))) message.end = 'unsure'
        return undefined
      }
      message.end = 'complete'
      message.trailers = readFields(section[1] ?? '')
      return at + section[0].length
    }
    message.body += text.slice(at, at + length)
    at += length
    if (text.slice(at, at + 2) !== '\r\n') return undefined
    at += 2
  }
}

function readFields(lines: string): Pair[] {
  return lines
    .split('\r\n')
    .slice(0, -1)
    .map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
    })
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

// Messages as the grammar of RFC 9112 makes them, and as those who break it do: start lines, fields, bodies in every framing,
// trailers, informational responses, switches of protocols. Mostly right, for what is wrong everywhere is refused at its first
// line; each part is wrong now and then in a way of its own.

import type { Random, Weighted } from './random.ts'

/** A value that no error may show, where it stands behind the name of a credential. */
export const PLANTED = 'planted=hunter2'

const STATUS_LINES: Weighted<string> = [
  [80, 'HTTP/1.1 200 OK'],
  [6, 'HTTP/1.0 200 OK'],
  [5, 'HTTP/1.1 204 No Content'],
  [5, 'HTTP/1.1 304 Not Modified'],
  [4, 'HTTP/1.1 206 Partial Content'],
  [4, 'HTTP/1.1 404 Not Found'],
  [3, 'HTTP/1.1 101 Switching Protocols'],
  [2, 'HTTP/1.1 200'],
  [2, 'HTTP/1.1 200 '],
  [2, 'HTTP/1.9 999 \x80\xff\t'],
  [1, 'HTTP/1.1 099 x'],
  [1, 'HTTP/1.1 2000 x'],
  [1, 'HTTP/1.1  200 x'],
  [1, 'HTTP/1.10 200 x'],
  [1, 'HTTP/2.0 200 x'],
  [1, 'http/1.1 200 x'],
  [1, 'ICY 200 OK'],
  [1, 'RTSP/1.0 200 OK'],
  [1, '<html>'],
  [1, 'SSH-2.0-OpenSSH_9'],
  [1, `Set-Cookie: ${PLANTED}`],
]
const INFORMATIONAL_LINES = [
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 102 Processing',
  'HTTP/1.1 103 Early Hints',
  'HTTP/1.0 199 ',
]
const REQUEST_LINES: Weighted<string> = [
  [60, 'GET / HTTP/1.1'],
  [40, 'POST /a?b=c HTTP/1.1'],
  [5, 'HEAD / HTTP/1.1'],
  [5, 'PUT /x HTTP/1.0'],
  [4, 'CONNECT a.example:443 HTTP/1.1'],
  [4, 'OPTIONS * HTTP/1.1'],
  [4, 'GET http://a.example/ HTTP/1.1'],
  [2, 'get / HTTP/1.9'],
  [2, '!#$%^ /\xff HTTP/1.1'],
  [1, 'GET /'],
  [1, 'GET  / HTTP/1.1'],
  [1, 'GET / HTTP/1.1 '],
  [1, 'GET /a b HTTP/1.1'],
  [1, 'GET / HTTP/2.0'],
  [1, '(GET / HTTP/1.1'],
]
const FIELDS: Weighted<string> = [
  [10, 'Server: a/1.0'],
  [10, 'Date: Sun, 06 Nov 1994 08:49:37 GMT'],
  [6, 'Connection: keep-alive'],
  [5, 'Connection: close'],
  [3, 'Connection: x, Close ,y'],
  [3, 'Connection: upgrade'],
  [3, 'Upgrade: x'],
  [5, 'X:'],
  [5, 'X-Text: \xe9\xff "a, b"; c="\\""'],
  [5, 'Trailer: X-Sum'],
  [4, 'Folded: a\r\n b\r\n\t\r\n  c'],
  [3, 'Expect: 100-continue'],
  [3, `Set-Cookie: ${PLANTED}`],
  [2, 'Connection: x,\r\n\tclose'],
  [2, 'Content_Length: 9'],
]
const BAD_FIELDS: Weighted<string> = [
  [4, 'Content-Length: 5'],
  [4, 'Content-Length: 0'],
  [3, 'Content-Length: 5, 5'],
  [3, 'Content-Length: 5, 6'],
  [2, 'Content-Length: +5'],
  [2, 'Content-Length:'],
  [2, 'Content-Length: 0x5'],
  [2, 'Content-Length: 9007199254740991'],
  [2, 'Content-Length: 9007199254740992'],
  [2, 'Content-Length : 5'],
  [4, 'Transfer-Encoding: chunked'],
  [3, 'transfer-encoding: CHUNKED'],
  [3, 'Transfer-Encoding: gzip, chunked'],
  [2, 'Transfer-Encoding: chunked, identity'],
  [5, 'Transfer-Encoding: identity'],
  [2, 'Transfer-Encoding:\r\n identity'],
  [2, 'Content-Length:\r\n 5'],
  [2, 'Transfer-Encoding: gzip'],
  [2, 'Transfer-Encoding:'],
  [2, 'Transfer-Encoding: \x0bchunked'],
  [2, 'Transfer-Encoding : chunked'],
  [2, 'Transfer-Encoding: chunked;q=1'],
  [2, 'X: y\rTransfer-Encoding: chunked'],
  [2, 'X: y\nTransfer-Encoding: chunked'],
  [2, 'X: a\0b'],
  [2, 'X: a\x1bb'],
  [2, 'X : y'],
  [2, 'X\t : y'],
  [2, 'no colon'],
  [2, ': no name'],
  [2, 'na me: x'],
  [2, ' X: y'],
  [2, 'Host: a'],
  [2, 'Host: a/b'],
]
const EXTENSIONS: Weighted<string> = [
  [70, ''],
  [6, ';a'],
  [6, ';a=b'],
  [6, ';a="b;c\\""'],
  [4, ' \t; a'],
  [2, ';\xff'],
  [2, ' '],
  [2, ' \t  '],
  [1, ' 0'],
  [1, ';a\n'],
  [1, ';a\rb'],
  [1, ';\0'],
]
const CONTENT = [
  '',
  'x',
  'hello',
  '0\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  '\r\n',
  '\xee\0',
]

/** All that a client may receive on one connection, or a server. */
export function makeMessages(random: Random, role: 'client' | 'server'): string {
  const count = random.weighted([
    [60, 1],
    [25, 2],
    [10, 3],
    [5, 5],
  ])
  let text = ''
  let head: string | undefined
  for (let message = 0; message < count; message++) {
    if (random.chance(4)) text += '\r\n'
    if (role === 'client' && random.chance(12)) text += makeInformational(random)
    // The same head again and again is what most servers send.
    const same: string | undefined = random.chance(40) ? head : undefined
    const made = makeMessage(random, role, same)
    head = made.head
    text += made.head + made.body
  }
  return text
}

function makeInformational(random: Random): string {
  const one = `${random.oneOf(INFORMATIONAL_LINES)}\r\n${random.chance(30) ? 'Link: </a>\r\n' : ''}\r\n`
  return one.repeat(
    random.weighted([
      [80, 1],
      [15, 2],
      [4, 4],
      [1, 101],
    ]),
  )
}

interface Message {
  readonly head: string
  readonly body: string
}

function makeMessage(random: Random, role: 'client' | 'server', head: string | undefined): Message {
  const content = random.oneOf(CONTENT).repeat(random.chance(8) ? random.between(2, 400) : 1)
  const framing = random.weighted<'length' | 'chunked' | 'none'>([
    [40, 'length'],
    [40, 'chunked'],
    [20, 'none'],
  ])
  if (head !== undefined && !random.chance(10)) {
    // The body that an earlier head announces.
    if (/chunked/i.test(head)) return { head, body: makeChunked(random, content) }
    const length = /^content-length: (\d{1,4})\r$/im.exec(head)?.[1]
    return { head, body: length === undefined ? content : 'y'.repeat(Number(length)) }
  }
  const lines = [random.weighted(role === 'client' ? STATUS_LINES : REQUEST_LINES)]
  if (role === 'server' && !random.chance(3)) lines.push('Host: a.example')
  addFields(random, lines)
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked')
  else if (framing === 'length') lines.push(`Content-Length: ${lengthOf(random, content)}`)
  addFields(random, lines)
  return {
    head: `${lines.join('\r\n')}\r\n\r\n`,
    body:
      framing === 'chunked'
        ? makeChunked(random, content)
        : framing === 'length' || random.chance(40)
          ? content
          : '',
  }
}

function addFields(random: Random, lines: string[]): void {
  for (let count = random.below(3); count > 0; count--) lines.push(random.weighted(FIELDS))
  if (random.chance(8)) lines.push(random.weighted(BAD_FIELDS))
}

/** The length of `content`, or nearly. */
function lengthOf(random: Random, content: string): number {
  return random.chance(90) ? content.length : Math.max(0, content.length + random.between(-2, 2))
}

function makeChunked(random: Random, content: string): string {
  let text = ''
  const step = random.oneOf([1, 3, 5, 16, 1000])
  const end = Math.min(content.length, step > 5 ? Infinity : 40 * step)
  for (let at = 0; at < end; at += step) {
    const data = content.slice(at, at + step)
    text += `${sizeOf(random, data.length)}${random.weighted(EXTENSIONS)}\r\n${data}${random.chance(98) ? '\r\n' : random.oneOf(['', '\n', '\r', 'ab', 'a\n'])}`
  }
  if (random.chance(95))
    text += `${random.weighted([
      [90, '0'],
      [5, '000'],
      [2, '-0'],
      [2, '0x0'],
      [1, ''],
    ])}${random.weighted(EXTENSIONS)}\r\n`
  if (random.chance(20)) {
    const lines: string[] = []
    addFields(random, lines)
    text += lines.map((line) => `${line}\r\n`).join('')
  }
  return random.chance(95) ? `${text}\r\n` : text
}

/** A chunk size of this many bytes, or nearly. */
function sizeOf(random: Random, length: number): string {
  const size = random.chance(97) ? length : Math.max(0, length + random.between(-2, 2))
  const digits = size.toString(16)
  return random.weighted([
    [85, digits],
    [5, digits.toUpperCase()],
    [5, `00${digits}`],
    [1, `100000000${digits}`],
    [1, `fffffffffffff${digits}`],
    [1, `${digits}g`],
    [1, ` ${digits}`],
    [1, `+${digits}`],
    [1, `${digits}_`],
  ])
}

// Where `httplib-ts/python` reads a response in another way than Python's http.client, on purpose, and why. Each row stands in the
// tables of docs/porting-from-python.md, in the words of the porter.

import type { Difference, Session } from './recorded-responses.test.ts'

/** A row of the table. */
export interface Deviation {
  readonly name: string
  readonly reason: string
  readonly when: (session: Session, difference: Difference) => boolean
}

const replyHas =
  (pattern: RegExp): Deviation['when'] =>
  ({ reply }) =>
    pattern.test(reply)

/** The head is looked at, and what is looked at has one of these names. */
const inHead =
  (pattern: RegExp, ...names: readonly string[]): Deviation['when'] =>
  ({ reply }, { at }) =>
    pattern.test(reply) && (names.length === 0 || names.includes(at))

const refused =
  (pattern: RegExp, error: string): Deviation['when'] =>
  ({ reply }, { at, ours }) =>
    at === 'begin' && ours === error && pattern.test(reply)

const VALUES = [
  'getheaders',
  'items',
  'values',
  'get',
  'get_all',
  'as_string',
  'getheader',
  'getheader, default',
  'getheader, list',
]

export const READING_DEVIATIONS: readonly Deviation[] = [
  // A body that breaks off.
  {
    name: 'truncated body',
    reason: 'half a body is never taken for a whole one: every way of reading raises IncompleteRead',
    when: ({ title }, { ours }) => /cut|nothing came/.test(title) && ours === 'IncompleteRead',
  },
  {
    name: 'partial of a chunk',
    reason: 'what came of the last chunk is in `partial`, too; Python drops it',
    when: ({ title }, { at, theirs, ours }) =>
      /chunked, cut/.test(title) && at.endsWith('.partial') && String(ours).startsWith(String(theirs)),
  },
  // How much is given at once.
  {
    name: 'pieces across chunks',
    reason: 'where a chunk ends means nothing (RFC 9112 §7.1): read1 and peek give what is there',
    when: ({ reply }, { at, theirs, ours }) =>
      /chunked/.test(reply) && /read1|peek/.test(at) && String(ours).startsWith(String(theirs)),
  },
  {
    name: 'peek behind the body',
    reason: 'peek shows bytes of this response only; Python shows what the socket has of the next',
    when: ({ title }, { at, theirs, ours }) =>
      title === 'length, more behind' && at.includes('peek') && String(theirs).startsWith(String(ours)),
  },
  {
    name: 'limit of a line across chunks',
    reason: 'readline(limit) never gives more than limit; Python counts again after each chunk',
    when: ({ reply, calls }, { at, ours }) =>
      /chunked/.test(reply) &&
      at.endsWith('readline') &&
      String(ours).length === calls[Number.parseInt(at, 10)]![1],
  },
  // Values of fields.
  {
    name: 'blanks behind a value',
    reason: 'RFC 9110 §5.5: they are not part of it',
    when: inHead(/[ \t]\r\n/, ...VALUES),
  },
  {
    name: 'folded value',
    reason: 'RFC 9112 §5.2: each fold is read as a space',
    when: inHead(/\r\n /, ...VALUES),
  },
  {
    name: 'as_string beyond ASCII',
    reason: 'as_string gives the lines as they came; Python writes them as for mail (RFC 2047)',
    when: inHead(/: [^\r\n]*[\x80-\xff]/, 'as_string'),
  },
  {
    name: 'blank before a colon',
    reason: 'the field is read; Python stops reading there, and the rest of the head is lost',
    when: replyHas(/\nX : y/),
  },
  // When the connection ends.
  {
    name: 'substring of an option',
    reason: 'RFC 9110 §7.6.1: `closed` is not `close`',
    when: inHead(/Connection: closed/, 'will_close'),
  },
  {
    name: 'keep-alive without Connection',
    reason: 'RFC 9112 §9.3: an HTTP/1.0 connection stays open where Connection says keep-alive',
    when: inHead(/^HTTP\/1\.0.*\r\n(?:Keep-Alive|Proxy-Connection):/s, 'will_close'),
  },
  {
    name: 'chunked beside a length',
    reason:
      'RFC 9112 §6.3: somebody in between may have read the length, so that the connection is not used again',
    when: inHead(/chunked\r\nContent-Length/, 'will_close'),
  },
  {
    name: 'coded, and in chunks',
    reason: 'the coded bytes are given without the framing of the chunks, which Python leaves between them',
    when: replyHas(/Transfer-Encoding: gzip, chunked/),
  },
  // Heads that are refused, or read in another way.
  {
    name: '103 (Early Hints)',
    reason:
      'RFC 9110 §15.2: every 1xx is followed by the response; Python knows of 100 only and takes others for it',
    when: replyHas(/^HTTP\/1\.1 103/),
  },
  {
    name: 'head that breaks off',
    reason: 'half a head is none: whatever stood in the rest is unknown, the length of the body among it',
    when: ({ reply }, { at, ours }) =>
      at === 'begin' &&
      !reply.includes('\r\n\r\n') &&
      ['IncompleteRead', 'BadStatusLine'].includes(String(ours)),
  },
  {
    name: 'line without a colon',
    reason: 'RFC 9112 §5: Python stops reading there, and the fields behind it are lost',
    when: refused(/\r\n(?:no colon|: no name)\r\n/, 'RemoteProtocolError'),
  },
  {
    name: 'Content-Length that is none',
    reason: 'RFC 9112 §6.3: nobody knows where the body ends; Python reads to the close',
    when: refused(/Content-Length: (?:abc|-1)/, 'RemoteProtocolError'),
  },
  {
    name: 'two lengths',
    reason: 'RFC 9112 §6.3: one of the two is wrong; Python takes the first',
    when: refused(/Content-Length: 2\r\nContent-Length: 3/, 'RemoteProtocolError'),
  },
  {
    name: 'status line with other blanks or signs',
    reason: 'RFC 9112 §4: one space, three digits',
    when: refused(/^HTTP\/1\.1 (?:\+200| 200)/, 'BadStatusLine'),
  },
  {
    name: 'HTTP/0.9 in a status line',
    reason: 'HTTP/0.9 has no status line; Python takes it for HTTP/1.0',
    when: refused(/^HTTP\/0\.9/, 'UnknownProtocol'),
  },
]

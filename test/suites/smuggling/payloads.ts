// What is tried: pieces of text that end a line, a field or a message where somebody does not look, and for each place
// values that are wrong, ambiguous or only look right. The seeded attempts put the same things together again.

import { HARMLESS, type Parts, type Slot } from './attempt.ts'
import {
  BODY_FORMS,
  type BodyRecipe,
  CONTAINERS,
  type FieldsRecipe,
  type LineRecipe,
  type Recipe,
  THING_NAMES,
  text,
} from './recipes.ts'

const SECOND_REQUEST = 'GET /evil HTTP/1.1\r\nHost: evil\r\n\r\n'
const OVERLONG = 'a'.repeat(70_000)

/** Pieces to be put into a text: at its beginning, in its middle and at its end. */
// biome-ignore format: a table
export const ATOMS: readonly string[] = [
  // Line ends, and what follows them.
  '\r', '\n', '\r\n', '\n\r', '\r\r\n', '\r\n\r\n', '\n\n', '\r\n ', '\r\n\t', '\n ', '\r\nX-Evil: 1',
  '\nX-Evil: 1', '\rX-Evil: 1', '\r\n\tX-Evil: 1', `\r\n\r\n${SECOND_REQUEST}`, `\n\n${SECOND_REQUEST}`,
  '\r\nContent-Length: 5', '\r\nTransfer-Encoding: chunked', '\r\nHost: evil',
  ' HTTP/1.1\r\nX-Evil: 1\r\nX: ', ' HTTP/1.1', ' HTTP/1.0\r\n\r\n', `0\r\n\r\n${SECOND_REQUEST}`,
  // White space and controls.
  ' ', '  ', '\t', '\0', '\x01', '\x08', '\v', '\f', '\x1b', '\x1c', '\x1f', '\x7f',
  // One byte that somebody takes for a line end or a space.
  '\x80', '\x85', '\x8d', '\x8a', '\xa0', '\xad', '\xff',
  // Characters whose low byte is CR, LF, NUL, TAB, SP, colon.
  '\u010d', '\u010a', '\u010d\u010a', '\u560d\u560a', '\uff0d\uff0a', '\u0100', '\u0109', '\u0120', '\u013a',
  '\u010d\u010aX-Evil\u013a\u01201', '\u2028', '\u2029', '\u2000', '\u3000', '\ufeff', '\u200b', '\u00e9',
  '\u20ac',
  // Halves of pairs, pairs whose halves have such a low byte, letters that fold into ASCII.
  '\ud800', '\udc0a', '\ud80d\udc0a', '\u{1f60a}', '\u{2000d}', '\u212a', '\u017f', '\u0130',
  // What separates, and what was encoded by somebody else.
  ':', '::', ' :', ': ', ',', ';', '=', '"', "'", '\\', '/', '//', '/../', '?', '#', '@', '*', '[', ']', '<',
  '{', '|', '^', '`', '%', '%0d%0a', '%00', '%%', '%u000d', '\\r\\n', '&#13;', '+', '-', OVERLONG,
]

/** Characters of which whole texts are made up at random. */
// biome-ignore format: a table
export const ALPHABET: readonly string[] = [
  ...Array.from('\r\n\0 \t:;,-+*/?#@%0159AZaz"\\[]()\x0b\x0c\x7f\x80\x85\xa0\xff'),
  '\u010d', '\u010a', '\u0120', '\u013a', '\u560d', '\u560a', '\u2028', '\ud800', '\udc0a', '\u212a',
]

const texts = (...values: string[]): Recipe[] => values.map(text)
const numbers = (...values: string[]): Recipe[] => values.map((value) => ({ form: 'number', text: value }))

/** Values that are no text, or are not what they seem, built from what a text would be. */
function strangers(good: string): Recipe[] {
  const evil = [`${good}\r\nX-Evil: 1`, `${good} HTTP/1.1\r\n\r\n${SECOND_REQUEST}`, 'Content-Length']
  return [
    { form: 'boxed', text: good },
    ...texts(''),
    ...evil.flatMap((second) =>
      [0, 1, 2, 3, 5].map((after): Recipe => ({ form: 'turncoat', text: good, second, after })),
    ),
    ...numbers('5', '0', '-1', 'NaN', 'Infinity', '1e21', '5.5', '-0'),
    { form: 'bytes', text: good },
    { form: 'bytes', text: `${good}\r\nX-Evil: 1` },
    ...THING_NAMES.map((thing): Recipe => ({ form: 'thing', thing })),
  ]
}

/** Alone, and by turns in the middle and at the end; the seeded attempts put it anywhere. */
function textPayloads(good: string): Recipe[] {
  const middle = good.length >> 1
  return ATOMS.flatMap((atom, index) => {
    const inside = index % 2 === 0 ? good.slice(0, middle) + atom + good.slice(middle) : good + atom
    // What is overlong costs as much as a hundred others.
    return atom === OVERLONG ? texts(inside) : texts(atom, inside)
  })
}

// biome-ignore format: a table
const SPECIALS: Readonly<Record<string, readonly Recipe[]>> = {
  method: texts(
    'GET', 'get', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'PRI', 'M-SEARCH', 'x',
    '!#$%', 'GET /evil HTTP/1.1\r\nHost: evil\r\n\r\nGET', 'GET / HTTP/1.1\r\nX:', 'GET /', 'GE T',
    'G\u0130T', '(GET)', 'GET:',
  ),
  target: texts(
    '/', '*', 'a', 'example.test:80', '//evil', '//evil/../x', '/\\evil', 'http://other.test/',
    'HTTP://other.test:8080/x?y', 'http://me:it@other.test/', 'http://other.test', 'http:///x', 'http://?x',
    'http://a,b/', 'http://a b/', 'http://[::1]/', 'http://[::1', 'http://other.test:/',
    'http://other.test:99999/', 'http://other.test:x/', 'ftp://x/', 'mailto:x@y', 'javascript:alert(1)',
    '/a b', '/#f', '/?a#b', '/%', '/%zz', '/%0d%0aX-Evil:%201', '/ HTTP/1.1\r\nX-Evil: 1', '/\u00e9',
    '/ \r\n', '?x', '#', ':80', 'a:80', 'a,b:80', '[::1]:80', 'a:80 HTTP/1.1', '/|<>"^`{}\\',
  ),
  host: texts(
    'a', 'a.', 'A.test', 'example.test:8080', 'example.test:', ':80', 'a:b', 'a:99999', 'a:-1', 'a:+5',
    'a:0x50', 'a:1e3', '[::1]', '[::1]:80', '::1', '[::1', '::1]', '[::1%25lo]', '[::1%\r\n]',
    'fe80::1%eth0', 'a,b', 'a b', 'me:it@host', 'me@host', 'host/path', 'host?q', 'host#f', 'http://host/',
    '127.0.0.1', '\u0661\u0662\u0667.0.0.1', 'xn--a', 'b\u00fccher.test',
  ),
  port: [
    ...numbers('80', '0', '65535', '65536', '-1', '1.5', 'NaN', 'Infinity', '1e3'),
    ...texts('80', '80\r\nX-Evil: 1', ' 80', '', 'x'),
  ],
  version: [
    ...numbers('10', '11', '9', '12', '10.5', 'NaN', '-5', '20', '110'),
    ...texts('11', '11\r\nX: 1', ''),
  ],
  more: texts(
    '', ' ', '\t', 'Content-Length', 'host', 'content-length, x', 'x, Content-Length', 'close', 'chunked', '5', ', chunked',
  ),
  user: texts('me', ':', 'me:', ':it', 'a:b:c', 'me:it:', 'm%0d%0ae:it', 'me:%zz', '\u00e9:\u20ac'),
}

/** Slots of plain text. */
type TextSlot = Exclude<Slot, 'fields' | 'trailers' | 'tunnelFields' | 'body'>
type FieldSlot = 'fields' | 'trailers' | 'tunnelFields'

// ------------------------------------------------------------------------------------------------------------- fields

const line = (name: string, value: string): LineRecipe => [text(name), text(value)]
const lines = (...of: [name: string, value: string][]): LineRecipe[] =>
  of.map(([name, value]) => line(name, value))

// biome-ignore format: a table
const CODINGS = [
  'chunked', 'Chunked', 'CHUNKED', ' chunked', 'chunked ', '\tchunked', 'chunked\t', 'chunked, chunked',
  'identity', 'identity, chunked', 'chunked, identity', 'gzip, chunked', 'chunked, gzip', 'gzip',
  'chunked;q=1', 'xchunked', '"chunked"', ',chunked', 'chunked,', '', ' ', 'chun\r\nked', 'chunked\0',
  'chunked\v', '\u212achunked', 'chun\u212aed', 'chunked\x85',
]
// biome-ignore format: a table
const LENGTHS = [
  '0', '5', '05', ' 5', '5 ', '+5', '-1', '-0', '0x5', '5,5', '5, 5', '5,6', '5 5', '5.0', '5e0', '1e3', '',
  ' ', '5;', '"5"', '9007199254740991', '9007199254740992', '18446744073709551616', '\u0665', '\uff15',
  '5\r\n', '5\0', '0000000000000000005', 'NaN',
]
// biome-ignore format: a table
const NAME_TRICKS = [
  'Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING', 'Transfer_Encoding', 'Transfer-Encoding ',
  ' Transfer-Encoding', 'Transfer-Encoding\t', 'Transfer-Encoding:', 'Transfer-Encoding\0',
  'X: y\r\nTransfer-Encoding', 'Tran\u017ffer-Encoding',
]
// biome-ignore format: a table
const HOSTS = [
  'evil', 'example.test', 'example.test:80', '', ' ', 'a b', 'a,b', 'a@b', 'a/b', 'a?b', 'a#b', 'a\\b',
  'a\tb', '[::1]', 'a\x85', '@',
]

/** Whole lists of fields that are a trick together. */
export const FIELD_LISTS: readonly (readonly LineRecipe[])[] = [
  [],
  ...CODINGS.map((coding) => lines(['Transfer-Encoding', coding])),
  ...CODINGS.map((coding) => lines(['Content-Length', '5'], ['Transfer-Encoding', coding])),
  ...LENGTHS.map((length) => lines(['Content-Length', length])),
  ...LENGTHS.map((length) => lines(['content-length', length], ['X', 'y'])),
  ...LENGTHS.map((length) => lines(['Content-Length', '5'], ['Content-Length', length])),
  ...NAME_TRICKS.map((name) => lines([name, 'chunked'])),
  ...NAME_TRICKS.map((name) => lines([name, 'chunked'], ['Content-Length', '0'])),
  ...HOSTS.map((host) => lines(['Host', host])),
  ...HOSTS.map((host) => lines(['Host', 'example.test'], ['host', host])),
  lines(['Transfer-Encoding', 'chunked'], ['Transfer-Encoding', 'chunked']),
  lines(['Transfer-Encoding', 'chunked'], ['transfer-encoding', 'identity']),
  ...[
    'close',
    'keep-alive',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'X-Field',
    'close, Host',
    'close,',
    'upgrade',
    'te',
    '',
    ',',
  ].map((option) => lines(['Connection', option], ['X-Field', '1'])),
  lines(['Connection', 'Upgrade'], ['Upgrade', 'websocket']),
  lines(
    ['Connection', 'Upgrade, HTTP2-Settings'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
  ),
  lines(['Upgrade', 'websocket']),
  lines(['Connection', 'TE'], ['TE', 'trailers']),
  lines(['Connection', 'TE'], ['TE', 'chunked']),
  lines(['TE', 'trailers']),
  lines(['Expect', '100-continue']),
  lines(['Expect', '100-Continue, x']),
  lines(['Trailer', 'Content-Length']),
  lines(['Keep-Alive', 'timeout=5']),
  lines(['Proxy-Connection', 'close']),
  lines(['Proxy-Authorization', 'Basic x'], ['Proxy-Authorization', 'Basic y']),
  lines(['Proxy-Authorization', 'Basic x']),
  lines(['Authorization', 'Basic x'], ['Authorization', 'Basic y']),
  lines(['__proto__', '1'], ['constructor', '2'], ['hasOwnProperty', '3']),
  lines(['X', '1'], ['x', '2'], ['X', '3']),
  Array.from({ length: 1_500 }, (_, index) => line(`X-${index}`, String(index))),
]

/** What is a trick only where the argument stands behind a fold: fields, and what continues each of them. */
export const FOLDED_TRICKS: readonly (readonly [fields: FieldsRecipe, more: Recipe])[] = [
  ...['content-length', 'Host', 'authorization', '\tcontent-length'].map(
    (more) => [inPairs(lines(['Connection', 'close,'])), text(more)] as const,
  ),
  [inPairs(lines(['Connection', 'te'], ['TE', 'trailers,'])), text('chunked')],
  ...['', ' ', '\t'].map((more) => [inPairs(lines(['X', 'a'])), text(more)] as const),
]

function inPairs(of: readonly LineRecipe[]): FieldsRecipe {
  return { container: 'pairs', lines: of }
}

/** The same lines in every container. */
function wherever(of: readonly LineRecipe[]): FieldsRecipe[] {
  return CONTAINERS.map((container) => ({ container, lines: of }))
}

function fieldPayloads(good: FieldsRecipe): FieldsRecipe[] {
  const [name, value] = good.lines[0]!
  const [nameText, valueText] = [name, value].map((recipe) => (recipe.form === 'text' ? recipe.text : ''))
  const attack = line('X-Field', 'one\r\nX-Evil: 1')
  return [
    ...[...textPayloads(nameText!), ...strangers(nameText!)].map((recipe) => inPairs([[recipe, value]])),
    ...[...textPayloads(valueText!), ...strangers(valueText!)].map((recipe) => inPairs([[name, recipe]])),
    ...FIELD_LISTS.map(inPairs),
    ...[
      [attack],
      [line('X-A', '1'), attack],
      [line('X\r\nX-Evil', '1')],
      [line('X-A', '\u010d\u010aX-Evil: 1')],
      good.lines,
    ].flatMap(wherever),
    ...wherever([[{ form: 'boxed', text: 'X-Field' }, value]]),
    ...wherever([[name, { form: 'turncoat', text: 'a', second: 'a\r\nX-Evil: 1', after: 1 }]]),
  ]
}

// ------------------------------------------------------------------------------------------------------------- bodies

// biome-ignore format: a table
const BODIES = [
  'hello', '', `0\r\n\r\n${SECOND_REQUEST}`, SECOND_REQUEST, '\r\n', '\u010d\u010a', '\u20ac\xe9',
  '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\nX: y\r\n\r\n', '3\r\nhello\r\n0\r\n\r\n',
]

function bodyPayloads(): BodyRecipe[] {
  const overlong = (['text', 'bytes', 'pieces'] as const).map((form) => ({ form, text: OVERLONG }))
  const others = BODY_FORMS.flatMap((form) =>
    BODIES.flatMap((body): BodyRecipe[] =>
      /liar|lying|file/.test(form)
        ? [0, 3, body.length, body.length + 4].map((length) => ({ form, text: body, length }))
        : [{ form, text: body }],
    ),
  )
  return [...overlong, ...others]
}

// -------------------------------------------------------------------------------------------------------- all together

function isFieldSlot(slot: Slot): slot is FieldSlot {
  return slot === 'fields' || slot === 'trailers' || slot === 'tunnelFields'
}

function payloadsOf(slot: Slot, good: Parts): readonly Parts[Slot][] {
  if (slot === 'body') return bodyPayloads()
  if (isFieldSlot(slot)) return fieldPayloads(good[slot])
  const recipe = good[slot as TextSlot]
  const plain = recipe.form === 'thing' ? '' : recipe.text
  return [...(SPECIALS[slot] ?? []), ...textPayloads(plain), ...strangers(plain)]
}

const known = new Map<Slot, readonly Parts[Slot][]>()

/** Everything that is tried at a place. */
export function payloadsFor(slot: Slot): readonly Parts[Slot][] {
  let payloads = known.get(slot)
  if (payloads === undefined) known.set(slot, (payloads = payloadsOf(slot, HARMLESS)))
  return payloads
}

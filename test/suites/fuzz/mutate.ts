// Changes bytes in the ways that break parsers: single bits, bytes that mean something, lines taken twice, away or out of
// order, line ends of every kind, numbers at their bounds, parts of another input, long repetitions. Texts are latin1.

import type { Random, Weighted } from './random.ts'

/** No input grows beyond this. */
const MAX_BYTES = 200_000

type Mutator = (random: Random, text: string, other: () => string) => string

const INTERESTING = [
  '\r',
  '\n',
  '\r\n',
  '\n\r',
  '\r\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  '\x0c',
  '\x1b',
  '\x7f',
  '\x80',
  '\x85',
  '\xa0',
  '\xff',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '=',
  '0',
  '5',
  'f',
  'g',
  '-',
  '+',
  '_',
  '0x',
  '%0d%0a',
  '\r\n\r\n',
  '\n\n',
  '\r\n ',
  '\r\n\t',
  'HTTP/1.1 200 OK\r\n\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'chunked',
  'identity',
  '0\r\n\r\n',
  '\xe5\x98\x8a\xe5\x98\x8d',
  '\xef\xbb\xbf',
]
const NUMBERS = [
  '0',
  '1',
  '00',
  '15',
  '255',
  '256',
  '65535',
  '65536',
  '65537',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '18446744073709551616',
  '99999999999999999999',
  '1e3',
  '-1',
  '+1',
  '1.0',
  '0x1',
  '1_0',
  ' 1',
  'ffffffffffffffff',
  '1fffffffffffff',
  '20000000000000',
  '\xb2',
]
const LINE_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '', '\r\n\r\n', ' \r\n', '\0\r\n', ' \n', 'x\n', '\x85']

const flipBit: Mutator = (random, text) => {
  const at = random.below(text.length)
  return replace(text, at, at + 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))))
}
const setByte: Mutator = (random, text) => {
  const at = random.below(text.length)
  return replace(
    text,
    at,
    at + 1,
    random.chance(70) ? random.oneOf(INTERESTING) : String.fromCharCode(random.below(256)),
  )
}
const insert: Mutator = (random, text) => {
  const at = placeIn(random, text)
  return replace(text, at, at, random.oneOf(INTERESTING))
}
const remove: Mutator = (random, text) => {
  const at = random.below(text.length)
  return replace(text, at, at + random.between(1, random.chance(80) ? 4 : 40), '')
}
const double: Mutator = (random, text) => {
  const at = random.below(text.length)
  const end = at + random.between(1, 40)
  return replace(text, end, end, text.slice(at, end))
}
const repeat: Mutator = (random, text) => {
  const at = random.below(text.length)
  const piece = text.slice(at, at + random.between(1, 12))
  return replace(
    text,
    at,
    at,
    piece.repeat(random.chance(90) ? random.between(2, 300) : random.between(300, 8_000)),
  )
}
const doubleLine: Mutator = (random, text) =>
  onLines(text, (lines) => {
    const at = random.below(lines.length)
    lines.splice(random.below(lines.length), 0, lines[at]!)
  })
const removeLine: Mutator = (random, text) =>
  onLines(text, (lines) => void lines.splice(random.below(lines.length), 1))
const swapLines: Mutator = (random, text) =>
  onLines(text, (lines) => {
    const [a, b] = [random.below(lines.length), random.below(lines.length)]
    const line = lines[a]!
    lines[a] = lines[b]!
    lines[b] = line
  })
const changeLineEnd: Mutator = (random, text) => {
  const ends = [...text.matchAll(/\r\n/g)]
  if (ends.length === 0) return text
  const { index } = random.oneOf(ends)
  return replace(text, index, index + 2, random.oneOf(LINE_ENDS))
}
const changeAllLineEnds: Mutator = (_random, text) => text.replaceAll('\r\n', '\n')
const changeNumber: Mutator = (random, text) => {
  const numbers = [...text.matchAll(/[0-9]+/g)]
  if (numbers.length === 0) return text
  const { index, 0: number } = random.oneOf(numbers)
  const near = String(Math.max(0, Number(number) + random.between(-2, 2)))
  return replace(text, index, index + number.length, random.chance(40) ? near : random.oneOf(NUMBERS))
}
const changeCase: Mutator = (random, text) => {
  const at = random.below(text.length)
  const end = at + random.between(1, 20)
  const part = text.slice(at, end)
  return replace(
    text,
    at,
    end,
    part.replace(/[A-Za-z]/g, (char) => String.fromCharCode(char.charCodeAt(0) ^ 0x20)),
  )
}
const cutEnd: Mutator = (random, text) => text.slice(0, random.below(text.length))
const cutBeginning: Mutator = (random, text) => text.slice(random.below(text.length))
const splice: Mutator = (random, text, other) => {
  const [head, tail] = [placeIn(random, text), other()]
  const from = placeIn(random, tail)
  return random.chance(50)
    ? text.slice(0, head) + tail.slice(from)
    : text.slice(0, head) + tail.slice(from) + text.slice(head)
}
const noise: Mutator = (random, text) => {
  const at = placeIn(random, text)
  let bytes = ''
  for (let count = random.between(1, 12); count > 0; count--) bytes += String.fromCharCode(random.below(256))
  return replace(text, at, at, bytes)
}

const MUTATORS: Weighted<Mutator> = [
  [10, flipBit],
  [14, setByte],
  [16, insert],
  [10, remove],
  [6, double],
  [3, repeat],
  [8, doubleLine],
  [6, removeLine],
  [6, swapLines],
  [12, changeLineEnd],
  [1, changeAllLineEnds],
  [12, changeNumber],
  [4, changeCase],
  [6, cutEnd],
  [3, cutBeginning],
  [8, splice],
  [2, noise],
]

/** Changes `text` in `count` places; `other` makes another text to take parts of. */
export function mutate(random: Random, text: string, count: number, other: () => string): string {
  // What is wrong in a first line hides all that stands behind it: mostly it stays as it is.
  const kept = random.chance(80) ? text.indexOf('\n') + 1 : 0
  let mutated = text.slice(kept)
  for (let i = 0; i < count; i++) {
    if (mutated === '') mutated = random.oneOf(INTERESTING)
    mutated = random.weighted(MUTATORS)(random, mutated, other).slice(0, MAX_BYTES)
  }
  return text.slice(0, kept) + mutated
}

/** Repeats a piece of `text`, a line or a part of one, until there are tens of thousands of bytes. */
export function lengthen(random: Random, text: string): string {
  const lines = text.split(/(?<=\n)/)
  const line = random.below(lines.length)
  const whole = lines[line]!
  const from = random.chance(50) ? 0 : random.below(whole.length + 1)
  const piece = from === 0 ? whole : whole.slice(from, from + random.between(1, 4))
  const times = Math.ceil(random.between(20_000, 60_000) / Math.max(1, piece.length))
  lines[line] = whole.slice(0, from) + piece.repeat(times) + whole.slice(from)
  return lines.join('')
}

/** A place in `text`: often at the edge of a word or a line, where it matters. */
function placeIn(random: Random, text: string): number {
  const at = random.below(text.length + 1)
  if (random.chance(50)) return at
  const edge = text.slice(at, at + 60).search(/[\r\n:;,= ]/)
  return edge < 0 ? at : at + edge
}

function replace(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to)
}

function onLines(text: string, change: (lines: string[]) => void): string {
  const lines = text.split(/(?<=\n)/)
  change(lines)
  return lines.join('')
}

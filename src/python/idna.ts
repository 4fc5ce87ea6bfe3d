/**
 * Writes a host with letters outside ASCII in its `xn--` form, as Python's codec `idna` does: RFC 3490 (IDNA 2003) with the
 * nameprep of RFC 3491 and the Punycode of RFC 3492. Browsers follow UTS #46, which keeps `ß` and `ς`; here, as in Python, they
 * become `ss` and `σ`, and a name must lead to the same server as it does there.
 *
 * The tables of RFC 3454 are those of Unicode 3.2. Newer characters are left as they are, but for their lower case.
 */

import { InvalidURL } from '../errors/index.ts'

const NOT_ASCII = /[^\0-\x7f]/
/** What separates labels: the full stop and its three kin in East Asian scripts (RFC 3490 §3.1). */
const DOTS = /[.\u3002\uFF0E\uFF61]/
const ACE_PREFIX = 'xn--'
const MAX_LABEL_LENGTH = 63

/** Table B.1: mapped to nothing. */
const DROPPED = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu
/** What NFKC changes today and left alone in Unicode 3.2, which did not have it. */
const NEWER = String.raw`\u03F9\u10FC\u1C80-\u1DBF\u2090-\u209C\u213B-\u213C\u2150-\u2152\u2189\u2C7C-\u2D6F\u321D-\u321E\u3244-\u3250\u327C-\u327E\u32CC-\u32CF\u32FF\u3377-\u337A\u33DE-\u33DF\u33FF\uA69C-\uAB69\uFA2E-\uFA2F\uFA6B-\uFAD9\uFE10-\uFE19\uFE47-\uFE48\u{10781}-\u{107BA}\u{1D4C1}\u{1D6A4}-\u{1D6A5}\u{1D7CA}-\u{1D7CB}\u{1E030}-\u{1E06D}\u{1EE00}-\u{1FBF9}`
/** Where NFKC was wrong in Unicode 3.2, and was mended since (Corrigendum 4). */
const MISTAKEN: ReadonlyMap<string, string> = new Map([
  ['\u{2F868}', '\u{2136A}'],
  ['\u{2F874}', '\u5F33'],
  ['\u{2F91F}', '\u43AB'],
  ['\u{2F95F}', '\u7AAE'],
  ['\u{2F9BF}', '\u4D57'],
])
const IS_NEWER = new RegExp(`[${NEWER}]`, 'u')
const NOT_NEWER = new RegExp(`[^${NEWER}]+`, 'gu')
/** Tables C.1.2 to C.9: blanks, controls, private use, no characters, surrogates, what changes the display, tags. */
const PROHIBITED =
  /[\x80-\xA0\u06DD\u070F\u1680\u180E\u2000-\u200F\u2028-\u202F\u205F-\u2063\u206A-\u206F\u2FF0-\u2FFB\u3000\uD800-\uF8FF\uFDD0-\uFDEF\uFFF9-\uFFFF\u{1D173}-\u{1D17A}\u{E0001}\u{E0020}-\u{E007F}\u{F0000}-\u{10FFFF}]|[\u0340\u0341]|[\u{1FFFE}\u{1FFFF}\u{2FFFE}\u{2FFFF}\u{3FFFE}\u{3FFFF}\u{4FFFE}\u{4FFFF}\u{5FFFE}\u{5FFFF}\u{6FFFE}\u{6FFFF}\u{7FFFE}\u{7FFFF}\u{8FFFE}\u{8FFFF}\u{9FFFE}\u{9FFFF}\u{AFFFE}\u{AFFFF}\u{BFFFE}\u{BFFFF}\u{CFFFE}\u{CFFFF}\u{DFFFE}\u{DFFFF}\u{EFFFE}\u{EFFFF}]/u
/** Table D.1: what is written from right to left. */
const RIGHT_TO_LEFT = new RegExp(
  String.raw`[\u05BE\u05C0\u05C3\u05D0-\u05EA\u05F0-\u05F4\u061B\u061F\u0621-\u063A\u0640-\u064A\u066D-\u066F\u0671-\u06D5\u06DD\u06E5-\u06E6\u06FA-\u06FE\u0700-\u070D\u0710\u0712-\u072C\u0780-\u07A5\u07B1\u200F\uFB1D\uFB1F-\uFB28\uFB2A-\uFB36\uFB38-\uFB3C\uFB3E\uFB40-\uFB41\uFB43-\uFB44\uFB46-\uFBB1\uFBD3-\uFD3D\uFD50-\uFD8F\uFD92-\uFDC7\uFDF0-\uFDFC\uFE70-\uFE74\uFE76-\uFEFC]`,
  'u',
)
/** Table D.2, what is written from left to right: letters, but for those of the scripts that go the other way. */
const LETTER = /[\p{L}\p{Mc}\p{Nl}]/u
const OF_OTHER_DIRECTION =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/**
 * The form in which a host goes to the resolver, into Host and into CONNECT. One that is ASCII already stays as it is.
 * @throws InvalidURL for a name that has no such form: an empty label, one of more than 63 characters, a character that may
 *   not be in it
 */
export function hostToAscii(host: string): string {
  return NOT_ASCII.test(host) ? encodeIdna(host) : host
}

function encodeIdna(host: string): string {
  const labels = host.split(DOTS)
  // One dot at the end is that of the root, and stays.
  const end = labels.at(-1) === '' ? '.' : ''
  if (end !== '') labels.pop()
  return labels.map(labelToAscii).join('.') + end
}

/** ToASCII of RFC 3490 §4.1, without the rules of STD 3. */
function labelToAscii(label: string): string {
  const prepared = NOT_ASCII.test(label) ? nameprep(label) : label
  const encoded = NOT_ASCII.test(prepared) ? ACE_PREFIX + punycode(prepared) : prepared
  if (encoded === '') throw badHost('a label of it is empty')
  if (encoded.length > MAX_LABEL_LENGTH) {
    throw badHost(`a label of it has more than ${MAX_LABEL_LENGTH} characters`)
  }
  return encoded
}

/** RFC 3491: maps, normalizes, and refuses what may not be in a name. */
function nameprep(label: string): string {
  const folded = Array.from(label.replace(DROPPED, ''), foldCase).join('')
  const prepared = normalize(folded)
  if (PROHIBITED.test(prepared)) throw badHost('a character may not be in the name of a host')
  checkDirection(Array.from(prepared))
  if (NOT_ASCII.test(prepared) && prepared.toLowerCase().startsWith(ACE_PREFIX)) {
    throw badHost(`a label begins with ${ACE_PREFIX} and is not in that form`)
  }
  return prepared
}

/** Table B.2: the case folding that stays the same under NFKC. */
function foldCase(character: string): string {
  if (IS_NEWER.test(character)) return character.toLowerCase()
  const mistaken = MISTAKEN.get(character)
  if (mistaken !== undefined) return mistaken
  const parts = Array.from(normalize(foldOnce(character)), foldOnce)
  return normalize(parts.join(''))
}

function foldOnce(character: string): string {
  const lower = character.toLowerCase()
  // The i without a dot has one as a capital.
  return lower === '\u0131' ? lower : lower.toUpperCase().toLowerCase()
}

/** NFKC of Unicode 3.2. */
function normalize(text: string): string {
  return text.replace(NOT_NEWER, (part) => part.normalize('NFKC'))
}

/** RFC 3454 §6: a label is written in one direction. */
function checkDirection(characters: readonly string[]): void {
  const isRightToLeft = characters.map((character) => RIGHT_TO_LEFT.test(character))
  if (!isRightToLeft.includes(true)) return
  const isMixed = characters.some(
    (character, index) =>
      !isRightToLeft[index]! && LETTER.test(character) && !OF_OTHER_DIRECTION.test(character),
  )
  if (isMixed || !isRightToLeft[0]! || !isRightToLeft.at(-1)!) {
    throw badHost('a label mixes the directions of writing')
  }
}

function badHost(detail: string): InvalidURL {
  return new InvalidURL('INVALID_HOST', detail)
}

// The parameters of Punycode (RFC 3492 §5).
const BASE = 36
const FIRST_THRESHOLD = 1
const LAST_THRESHOLD = 26
const SKEW = 38
const DAMP = 700
const FIRST_BIAS = 72
const FIRST_CODE_POINT = 0x80
const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Punycode (RFC 3492 §6.3): the ASCII characters, then where the others go. */
function punycode(text: string): string {
  const points = Array.from(text, (character) => character.codePointAt(0)!)
  const ascii = points.filter((point) => point < FIRST_CODE_POINT)
  let encoded = ascii.length === 0 ? '' : `${String.fromCodePoint(...ascii)}-`
  let written = ascii.length
  let lowest = FIRST_CODE_POINT
  let delta = 0
  let bias = FIRST_BIAS
  while (written < points.length) {
    const next = Math.min(...points.filter((point) => point >= lowest))
    delta += (next - lowest) * (written + 1)
    lowest = next
    for (const point of points) {
      if (point < lowest) delta++
      if (point !== lowest) continue
      encoded += writeDelta(delta, bias)
      bias = adapt(delta, written + 1, written === ascii.length)
      delta = 0
      written++
    }
    delta++
    lowest++
  }
  return encoded
}

/** A number of variable length, the least digit first. */
function writeDelta(delta: number, bias: number): string {
  let digits = ''
  let rest = delta
  for (let k = BASE; ; k += BASE) {
    const threshold = Math.min(Math.max(k - bias, FIRST_THRESHOLD), LAST_THRESHOLD)
    if (rest < threshold) return digits + DIGITS[rest]!
    digits += DIGITS[threshold + ((rest - threshold) % (BASE - threshold))]!
    rest = Math.floor((rest - threshold) / (BASE - threshold))
  }
}

function adapt(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2))
  rest += Math.floor(rest / count)
  let k = 0
  for (; rest > ((BASE - FIRST_THRESHOLD) * LAST_THRESHOLD) / 2; k += BASE) {
    rest = Math.floor(rest / (BASE - FIRST_THRESHOLD))
  }
  return k + Math.floor(((BASE - FIRST_THRESHOLD + 1) * rest) / (rest + SKEW))
}

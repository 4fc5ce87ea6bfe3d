/** URL globs of curl: `{a,b}`, `[1-9]`, `[01-10]`, `[a-z:2]`. Pure. */

import { usageFailure } from '../tell/failure.ts'

/** A URL of a glob, and what stands for `#1`, `#2` … in the name of its file. */
export interface GlobbedUrl {
  readonly url: string
  readonly parts: readonly string[]
}

/** More are a mistake. */
const MAX_URLS = 100_000

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'set'; readonly values: readonly string[] }

/**
 * The URLs of a glob, the last set turning fastest.
 * @throws CommandFailure of `url` for a set that does not end, or a range that cannot be
 */
export function expandGlob(text: string): GlobbedUrl[] {
  let urls: GlobbedUrl[] = [{ url: '', parts: [] }]
  for (const piece of piecesOf(text)) {
    if (piece.kind === 'text') {
      urls = urls.map(({ url, parts }) => ({ url: url + piece.text, parts }))
      continue
    }
    if (urls.length * piece.values.length > MAX_URLS)
      throw usageFailure(
        `the URL stands for more than ${MAX_URLS} of them`,
        'a smaller range',
        undefined,
        'url',
      )
    urls = urls.flatMap(({ url, parts }) =>
      piece.values.map((value) => ({ url: url + value, parts: [...parts, value] })),
    )
  }
  return urls
}

/** The name of a file with `#1` replaced; without a glob it stays. */
export function fillName(name: string, parts: readonly string[]): string {
  return name.replace(/#(\d+)/g, (whole, digits: string) => parts[Number(digits) - 1] ?? whole)
}

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let plain = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '\\' && /[[\]{}]/.test(text[at + 1] ?? '')) {
      plain += text[++at]!
      continue
    }
    // Nothing to choose from is text, as in curl: `?list[]=1`.
    if (character === '[' && text[at + 1] === ']') {
      plain += '[]'
      at++
      continue
    }
    // What nothing has opened is a slip, as in curl.
    if (character === '}' || character === ']') refuse(at)
    if (character !== '{' && character !== '[') {
      plain += character
      continue
    }
    const rest = text.slice(at)
    // An IPv6 address stands in brackets, too.
    const [address] = /^\[[\da-f.]*:[\da-f.]*:[\da-f:.]*(?:%\w+)?\]/i.exec(rest) ?? []
    if (address !== undefined) {
      plain += address
      at += address.length - 1
      continue
    }
    const [set] = (character === '{' ? LIST : /^\[[^\]]*\]/s).exec(rest) ?? refuse(at)
    const inner = set.slice(1, -1)
    const values = character === '{' ? wordsOf(inner, at) : rangeOf(inner, at)
    pieces.push({ kind: 'text', text: plain }, { kind: 'set', values })
    plain = ''
    at += set.length - 1
  }
  return [...pieces, { kind: 'text', text: plain }]
}

/** What stands in braces: nothing of a glob but what is escaped, as in curl. */
const LIST = /^\{(?:[^\\{}[\]]|\\.)*\}/s

/** The words between commas; a backslash takes what follows it as it is. */
function wordsOf(inner: string, at: number): readonly string[] {
  if (inner === '') return refuse(at)
  const words = ['']
  for (const [piece] of inner.matchAll(/\\.|./gs)) {
    if (piece === ',') words.push('')
    else words.push(words.pop()! + piece.slice(-1))
  }
  return words
}

function rangeOf(inner: string, at: number): readonly string[] {
  const letters = /^([a-z])-([a-z])(?::(\d+))?$|^([A-Z])-([A-Z])(?::(\d+))?$/.exec(inner)
  if (letters !== null) {
    const [, a, b, step, c, d, otherStep] = letters
    const [from, to] = [(a ?? c)!.charCodeAt(0), (b ?? d)!.charCodeAt(0)]
    return range(from, to, Number(step ?? otherStep ?? 1), at).map((code) => String.fromCharCode(code))
  }
  const numbers = /^(\d+)-(\d+)(?::(\d+))?$/.exec(inner)
  if (numbers === null) return refuse(at)
  const [, first = '', last = '', step = '1'] = numbers
  const width = first.startsWith('0') ? first.length : 0
  return range(Number(first), Number(last), Number(step), at).map((one) => String(one).padStart(width, '0'))
}

function range(from: number, to: number, step: number, at: number): number[] {
  const count = Math.floor((to - from) / step) + 1
  // A step that leads nowhere is a slip, as in curl.
  if (step === 0 || to < from || step > Math.max(1, to - from) || count > MAX_URLS) return refuse(at)
  return Array.from({ length: count }, (_, i) => from + i * step)
}

function refuse(at: number): never {
  throw usageFailure(
    `the glob at character ${at + 1} of the URL cannot be read`,
    '[1-9], [a-z:2] or {a,b}; -g takes brackets and braces as they are',
    undefined,
    'url',
  )
}

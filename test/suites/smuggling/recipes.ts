// What a caller hands over, written down as a recipe that fits into JSON: plain texts, and values that are not what they
// seem: objects that turn into text, into another text the next time, getters, proxies, lists that change, bytes that lie
// about their length. A recipe says, too, which texts may be meant by what is made of it.

import { HTTPHeaders } from '../../../src/index.ts'

export type Recipe =
  | { readonly form: 'text'; readonly text: string }
  /** `new String(text)`. */
  | { readonly form: 'boxed'; readonly text: string }
  /** A String object that is `text` the first `after` times it is looked at, and `second` from there on. */
  | { readonly form: 'turncoat'; readonly text: string; readonly second: string; readonly after: number }
  | { readonly form: 'number'; readonly text: string }
  /** Bytes, one for each character. */
  | { readonly form: 'bytes'; readonly text: string }
  | { readonly form: 'thing'; readonly thing: keyof typeof THINGS }

const THINGS = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  bigint: () => 5n,
  symbol: () => Symbol('GET'),
  object: () => ({}),
  bare: () => Object.create(null) as object,
  array: () => ['GET', '\r\nX-Evil: 1'],
  function: () => () => 'GET',
  date: () => new Date(0),
  'date with a say of its own': () => Object.assign(new Date(0), { toUTCString: () => 'now\r\nX-Evil: 1' }),
  'date that gives a turncoat': () =>
    Object.assign(new Date(0), { toUTCString: () => new Turncoat('now', 'now\r\nX-Evil: 1', 1) }),
} as const

/** What of them may stand in a message. */
const THING_MEANINGS: Readonly<Record<string, readonly string[]>> = {
  date: [new Date(0).toUTCString()],
  'date that gives a turncoat': ['now'],
}

export const THING_NAMES = Object.keys(THINGS) as (keyof typeof THINGS)[]

/** Every look at it counts, by whichever way of turning an object into text. */
class Turncoat extends String {
  readonly #text: string
  readonly #second: string
  #looks: number

  constructor(text: string, second: string, after: number) {
    super(text)
    this.#text = text
    this.#second = second
    this.#looks = after
  }

  override toString(): string {
    return this.#looks-- > 0 ? this.#text : this.#second
  }

  override valueOf(): string {
    return this.toString()
  }

  [Symbol.toPrimitive](): string {
    return this.toString()
  }
}

export function text(value: string): Recipe {
  return { form: 'text', text: value }
}

/** The value itself. */
export function make(recipe: Recipe): unknown {
  switch (recipe.form) {
    case 'text':
      return recipe.text
    case 'boxed':
      return Object(recipe.text) as unknown
    case 'turncoat':
      return new Turncoat(recipe.text, recipe.second, recipe.after)
    case 'number':
      return Number(recipe.text)
    case 'bytes':
      return Buffer.from(recipe.text, 'latin1')
    case 'thing':
      return THINGS[recipe.thing]()
  }
}

/** The texts that a message may show for it. */
export function meanings(recipe: Recipe): readonly string[] {
  switch (recipe.form) {
    case 'number':
      return [String(Number(recipe.text))]
    case 'turncoat':
      return [recipe.text, recipe.second]
    case 'thing':
      return THING_MEANINGS[recipe.thing] ?? []
    case 'bytes':
      return [Buffer.from(recipe.text, 'latin1').toString('latin1')]
    default:
      return [recipe.text]
  }
}

/** True for what the types of the package allow somewhere: such a value may be refused, but by an error of ours. */
export function isPlain(recipe: Recipe): boolean {
  return recipe.form === 'text'
}

// ---------------------------------------------------------------------------------------------------- lists of fields

export type LineRecipe = readonly [name: Recipe, value: Recipe]

/** The forms in which fields are given. */
export const CONTAINERS = [
  'pairs',
  'record',
  'map',
  'iterator',
  'headers',
  'httpheaders',
  'getters',
  'proxy',
  'turncoat',
  'two-faced',
] as const
export type Container = (typeof CONTAINERS)[number]

export interface FieldsRecipe {
  readonly container: Container
  readonly lines: readonly LineRecipe[]
}

/** What the containers that change show at a second look. */
const SECOND_LINES: readonly LineRecipe[] = [
  [text('Content-Length'), text('3')],
  [text('X-Evil'), text('1\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n')],
]

export function makeFields({ container, lines }: FieldsRecipe): unknown {
  const pairs = lines.map(pairOf)
  switch (container) {
    case 'pairs':
      return pairs
    case 'record':
      return makeRecord(pairs)
    case 'map':
      return new Map(pairs)
    case 'iterator':
      return pairs.values()
    case 'headers':
      return new Headers(pairs)
    case 'httpheaders': {
      const headers = new HTTPHeaders()
      for (const [name, value] of pairs) headers.append(name, value)
      return headers
    }
    case 'getters':
      return makeGetters(pairs)
    case 'proxy':
      return makeProxy(pairs)
    case 'turncoat':
      return makeTurncoatList(pairs)
    case 'two-faced':
      return pairs.map(makeTwoFaced)
  }
}

/** As JavaScript has it: what the types call strings may be anything. */
function pairOf([name, value]: LineRecipe): [string, string] {
  return [make(name) as string, make(value) as string]
}

function keyOf(name: unknown): string {
  return typeof name === 'symbol' ? 'symbol' : String(name)
}

function makeRecord(pairs: readonly [string, string][]): object {
  const record: Record<string, unknown> = {}
  for (const [name, value] of pairs) {
    const key = keyOf(name)
    const earlier = Object.hasOwn(record, key) ? [record[key]].flat() : undefined
    const joined = earlier === undefined ? value : [...earlier, value]
    Object.defineProperty(record, key, {
      value: joined,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return record
}

/** The lines of any form of fields, for calls that take one at a time. */
export function linesOf(fields: object): Iterable<[string, string]> {
  if (Symbol.iterator in fields) return fields as [string, string][]
  const entries = Object.entries(fields as Record<string, string | string[]>)
  return entries.flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]))
}

/** Each value is another one at the second look. */
function makeGetters(pairs: readonly [string, string][]): object {
  const record = {}
  for (const [name, value] of pairs) {
    let looks = 0
    Object.defineProperty(record, keyOf(name), {
      get: () => (looks++ === 0 ? value : `${value}\r\nX-Evil: 1`),
      enumerable: true,
      configurable: true,
    })
  }
  return record
}

function makeProxy(pairs: readonly [string, string][]): object {
  const looks = new Map<PropertyKey, number>()
  return new Proxy(makeRecord(pairs), {
    get(target, key, receiver): unknown {
      const look = looks.get(key) ?? 0
      looks.set(key, look + 1)
      const value: unknown = Reflect.get(target, key, receiver)
      return look === 0 || typeof key === 'symbol' ? value : `${String(value)}\r\nX-Evil: 1`
    },
  })
}

/** A list that is another one when it is gone through again, or asked by number. */
function makeTurncoatList(pairs: [string, string][]): unknown {
  const second = SECOND_LINES.map(pairOf)
  let rounds = 0
  return Object.assign([...second], {
    [Symbol.iterator]: () => (rounds++ === 0 ? pairs.values() : second.values()),
  })
}

/** A line that says one thing when it is taken apart and another when it is asked by number. */
function makeTwoFaced([name, value]: [string, string]): unknown {
  return Object.assign(['X-Face', 'other'], { [Symbol.iterator]: () => [name, value].values() })
}

/** The lists of lines that a message may show for it; a record brings lines of one name together. */
export function fieldMeanings({ container, lines }: FieldsRecipe): readonly (readonly LineRecipe[])[] {
  switch (container) {
    case 'turncoat':
      return [lines, SECOND_LINES]
    case 'two-faced':
      return [lines, lines.map(() => [text('X-Face'), text('other')] as const)]
    case 'record':
    case 'proxy':
      return [inOrderOfKeys(gather(lines))]
    case 'headers':
      return [asPlatformHas(lines)]
    case 'map':
      return [lastOfEach(lines, true)]
    case 'getters':
      return [inOrderOfKeys(lastOfEach(lines, false))]
    default:
      return [lines]
  }
}

/** The platform's own class orders, joins and trims. What it refuses never gets to us. */
function asPlatformHas(lines: readonly LineRecipe[]): LineRecipe[] {
  try {
    const headers = new Headers(lines.map(pairOf))
    return [...headers].map(([name, value]) => [text(name), text(value)])
  } catch {
    return []
  }
}

function nameOf([name]: LineRecipe): string {
  return meanings(name)[0] ?? ''
}

function gather(lines: readonly LineRecipe[]): LineRecipe[] {
  const names = [...new Set(lines.map(nameOf))]
  return names.flatMap((name) => lines.filter((line) => nameOf(line) === name))
}

/** In an object the keys that are numbers come first. */
function inOrderOfKeys(lines: readonly LineRecipe[]): LineRecipe[] {
  const numbers = lines.filter((line) => /^(?:0|[1-9]\d{0,8})$/.test(nameOf(line)))
  const others = lines.filter((line) => !numbers.includes(line))
  return [...numbers.sort((a, b) => Number(nameOf(a)) - Number(nameOf(b))), ...others]
}

/** A key that comes again keeps its place and takes the last value. */
function lastOfEach(lines: readonly LineRecipe[], isMap: boolean): LineRecipe[] {
  const byName = new Map<unknown, LineRecipe>()
  lines.forEach((line, index) => {
    const key = isMap && line[0].form !== 'text' ? index : nameOf(line)
    byName.set(key, line)
  })
  return [...byName.values()]
}

// ------------------------------------------------------------------------------------------------------------- bodies

/** The forms of a body. `length` is what a liar says; `declared` is for the caller's own Content-Length. */
export interface BodyRecipe {
  readonly form: (typeof BODY_FORMS)[number]
  readonly text: string
  /** For the forms that lie. */
  readonly length?: number
}

export const BODY_FORMS = [
  'none',
  'text',
  'bytes',
  'pieces',
  'async pieces',
  'liar',
  'liar in pieces',
  'talking length',
  'blob',
  'lying blob',
  'file',
  'factory',
  'turncoat',
] as const

/** Bytes whose `length` is not how many they are. */
function makeLiar(body: string, length: unknown): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(body, 'latin1'))
  return Object.defineProperty(bytes, 'length', { get: () => length })
}

const TALKING_LENGTH = { toString: () => '5\r\nhello\r\n0\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n' }

export function makeBody({ form, text: body, length = 3 }: BodyRecipe): unknown {
  const pieces = halvesOf(body)
  switch (form) {
    case 'none':
      return undefined
    case 'text':
      return body
    case 'bytes':
      return Buffer.from(body, 'latin1')
    case 'pieces':
      return pieces
    case 'async pieces':
      return giveLater(pieces)
    case 'liar':
      return makeLiar(body, length)
    case 'liar in pieces':
      return [makeLiar(body, length)]
    case 'talking length':
      return [makeLiar(body, TALKING_LENGTH)]
    case 'blob':
      return new Blob([Buffer.from(body, 'latin1')])
    case 'lying blob':
      return Object.defineProperty(new Blob([Buffer.from(body, 'latin1')]), 'size', { get: () => length })
    case 'file':
      return makeFile(body, length)
    case 'factory':
      return () => body
    case 'turncoat':
      return [new Turncoat(body, 'x', 1)]
  }
}

async function* giveLater(pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

/** As a file handle, whose size is not what it reads. */
function makeFile(body: string, size: number): object {
  return {
    fd: -1,
    stat: () => Promise.resolve({ size, isFile: () => true }),
    createReadStream: () => giveLater([body]),
  }
}

/** The bytes that are meant, one character each: strings go out as UTF-8, each piece by itself, and bytes as they are. */
export function bodyMeaning({ form, text: body }: BodyRecipe): string {
  if (form === 'none') return ''
  if (form === 'bytes' || /blob|liar|talking/.test(form))
    return Buffer.from(body, 'latin1').toString('latin1')
  const pieces = form === 'pieces' || form === 'async pieces' ? halvesOf(body) : [body]
  return pieces.map((piece) => Buffer.from(piece).toString('latin1')).join('')
}

/** A piece may end in the middle of a pair of surrogates. */
function halvesOf(body: string): [string, string, string] {
  const half = body.length >> 1
  return [body.slice(0, half), '', body.slice(half)]
}

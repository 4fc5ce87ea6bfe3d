/**
 * An ordered list of field lines that keeps letter case, order and duplicates (RFC 9110 §5.3), with the methods of the
 * platform's `Headers` on top: names are compared without regard to case, `get` joins repeated lines with ", ".
 *
 * It checks nothing: what may be sent is checked where it is written (h1/head-writer.ts), and what was received is shown
 * as it came.
 */

import { isDate } from './brands.ts'
import { formatHTTPDate } from './dates.ts'
import type { FieldLine } from './fields.ts'
import { equalsIgnoringCase } from './grammar.ts'
import { describe, isPromiseLike, isRecord } from './options.ts'
import { maskField } from './redact.ts'
import { assertString } from './snapshot.ts'

/** What a field value may be given as; a date is written as RFC 9110 §5.6.7 wants it. */
export type FieldValue = string | number | Date

/** What is taken wherever headers are: an object, pairs, the platform's `Headers`, or `HTTPHeaders`. */
export type HeadersInput =
  | Readonly<Record<string, FieldValue | readonly FieldValue[] | undefined>>
  | Iterable<readonly [string, FieldValue]>

/**
 * The field lines of any form of headers, in order. An array as a value gives a line for each member; `undefined` none. Each value is
 * looked at once.
 * @param left - is given the names whose value is `undefined`
 * @throws TypeError for what are no headers, a pair that is none, a name that is no string, and a value that is no string, no number and no valid date
 */
export function toFieldLines(input: HeadersInput | undefined, left?: string[]): FieldLine[] {
  if (input === undefined) return []
  assertHeaders(input)
  if (isPromiseLike(input)) throw new TypeError('Fields cannot be a promise; await it and give what it gives')
  const fields: FieldLine[] = []
  if (isIterable(input)) {
    for (const pair of input) {
      assertPair(pair)
      const [name, value] = pair
      fields.push([toName(name), toValue(name, value)])
    }
    return fields
  }
  const names = Object.keys(input)
  // A date, say: it has no fields of its own, and would be sent as none.
  if (names.length === 0 && !isRecord(input)) refuseHeaders(input)
  for (const name of names) {
    const value = input[name]
    if (value === undefined) left?.push(name)
    else if (Array.isArray(value)) for (const one of value) fields.push([name, toValue(name, one)])
    else fields.push([name, toValue(name, value)])
  }
  return fields
}

/** Strings and functions can be looked through, too; what they hold are no headers. */
function assertHeaders(input: unknown): void {
  if (typeof input !== 'object' || input === null) refuseHeaders(input)
}

function refuseHeaders(input: unknown): never {
  throw new TypeError(
    `Headers are an object of names and values, pairs, or a Headers, not ${describe(input)}; leave them out for none`,
  )
}

function isIterable(input: HeadersInput): input is Iterable<readonly [string, FieldValue]> {
  return Symbol.iterator in input
}

/** More than two would be lost in part, and a string of two characters be a pair. */
function assertPair(pair: unknown): void {
  if (Array.isArray(pair) && pair.length === 2) return
  const what = Array.isArray(pair) ? `a list of ${pair.length}` : describe(pair)
  throw new TypeError(`Headers that are listed are pairs of a name and a value, and one is ${what}`)
}

function toName(name: string): string {
  assertString(name, 'The name of a field')
  return name
}

function toValue(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (isDate(value)) return formatHTTPDate(value)
  throw new TypeError(
    `The value of the field "${name}" must be a string, a number or a Date, not ${describe(value)}`,
  )
}

/**
 * An ordered list of fields that keeps case, order and duplicates, with the methods of the platform's `Headers`. Names are
 * compared without regard to case. It checks names and values for their types only: what may be sent is checked where it is sent.
 */
export class HTTPHeaders implements Iterable<[string, string]> {
  #fields: readonly FieldLine[]
  /** True while `#fields` belongs to another owner: copied before the first change. */
  #borrowed: boolean

  constructor(input?: HeadersInput) {
    this.#fields = toFieldLines(input)
    this.#borrowed = false
  }

  /** Headers over field lines of another owner; they are copied only if the headers are changed. */
  static over(fields: readonly FieldLine[]): HTTPHeaders {
    const headers = new HTTPHeaders()
    headers.#fields = fields
    headers.#borrowed = true
    return headers
  }

  /** The lines themselves: `[name, value]` in order, case and number. */
  get raw(): readonly FieldLine[] {
    return this.#fields
  }

  /** The number of field lines. */
  get size(): number {
    return this.#fields.length
  }

  /** All values of `name` joined with ", ", or null. Set-Cookie cannot be joined: see `getSetCookie`. */
  get(name: string): string | null {
    const lower = name.toLowerCase()
    let joined: string | null = null
    for (const [other, value] of this.#fields) {
      if (equalsIgnoringCase(other, lower)) joined = joined === null ? value : `${joined}, ${value}`
    }
    return joined
  }

  /** The values of `name`, one for each line, in order. */
  getAll(name: string): string[] {
    const lower = name.toLowerCase()
    return this.#fields.filter(([other]) => equalsIgnoringCase(other, lower)).map(([, value]) => value)
  }

  /** The values of the Set-Cookie lines, in order. */
  getSetCookie(): string[] {
    return this.getAll('set-cookie')
  }

  /** Whether there is a line of that name. */
  has(name: string): boolean {
    const lower = name.toLowerCase()
    return this.#fields.some(([other]) => equalsIgnoringCase(other, lower))
  }

  /** Gives `name` this one value: the first line of that name is replaced, further ones removed; else a line is added. */
  set(name: string, value: FieldValue): void {
    const lower = name.toLowerCase()
    const line: FieldLine = [toName(name), toValue(name, value)]
    const fields: FieldLine[] = []
    let placed = false
    for (const field of this.#fields) {
      if (!equalsIgnoringCase(field[0], lower)) fields.push(field)
      else if (!placed) {
        fields.push(line)
        placed = true
      }
    }
    if (!placed) fields.push(line)
    this.#fields = fields
    this.#borrowed = false
  }

  /** Adds a line after the others. */
  append(name: string, value: FieldValue): void {
    const fields = this.#borrowed ? [...this.#fields] : (this.#fields as FieldLine[])
    fields.push([toName(name), toValue(name, value)])
    this.#fields = fields
    this.#borrowed = false
  }

  /** Removes all lines of that name. */
  delete(name: string): void {
    const lower = name.toLowerCase()
    this.#fields = this.#fields.filter(([other]) => !equalsIgnoringCase(other, lower))
    this.#borrowed = false
  }

  /** The lines as pairs, in order, names as they were written. */
  *entries(): IterableIterator<[string, string]> {
    for (const [name, value] of this.#fields) yield [name, value]
  }

  /** The name of each line, in order, as it was written; a name that occurs twice is there twice. */
  *keys(): IterableIterator<string> {
    for (const [name] of this.#fields) yield name
  }

  /** The value of each line, in order. */
  *values(): IterableIterator<string> {
    for (const [, value] of this.#fields) yield value
  }

  /** Calls `visit` for each line, in order. */
  forEach(visit: (value: string, name: string, headers: HTTPHeaders) => void): void {
    for (const [name, value] of this.#fields) visit(value, name, this)
  }

  /** The lines as pairs, in order: what `new Headers(it)` takes. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries()
  }
}

// What of it `console.log` may show: as of a response. A member of a computed name would ask for more in the declarations than it is
// worth.
Object.defineProperty(HTTPHeaders.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(
    this: HTTPHeaders,
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ) {
    if (depth < 0) return '[HTTPHeaders]'
    return `HTTPHeaders ${inspect(
      this.raw.map(([name, value]) => [name, maskField(name, value)]),
      options,
    )}`
  },
})

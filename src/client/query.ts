/**
 * Queries and forms: what a caller gives, as `application/x-www-form-urlencoded` (WHATWG URL).
 */

import { isDate } from '../core/brands.ts'
import { describe, isRecord } from '../core/options.ts'
import type { QueryInput, QueryValue } from './option-types.ts'

/**
 * Writes pairs as a query has them.
 * @throws TypeError for a value that is no string, number, boolean, Date, or list of them
 */
export function writeQuery(input: QueryInput<object>, option: 'query' | 'form'): string {
  const pairs = new URLSearchParams()
  for (const [name, value] of pairsOf(input, option)) {
    const text = toText(value, name, option)
    if (text !== undefined) pairs.append(name, text)
  }
  return pairs.toString()
}

function* pairsOf(input: QueryInput<object>, option: string): Generator<[string, QueryValue]> {
  if (Object.prototype.toString.call(input) === '[object FormData]')
    throw new TypeError(`The option '${option}' takes no FormData: give it as the body`)
  if (Symbol.iterator in input) {
    for (const pair of input as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new TypeError(`The option '${option}' takes pairs, and has ${describe(pair)} among them`)
      yield [String(pair[0]), pair[1] as QueryValue]
    }
    return
  }
  const members = Object.entries(input)
  // A promise, a date: it has no members, and would be nothing, without an error.
  if (members.length === 0 && !isRecord(input))
    throw new TypeError(`The option '${option}' takes an object or pairs, not ${describe(input)}`)
  for (const [name, value] of members) {
    if (Array.isArray(value)) for (const one of value as QueryValue[]) yield [name, one]
    else yield [name, value as QueryValue]
  }
}

function toText(value: unknown, name: string, option: string): string | undefined {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'undefined':
      return undefined
    default:
      if (value === null) return ''
      if (isDate(value) && !Number.isNaN(value.getTime())) return value.toISOString()
      throw new TypeError(
        `The option '${option}': ${name} is a string, a number, a boolean, a Date or a list of them, not ${describe(value)}`,
      )
  }
}

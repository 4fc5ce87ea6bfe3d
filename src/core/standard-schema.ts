/**
 * Schemas of other packages (zod, valibot, arktype and others) by the interface that they have in common: Standard Schema,
 * version 1 (standardschema.dev). No package is imported.
 */

import type { SchemaIssue } from '../errors/index.ts'
import { describe } from './options.ts'

/** What a schema answers: the value, or issues. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** Anything that says what a value has to be. */
export interface StandardSchema<T = unknown> {
  /** What makes it a schema. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}

/** @throws TypeError for what is no schema */
export function assertSchema(value: unknown): asserts value is StandardSchema {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const standard: unknown = isObject ? (value as Partial<StandardSchema>)['~standard'] : undefined
  if (
    typeof standard === 'object' &&
    standard !== null &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  ) {
    return
  }
  throw new TypeError('json() takes a schema that follows Standard Schema (zod, valibot, arktype and others)')
}

/** @throws TypeError for what is no answer of a schema */
export function assertResult<T>(result: unknown): asserts result is SchemaResult<T> {
  if (typeof result === 'object' && result !== null) return
  throw new TypeError(`The schema given to json() gives a value or issues, not ${describe(result)}`)
}

/** How many issues a message shows, and how much of each. */
const MAX_ISSUES = 3
const MAX_ISSUE_CHARS = 160
/** Values of the body that are looked for in messages; of a larger one everything quoted is masked. */
const MAX_VALUES = 10_000
/** A shorter value is no secret, and may stand in any word. */
const SHORTEST_VALUE = 3
const MASK = '...'

/**
 * Issues in one line, for a message: at most three, each with its place.
 *
 * Security: schemas quote what they were given (`received "hunter2"`), and a message goes into logs. A quoted string that stands in
 * the body is masked, and so is the value at the place of the issue; a key that is no name, too.
 */
export function describeIssues(issues: readonly SchemaIssue[], value: unknown): string {
  const values = new Set<string>()
  const isWhole = collectValues(value, values)
  const shown = issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => {
    const keys = Array.from(path, (step) => (typeof step === 'object' ? step.key : step))
    const place = keys.map(nameOf).join('.')
    const masked = maskValues(message, valueAt(value, keys), isWhole ? values : undefined)
    // A message is one line.
    const text = masked.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, MAX_ISSUE_CHARS)
    return place === '' ? text : `${place}: ${text}`
  })
  if (shown.length === 0) return 'it does not say what is wrong'
  const more = issues.length - shown.length
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ')
}

/** A key as it is shown: that of a map may be anything. */
function nameOf(key: PropertyKey): string {
  const name = String(key)
  return /^[\w$-]{1,40}$/.test(name) ? name : MASK
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

/** Strings and numbers that stand in a value, and the names of its members; false where there are more than are looked at. */
function collectValues(value: unknown, into: Set<string>): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one === 'string' || typeof one === 'number')
      for (const form of formsOf(String(one))) into.add(form)
    else if (typeof one === 'object' && one !== null) {
      for (const [key, member] of Object.entries(one)) {
        if (!Array.isArray(one) && nameOf(key) === MASK) into.add(key)
        open.push(member)
        if (open.length + into.size > MAX_VALUES) return false
      }
    }
  }
  return true
}

/** The message without what stands in the body; undefined for `values` masks all that is quoted. */
function maskValues(message: string, at: unknown, values: ReadonlySet<string> | undefined): string {
  const masked = message.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|`([^`]*)`/g,
    (quoted, ...groups: string[]) => {
      const text = groups.slice(0, 3).find((group) => group !== undefined)!
      return values === undefined || isOfBody(text, values) ? `"${MASK}"` : quoted
    },
  )
  const own = new Set<string>()
  collectValues(at, own)
  // The longest first: a shorter one may stand in it.
  const texts = [...own].filter((text) => text.length >= SHORTEST_VALUE).sort((a, b) => b.length - a.length)
  return texts.reduce((text, value) => text.replaceAll(value, MASK), masked)
}

/** How a message may have a text: as it is, without blanks around it, escaped as in JSON. */
function formsOf(text: string): readonly string[] {
  return [text, text.trim(), JSON.stringify(text).slice(1, -1)]
}

function isOfBody(text: string, values: ReadonlySet<string>): boolean {
  if (values.has(text)) return true
  for (const value of values) if (value.length >= SHORTEST_VALUE && text.includes(value)) return true
  return false
}

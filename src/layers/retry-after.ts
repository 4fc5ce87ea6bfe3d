/**
 * Retry-After: how long a server asks to be left alone. RFC 9110 §10.2.3.
 */

import { parseHTTPDate } from '../core/dates.ts'
import { type FieldLine, fieldValues } from '../core/fields.ts'
import { isDigits } from '../core/grammar.ts'

const SECOND_MS = 1_000

/**
 * One value, in milliseconds from now: a number of seconds, or a date in any of its three forms; a date that has passed is no
 * wait. Undefined for anything else, which is as if it were not there.
 * @param wallMs - the time of day, in milliseconds since 1970
 */
export function parseRetryAfter(value: string, wallMs: number): number | undefined {
  if (isDigits(value)) return Number(value) * SECOND_MS
  const date = parseHTTPDate(value, new Date(wallMs))
  return date === undefined ? undefined : Math.max(0, date.getTime() - wallMs)
}

/** What the fields of a response ask for, in milliseconds; the longest where there are several, undefined where none is readable. */
export function retryAfterOf(fields: readonly FieldLine[], wallMs: number): number | undefined {
  let longest: number | undefined
  for (const value of fieldValues(fields, 'retry-after')) {
    const waitMs = parseRetryAfter(value, wallMs)
    if (waitMs !== undefined && waitMs >= (longest ?? 0)) longest = waitMs
  }
  return longest
}

/** `-z`: only what is newer than a time, or, with a dash before it, older. */

import { stat } from 'node:fs/promises'
import { formatHTTPDate, parseHTTPDate } from '../../core/dates.ts'
import { usageFailure } from '../tell/failure.ts'

export interface TimeCondition {
  readonly field: 'If-Modified-Since' | 'If-Unmodified-Since'
  /** As HTTP writes it. */
  readonly value: string
  readonly atMs: number
}

/**
 * A date, or the time of a file.
 * @throws CommandFailure of `usage`
 */
export async function readTimeCondition(text: string): Promise<TimeCondition> {
  const isOlder = text.startsWith('-')
  const plain = text.replace(/^[-+=]/, '')
  const found = await stat(plain).catch(() => undefined)
  const atMs = found === undefined ? readDate(plain) : found.mtimeMs
  if (Number.isNaN(atMs))
    throw usageFailure('-z takes a date or a file that is there', "-z '2026-01-31 12:00', or -z FILE")
  return {
    field: isOlder ? 'If-Unmodified-Since' : 'If-Modified-Since',
    value: formatHTTPDate(new Date(Math.floor(atMs / 1_000) * 1_000)),
    atMs,
  }
}

const MONTH = /(?:^|[^a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i

/** NaN for what has no year, month and day in it: JavaScript would make some up. A date without a zone is in UTC, as in curl. */
function readDate(given: string): number {
  const text = given.trim().replace(/^(\d{4})(\d\d)(\d\d)(?=\D|$)/, '$1-$2-$3')
  const numbers = text.replace(/\d+:\d+\S*/g, '').match(/\d+/g)?.length ?? 0
  const isISO = /^\d{4}-\d\d-\d\d/.test(text)
  if (numbers < (MONTH.test(text) ? 2 : 3)) return Number.NaN
  const isZoned = /(?:[a-z]{3,}|[+-]\d\d:?\d\d|z)$/i.test(text) && !/^\d{4}-\d\d-\d\d$/.test(text)
  const atMs = Date.parse(isZoned ? text : /^\S+T\S+$/i.test(text) ? `${text}Z` : `${text} UTC`)
  // The 31st of February would be one of March.
  const day = isISO && !Number.isNaN(atMs) && !isZoned ? new Date(atMs).toISOString().slice(0, 10) : undefined
  return day === undefined || day === text.slice(0, 10) ? atMs : Number.NaN
}

/** Whether a response is on the right side of the condition, for servers that do not look at it; as in curl. */
export function meetsCondition({ field, atMs }: TimeCondition, lastModified: string | undefined): boolean {
  const date = lastModified === undefined ? undefined : parseHTTPDate(lastModified)
  if (date === undefined) return true
  const isNewer = date.getTime() > atMs
  return field === 'If-Modified-Since' ? isNewer : !isNewer
}

/**
 * Dates in fields: written in the one form that RFC 9110 §5.6.7 allows, read in the three forms that exist. Strict about
 * the forms, for a date that is guessed is worse than none; the weekday is not checked against the date.
 */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/
const RFC_850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/
const ASCTIME =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/

/**
 * Writes a date as IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`.
 * @throws TypeError for an invalid date, or a year that four digits cannot hold
 */
export function formatHTTPDate(date: Date): string {
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999))
    throw new TypeError('The date is invalid, or its year has more than four digits')
  return date.toUTCString()
}

/**
 * Reads a date in any of the three forms. A two-digit year that seems more than 50 years ahead of `now` is in the past.
 * @returns undefined for anything else
 */
export function parseHTTPDate(text: string, now: Date = new Date()): Date | undefined {
  const parts = (IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text))?.groups as
    | { day: string; month: string; year: string; time: string }
    | undefined
  if (parts === undefined) return undefined
  const month = MONTHS.indexOf(parts.month)
  const [hours, minutes, seconds] = parts.time.split(':').map(Number) as [number, number, number]
  const day = Number(parts.day)
  const year = parts.year.length === 2 ? expandYear(Number(parts.year), now) : Number(parts.year)
  if (month < 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  // 30 February would have become a day of March.
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month) return undefined
  date.setUTCHours(hours, minutes, seconds)
  return date
}

/** The year with these last two digits that is at most 50 years ahead. */
function expandYear(twoDigits: number, now: Date): number {
  const thisYear = now.getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

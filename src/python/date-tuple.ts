/**
 * Reads dates the way the old mail library did: by the places of words, forgiving about their order. Answers Python's time
 * tuples, whose weekday, day of the year and daylight flag say nothing here. For `getdate` and `getdate_tz` only; what HTTP
 * itself asks of dates is stricter and lives elsewhere.
 */

/** Year, month from 1, day, hour, minute, second, and the three places that are always 0, 1, 0. */
export type DateTuple = [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  weekday: 0,
  yearday: 1,
  daylight: 0,
]

/** As DateTuple, and the offset of the time zone from UTC in seconds; null where the date names none that is known. */
export type DateTupleWithZone = [...DateTuple, offset: number | null]

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const LONG_MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
/** Hours and minutes as `hhmm`, as they stand in a numeric zone. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ['UT', 0],
  ['UTC', 0],
  ['GMT', 0],
  ['Z', 0],
  ['AST', -400],
  ['ADT', -300],
  ['EST', -500],
  ['EDT', -400],
  ['CST', -600],
  ['CDT', -500],
  ['MST', -700],
  ['MDT', -600],
  ['PST', -800],
  ['PDT', -700],
])

/** Reads a date; null for a text that is none. */
export function readDateTuple(text: string): DateTupleWithZone | null {
  const words = splitDate(text)
  if (words === undefined) return null
  let [first, second, yearWord, timeWord, zoneWord] = words
  // The month may come before the day, the time before the year, and the zone before both.
  if (monthNumber(second) === undefined) [first, second] = [second, first]
  const month = monthNumber(second)
  if (month === undefined) return null
  if (yearWord.indexOf(':') > 0) [yearWord, timeWord] = [timeWord, yearWord]
  yearWord = withoutComma(yearWord)
  if (!/^[0-9]/.test(yearWord)) [yearWord, zoneWord] = [zoneWord, yearWord]
  const year = readInteger(yearWord)
  const day = readInteger(withoutComma(first))
  const clock = withoutComma(timeWord).split(':').map(readInteger)
  if (clock.length === 2) clock.push(0)
  const [hour, minute, seconds] = clock
  if (clock.length !== 3 || hour === undefined || minute === undefined || seconds === undefined) return null
  if (year === undefined || day === undefined) return null
  return [year, month, day, hour, minute, seconds, 0, 1, 0, zoneOffset(zoneWord)]
}

type DateWords = [first: string, second: string, year: string, time: string, zone: string]

/** The five words of a date, without a day of the week; undefined where there are not as many. */
function splitDate(text: string): DateWords | undefined {
  let words = text.trim().split(/\s+/)
  const first = words[0]!
  if (/[,.]$/.test(first) || DAYS.includes(first.toLowerCase())) words.shift()
  else words[0] = first.slice(first.lastIndexOf(',') + 1)
  // RFC 850: 06-Nov-94
  if (words.length === 3) {
    const parts = words[0]!.split('-')
    if (parts.length === 3) words = [...parts, ...words.slice(1)]
  }
  // No zone, or one that is joined to the time: 08:49:37+0200
  if (words.length === 4) {
    const plus = words[3]!.indexOf('+')
    if (plus > 0) words.splice(3, 1, words[3]!.slice(0, plus), words[3]!.slice(plus + 1))
    else words.push('')
  }
  return words.length < 5 ? undefined : (words.slice(0, 5) as DateWords)
}

function monthNumber(word: string): number | undefined {
  const name = word.toLowerCase()
  const index = MONTHS.includes(name) ? MONTHS.indexOf(name) : LONG_MONTHS.indexOf(name)
  return index < 0 ? undefined : index + 1
}

function withoutComma(word: string): string {
  return word.endsWith(',') ? word.slice(0, -1) : word
}

function readInteger(word: string): number | undefined {
  return /^[+-]?[0-9]+$/.test(word) ? Number(word) : undefined
}

function zoneOffset(word: string): number | null {
  const zone = ZONES.get(word.toUpperCase()) ?? readInteger(word)
  if (zone === undefined) return null
  const size = Math.abs(zone)
  const seconds = Math.floor(size / 100) * 3600 + (size % 100) * 60
  return zone < 0 ? -seconds : seconds
}

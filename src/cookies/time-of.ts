/** The time of a date, in milliseconds; undefined for what is no date. `instanceof` knows those of one realm alone. */
export function timeOf(date: unknown): number | undefined {
  if (typeof date !== 'object' || date === null) return undefined
  try {
    return Date.prototype.getTime.call(date)
  } catch {
    return undefined
  }
}

/** Amounts as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `0 B`, `999 B`, `1.2 kB`, `34 MB`: powers of 1,000. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000
    unit++
  }
  const text = unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)
  return `${text} ${UNITS[unit]}`
}

/** `0.4 s`, `12 s`, `3:05`, `1:02:03`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60]
  return hours === 0
    ? `${minutes}:${twoDigits(whole % 60)}`
    : `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`
}

/** A duration, short: `0.4 ms`, `12 ms`, `3.2 s`. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** With a zero before it where it is one digit. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

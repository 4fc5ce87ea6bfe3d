// Whether work takes time linear in the length of its input: measured at one length and at eight times as much.

import assert from 'node:assert/strict'

const FACTOR = 8
/** Between linear (8) and square (64), nearer to the latter: caches and collections cost more where there is more. */
const MOST = 40
/** What takes less is no danger, and not to be measured on a busy machine. */
const LEAST_MS = 10
const ROUNDS = 4

/**
 * Asserts that `work` on `8 n` characters takes less than 40 times what it takes on `n`, in processor time. `make` is not timed.
 */
export function assertLinear<T>(
  what: string,
  make: (length: number) => T,
  work: (input: T) => unknown,
  n = 8_000,
): void {
  /** The least of some rounds; of no more than it takes to come below `enough`. */
  const least = (input: T, { times = 1, enough = 0 } = {}): number => {
    let ms = Infinity
    for (let i = 0; i < ROUNDS && ms >= enough; i++) {
      const begin = process.cpuUsage()
      for (let left = times; left > 0; left--) work(input)
      ms = Math.min(ms, process.cpuUsage(begin).user / 1_000)
    }
    return ms
  }
  const long = make(FACTOR * n)
  const firstMs = least(long, { enough: Infinity })
  if (firstMs < LEAST_MS) return
  const short = make(n)
  // A busy machine may spoil a measurement, not three.
  let shown = ''
  for (let attempt = 0; attempt < 3; attempt++) {
    const shortMs = least(short)
    const enough = Math.max(LEAST_MS, MOST * shortMs)
    const longMs = firstMs < enough ? firstMs : least(long, { enough })
    if (longMs < enough) return
    // Some systems count the processor in steps of milliseconds: what is shorter may count as nothing. So many are as long as the long one.
    if (longMs < (MOST / FACTOR) * least(short, { times: FACTOR })) return
    shown = `${n}: ${shortMs.toFixed(2)} ms, ${FACTOR * n}: ${longMs.toFixed(2)} ms`
  }
  assert.fail(`${what} takes more than linear time: ${shown}`)
}

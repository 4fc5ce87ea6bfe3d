// Whether work takes time linear in the length of its input: measured at one length and at eight times as much.

import assert from 'node:assert/strict'

const FACTOR = 8
/** Halfway, on a scale of powers, between linear (8) and square (64). */
const MOST = FACTOR ** 1.5
/** Work that takes less is not worth measuring. */
const LEAST_MS = 2
const ROUNDS = 4

/**
 * Asserts that `work` on `8 n` characters takes less than some 20 times what it takes on `n`. `make` is not timed.
 */
export function assertLinear<T>(
  what: string,
  make: (length: number) => T,
  work: (input: T) => unknown,
  n = 16_000,
): void {
  const least = (input: T): number => {
    let ms = Infinity
    for (let i = 0; i < ROUNDS; i++) {
      const begin = performance.now()
      work(input)
      ms = Math.min(ms, performance.now() - begin)
    }
    return ms
  }
  const short = make(n)
  const long = make(FACTOR * n)
  // A busy machine may spoil a measurement, not three.
  let shown = ''
  for (let attempt = 0; attempt < 3; attempt++) {
    const [shortMs, longMs] = [least(short), least(long)]
    if (longMs < LEAST_MS || longMs < MOST * shortMs) return
    shown = `${n}: ${shortMs.toFixed(2)} ms, ${FACTOR * n}: ${longMs.toFixed(2)} ms`
  }
  assert.fail(`${what} takes more than linear time: ${shown}`)
}

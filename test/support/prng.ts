// A small generator of numbers from a seed: sfc32 (Chris Doty-Humphrey's, 128 bits of state), started from a hash of the
// seed and a name, so that each part of a run has a stream of its own.

/** Answers whole numbers from 0 to 2^32 - 1, the same ones for the same seed and name. */
export function makePrng(seed: number, name: string): () => number {
  let hash = 0x811c9dc5
  for (const char of `${seed}:${name}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
  let a = hash
  let b = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  let c = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  let count = 1
  const next = (): number => {
    const result = (a + b + count++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

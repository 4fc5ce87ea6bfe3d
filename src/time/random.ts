/**
 * Chance, as a seam: everything random in the package is drawn here, so that a whole client can run from one seed.
 */

export interface Random {
  /** A number from 0, included, to 1, excluded. */
  next(): number
}

/** The machine's own chance; good enough for boundaries and jitter, and for nothing that must not be guessed. */
export const systemRandom: Random = { next: () => Math.random() }

const BOUNDARY_LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz'
const BOUNDARY_LENGTH = 32

/** The boundary of a multipart body: 32 letters and digits, 165 bits. */
export function makeBoundary(random: Random): string {
  let boundary = 'httplib-'
  for (let i = 0; i < BOUNDARY_LENGTH; i++) {
    boundary += BOUNDARY_LETTERS[Math.floor(random.next() * BOUNDARY_LETTERS.length)]
  }
  return boundary
}

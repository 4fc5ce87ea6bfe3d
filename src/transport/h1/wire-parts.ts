/**
 * Parts of a message on their way out: text as latin1, bytes as they are. Small parts go out in one piece.
 */

import type { WireBytes } from '../../h1/events.ts'

/** How many bytes the parts are together. */
function lengthOf(parts: WireBytes): number {
  let length = 0
  for (const part of parts) length += part.length
  return length
}

/** How many bytes of the parts are somebody's memory: text is none. */
export function borrowedBytes(parts: WireBytes): number {
  let length = 0
  for (const part of parts) if (typeof part !== 'string') length += part.length
  return length
}

/** The parts in one piece: one write, one packet. */
export function joinParts(parts: WireBytes): Uint8Array {
  const joined = Buffer.allocUnsafe(lengthOf(parts))
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') joined.write(part, at, 'latin1')
    else joined.set(part, at)
    at += part.length
  }
  return joined
}

/**
 * Parts of a message on their way out: text as latin1, bytes as they are. Small parts go out in one piece.
 */

import type { H1Engine } from '../../h1/engine.ts'
import type { EndToSend, WireBytes } from '../../h1/events.ts'

const NOTHING: WireBytes = []

/** How many bytes the parts are together. */
export function lengthOf(parts: WireBytes): number {
  let length = 0
  for (const part of parts) length += part.length
  return length
}

/** How many bytes of the parts are memory of a caller: text is none. */
export function borrowedBytes(parts: WireBytes): number {
  let length = 0
  for (const part of parts) if (typeof part !== 'string') length += part.length
  return length
}

/** The parts in one piece: one write, one packet. */
export function joinParts(parts: WireBytes): Uint8Array {
  return joinInto(Buffer.allocUnsafe(lengthOf(parts)), parts)
}

/** The parts in one piece, at the beginning of `memory`, which has room for them. */
export function joinInto(memory: Buffer, parts: WireBytes): Uint8Array {
  let at = 0
  for (const part of parts) {
    if (typeof part === 'string') memory.write(part, at, 'latin1')
    else memory.set(part, at)
    at += part.length
  }
  return at === memory.length ? memory : memory.subarray(0, at)
}

/**
 * A head with what is there of its body, and its end, where they are given.
 * @throws LocalProtocolError where the body does not fit what the head announces: before anything is written
 */
export function withBody(
  engine: H1Engine,
  head: WireBytes,
  body: Uint8Array | undefined,
  end: EndToSend | undefined,
): WireBytes {
  const data = body === undefined ? NOTHING : engine.send({ type: 'data', bytes: body })
  const last = end === undefined ? NOTHING : engine.send(end)
  return data.length + last.length === 0 ? head : [...head, ...data, ...last]
}

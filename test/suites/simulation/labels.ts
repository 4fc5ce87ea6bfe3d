// Bodies that tell whose they are: the bytes of a body are cut out of one long random text at a place that the label
// gives. Bytes that are lost, doubled, moved or of another message do not match. Nothing is copied or made for it.

import { makePrng } from '../../support/prng.ts'

const TABLE_BYTES = 1 << 21
/** Bodies are shorter than this. */
export const LONGEST_BODY_BYTES = 1 << 19

const TABLE: Buffer = makeTable()

function makeTable(): Buffer {
  const table = Buffer.allocUnsafeSlow(TABLE_BYTES)
  const next = makePrng(0x5eed, 'labels')
  for (let at = 0; at < TABLE_BYTES; at += 4) table.writeUInt32LE(next(), at)
  return table
}

/** The bytes of the body with this label. They belong to the table and are not to be changed. */
export function labelledBytes(label: string, length: number): Buffer {
  let hash = 0x811c9dc5
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
  const start = hash % (TABLE_BYTES - LONGEST_BODY_BYTES)
  return TABLE.subarray(start, start + length)
}

/** Whether `bytes` are what stands from `at` in `whole`. */
export function isPartAt(bytes: Uint8Array, whole: Uint8Array, at: number): boolean {
  if (at + bytes.length > whole.length) return false
  return Buffer.compare(bytes, whole.subarray(at, at + bytes.length)) === 0
}

/**
 * What a head says of the body and of the connection's end, with Python's attributes: `chunked`, `length`, `will_close`. By the
 * rules that the engine itself has read it with.
 */

import type { HTTPResponse as Response } from '../core/response.ts'

/** Where a body ends: with its length, with the last chunk, or with the connection. */
export type BodyKind = 'length' | 'chunked' | 'close'

export interface BodyFacts {
  readonly kind: BodyKind
  readonly chunked: boolean
  /** In bytes; null where the head does not say. 0 where there can be no body. */
  readonly length: number | null
  readonly will_close: boolean
}

const TO_THE_CLOSE: BodyFacts = { kind: 'close', chunked: false, length: null, will_close: true }

/** The facts of a response, as the engine has read them. */
export function describeBody({ version, rawHeaders, head }: Response): BodyFacts {
  const { framing, persists } = head
  if (version === 9 || version === 20 || framing === undefined) return TO_THE_CLOSE
  const will_close = persists !== true
  switch (framing.kind) {
    case 'chunked':
      return { kind: 'chunked', chunked: true, length: null, will_close }
    case 'length':
      return { kind: 'length', chunked: false, length: framing.length, will_close }
    case 'none':
      return { kind: 'length', chunked: saysChunked(rawHeaders), length: 0, will_close }
    default:
      return TO_THE_CLOSE
  }
}

/** Where there is no body, Python tells how one would have come. */
function saysChunked(fields: Response['rawHeaders']): boolean {
  const found = fields.find(([name]) => name.toLowerCase() === 'transfer-encoding')
  return found?.[1].toLowerCase() === 'chunked'
}

/** A number of bytes, negative for any, cut to what is left. */
export function clip(wanted: number, left: number): number {
  return wanted < 0 || wanted > left ? left : wanted
}

/**
 * The bytes of the canned responses, made once from their description, so that a server has nothing to do but write them.
 * Pure.
 */

import { gzipSync } from 'node:zlib'
import type { RequestSpec, ResponseSpec } from './workloads.ts'

/** The field lines of an ordinary small answer; Content-Length or Transfer-Encoding comes first. */
const ORDINARY = [
  'Date: Mon, 27 Jul 2009 12:28:53 GMT',
  'Server: Apache/2.2.14 (Win32)',
  'Last-Modified: Wed, 22 Jul 2009 19:15:56 GMT',
  'Content-Type: text/html',
  'Connection: keep-alive',
] as const

/** How many different heads a varied response goes through. */
const VARIANTS = 64
/** Bodies above this are not held in one buffer but written from a block again and again. */
const MAX_HELD_BYTES = 8 * 1_048_576

export interface CannedResponse {
  /** Whole responses that differ in their heads; only the head where `blocks` follow. */
  readonly variants: readonly Buffer[]
  /** The rest of a body too large to hold: `count` times `block`. */
  readonly blocks?: { readonly block: Buffer; readonly count: number }
  /** The length of head and body together. */
  readonly totalBytes: number
}

/** The bytes that answer `request` as `response` describes. */
export function cannedResponse(response: ResponseSpec, request: RequestSpec): CannedResponse {
  const count = response.varied === true ? VARIANTS : 1
  const body = response.bodyBytes > MAX_HELD_BYTES ? undefined : bodyOf(response)
  const length = response.coding === undefined || body === undefined ? response.bodyBytes : body.length
  const heads = Array.from({ length: count }, (_, variant) => headOf(response, length, variant))
  if (request.method === 'HEAD') return { variants: heads, totalBytes: heads[0]!.length }
  if (body === undefined) {
    const block = Buffer.alloc(1_048_576, 'x')
    const blocks = { block, count: response.bodyBytes / block.length }
    if (!Number.isInteger(blocks.count) || isSpecial(response)) {
      throw new Error('a body over 8 MiB is a multiple of 1 MiB of one letter, neither chunked nor coded')
    }
    return { variants: heads, blocks, totalBytes: heads[0]!.length + response.bodyBytes }
  }
  const variants = heads.map((head) => Buffer.concat([head, body]))
  return { variants, totalBytes: variants[0]!.length }
}

function isSpecial({ chunkBytes, content, coding }: ResponseSpec): boolean {
  return chunkBytes !== undefined || content !== undefined || coding !== undefined
}

function headOf(response: ResponseSpec, bodyBytes: number, variant: number): Buffer {
  const { fields, valueBytes, chunkBytes, close, coding, content } = response
  const framing = chunkBytes === undefined ? `Content-Length: ${bodyBytes}` : 'Transfer-Encoding: chunked'
  // The variant stands in a value of the last ordinary place that a small head has, at a constant length.
  const date = ORDINARY[0].replace('53 GMT', `${String(variant % 60).padStart(2, '0')} GMT`)
  const ordinary: string[] = [framing, date, ...ORDINARY.slice(1)]
  if (coding !== undefined) ordinary[3] = `Content-Encoding: ${coding}`
  if (content === 'json') ordinary[4] = 'Content-Type: application/json'
  if (close === true) ordinary[5] = 'Connection: close'
  const lines = ordinary.slice(0, fields)
  for (let number = lines.length; number < fields; number++) {
    // Every field differs between variants, as in a head that cannot be known beforehand.
    const value = String(variant % 10).padStart(valueBytes, 'v')
    lines.push(`X-F${number}: ${value}`)
  }
  return Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

function bodyOf({ bodyBytes, chunkBytes, content, coding }: ResponseSpec): Buffer {
  if (content !== undefined || coding !== undefined) {
    const plain = content === undefined ? Buffer.alloc(bodyBytes, 'x') : CONTENTS[content](bodyBytes)
    return coding === undefined ? plain : gzipSync(plain)
  }
  if (chunkBytes === undefined) return Buffer.alloc(bodyBytes, 'x')
  const pieces: Buffer[] = []
  const full = chunkOf(chunkBytes)
  let left = bodyBytes
  for (; left >= chunkBytes; left -= chunkBytes) pieces.push(full)
  if (left > 0) pieces.push(chunkOf(left))
  pieces.push(Buffer.from('0\r\n\r\n'))
  return Buffer.concat(pieces)
}

const CONTENTS: Readonly<Record<NonNullable<ResponseSpec['content']>, (bytes: number) => Buffer>> = {
  json: (bytes) => {
    const record = (text: string): string =>
      JSON.stringify({ bytes, id: 7, tags: ['a', 'b', 'c'], isActive: true, parent: null, text })
    return Buffer.from(record('x'.repeat(bytes - record('').length)), 'latin1')
  },
  lines: linesOf,
}

/** Lines of a log, the same each time: they gzip to about a fifth, as text of a server does. */
function linesOf(bytes: number): Buffer {
  const lines: string[] = []
  let state = 1
  for (let length = 0; length < bytes; length += lines.at(-1)!.length) {
    // The multiplier of Lehmer's generator, in the form of Park and Miller: no two lines are equal.
    state = (state * 48_271) % 2_147_483_647
    const [id, micros] = [state.toString(36), state % 9_973]
    lines.push(`{"id":"${id}","path":"/items/${state % 499}","status":200,"micros":${micros},"user":"ada"}\n`)
  }
  return Buffer.from(lines.join(''), 'latin1').subarray(0, bytes)
}

function chunkOf(bytes: number): Buffer {
  return Buffer.from(`${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`, 'latin1')
}

/**
 * Which content codings can be undone, and what is to be done with a response that has some (RFC 9110 §8.4). Pure.
 *
 * All codings of a body are undone, or none: a body of which a part of the codings was undone would be what no field says.
 */

import { contentCodings } from '../core/body-text.ts'
import { type FieldLine, firstFieldValue } from '../core/fields.ts'
import type { ResponseHead } from '../core/response-head.ts'
import { hasZstd } from './zlib.ts'

/** A coding by its own name. */
export type ContentCoding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** `ZSTD_d_windowLogMax` of zstd's own interface, which is stable. */
const ZSTD_D_WINDOW_LOG_MAX = 100

/** What zstd may hold of the past: 2^23 bytes, the most that the coding allows (RFC 9659 §3). */
export const ZSTD_PARAMS: Readonly<Record<number, number>> = Object.freeze({ [ZSTD_D_WINDOW_LOG_MAX]: 23 })

/** The codings that are undone: what Accept-Encoding may name. `zstd` is among them where Node has it. */
export const SUPPORTED_CODINGS: readonly ContentCoding[] = Object.freeze<ContentCoding[]>(
  hasZstd() ? ['gzip', 'deflate', 'br', 'zstd'] : ['gzip', 'deflate', 'br'],
)

/** Names that stand for others (RFC 9110 §8.4.1.3). */
const ALIASES: ReadonlyMap<string, ContentCoding> = new Map([['x-gzip', 'gzip']])

/** What is to be done with the body of a response. */
export type DecodingPlan =
  /** It stays as it came. */
  | { readonly kind: 'raw' }
  /** These are undone, the first first: the reverse of the order in which they were applied. */
  | { readonly kind: 'decode'; readonly codings: readonly ContentCoding[] }
  /** It has more codings than the limit. */
  | { readonly kind: 'refuse' }

const RAW: DecodingPlan = Object.freeze({ kind: 'raw' })
const REFUSE: DecodingPlan = Object.freeze({ kind: 'refuse' })

/** What is looked at. */
export interface CodedFacts {
  readonly method: string
  readonly head: Pick<ResponseHead, 'status' | 'fields' | 'framing' | 'codings'>
  readonly maxChain: number
}

/** Decides what is to be done with the body of a response. */
export function decideDecoding(
  { method, head, maxChain }: CodedFacts,
  supported: readonly ContentCoding[] = SUPPORTED_CODINGS,
): DecodingPlan {
  const { fields } = head
  if (firstFieldValue(fields, 'content-encoding') === undefined) return RAW
  const names = contentCodings(fields)
  if (names.length === 0 || !hasWholeBody(method, head)) return RAW
  const codings: ContentCoding[] = []
  for (const name of names) {
    const coding = ALIASES.get(name) ?? supported.find((one) => one === name)
    if (coding === undefined) return RAW
    codings.unshift(coding)
  }
  return codings.length > maxChain ? REFUSE : { kind: 'decode', codings }
}

/** Whether there is a body, and a coded representation from its first byte to its last. */
function hasWholeBody(method: string, { status, fields, framing, codings }: CodedFacts['head']): boolean {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return false
  if (framing?.kind === 'none' || framing?.kind === 'switch') return false
  // What is left of transfer codings lies over the content codings.
  if (codings.length > 0) return false
  return status !== 206 || isWholeRange(fields)
}

/** Ranges count coded bytes (RFC 9110 §14.1.2): a part of them is no stream that could be decoded, unless it is all. */
function isWholeRange(fields: readonly FieldLine[]): boolean {
  const range = /^bytes 0-(\d{1,15})\/(\d{1,15})$/i.exec(
    firstFieldValue(fields, 'content-range')?.trim() ?? '',
  )
  return range !== null && Number(range[1]) + 1 === Number(range[2])
}

/** The field lines of a body that was decoded: those that spoke of the coded bytes are gone. */
export function withoutCodingFields(fields: readonly FieldLine[]): readonly FieldLine[] {
  return fields.filter(([name]) => !/^content-(?:encoding|length)$/i.test(name))
}

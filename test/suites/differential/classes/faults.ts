// Where the fault stands that a code of ours names: in a head, or after it.

import type { ErrorCode } from '../../../../src/errors/table.ts'
import { type Anatomy, allHeads } from '../anatomy.ts'

/** What each code of ours says is wrong with a head or a trailer section; a trailer section is looked at after a LF. */
export const FAULTS = {
  BARE_LF: /(?:^|[^\r])\n/,
  BARE_CR: /\r(?!\n)/,
  NUL_IN_HEAD: /\0/,
  CONTROL_IN_VALUE: /[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]/,
  SPACE_BEFORE_COLON: /\n[^\s:]+[ \t]+:/,
  BAD_FIELD_NAME: /\n(?::|[^\n:]*[^\w!#$%&'*+.^`|~:\n-][^\n]*:)/,
  NO_COLON: /\n(?!\r?\n)[^\n:]+(?:\n|$)/,
  LEADING_SPACE: /(?:^|\n\r?\n)[^\n]*\n[ \t]/,
} as const

export type Fault = keyof typeof FAULTS

export const inHead =
  (fault: Fault) =>
  (anatomy: Anatomy): boolean =>
    FAULTS[fault].test(allHeads(anatomy))

/** The codes for what only stands after a head. */
const BODY_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_CHUNK_SIZE',
  'BAD_CHUNK_END',
  'BAD_CHUNK_EXTENSION',
  'INCOMPLETE_BODY',
  'LIMIT_CHUNK_EXTENSIONS',
  'LIMIT_TRAILERS',
])

/** We refused for something in the body or the trailer section: the heads have no such fault. */
export const isBehindHead = (code: string, anatomy: Anatomy): boolean =>
  BODY_CODES.has(code) || (Object.hasOwn(FAULTS, code) && !inHead(code as Fault)(anatomy))

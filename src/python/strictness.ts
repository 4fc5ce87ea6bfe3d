/**
 * How strictly this module reads, and why it differs from the rest of the package: what Python lets through in a head is let
 * through here, so that a program that is ported goes on understanding its servers.
 */

import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'

/**
 * The tolerances for a value of `strict`. Only where it was given as 0 or false, as old programs do, a response without a status
 * line is taken for one of HTTP/0.9: otherwise every service that speaks first would have answered.
 * @param more - what the caller says besides; it wins
 */
export function tolerancesFor(
  strict: boolean | number | null,
  more: ToleranceOptions = {},
): ToleranceOptions {
  const http09 = strict === 0 || strict === false
  return {
    http09,
    bareLf: true,
    spaceBeforeColon: true,
    chunkSizePadding: true,
    identityWithLength: true,
    foldedValues: true,
    ...more,
  }
}

/** Room for several long lines: where one is too long it is LineTooLong, as in Python, and not the head as a whole. */
const MAX_HEAD_BYTES = 1_048_576
/** `_MAXHEADERS` of Python: how many lines, of which the empty one after the last field is one. */
const MAX_LINES = 100

/**
 * The limits of this module.
 * @param maxLines - `max_response_headers`
 * @param more - what the caller says besides; it wins
 */
export function limitsFor(maxLines: number | null, more: LimitOptions = {}): LimitOptions {
  return { maxHeadBytes: MAX_HEAD_BYTES, maxFields: (maxLines ?? MAX_LINES) - 1, ...more }
}

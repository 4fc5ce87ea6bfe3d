/**
 * How strictly this module reads, and why it differs from the rest of the package: what the old module let through in a head
 * is let through here, so that a program that is ported goes on understanding its servers.
 */

import type { LimitOptions } from '../h1/limits.ts'
import type { ToleranceOptions } from '../h1/tolerances.ts'

/**
 * The tolerances for a value of `strict`. False, the default, takes a response without a status line for one of HTTP/0.9.
 * @param more - what the caller says besides; it wins
 */
export function tolerancesFor(strict: boolean | number, more: ToleranceOptions = {}): ToleranceOptions {
  return {
    http09: !strict,
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

/** The limits of this module. @param more - what the caller says besides; it wins */
export function limitsFor(more: LimitOptions = {}): LimitOptions {
  return { maxHeadBytes: MAX_HEAD_BYTES, ...more }
}

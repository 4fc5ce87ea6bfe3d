/**
 * What a peer says of its patience: `Keep-Alive: timeout=5, max=100`. No standard defines the field any more; servers
 * send it, and one that closes an idle connection just when a request is sent costs that request.
 */

import { type FieldLine, fieldValues } from '../../core/fields.ts'

export interface KeepAliveHint {
  /** How long the connection is kept idle, in milliseconds. */
  readonly timeoutMs: number | undefined
  /** How many more requests are taken on it. */
  readonly max: number | undefined
}

const PARAMETER = /(?:^|[\s,;])(timeout|max)\s*=\s*"?(\d{1,9})/gi

/** The hint in a head; undefined where there is none. */
export function readKeepAlive(fields: readonly FieldLine[]): KeepAliveHint | undefined {
  const values = fieldValues(fields, 'keep-alive')
  if (values.length === 0) return undefined
  let timeoutMs: number | undefined
  let max: number | undefined
  for (const [, name, digits] of values.join(',').matchAll(PARAMETER)) {
    if (name!.toLowerCase() === 'max') max ??= Number(digits)
    else timeoutMs ??= Number(digits) * 1_000
  }
  return timeoutMs === undefined && max === undefined ? undefined : { timeoutMs, max }
}

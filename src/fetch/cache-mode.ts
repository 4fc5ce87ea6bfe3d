/**
 * What the member `cache` comes to without a cache: fields that tell caches on the way (Fetch standard, "HTTP-network-or-cache
 * fetch", steps 15 to 18).
 */

import { type FieldLine, hasField } from '../core/fields.ts'

/** Fields that make a request conditional: with one of them, caches on the way are not asked. */
const CONDITIONS = [
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'if-match',
  'if-range',
] as const

/** The fields that are added for a cache mode, and for a range. */
export function fieldsForCache(cache: string, fields: readonly FieldLine[]): readonly FieldLine[] {
  const mode = cache === 'default' && CONDITIONS.some((name) => hasField(fields, name)) ? 'no-store' : cache
  const added: FieldLine[] = []
  if (mode === 'no-cache' && !hasField(fields, 'cache-control')) added.push(['cache-control', 'max-age=0'])
  if (mode === 'no-store' || mode === 'reload') {
    if (!hasField(fields, 'pragma')) added.push(['pragma', 'no-cache'])
    if (!hasField(fields, 'cache-control')) added.push(['cache-control', 'no-cache'])
  }
  if (hasField(fields, 'range') && !hasField(fields, 'accept-encoding'))
    added.push(['accept-encoding', 'identity'])
  return added
}

import { fieldValues, hasField } from '../../core/fields.ts'
import type { ResponseHead } from '../../core/response-head.ts'

/**
 * True for a response without a body whose fields speak of one: some servers send it all the same, and the next response on the
 * connection would begin with it. A 204 may not have such fields (RFC 9110 §8.6); a 304 may, as those of the 200 in its place, which
 * has a validator then.
 */
export function isBodyLikelyAfter({ status, fields }: Pick<ResponseHead, 'status' | 'fields'>): boolean {
  if (status !== 204 && status !== 304) return false
  if (status === 304 && (hasField(fields, 'etag') || hasField(fields, 'last-modified'))) return false
  return (
    hasField(fields, 'transfer-encoding') ||
    fieldValues(fields, 'content-length').some((value) => value !== '0')
  )
}

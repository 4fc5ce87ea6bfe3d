/**
 * What may be said once only: a field that a layer has made for one sending is made once more where a request is sent again below that
 * layer, by the pool or over another connection.
 */

import type { FieldLine } from './fields.ts'
import { type OutgoingRequest, withChanges, withFields } from './request.ts'

/**
 * The same request, whose field `line` is made once more for each further sending.
 * @param line - a field of the request
 * @param renew - gives its next value
 */
export function withRenewal(
  request: OutgoingRequest,
  [name, first]: FieldLine,
  renew: () => string,
): OutgoingRequest {
  const { settings } = request
  // A request that no client has made is not sent again.
  if (settings === undefined) return request
  let said = first
  const renewFields = (fields: readonly FieldLine[]): readonly FieldLine[] => {
    const others = settings.renewFields?.(fields) ?? fields
    const earlier = said
    said = renew()
    return others.map((line) => (line[0] === name && line[1] === earlier ? ([name, said] as const) : line))
  }
  return withChanges(request, { settings: Object.freeze({ ...settings, renewFields }) })
}

/** A request as it is sent once more. */
export function renewed(request: OutgoingRequest): OutgoingRequest {
  const renewFields = request.settings?.renewFields
  return renewFields === undefined ? request : withFields(request, renewFields(request.fields))
}

/**
 * The value of an Idempotency-Key field (draft-ietf-httpapi-idempotency-key-header): a UUID of version 4 (RFC 9562 §5.4), drawn
 * from the client's own chance. It has to be unlike all others, and is no secret.
 */

import { type FieldLine, fieldValues, hasField } from '../core/fields.ts'
import { equalsIgnoringCase } from '../core/grammar.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { Random } from '../time/random.ts'

/** A new one: `8e03978e-40d5-43dd-bc93-6894a57f9324`. */
export function makeKey(random: Random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
    const drawn = Math.floor(random.next() * 16)
    return (place === 'x' ? drawn : 8 + (drawn % 4)).toString(16)
  })
}

/** Whether a request has a field of that name. */
export function hasKey({ fields, defaults }: OutgoingRequest, name: string): boolean {
  const lower = name.toLowerCase()
  return hasField(fields, lower) || hasField(defaults, lower)
}

/**
 * Whether a request has a field of that name, and was sent with it: what a hook adds or changes on the way may be another one the
 * next time.
 */
export function keepsKey(given: OutgoingRequest, sent: OutgoingRequest, name: string): boolean {
  if (given === sent) return hasKey(given, name)
  const keys = keysOf(given, name)
  return keys.length > 0 && keys.join() === keysOf(sent, name).join()
}

function keysOf({ fields, defaults }: OutgoingRequest, name: string): readonly string[] {
  const lower = name.toLowerCase()
  return fieldValues(hasField(fields, lower) ? fields : defaults, lower)
}

/** The name of the field that a request with this method is given; undefined for none. */
export function keyNameFor({ settings }: OutgoingRequest, method: string): string | undefined {
  const retry = settings?.retry
  return retry === undefined || retry.methods.includes(method) ? undefined : retry.idempotencyKey
}

/** The request with its key, drawn once for all that is made of it, where a method needs one and the caller has set none. */
export function withKey(request: OutgoingRequest, random: Random): OutgoingRequest {
  const name = keyNameFor(request, request.method)
  if (name === undefined || hasKey(request, name)) return request
  return withChanges(request, { fields: [...request.fields, [name, makeKey(random)]] })
}

/** The fields without those of that name. */
export function withoutKey(fields: readonly FieldLine[], name: string): readonly FieldLine[] {
  return fields.filter((line) => !equalsIgnoringCase(line[0], name))
}

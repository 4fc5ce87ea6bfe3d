/**
 * Takes what is to be sent out of the caller's hands: each part of an event is looked at once, and is a string or a number
 * from then on. Everything after that reads these copies.
 *
 * Security: a list that is another one the second time, a line that says one thing by its iterator and another by its
 * index, or a name that is an object could otherwise be checked, framed and written as three different things.
 */

import type { FieldLine } from '../core/fields.ts'
import { assertString } from '../core/snapshot.ts'
import type { RequestToSend, ResponseToSend } from './events.ts'

/**
 * The field lines as they are now.
 * @throws TypeError for a name or a value that is no string
 */
export function snapshotFields(fields: readonly FieldLine[]): FieldLine[] {
  const taken: FieldLine[] = []
  for (const [name, value] of fields) {
    assertString(name, 'The name of a field')
    assertString(value, 'The value of a field')
    taken.push([name, value])
  }
  return taken
}

/**
 * The request as it is now.
 * @throws TypeError for a part that is not of its type
 */
export function snapshotRequest({ type, method, target, version, fields }: RequestToSend): RequestToSend {
  assertString(method, 'The method')
  assertString(target, 'The request target')
  return { type, method, target, version: takeVersion(version), fields: snapshotFields(fields) }
}

/** A response whose version has been looked at. */
export interface ResponseSnapshot extends ResponseToSend {
  readonly version: 10 | 11
}

/**
 * The response as it is now.
 * @throws TypeError for a part that is not of its type
 */
export function snapshotResponse(response: ResponseToSend): ResponseSnapshot {
  const { type, status, fields } = response
  const reason = ownPart(response, 'reason', '')
  assertString(reason, 'The reason phrase')
  const version = takeVersion(ownPart(response, 'version', undefined))
  return { type, status, reason, version, fields: snapshotFields(fields) }
}

/** A part that may be missing. Security: what another package wrote onto `Object.prototype` is no part of any message. */
export function ownPart<T extends object, K extends keyof T, D>(
  event: T,
  name: K,
  otherwise: D,
): Exclude<T[K], undefined> | D {
  const part = Object.hasOwn(event, name) ? event[name] : undefined
  // Only what is missing: null is no version and no phrase, and is refused as such.
  return part === undefined ? otherwise : (part as Exclude<T[K], undefined>)
}

function takeVersion(version: 10 | 11 | undefined): 10 | 11 {
  if (version === undefined) return 11
  if (version !== 10 && version !== 11) throw new TypeError('The version must be 10 or 11')
  return version
}

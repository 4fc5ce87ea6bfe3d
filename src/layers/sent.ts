/**
 * What was really sent for an attempt, where a hook has put another request in the place of the one that was to be sent. What may
 * have acted is what was sent: whether an attempt is repeated is decided by that.
 */

import type { OutgoingRequest } from '../core/request.ts'

const SENT = new WeakMap<OutgoingRequest, OutgoingRequest>()

/** Notes that `sent` was sent in the place of `given`. */
export function noteSent(given: OutgoingRequest, sent: OutgoingRequest): void {
  if (sent !== given) SENT.set(given, sent)
}

/** What was sent of a request. */
export function sentFor(given: OutgoingRequest): OutgoingRequest {
  return SENT.get(given) ?? given
}

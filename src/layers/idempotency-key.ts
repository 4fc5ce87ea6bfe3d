/**
 * The value of an Idempotency-Key field (draft-ietf-httpapi-idempotency-key-header): a UUID of version 4 (RFC 9562 §5.4), drawn
 * from the client's own chance. It has to be unlike all others, and is no secret.
 */

import type { Random } from '../time/random.ts'

/** A new one: `8e03978e-40d5-43dd-bc93-6894a57f9324`. */
export function makeKey(random: Random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
    const drawn = Math.floor(random.next() * 16)
    return (place === 'x' ? drawn : 8 + (drawn % 4)).toString(16)
  })
}

/** Errors of opening a connection for no request: of `take()` and `preconnect()`. */

import { addFacts, HTTPException } from '../errors/exception.ts'
import { NotConnected } from '../errors/index.ts'
import { UNSENT } from '../errors/unsent.ts'
import type { Clock } from '../time/clock.ts'
import { rejectionWithCaller } from '../transport/caller-stack.ts'

/** What tells an error where the connection was to lead, how long it took, and where the caller waits for it. */
export function openingFailed(url: string, clock: Clock): (error: unknown) => Promise<never> {
  const begunAt = clock.now()
  return (error) => {
    const isOfConnection = HTTPException.isHTTPException(error) && !(error instanceof NotConnected)
    if (isOfConnection) addFacts(error, { ...UNSENT, url, elapsedMs: clock.now() - begunAt })
    return rejectionWithCaller(error)
  }
}

/** The attempts that were made for a request, as layers that send it again tell of them. */

import type { HTTPResponse } from '../core/response.ts'
import {
  type Attempt,
  attemptOfError,
  type Findings,
  HTTPException,
  setAttempts,
  shownBriefly,
} from '../errors/exception.ts'
import { ConnectError } from '../errors/index.ts'

/** The attempts that an error tells of; of a ConnectError they may still be the addresses that were tried. */
export function attemptsOf(error: HTTPException): readonly Attempt[] {
  const { attempts } = error
  const areAddresses = error instanceof ConnectError && attempts === error.addresses
  return attempts === undefined || attempts.length === 0 || areAddresses ? [attemptOfError(error)] : attempts
}

/** What is known once a response is there, of what comes after it: it failed in no phase, for the response came as it was to come. */
export function factsAfter({ facts, connection, attempts }: HTTPResponse): Findings {
  const { address, reused } = connection ?? {}
  return { address, reused, ...facts, phase: undefined, responseStarted: true, attempts }
}

/** What comes of a further sending, or of what is done for it; an error of it tells of the attempts before it, too. */
export async function withEarlier<T>(
  earlier: readonly Attempt[],
  signal: AbortSignal | undefined,
  sending: Promise<T>,
): Promise<T> {
  try {
    return await sending
  } catch (error) {
    // The reason of an abort is the caller's.
    const isAbort = signal?.aborted === true && error === signal.reason
    if (!isAbort && HTTPException.isHTTPException(error))
      setAttempts(error, [...earlier, ...attemptsOf(error)])
    throw error
  }
}

/** The attempts with more said of the last one. */
export function withLast(attempts: readonly Attempt[], more: Partial<Attempt>): readonly Attempt[] {
  return [...attempts.slice(0, -1), shownBriefly({ ...attempts.at(-1)!, ...more })]
}

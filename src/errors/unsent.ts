/** What was refused before anything of it was sent. */

import { type ExchangeFacts, isOfOne } from './exception.ts'
import { LocalProtocolError } from './local.ts'

/** Of an attempt for which nothing was sent. */
export const UNSENT: ExchangeFacts = Object.freeze({ requestBytesWritten: 0, responseStarted: false })

/** Writes onto what a request was refused for, before it was begun, that no byte of it was written. */
export function tellUnsent(error: unknown): void {
  if (error instanceof LocalProtocolError && isOfOne(error)) error.requestBytesWritten ??= 0
}

/** Does what comes before a request, or is for none: what that is refused for tells so. */
export function beforeRequest<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    tellUnsent(error)
    throw error
  }
}

/**
 * A wait between two requests: over at its time or at an abort, and nothing is left of it then.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import type { Clock } from '../time/clock.ts'

/**
 * Waits; at once where there is nothing to wait for.
 * @throws `signal.reason`, untouched
 */
export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => {
      if (signal !== undefined) stopListeningForAbort(signal, onAbort)
      resolve()
    })
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    if (signal !== undefined) listenForAbort(signal, onAbort)
  })
}

/**
 * A wait between two requests: over at its time or at an abort, and nothing is left of it then.
 */

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
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

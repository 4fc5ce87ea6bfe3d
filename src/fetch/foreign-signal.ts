/** Signals of other packages, as the constructor of `Request` takes them. */

import { platformSignal } from '../core/foreign-signal.ts'

/**
 * The platform's signal for what was given as one.
 * @throws TypeError for what is none
 */
export function asAbortSignal(signal: unknown): AbortSignal {
  const { aborted, addEventListener } = signal as Partial<AbortSignal>
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw new TypeError("Failed to construct 'Request': member signal is not of type AbortSignal.")
  return platformSignal(signal as AbortSignal)
}

/** One wait of the command: of any length, and over at once when the user wants an end. */

import { setTimeout as wait } from 'node:timers/promises'

/** Timers above this fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

/**
 * Resolves after so many milliseconds; Infinity never ends by itself.
 * @throws `signal.reason`
 */
export async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= LONGEST_TIMER_MS)
    await wait(Math.min(left, LONGEST_TIMER_MS), undefined, { signal }).catch(() => signal.throwIfAborted())
}

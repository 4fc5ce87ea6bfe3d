/** Waits for the code of a caller, a jar, a store, a function that gives a token: no longer than the request is wanted. */

import type { OutgoingRequest } from '../core/request.ts'
import { shownUrl } from '../core/shown-url.ts'
import { TimeoutError } from '../errors/index.ts'
import type { Clock } from '../time/clock.ts'
import type { Pauses } from './pause.ts'

/** What such a wait stands on. */
export interface WaitGround {
  readonly clock: Clock
  /** The waits of the client: `destroy()` ends them. */
  readonly pauses: Pauses
}

/** What is known of the request. */
type Wanted = Pick<OutgoingRequest, 'url' | 'deadlines'> & Partial<Pick<OutgoingRequest, 'method'>>

/**
 * Waits for `work` on the way of a request.
 * @throws what `work` throws; TimeoutError of `total`; `signal.reason`, untouched; what the client was destroyed with
 */
export function whileWanted<T>(
  work: Promise<T>,
  { method, url, deadlines }: Wanted,
  { clock, pauses }: WaitGround,
): Promise<T> {
  const { endsAt, totalMs, signal } = deadlines
  return pauses.until(work, {
    clock,
    ms: endsAt - clock.now(),
    signal,
    late: () => new TimeoutError('total', totalMs, { method, url: shownUrl(url) }),
  })
}

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
 * @param name - of what belongs to connecting, and may take as long as that: told as `address`. Undefined for anything else
 * @throws what `work` throws; TimeoutError of `total` or `connect`; `signal.reason`, untouched; what the client was destroyed with
 */
export function whileWanted<T>(
  work: Promise<T>,
  { method, url, deadlines }: Wanted,
  { clock, pauses }: WaitGround,
  name?: string,
): Promise<T> {
  const { endsAt, totalMs, signal, timeouts } = deadlines
  const left = endsAt - clock.now()
  const most = name === undefined ? Infinity : timeouts.connect
  const late = (): Error => {
    const facts = { method, url: shownUrl(url), address: name }
    return left <= most
      ? new TimeoutError('total', totalMs, facts)
      : new TimeoutError('connect', timeouts.connect, facts)
  }
  return pauses.until(work, { clock, ms: Math.min(left, most), signal, late })
}

/** Waits for the code of a caller, a jar, a store, a function that gives a token: no longer than the request is wanted. */

import type { OutgoingRequest } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import { shownUrl } from '../core/shown-url.ts'
import { addFacts, type Findings } from '../errors/exception.ts'
import { TimeoutError } from '../errors/index.ts'
import { UNSENT } from '../errors/unsent.ts'
import type { Clock } from '../time/clock.ts'
import { factsAfter } from './attempts.ts'
import type { Pauses } from './pause.ts'

/** What such a wait stands on. */
export interface WaitGround {
  readonly clock: Clock
  /** The waits of the client: `destroy()` ends them. */
  readonly pauses: Pauses
}

/** What is known of the request. */
type Wanted = Pick<OutgoingRequest, 'url' | 'deadlines'> & Partial<Pick<OutgoingRequest, 'method'>>

/** What an error of the wait tells besides. */
export interface WaitTold {
  /** The name of what belongs to connecting, and may take as long as that, told as `address`; undefined for anything else. */
  readonly name: string | undefined
  /** What to do about it, where `total` ends the wait. */
  readonly remedy: string | undefined
  /** What is known of the exchange by then. */
  readonly facts: Findings | undefined
}

/** Of a wait before anything is sent. */
export const BEFORE_SENDING: WaitTold = Object.freeze({ name: undefined, remedy: undefined, facts: UNSENT })

/** Of a wait for what follows a response. */
export function afterResponse(response: HTTPResponse): WaitTold {
  return { name: undefined, remedy: undefined, facts: factsAfter(response) }
}

const NOTHING_TOLD: WaitTold = Object.freeze({ name: undefined, remedy: undefined, facts: undefined })

/**
 * Waits for `work` on the way of a request.
 * @throws what `work` throws; TimeoutError of `total` or `connect`; `signal.reason`, untouched; what the client was destroyed with
 */
export function whileWanted<T>(
  work: Promise<T>,
  { method, url, deadlines }: Wanted,
  { clock, pauses }: WaitGround,
  { name, remedy, facts: known }: WaitTold = NOTHING_TOLD,
): Promise<T> {
  const { endsAt, totalMs, signal, timeouts } = deadlines
  const left = endsAt - clock.now()
  const most = name === undefined ? Infinity : timeouts.connect
  const late = (): Error => {
    const isTotal = left <= most
    const elapsedMs = isTotal ? clock.now() - (endsAt - totalMs) : undefined
    const facts = { address: name, ...known, method, url: shownUrl(url), elapsedMs }
    const error = isTotal
      ? new TimeoutError('total', totalMs, { ...facts, remedy })
      : new TimeoutError('connect', timeouts.connect, facts)
    addFacts(error, { attempts: known?.attempts })
    return error
  }
  return pauses.until(work, { clock, ms: Math.min(left, most), signal, late, facts: known })
}

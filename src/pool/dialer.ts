/**
 * Opens connections for a pool. A dial belongs to no request: what becomes of it is told with its origin, and who gets it is
 * decided then. One that no request waits for goes on for a second, as the next request mostly comes soon; it must not keep the
 * process alive longer.
 */

import type { ResolvedTimeouts } from '../core/timeouts.ts'
import { CallOff } from '../time/call-off.ts'
import type { Clock } from '../time/clock.ts'
import { makeDeadline } from '../time/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import type { Dial, DialOutcome, PoolOrigin, Wish } from './pool-origin.ts'

/** How long a dial goes on after the last request stops waiting for it. */
const ABANDONED_DIAL_MS = 1_000

/** Who is told. A dial has left its origin before. */
export interface DialOwner {
  dialed(origin: PoolOrigin, transport: Transport): void
  /** @param given - what the dial was given: a connector may have taken less */
  dialFailed(origin: PoolOrigin, error: unknown, given: ResolvedTimeouts): void
  /** Dials were given up: there is room for others. */
  serve(origin: PoolOrigin): void
}

const unwanted = (): Error => new DOMException('no request waits for the connection any more', 'AbortError')

export class Dialer {
  readonly #clock: Clock
  readonly #owner: DialOwner
  /** How many are under way. */
  #count = 0

  constructor(clock: Clock, owner: DialOwner) {
    this.#clock = clock
    this.#owner = owner
  }

  get count(): number {
    return this.#count
  }

  /**
   * Begins a dial. Resolves when all of it has been told, with its error if it failed, and when it is given up.
   * @param wish - what it is for where no request waits, and for which URL
   */
  dial(origin: PoolOrigin, timeouts: ResolvedTimeouts, wish?: Wish): Promise<DialOutcome> {
    const clock = this.#clock
    let over: ((outcome: DialOutcome) => void) | undefined
    const outcome = new Promise<DialOutcome>((resolve) => {
      over = resolve
    })
    const dial: Dial = {
      startedAtMs: clock.now(),
      timeouts,
      callOff: new CallOff(),
      wish,
      outcome,
      over: over!,
    }
    origin.dials.add(dial)
    origin.note(timeouts)
    this.#count++
    // No asynchronous function: thousands of dials may be under way at the same time.
    const told = this.#open(origin, dial).then(
      (transport) => {
        if (this.#end(origin, dial)) this.#owner.dialed(origin, transport)
        else transport.close()
        this.watch(origin)
        return undefined
      },
      (error: unknown) => {
        if (!this.#end(origin, dial)) return undefined
        // A connector of the caller's may not have heard that its time is over; before another one is begun in its place.
        dial.callOff.call(error)
        this.#owner.dialFailed(origin, error, timeouts)
        this.watch(origin)
        return { error }
      },
    )
    void told.then(dial.over, (error: unknown) => {
      dial.over({ error })
      throw error
    })
    return outcome
  }

  #open(origin: PoolOrigin, { timeouts, callOff, wish }: Dial): Promise<Transport> {
    const bounds = {
      clock: this.#clock,
      timeouts,
      endsAt: Infinity,
      totalMs: Infinity,
      signal: undefined,
      callOff,
    }
    try {
      return origin.open(bounds, () =>
        wish?.url === undefined ? origin.coveredUrls() : [wish.url, ...origin.coveredUrls()],
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Those who wait may be fewer than before, or more. */
  watch(origin: PoolOrigin): void {
    if (origin.unwantedDials.length === 0) {
      this.#unwatch(origin)
      return
    }
    // From the first that is unwanted on: where requests come and go, it would never run out.
    if (origin.isAbandoning) return
    origin.isAbandoning = true
    origin.abandoned ??= makeDeadline(this.#clock, () => {
      origin.isAbandoning = false
      for (const dial of origin.unwantedDials) this.giveUp(origin, dial, undefined)
      this.#owner.serve(origin)
    })
    origin.abandoned.set(ABANDONED_DIAL_MS)
  }

  #unwatch(origin: PoolOrigin): void {
    origin.isAbandoning = false
    origin.abandoned?.clear()
  }

  /** What no request waits for is not wanted any more: it ends at once. */
  forgo(origin: PoolOrigin, wish: Wish): void {
    wish.giveUp()
    const unwanted = origin.unwantedDials.filter((dial) => dial.wish === wish)
    for (const dial of unwanted) this.giveUp(origin, dial, undefined)
    this.watch(origin)
    if (unwanted.length > 0) this.#owner.serve(origin)
  }

  /** @param reason - of the caller that ends it; undefined where no request waits for it any more */
  giveUp(origin: PoolOrigin, dial: Dial, reason: unknown): void {
    if (!this.#end(origin, dial)) return
    dial.callOff.call(reason ?? unwanted())
    // Who counts on it waits no longer, though a connector may never answer.
    dial.over(undefined)
  }

  /** Answers false for one that was given up. */
  #end(origin: PoolOrigin, dial: Dial): boolean {
    if (!origin.dials.delete(dial)) return false
    this.#count--
    if (origin.dials.size === 0) this.#unwatch(origin)
    return true
  }
}

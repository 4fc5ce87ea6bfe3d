/**
 * Opens connections for which no request waits yet, until there are enough of them. A dial that others have begun counts where it will
 * be left when those who wait are served; where it fails, another one is begun.
 */

import type { ResolvedTimeouts } from '../core/timeouts.ts'
import type { Dialer } from './dialer.ts'
import { type DialOutcome, type PoolOrigin, Wish } from './pool-origin.ts'

/** What it asks of the pool. */
export interface PreconnectGround {
  readonly state: 'open' | 'closing' | 'closed'
  /** Whether the caps allow another dial. */
  hasRoom(origin: PoolOrigin): boolean
  /** How many connections a request could use now; those that none can are closed. */
  usable(origin: PoolOrigin): number
}

export interface PreconnectOptions {
  /** How many there are to be that can be used. */
  readonly count: number
  readonly timeouts: ResolvedTimeouts
  /** What they are for. */
  readonly url: string | undefined
  /** Gives up those for which no request waits; the call resolves then. */
  readonly signal: AbortSignal | undefined
}

/**
 * Resolves when there are `count`, or as many as the caps allow; begins no more than `count`. What it has begun and is not ended by
 * then is given up, unless a request waits for it.
 * @param originNow - one that had nothing left may have been forgotten meanwhile
 * @throws what the first of its own dials that failed threw, as soon as it has
 */
export async function preconnect(
  ground: PreconnectGround,
  dialer: Dialer,
  originNow: () => PoolOrigin,
  { count, timeouts, url, signal }: PreconnectOptions,
): Promise<void> {
  if (signal?.aborted === true) return
  const wish = new Wish(url)
  const isOver = (): boolean => ground.state !== 'open' || signal?.aborted === true
  const own = new Set<Promise<Ended>>()
  const forgo = (): void => dialer.forgo(originNow(), wish)
  signal?.addEventListener('abort', forgo)
  try {
    let begun = 0
    for (;;) {
      const origin = originNow()
      const usable = ground.usable(origin)
      while (begun < count && usable + spareDials(origin) < count && ground.hasRoom(origin)) {
        begun++
        const ended: Promise<Ended> = dialer
          .dial(origin, timeouts, wish)
          .then((outcome) => ({ ended, failed: outcome }))
        own.add(ended)
      }
      const others =
        own.size > 0 || spareDials(origin) === 0 ? [] : [...origin.dials].map(({ outcome }) => outcome)
      if (usable >= count || own.size + others.length === 0) return
      const first = await Promise.race([...own, ...others])
      if (first !== undefined && 'ended' in first) {
        own.delete(first.ended)
        if (first.failed !== undefined) throw first.failed.error
      }
      if (isOver()) return
    }
  } finally {
    signal?.removeEventListener('abort', forgo)
    if (own.size > 0) forgo()
  }
}

/** One of its own dials has ended. */
interface Ended {
  readonly ended: Promise<Ended>
  readonly failed: DialOutcome
}

/** Dials that will be left when those who wait have got theirs. */
function spareDials({ dialing, waiting }: PoolOrigin): number {
  return Math.max(0, dialing - waiting)
}

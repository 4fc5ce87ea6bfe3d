// The bounds of a wait, for tests of what dials: no timeouts but those that a test names.

import { type Clock, systemClock } from '../../src/time/clock.ts'
import type { Deadlines } from '../../src/time/wait.ts'

/** What a test says of a wait. */
export interface WaitingParts {
  readonly clock?: Clock
  readonly timeouts?: Partial<Deadlines['timeouts']>
  /** The total timeout, from now on. */
  readonly totalMs?: number
  readonly signal?: AbortSignal
}

/** How long something that should happen at once may take on a busy machine. */
const PATIENCE_MS = 20_000

/** On the machine's clock everything has 20 s, so that a test cannot hang; on a clock of the test it has for ever. */
export function makeWaiting(parts: WaitingParts = {}): Deadlines {
  const { clock = systemClock, totalMs = Infinity, signal } = parts
  const each = clock === systemClock ? PATIENCE_MS : Infinity
  return {
    clock,
    timeouts: { dns: each, connect: each, tls: each, ...parts.timeouts },
    endsAt: clock.now() + totalMs,
    totalMs,
    signal,
  }
}

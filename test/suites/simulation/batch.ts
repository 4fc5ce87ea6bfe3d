// Runs many seeds, several worlds side by side in one thread: each takes its turn of the real loop after the other, and
// none knows of the others.

import type { Catch } from '../../support/fault-hunt.ts'
import type { Run, RunResult } from './run.ts'

/** How many worlds share a thread: the turns of the loop cost less the more there are, up to about here. */
const WORLDS = 16

/** What a number of runs came to. */
export interface Tally {
  runs: number
  events: number
  exchanges: number
  links: number
  virtualMs: number
  readonly raised: Map<string, number>
}

export function emptyTally(): Tally {
  return { runs: 0, events: 0, exchanges: 0, links: 0, virtualMs: 0, raised: new Map() }
}

export function addTally(sum: Tally, other: Tally): void {
  sum.runs += other.runs
  sum.events += other.events
  sum.exchanges += other.exchanges
  sum.links += other.links
  sum.virtualMs += other.virtualMs
  for (const [code, count] of other.raised) sum.raised.set(code, (sum.raised.get(code) ?? 0) + count)
}

/** Runs the seeds from `first` to `last`; `onViolation` says whether to go on. Stack traces are not made meanwhile. */
export async function runBatch(
  run: Run,
  first: number,
  last: number,
  onViolation: (result: RunResult) => boolean,
): Promise<Tally> {
  const tally = emptyTally()
  let next = first
  let goesOn = true
  const lane = async (): Promise<void> => {
    while (next <= last && goesOn) {
      const seed = next++
      const result = await run(seed)
      addTally(tally, { ...result, runs: 1, raised: new Map(result.raised) })
      if (result.violation !== undefined && !onViolation(result)) goesOn = false
    }
  }
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    await Promise.all(Array.from({ length: WORLDS }, lane))
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return tally
}

/** Seeds are hunted in portions of this size; the lowest one of a portion that shows the fault is told. */
const PORTION = 64

/** A hunt: runs seeds until one of them shows a fault that was put into the code. */
export function huntIn(run: Run): (within: number) => Promise<Catch> {
  return async (within) => {
    for (let first = 1; first <= within; first += PORTION) {
      let found: { seed: number; rule: string } | undefined
      await runBatch(run, first, Math.min(first + PORTION - 1, within), ({ seed, violation }) => {
        if (violation !== undefined && (found === undefined || seed < found.seed))
          found = { seed, rule: violation.rule }
        return true
      })
      if (found !== undefined) return { tryNumber: found.seed, rule: found.rule }
    }
    return { tryNumber: undefined, rule: '' }
  }
}

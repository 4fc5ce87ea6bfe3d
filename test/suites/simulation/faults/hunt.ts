// One hunt, in a thread of its own so that it loads the faulty files: runs seeds until one of them shows the fault.

import { answerHunt, type Catch } from '../../../support/fault-hunt.ts'
import { runBatch } from '../batch.ts'

/** Seeds are run in portions of this size; the lowest one of a portion that shows the fault is told. */
const PORTION = 64

await answerHunt(findFirst)

async function findFirst(within: number): Promise<Catch> {
  for (let first = 1; first <= within; first += PORTION) {
    let found: { seed: number; rule: string } | undefined
    await runBatch(first, Math.min(first + PORTION - 1, within), ({ seed, violation }) => {
      if (violation !== undefined && (found === undefined || seed < found.seed))
        found = { seed, rule: violation.rule }
      return true
    })
    if (found !== undefined) return { tryNumber: found.seed, rule: found.rule }
  }
  return { tryNumber: undefined, rule: '' }
}

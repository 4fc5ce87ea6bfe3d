// One hunt, in a thread of its own so that it loads the faulty files: runs seeds until one of them shows the fault.

import { parentPort, workerData } from 'node:worker_threads'
import type { Catch, Hunt } from '../../support/fault-hunt.ts'
import { runBatch } from '../batch.ts'

/** Seeds are run in portions of this size; the lowest one of a portion that shows the fault is told. */
const PORTION = 64

const hunt = workerData as Hunt | undefined
if (parentPort !== null && hunt !== undefined && 'within' in hunt)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort.postMessage(await findFirst(hunt))

async function findFirst({ within }: Hunt): Promise<Catch> {
  for (let first = 1; first <= within; first += PORTION) {
    let found: { seed: number; rule: string } | undefined
    await runBatch(first, Math.min(first + PORTION - 1, within), ({ seed, violation }) => {
      if (violation !== undefined && (found === undefined || seed < found.seed))
        found = { seed, rule: violation.rule }
      return true
    })
    if (found !== undefined) return found
  }
  return { seed: undefined, rule: '' }
}

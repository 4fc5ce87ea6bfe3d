// One hunt, in a thread of its own so that it loads the faulty files: plays attempts until one of them shows the fault.

import { parentPort, workerData } from 'node:worker_threads'
import type { Catch, Hunt } from '../../support/fault-hunt.ts'
import { everyAttempt } from '../attempts.ts'
import { DOORS, play, Watch } from '../run.ts'

const hunt = workerData as Hunt | undefined
if (parentPort !== null && hunt !== undefined && 'within' in hunt)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort.postMessage(await findFirst(hunt))

async function findFirst({ within }: Hunt): Promise<Catch> {
  Error.stackTraceLimit = 0
  using watch = new Watch()
  let count = 0
  for (const attempt of everyAttempt(DOORS)) {
    if (++count > within) break
    const { violation } = await play(attempt, watch)
    if (violation !== undefined) return { seed: count, rule: `${attempt.door}: ${firstWords(violation)}` }
  }
  return { seed: undefined, rule: '' }
}

/** What is wrong, without the text that shows it. */
function firstWords(violation: string): string {
  return violation.replace(/[:(].*$/s, '').trim()
}

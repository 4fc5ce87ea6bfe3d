// One hunt, in a thread of its own so that it loads the faulty files: plays attempts until one of them shows the fault.

import { answerHunt, type Catch } from '../../../support/fault-hunt.ts'
import { everyAttempt } from '../attempts.ts'
import { DOORS, play, Watch } from '../run.ts'

await answerHunt(findFirst)

async function findFirst(within: number): Promise<Catch> {
  Error.stackTraceLimit = 0
  using watch = new Watch()
  let count = 0
  for (const attempt of everyAttempt(DOORS)) {
    if (++count > within) break
    const { violation } = await play(attempt, watch)
    if (violation !== undefined)
      return { tryNumber: count, rule: `${attempt.door}: ${firstWords(violation)}` }
  }
  return { tryNumber: undefined, rule: '' }
}

/** What is wrong, without the text that shows it. */
function firstWords(violation: string): string {
  return violation.replace(/[:(].*$/s, '').trim()
}

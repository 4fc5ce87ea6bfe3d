// One hunt, in a thread of its own so that it loads the faulty files: judges inputs until one of them shows the fault.

import { answerHunt, type Catch } from '../../../support/fault-hunt.ts'
import { fuzzBatch } from '../batch.ts'

const SEED = 1

await answerHunt((within) => {
  let found: Catch = { tryNumber: undefined, rule: '' }
  fuzzBatch({ seed: SEED, first: 1, last: within }, ({ number, violation }) => {
    found = { tryNumber: number, rule: violation.rule }
    return false
  })
  return found
})

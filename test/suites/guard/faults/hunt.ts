// One hunt, in a thread of its own so that it loads the faulty files: plays until something shows the fault.

import { answerHunt, type Catch } from '../../../support/fault-hunt.ts'
import { PLAYS } from '../play.ts'

await answerHunt(findFirst)

async function findFirst(within: number): Promise<Catch> {
  let count = 0
  for (const [, play] of PLAYS.slice(0, within)) {
    count++
    const violation = await play()
    if (violation !== undefined) return { tryNumber: count, rule: violation }
  }
  return { tryNumber: undefined, rule: '' }
}

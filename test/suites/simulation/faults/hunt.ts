// One hunt, in a thread of its own so that it loads the faulty files: runs seeds until one of them shows the fault.

import { answerHunt } from '../../../support/fault-hunt.ts'
import { huntIn } from '../batch.ts'
import { run } from '../run.ts'

await answerHunt(huntIn(run))

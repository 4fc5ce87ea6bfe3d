/** The process of one contender: `worker.js '{"contender":…,"workload":…,"target":…}'`, then questions on standard input. */

import type { Contender, Session, Target } from './contender.ts'
import { answerLines } from './lines.ts'
import { loadContender } from './loaders.ts'
import { measureAllocation, measureIdle, runRound, sampleLatency, warmUp } from './measure.ts'
import type { Workload } from './workloads.ts'

/** What a worker is started with. */
export interface Assignment {
  readonly contender: string
  readonly workload: Workload
  readonly target: Target
}

const assignment = JSON.parse(process.argv[2]!) as Assignment
async function open(): Promise<{ runner: Contender; session: Session }> {
  const runner = await loadContender(assignment.contender)
  return { runner, session: await runner.open(assignment.workload, assignment.target) }
}

const opening = open()
opening.catch(() => {
  // Told at the first question.
})

answerLines(async (message) => {
  const { runner, session } = await opening
  const requests = Number(message['requests'])
  switch (message['do']) {
    case 'hello':
      return { version: await runner.version(), runtime: process.version }
    case 'warm':
      return { rate: await warmUp(session, Number(message['seconds'])) }
    case 'round':
      return runRound(session, requests, Number(message['touched']))
    case 'latency':
      return sampleLatency(session, requests)
    case 'allocation':
      return { bytes: await measureAllocation(session, requests) }
    case 'idle':
      return measureIdle(session)
    default:
      throw new Error(`cannot ${String(message['do'])}`)
  }
})

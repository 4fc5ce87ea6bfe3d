// A differential run: every client is asked for every case by a server of its own; then each is compared with the library.

import type { Case } from './cases.ts'
import { type Judgement, judge } from './judge.ts'
import { Origin } from './origin.ts'
import { ours } from './ours.ts'
import type { Client, Outcome } from './outcome.ts'

/** Runs the cases with the library, if it has not run them yet, and with `client`. */
export async function compareWith(
  client: Client,
  cases: readonly Case[],
  ourOutcomes?: readonly Outcome[],
): Promise<Judgement> {
  const own = ourOutcomes ?? (await runOurs(cases))
  const judgement = judge(client, cases, own, await runClient(client, cases))
  return judgement.unexplained.length === 0 ? judgement : settle(client, judgement)
}

export function runOurs(cases: readonly Case[]): Promise<readonly Outcome[]> {
  return runClient(ours, cases)
}

async function runClient(client: Client, cases: readonly Case[]): Promise<readonly Outcome[]> {
  const origin = await Origin.start(cases)
  try {
    const reports = await client.run(cases, origin.port)
    return reports.map((report, number) => origin.complete(number, report))
  } finally {
    await origin.close()
  }
}

/** On a busy machine a client may be too slow for the server's patience: what is not explained is asked again, by itself. */
async function settle(client: Client, judgement: Judgement): Promise<Judgement> {
  const doubtful = [...new Set(judgement.unexplained.map(({ testCase }) => testCase))]
  const again = judge(client, doubtful, await runOurs(doubtful), await runClient(client, doubtful))
  return { ...judgement, unexplained: again.unexplained, askedAgain: doubtful.length }
}

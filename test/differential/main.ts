// `npm run differential -- --cases 20000 --seed 1 [--clients node:http,curl] [--write-docs]`: asks every client on the machine for the
// single cases, the wire corpus, the examples of the classes and so many seeded cases; prints what no class explains.

import { parseArgs } from 'node:util'
import { corpusCases, seededCases, singleCases } from './generate.ts'
import { deadRows, exampleCases, showDisagreement } from './judge.ts'
import { findCurl } from './curl.ts'
import { nodeHTTP } from './node-http.ts'
import type { Client } from './outcome.ts'
import { findPython } from './python-client.ts'
import { compareWith, runOurs } from './run.ts'

const MAX_SHOWN = 25

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string' },
  },
})

const cases = [
  ...exampleCases(),
  ...singleCases(),
  ...corpusCases(),
  ...seededCases(Number(values.seed), Number(values.cases)),
].filter((c) => c.method !== 'CONNECT')
const own = await runOurs(cases)
const clients = [nodeHTTP, findPython(), findCurl()].filter((c): c is Client => c !== undefined)
for (const client of clients) {
  if (values.clients !== undefined && !values.clients.split(',').includes(client.name)) continue
  const t = performance.now()
  const j = await compareWith(client, cases, own)
  console.log(`=== ${client.name} ${client.version}: ${j.cases} cases, ${j.disagreed} disagreed, ${j.unexplained.length} unexplained, ${j.askedAgain} asked again, ${Math.round(performance.now() - t)} ms`)
  const groups = new Map<string, number>()
  for (const d of j.unexplained) {
    const key = `${d.difference.aspect} ${d.ours.error ?? d.ours.verdict} <> ${d.theirs.error ?? d.theirs.verdict} ${d.difference.aspect === 'second' ? d.difference.ours + '/' + d.difference.theirs : ''}`
    const n = (groups.get(key) ?? 0) + 1
    groups.set(key, n)
    if (n <= 2 || process.env['ALL']) console.log(showDisagreement(d))
  }
  for (const [k, n] of [...groups].sort()) console.log(n, k)
  for (const row of deadRows(j)) console.log(`dead row: ${row.id}`)
  void MAX_SHOWN
}

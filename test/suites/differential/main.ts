// The command of the differential runs: `npm run differential -- --help`.

import { readFile, writeFile } from 'node:fs/promises'
import { replacePart } from '../../../scripts/replace-part.ts'
import { repositoryPath } from '../../support/repository.ts'
import { readTool } from '../../support/tool-options.ts'
import type { Case } from './cases.ts'
import { findClients, isKnown } from './clients.ts'
import { fixedCases, seededCases } from './generate.ts'
import { deadRows, exampleCases, type Judgement, showDisagreement } from './judge.ts'
import type { Client } from './outcome.ts'
import { countsOf, formatClasses, formatRun } from './report.ts'
import { compareWith } from './run.ts'

const MAX_SHOWN = 20

const USAGE = `npm run differential -- [options]

Asks the clients on this machine for the examples of the classes, the single cases, the wire corpus and seeded cases; prints
what no class explains, and the classes that nothing has met.`

const { values } = readTool(USAGE, {
  cases: {
    takes: 'text',
    default: '2000',
    shown: 'N',
    help: 'how many seeded cases; node:http=20000,curl=8000 gives each client its own number',
  },
  seed: { takes: 'number', default: 1, help: 'what they are made from' },
  clients: { takes: 'text', shown: 'A,B', help: 'only these of node:http, http.client and curl' },
  'write-docs': { help: 'writes the tables of docs/conformance.md' },
})

const runs: Judgement[] = []
for (const { name, client, missing } of findClients()) {
  if (values.clients !== undefined && !values.clients.split(',').includes(name)) continue
  if (client === undefined) console.error(`SKIPPED: differential runs with ${name}: ${missing}`)
  else runs.push(await runClient(client))
}
if (values['write-docs']) await writeDocs(runs)

async function runClient(client: Client): Promise<Judgement> {
  const { name, version } = client
  if (!isKnown(client)) console.error(`the classes were not made with ${name} ${version}`)
  const startedAt = performance.now()
  const judgement = await compareWith(client, casesFor(name))
  const { cases, disagreed, unexplained, askedAgain } = judgement
  for (const disagreement of unexplained.slice(0, MAX_SHOWN)) console.log(showDisagreement(disagreement))
  const dead = deadRows(judgement)
  for (const { id } of dead) console.log(`${name}: nothing has met the class "${id}"`)
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  console.log(
    `${name} ${version}: ${cases} cases in ${seconds} s, ${disagreed} differ, ${unexplained.length} disagreements unexplained, ` +
      `${askedAgain} cases asked again`,
  )
  if (unexplained.length > 0 || dead.length > 0) process.exitCode = 1
  return judgement
}

function casesFor(name: string): Case[] {
  const own = new RegExp(`(?:^|,)${name}=(\\d+)`).exec(values.cases)?.[1]
  const count = Number(own ?? values.cases)
  if (!Number.isInteger(count))
    throw new TypeError(`--cases takes a number, or one for each client, not ${values.cases}`)
  return [...exampleCases(), ...fixedCases(), ...seededCases(values.seed, count)]
}

async function writeDocs(recorded: readonly Judgement[]): Promise<void> {
  if (recorded.length < 3 || process.exitCode !== undefined)
    throw new Error('only a whole run without a finding is recorded')
  const file = repositoryPath('docs', 'conformance.md')
  const command = `npm run differential -- --cases ${values.cases} --seed ${values.seed}`
  let page = await readFile(file, 'utf8')
  page = replacePart(
    page,
    'differential-run',
    formatRun(recorded, command, new Date().toISOString().slice(0, 10)),
  )
  page = replacePart(page, 'differential-classes', formatClasses(countsOf(recorded)))
  await writeFile(file, page)
}

// The command of the differential run of Digest: `npm run differential:auth -- --help`.

import { readTool } from '../../support/tool-options.ts'
import { makeCases } from './generate.ts'
import { runCases } from './run.ts'

const USAGE = `npm run differential:auth -- [options]

Gives generated challenges of Digest to this library and to curl; prints what is wrong, and what no class explains.`

const { values } = readTool(USAGE, {
  cases: { takes: 'number', default: 2_000, help: 'how many' },
  seed: { takes: 'number', default: 1, help: 'what they are made from' },
})

const { cases, differing, classes, faults } = await runCases(makeCases(values.cases, values.seed))
for (const fault of faults) console.log(fault)
for (const [name, count] of Object.entries(classes)) console.log(`${count} × ${name}`)
console.log(`${cases} cases, ${differing} differ, ${faults.length} faults`)
if (faults.length > 0) process.exitCode = 1

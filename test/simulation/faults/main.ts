// `npm run simulate:faults [-- part of a name]`: puts each fault of the table into a copy of the compiled files, one at a
// time, and shows how many seeds the simulation takes to catch it. Fails where one is not caught within its bound, or no
// longer fits the code. `--write` puts the table into docs/reliability.md, between its markers.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { repositoryPath } from '../../support/repository.ts'
import type { Catch } from './hunt.ts'
import { FAULTS, type Fault } from './table.ts'

const COMPILED = path.resolve(import.meta.dirname, '../../..')
/** A faulty client may go round for ever without coming back to the simulation. */
const MAX_HUNT_MS = 240_000
const [OPEN, CLOSE] = ['<!-- simulated-faults -->', '<!-- /simulated-faults -->']

interface Row {
  readonly fault: Fault
  readonly outcome: string
  readonly rule: string
  readonly isCaught: boolean
}

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const rows = await huntAll(FAULTS.filter(({ does }) => positionals.every((part) => does.includes(part))))
const table = formatTable(rows)
console.log(`\n${table}`)
const escaped = rows.filter(({ isCaught }) => !isCaught)
console.log(`\n${rows.length - escaped.length} of ${rows.length} faults were caught`)
if (escaped.length > 0) process.exitCode = 1
else if (values.write) writeTable(table)

async function huntAll(faults: readonly Fault[]): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'httplib-faults-'))
  try {
    for (const part of ['src', 'test/simulation', 'test/support'])
      cpSync(path.join(COMPILED, part), path.join(folder, part), { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
    const found: Row[] = []
    for (const fault of faults) {
      const row = await huntOne(folder, fault)
      found.push(row)
      console.log(
        `${row.isCaught ? 'caught ' : 'ESCAPED'} ${row.outcome.padStart(18)}  ${fault.does} (${row.rule})`,
      )
    }
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function huntOne(folder: string, fault: Fault): Promise<Row> {
  const file = path.join(folder, 'src', fault.file)
  const sound = readFileSync(file, 'utf8')
  const places = [...sound.matchAll(patternOf(fault.find))]
  if (places.length !== 1)
    return { fault, outcome: `${places.length} places`, rule: 'does not fit the code', isCaught: false }
  writeFileSync(
    file,
    sound.replace(patternOf(fault.find), () => fault.replace),
  )
  try {
    const { seed, rule } = await hunt(folder, fault)
    if (seed === undefined) return { fault, outcome: `not in ${fault.within}`, rule, isCaught: false }
    return { fault, outcome: String(seed), rule, isCaught: true }
  } finally {
    writeFileSync(file, sound)
  }
}

/** The words of a piece of code, however they are spaced. */
function patternOf(code: string): RegExp {
  const words = code.trim().split(/\s+/)
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s*'), 'g')
}

function hunt(folder: string, { within }: Fault): Promise<Catch> {
  return new Promise((resolve) => {
    const script = pathToFileURL(path.join(folder, 'test/simulation/faults/hunt.js'))
    const worker = new Worker(script, { workerData: { within } })
    const end = (outcome: Catch): void => {
      clearTimeout(limit)
      worker.terminate().then(
        () => resolve(outcome),
        () => resolve(outcome),
      )
    }
    const limit = setTimeout(() => end({ seed: undefined, rule: 'goes round for ever' }), MAX_HUNT_MS)
    worker.once('message', end)
    worker.once('error', (error) => end({ seed: undefined, rule: error.message }))
  })
}

function formatTable(found: readonly Row[]): string {
  const lines = found.map(
    ({ fault, outcome, rule }) =>
      `| ${fault.does} | \`${fault.file}\` | ${outcome} | ${fault.within} | ${rule} |`,
  )
  return [
    '| a client that | file | caught by seed | bound | as |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function writeTable(text: string): void {
  const file = repositoryPath('docs/reliability.md')
  const page = readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(OPEN), page.indexOf(CLOSE)]
  if (from < 0 || to < from) throw new Error(`${file} has no markers ${OPEN} and ${CLOSE}`)
  writeFileSync(file, `${page.slice(0, from + OPEN.length)}\n${text}\n${page.slice(to)}`)
}

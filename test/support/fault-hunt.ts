// Deliberate faults: each is put into a copy of the compiled files, one at a time, and a hunt in a thread of its own shows
// how long a test takes to catch it. For tests that find nothing: they prove something only if they would have.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { repositoryPath } from './repository.ts'

/** A fault; `find` and `replace` are pieces of the compiled files of src; white space does not count in `find`. */
export interface Fault {
  /** What the faulty client does. */
  readonly does: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Within how many tries, from 1 on, it has to be caught. */
  readonly within: number
}

/** What came of a hunt. */
export interface Catch {
  /** The number of the try that caught it. */
  readonly seed: number | undefined
  readonly rule: string
}

/** What a hunter thread is given. */
export interface Hunt {
  readonly within: number
}

export interface HuntOptions {
  readonly faults: readonly Fault[]
  /** The hunter, below the folder of the compiled files. */
  readonly script: string
  /** The folders that it needs. */
  readonly folders: readonly string[]
  /** The name of the markers in docs/reliability.md. */
  readonly marker: string
  /** What the tries are called in the table. */
  readonly caughtBy: string
}

interface Row {
  readonly fault: Fault
  readonly outcome: string
  readonly rule: string
  readonly isCaught: boolean
}

const COMPILED = path.resolve(import.meta.dirname, '../..')
/** A faulty client may go round for ever without coming back to the test. */
const MAX_HUNT_MS = 240_000

/** Hunts the faults that the words of the command line name, or all; `--write` puts the table into docs/reliability.md. */
export async function huntFaults(options: HuntOptions): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { write: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const chosen = options.faults.filter(({ does }) => positionals.every((part) => does.includes(part)))
  const rows = await huntAll(chosen, options)
  const table = formatTable(rows, options.caughtBy)
  console.log(`\n${table}`)
  const escaped = rows.filter(({ isCaught }) => !isCaught)
  console.log(`\n${rows.length - escaped.length} of ${rows.length} faults were caught`)
  if (escaped.length > 0) process.exitCode = 1
  else if (values.write) writeTable(table, options.marker)
}

async function huntAll(faults: readonly Fault[], options: HuntOptions): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'httplib-faults-'))
  try {
    for (const part of options.folders)
      cpSync(path.join(COMPILED, part), path.join(folder, part), { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
    const found: Row[] = []
    for (const fault of faults) {
      const row = await huntOne(folder, fault, options)
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

async function huntOne(folder: string, fault: Fault, { script }: HuntOptions): Promise<Row> {
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
    const { seed, rule } = await hunt(path.join(folder, script), fault)
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

function hunt(file: string, { within }: Fault): Promise<Catch> {
  return new Promise((resolve) => {
    const worker = new Worker(pathToFileURL(file), { workerData: { within } })
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

function formatTable(found: readonly Row[], caughtBy: string): string {
  const lines = found.map(
    ({ fault, outcome, rule }) =>
      `| ${fault.does} | \`${fault.file}\` | ${outcome} | ${fault.within} | ${rule} |`,
  )
  return [
    `| a client that | file | caught by ${caughtBy} | bound | as |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function writeTable(text: string, marker: string): void {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const file = repositoryPath('docs/reliability.md')
  const page = readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(open), page.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`${file} has no markers ${open} and ${close}`)
  writeFileSync(file, `${page.slice(0, from + open.length)}\n${text}\n${page.slice(to)}`)
}

// Puts deliberate faults into a copy of the compiled files, one at a time, and shows how long a search takes to catch each: a
// search that finds nothing proves something only if it would have. `find` and `replace` are pieces of the compiled files of
// src; white space does not count in `find`.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { repositoryPath } from './repository.ts'
import { readTool } from './tool-options.ts'

export interface Fault {
  /** What the faulty code does. */
  readonly does: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Within how many tries, from 1 on, it has to be caught. */
  readonly within: number
}

/** What came of a hunt: the first try that showed the fault, and the rule that it broke. */
export interface Catch {
  readonly tryNumber: number | undefined
  readonly rule: string
}

export interface HuntOptions {
  /** The script of package.json. */
  readonly command: string
  readonly faults: readonly Fault[]
  /** The compiled file that hunts, in a thread of its own: it calls `answerHunt`. */
  readonly script: string
  /** The folders of compiled files that it needs besides `src`. */
  readonly folders: readonly string[]
  /** The folders that it reads from the repository itself. */
  readonly data?: readonly string[]
  /** The name of the markers in docs/faults.md between which `--write` puts the table. */
  readonly marker: string
  /** The heads of the columns: what is faulty, and what the tries are. */
  readonly subject: string
  readonly tries: string
}

const COMPILED = path.resolve(import.meta.dirname, '../..')
/** Faulty code may go round for ever without coming back to the hunt. */
const MAX_HUNT_MS = 240_000
const HUNT = 'hunt'

interface Row {
  readonly fault: Fault
  readonly outcome: string
  readonly rule: string
  readonly isCaught: boolean
}

/** In the thread of a hunt: `search` looks for the first try that shows the fault. Elsewhere nothing happens. */
export async function answerHunt(search: (within: number) => Promise<Catch> | Catch): Promise<void> {
  const [kind, within] = Array.isArray(workerData) ? (workerData as unknown[]) : []
  if (kind !== HUNT || typeof within !== 'number') return
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(await search(within))
}

/** The command: hunts all faults, or those whose name has the words of the command line, and fails where one escapes. */
export async function runFaultHunt(options: HuntOptions): Promise<void> {
  const usage = `npm run ${options.command} [-- part of a name] [--write]

Puts each fault of the table into a copy of the compiled files, one at a time, and shows what it takes to catch it. Fails where
one is not caught within its bound, or no longer fits the code.`
  const table = { write: { help: 'writes the table of docs/faults.md, if no words choose' } } as const
  const { values, words } = readTool(usage, table, true)
  const chosen = options.faults.filter(({ does }) => words.every((part) => does.includes(part)))
  const rows = await huntAll(chosen, options)
  const found = formatTable(rows, options)
  console.log(`\n${found}`)
  const escaped = rows.filter(({ isCaught }) => !isCaught)
  console.log(`\n${rows.length - escaped.length} of ${rows.length} faults were caught`)
  if (escaped.length > 0) process.exitCode = 1
  else if (values.write && words.length === 0) {
    // Here and not above: the copy that is hunted has no scripts.
    const { writeFaults } = await import('./fault-page.ts')
    writeFaults(options.marker, found)
  }
}

async function huntAll(faults: readonly Fault[], options: HuntOptions): Promise<Row[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'httplib-faults-'))
  try {
    for (const part of ['src', ...options.folders])
      cpSync(path.join(COMPILED, part), path.join(folder, part), { recursive: true, filter: isCode })
    for (const part of options.data ?? [])
      cpSync(repositoryPath(part), path.join(folder, part), { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    mkdirSync(path.join(folder, 'node_modules'), { recursive: true })
    // What the sources import besides Node.
    symlinkSync(
      repositoryPath('node_modules', 'tough-cookie'),
      path.join(folder, 'node_modules', 'tough-cookie'),
    )
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

/** The maps of the sources are half of all files, and nothing here looks at them. */
function isCode(name: string): boolean {
  return !name.endsWith('.map')
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
    const { tryNumber, rule } = await hunt(path.join(folder, script), fault)
    if (tryNumber === undefined) return { fault, outcome: `not in ${fault.within}`, rule, isCaught: false }
    return { fault, outcome: String(tryNumber), rule, isCaught: true }
  } finally {
    writeFileSync(file, sound)
  }
}

/** The words of a piece of code, however they are spaced. */
/** How many places of a compiled file of `src` a fault fits: one, or it is no fault any more. */
export function placesOf({ file, find }: Fault): number {
  const sound = path.join(COMPILED, 'src', file)
  return existsSync(sound) ? [...readFileSync(sound, 'utf8').matchAll(patternOf(find))].length : 0
}

function patternOf(code: string): RegExp {
  const words = code.trim().split(/\s+/)
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s*'), 'g')
}

function hunt(script: string, { within }: Fault): Promise<Catch> {
  return new Promise((resolve) => {
    const worker = new Worker(pathToFileURL(script), { workerData: [HUNT, within] })
    const end = (outcome: Catch): void => {
      clearTimeout(limit)
      worker.terminate().then(
        () => resolve(outcome),
        () => resolve(outcome),
      )
    }
    const limit = setTimeout(() => end({ tryNumber: undefined, rule: 'goes round for ever' }), MAX_HUNT_MS)
    worker.once('message', end)
    worker.once('error', (error) => end({ tryNumber: undefined, rule: error.message }))
  })
}

function formatTable(found: readonly Row[], { subject, tries }: HuntOptions): string {
  const lines = found.map(
    ({ fault, outcome, rule }) =>
      `| ${fault.does} | \`${fault.file}\` | ${outcome} | ${fault.within} | ${rule} |`,
  )
  return [
    `| ${subject} that | file | caught by ${tries} | bound | as |`,
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

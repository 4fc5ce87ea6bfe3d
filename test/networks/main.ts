// `npm run networks -- [--runs 1000] [--only WORDS] [--loopback]`: plays every fault so many times against real sockets, in
// network namespaces where this machine lets them be made and on loopback otherwise, and prints a table.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Fault } from './fault.ts'
import { FAULTS } from './faults.ts'
import { inside, type Namespaces, openNamespaces } from './namespaces.ts'
import type { Where } from './stage.ts'
import type { Report, Task } from './worker.ts'

/** A fault that takes longer is ended: something in it waits for ever. */
const MAX_FAULT_MS = 300_000

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    loopback: { type: 'boolean', default: false },
  },
})

const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1)
  throw new TypeError(`--runs takes a whole number, not ${values.runs}`)
let running: ChildProcess | undefined
const opened = values.loopback ? 'asked for by --loopback' : openNamespaces()
if (typeof opened === 'string') console.log(`NOTE: no network namespaces (${opened}): loopback instead`)
// An interrupted run must not leave them behind either: the worker ends, and with it this run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => running?.kill('SIGKILL'))
try {
  await playAll(
    FAULTS.filter(({ name }) => name.includes(values.only)),
    typeof opened === 'string' ? undefined : opened,
  )
} finally {
  if (typeof opened !== 'string') opened[Symbol.dispose]()
}

async function playAll(faults: readonly Fault[], namespaces: Namespaces | undefined): Promise<void> {
  console.log('| fault | where | runs | seconds | what the program was told | violations |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  const told: string[] = []
  let violated = 0
  for (const fault of faults) {
    const where: Where = namespaces === undefined ? 'loopback' : 'namespace'
    if (where === 'loopback' && fault.needs === 'namespace') {
      told.push(`SKIPPED: ${fault.name}: it needs network namespaces`)
      continue
    }
    const report = await employ(fault, namespaces)
    const outcomes = report.outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(', ')
    console.log(
      `| ${fault.name} | ${where} | ${report.runs} | ${report.seconds.toFixed(1)} | ${outcomes} | ${report.violated} |`,
    )
    violated += report.violated
    for (const violation of report.violations) told.push(`VIOLATION: ${fault.name}: ${violation}`)
  }
  for (const line of told) console.log(line)
  console.log(`${violated} violations`)
  if (violated > 0) process.exitCode = 1
}

/** Plays a fault in a process of its own, inside the client's namespace. */
async function employ(fault: Fault, namespaces: Namespaces | undefined): Promise<Report> {
  // So many runs as to play every case, where many are wanted.
  const task: Task = {
    name: fault.name,
    runs: runs >= 1_000 ? Math.max(runs, fault.cases) : runs,
    topology: namespaces?.topology,
  }
  const script = path.join(import.meta.dirname, 'worker.js')
  const prefix = namespaces === undefined ? [] : inside(namespaces.topology.client)
  const [command, ...words] = [
    ...prefix,
    process.execPath,
    '--enable-source-maps',
    script,
    JSON.stringify(task),
  ]
  const worker = spawn(command!, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  running = worker
  const limit = setTimeout(() => worker.kill('SIGKILL'), MAX_FAULT_MS)
  let report: Report | undefined
  worker.on('message', (message: Report) => {
    report = message
  })
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null]
  clearTimeout(limit)
  running = undefined
  if (signal !== null) throw new Error(`${fault.name}: the worker was ended by ${signal}`)
  if (report !== undefined && code === 0) return report
  const reason = `4: the process ended with ${code}`
  return {
    runs: task.runs,
    seconds: 0,
    outcomes: report?.outcomes ?? [],
    violations: [reason, ...(report?.violations ?? [])],
    violated: 1 + (report?.violated ?? 0),
  }
}

// The command of the real networks: `npm run networks -- --help`.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { writeFaults } from '../../support/fault-page.ts'
import { moduleBeside } from '../../support/repository.ts'
import { readTool } from '../../support/tool-options.ts'
import type { Fault } from './fault.ts'
import { FAULTS } from './faults.ts'
import { inside, type Namespaces, openNamespaces } from './namespaces.ts'
import type { Where } from './stage.ts'
import type { Report, Task } from './worker.ts'

/** A user, a network and mounts of one's own. */
const UNSHARED = ['--user', '--map-root-user', '--net', '--mount']

/** A fault that takes longer is ended: something in it waits for ever. */
const MAX_FAULT_MS = 300_000

const USAGE = `npm run networks -- [options]

Plays every fault against real sockets, in network namespaces where this machine lets them be made and on loopback otherwise,
and prints a table.`

const { values } = readTool(USAGE, {
  runs: {
    takes: 'number',
    least: 1,
    default: 1_000,
    help: 'how often; from 1000 on each fault at least at each of its places',
  },
  only: { takes: 'text', default: '', shown: 'WORDS', help: 'only faults with these words in their names' },
  loopback: { help: 'without namespaces' },
  write: { help: 'writes the table of docs/faults.md, if every fault was played and none violated' },
})
const { runs } = values
/** From so many on each fault is played at each of its places. */
const isLong = runs >= 1_000
/** How many faults share a process. With few runs of each its start takes longer than they do. */
const together = isLong ? 1 : 8

/** Says to a run inside `unshare` that it is there. */
const INSIDE = 'HTTPLIB_NETWORKS_INSIDE'
let running: ChildProcess | undefined
// An interrupted run must not leave namespaces behind: the worker ends, and with it this run.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => running?.kill('SIGKILL'))

const opened = values.loopback ? 'asked for by --loopback' : openNamespaces()
if (typeof opened !== 'string') {
  try {
    await playAll(opened)
  } finally {
    opened[Symbol.dispose]()
  }
} else if (!values.loopback && process.env[INSIDE] === undefined && canUnshare()) {
  await playUnshared()
} else {
  console.log(`NOTE: no network namespaces (${opened}): loopback instead`)
  await playAll(undefined)
}

/** Whether a user who is not root may have namespaces of a user of its own. */
function canUnshare(): boolean {
  return spawnSync('unshare', [...UNSHARED, 'mount', '-t', 'tmpfs', 'tmpfs', '/run']).status === 0
}

/** Runs all this again as the root of a user namespace, which may make network namespaces. */
async function playUnshared(): Promise<void> {
  const script = 'mount -t tmpfs tmpfs /run && exec "$@"'
  running = spawn(
    'unshare',
    [...UNSHARED, 'sh', '-c', script, 'sh', process.execPath, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      env: { ...process.env, [INSIDE]: '1' },
    },
  )
  const [code] = (await once(running, 'exit')) as [number | null]
  process.exitCode = code ?? 1
}

async function playAll(namespaces: Namespaces | undefined): Promise<void> {
  console.log('| fault | must come of it | where | runs | seconds | what the program was told | violations |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  const lines = [
    '| fault | must come of it | where | runs | what the program was told | violations |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  const told: string[] = []
  let violated = 0
  const where: Where = namespaces === undefined ? 'loopback' : 'namespace'
  const chosen: Fault[] = []
  for (const fault of FAULTS.filter(({ name }) => name.includes(values.only))) {
    const lacks = where === 'loopback' && fault.needs === 'namespace' ? 'network namespaces' : fault.lacks?.()
    if (lacks === undefined) chosen.push(fault)
    else told.push(`SKIPPED: ${fault.name}: this machine lacks ${lacks}`)
  }
  for (let first = 0; first < chosen.length; first += together) {
    const faults = chosen.slice(first, first + together)
    for await (const [fault, report] of employ(faults, namespaces)) {
      const outcomes = report.outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(', ')
      console.log(
        `| ${fault.name} | ${fault.expectation} | ${where} | ${report.runs} | ${report.seconds.toFixed(1)} | ${outcomes} | ${report.violated} |`,
      )
      lines.push(
        `| ${fault.name} | ${fault.expectation} | ${where} | ${report.runs} | ${outcomes} | ${report.violated} |`,
      )
      violated += report.violated
      for (const violation of report.violations) told.push(`VIOLATION: ${fault.name}: ${violation}`)
    }
  }
  for (const line of told) console.log(line)
  console.log(`${violated} violations`)
  if (violated > 0) process.exitCode = 1
  else if (values.write && lines.length === FAULTS.length + 2) writeFaults('network-faults', lines.join('\n'))
}

/** Plays faults in a process, inside the client's namespace: what came of each, as it comes. */
async function* employ(
  faults: readonly Fault[],
  namespaces: Namespaces | undefined,
): AsyncGenerator<readonly [Fault, Report]> {
  const task: Task = {
    // So many runs as to play every case, where many are wanted.
    plays: faults.map(({ name, cases }) => ({ name, runs: isLong ? Math.max(runs, cases) : runs })),
    topology: namespaces?.topology,
  }
  const script = fileURLToPath(moduleBeside(import.meta, './worker'))
  const prefix = namespaces === undefined ? [] : inside(namespaces.topology.client)
  const [command, ...words] = [...prefix, process.execPath, script, JSON.stringify(task)]
  const worker = spawn(command, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  running = worker
  const reports: Report[] = []
  const limit = setTimeout(() => worker.kill('SIGKILL'), MAX_FAULT_MS)
  worker.on('message', (report: Report) => {
    reports.push(report)
    limit.refresh()
  })
  const [code, signal] = (await once(worker, 'exit')) as [number | null, string | null]
  clearTimeout(limit)
  running = undefined
  for (const [index, fault] of faults.entries()) {
    const report = reports[index]
    if (report !== undefined && (code === 0 || index < faults.length - 1)) yield [fault, report]
    else if (signal !== null) throw new Error(`${fault.name}: the worker was ended by ${signal}`)
    else yield [fault, endedWith(code, fault, task.plays[index]!.runs, report)]
  }
}

/** The report of a fault with which its process ended. */
function endedWith(code: number | null, { name }: Fault, played: number, report: Report | undefined): Report {
  return {
    name,
    runs: played,
    seconds: 0,
    outcomes: report?.outcomes ?? [],
    violations: [`4: the process ended with ${code}`, ...(report?.violations ?? [])],
    violated: 1 + (report?.violated ?? 0),
  }
}

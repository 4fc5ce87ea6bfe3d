// The command of a simulation: many seeds in threads, one seed or one schedule with all that happens in it.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { readTool } from '../../support/tool-options.ts'
import { addTally, emptyTally, runBatch, type Tally } from './batch.ts'
import type { Schedule } from './choices.ts'
import { minimise } from './minimise.ts'
import type { Run, RunResult } from './run.ts'

/** How many seeds a worker is given at once. */
const PORTION = 500
/** Worlds are made and dropped by the thousand: room for the young spares the collector a tenth of the time. */
const YOUNG_MB = 64
const PROGRESS_EVERY_MS = 5_000
/** How many violations of one rule are told, where the run goes on. */
const MAX_TOLD = 3
const MAX_LINES = 400

/** Which simulation a command runs. */
export interface SimulationCommand {
  /** The script of package.json. */
  readonly command: string
  /** The compiled file that calls `runSimulation`: threads begin there, too. */
  readonly url: string
  readonly run: Run
}

const usageOf = (command: string): string => `npm run ${command} -- [options]

Runs many seeds, prints progress and rate, and for a violation the seed, a schedule cut down to what it needs, and what happens
in it. One seed, or a schedule, is played with everything that happens in it.`

interface Portion {
  readonly first: number
  readonly last: number
}

interface PortionResult {
  readonly tally: Tally
  readonly violations: readonly { readonly seed: number; readonly rule: string; readonly detail: string }[]
}

/** The command, or, in a thread, the work that it gives out. */
export async function runSimulation(simulation: SimulationCommand): Promise<void> {
  if (isMainThread) await main(simulation)
  else serve(simulation.run)
}

async function main(simulation: SimulationCommand): Promise<void> {
  const { run } = simulation
  const { values } = readTool(usageOf(simulation.command), {
    seeds: {
      takes: 'text',
      default: '1:10000',
      shown: 'A:B',
      form: [/^\d{1,15}(?::\d{1,15})?$/, 'a number, or a range as 1:1000'],
      help: 'from A to B; one number repeats that seed',
    },
    workers: { takes: 'number', least: 1, default: 1, help: 'in so many threads' },
    schedule: {
      takes: 'text',
      shown: 'JSON',
      form: [/^\{.*\}$/s, 'a schedule as a failure prints it'],
      help: 'a schedule as a failure prints it: {"program":[…],"server":[…],"network":[…]}',
    },
    'keep-going': { help: 'goes on behind a violation' },
  })
  if (values.schedule !== undefined) {
    const schedule = {
      door: [],
      ending: [],
      turn: [],
      ...(JSON.parse(values.schedule) as Partial<Schedule>),
    } as Schedule
    show(await run(0, { schedule, isTracing: true }))
    return
  }
  const [first, last] = readSeeds(values.seeds)
  if (last === undefined) {
    const result = await run(first, { isTracing: true })
    show(result)
    if (result.violation !== undefined) await report(run, result)
    return
  }
  await runMany(simulation, first, last, values.workers, values['keep-going'])
}

function readSeeds(text: string): [number, number | undefined] {
  const [first = '', last] = text.split(':')
  return [Number(first), last === undefined ? undefined : Number(last)]
}

// ---------------------------------------------------------------------------------------------------- many runs

async function runMany(
  { run, url }: SimulationCommand,
  first: number,
  last: number,
  workers: number,
  keepsGoing: boolean,
): Promise<void> {
  const startedAt = performance.now()
  const sum = emptyTally()
  const told = new Map<string, number>()
  let next = first
  let found = 0
  let shownAt = startedAt
  const takePortion = (): Portion | undefined => {
    if (next > last || (found > 0 && !keepsGoing)) return undefined
    const portion = { first: next, last: Math.min(next + PORTION - 1, last) }
    next = portion.last + 1
    return portion
  }
  const takeResult = async ({ tally, violations }: PortionResult): Promise<void> => {
    addTally(sum, tally)
    if (performance.now() - shownAt > PROGRESS_EVERY_MS) {
      shownAt = performance.now()
      console.log(`${progress(sum, startedAt)}, ${found} violations`)
    }
    for (const { seed, rule, detail } of violations) {
      found++
      const count = told.get(rule) ?? 0
      told.set(rule, count + 1)
      if (count < MAX_TOLD) console.log(`seed ${seed}: ${rule}: ${detail}`)
      if (count === 0) await report(run, await run(seed))
    }
  }
  await Promise.all(Array.from({ length: workers }, () => employ(url, takePortion, takeResult)))
  console.log(`${progress(sum, startedAt)}: ${found} violations`)
  console.log(
    `${sum.exchanges} exchanges on ${sum.links} connections, ${sum.events} events, ` +
      `${(sum.virtualMs / 3_600_000).toFixed(1)} hours of virtual time`,
  )
  const raised = [...sum.raised].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`)
  console.log(`errors raised, each with a cause: ${raised.join(', ')}`)
  for (const [rule, count] of told) console.log(`${count} times: ${rule}`)
  if (found > 0) process.exitCode = 1
}

type TakePortion = () => Portion | undefined
type TakeResult = (result: PortionResult) => Promise<void>

async function runPortion(run: Run, { first, last }: Portion): Promise<PortionResult> {
  const violations: { seed: number; rule: string; detail: string }[] = []
  const tally = await runBatch(run, first, last, ({ seed, violation }) => {
    if (violation !== undefined) violations.push({ seed, rule: violation.rule, detail: violation.detail })
    return true
  })
  return { tally, violations }
}

/**
 * Plays the seeds from `first` to `last` in a thread of its own, given the URL of the compiled file. A test does so, because the
 * runner of the tests follows each promise of its own thread, and that costs half as much as the simulation.
 */
export async function playInThread(url: URL, first: number, last: number): Promise<PortionResult> {
  const portions: Portion[] = [{ first, last }]
  const results: PortionResult[] = []
  await employ(
    url.href,
    () => portions.pop(),
    (result) => Promise.resolve(void results.push(result)),
  )
  return results[0]!
}

/** Runs portions in a thread of their own. */
function employ(url: string, takePortion: TakePortion, takeResult: TakeResult): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(url), {
      workerData: 'simulate',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    const give = (): void => {
      const portion = takePortion()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      if (portion !== undefined) worker.postMessage(portion)
      else worker.terminate().then(() => resolve(), reject)
    }
    worker.on('error', reject)
    worker.on('message', (result: PortionResult) => {
      takeResult(result).then(give, reject)
    })
    give()
  })
}

function serve(run: Run): void {
  if (workerData !== 'simulate') return
  parentPort?.on('message', (portion: Portion) => {
    runPortion(run, portion).then(
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      (result) => parentPort?.postMessage(result),
      (error: unknown) => {
        throw error
      },
    )
  })
}

function progress(sum: Tally, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1_000
  return `${sum.runs} runs in ${seconds.toFixed(0)} s, ${(sum.runs / seconds).toFixed(0)} a second`
}

// -------------------------------------------------------------------------------------------------------- reports

/** Prints the simplest schedule that breaks the same rule, and what happens in it. */
async function report(run: Run, { seed, violation, schedule }: RunResult): Promise<void> {
  if (violation === undefined) return
  const simplest = await minimise(run, seed, schedule, violation.rule)
  console.log(`seed ${seed}, cut down: --schedule '${JSON.stringify(simplest)}'`)
  show(await run(seed, { schedule: simplest, isTracing: true }))
}

function show({ transcript, violation }: RunResult): void {
  const left = transcript.length - MAX_LINES
  if (left > 0) console.log(`… ${left} lines before these`)
  for (const line of transcript.slice(-MAX_LINES)) console.log(line)
  console.log(violation === undefined ? 'no violation' : `${violation.rule}: ${violation.detail}`)
}

// The command of the fuzzer: `npm run fuzz -- --help`.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Role } from '../../../src/h1/index.ts'
import { readTool } from '../../support/tool-options.ts'
import { addTally, emptyTally, fuzzBatch, type Portion, type Tally } from './batch.ts'
import { formatCase } from './case-text.ts'
import { makeInput } from './input.ts'
import { judge } from './judge.ts'
import { commandOf, logOf, reportOn } from './report.ts'

/** How many inputs a worker is given at once. */
const PORTION = 5_000
const PROGRESS_EVERY_MS = 5_000
/** An input that is not judged after so long goes round for ever. */
const MAX_JUDGEMENT_MS = 60_000
const WORKER = 'fuzz'

const USAGE = `npm run fuzz -- [options]

Judges many inputs, prints progress and rate, and for what it finds the command that makes the input again and a case for
test/suites/wire. With --number one input is made again and shown.`

interface PortionResult {
  readonly tally: Tally
  readonly found: readonly number[]
}

if (isMainThread) main()
else serve()

function main(): void {
  const { values } = readTool(USAGE, {
    inputs: { takes: 'number', least: 1, default: 100_000, help: 'how many inputs' },
    seed: { takes: 'number', default: 1, help: 'what they are made from, with their numbers' },
    first: { takes: 'number', least: 1, default: 1, help: 'the number of the first' },
    number: { takes: 'number', least: 1, help: 'one input, by its number' },
    role: { takes: 'text', shown: 'ROLE', help: 'client or server: engines of this role only' },
    workers: { takes: 'number', least: 1, default: 1, help: 'in so many threads' },
    'keep-going': { help: 'goes on behind what was found' },
  })
  const { role, seed, first, number } = values
  if (role !== undefined && role !== 'client' && role !== 'server')
    throw new TypeError(`--role takes client or server, not ${role}`)
  if (number !== undefined) {
    show(seed, number, role)
    return
  }
  const last = first + values.inputs - 1
  runMany({ seed, first, last, role }, values.workers, values['keep-going']).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}

/** Shows one input, and what is wrong with it. */
function show(seed: number, number: number, role: Role | undefined): void {
  const input = makeInput(seed, number, role)
  const { violation } = judge(input)
  const command = commandOf(seed, number, role)
  const { script, tolerances, cuts } = input
  const prose = `Made by \`${command}\`; read whole, and cut at ${cuts.join(', ') || 'no place'}.`
  console.log(formatCase({ title: `input ${number}`, prose, script, tolerances, log: logOf(input) }))
  if (violation === undefined) {
    console.log('no violation')
    return
  }
  console.log(reportOn(command, input, violation))
  process.exitCode = 1
}

// ---------------------------------------------------------------------------------------------------- many inputs

async function runMany(all: Portion, workers: number, keepsGoing: boolean): Promise<void> {
  const startedAt = performance.now()
  const sum = emptyTally()
  const told = new Map<string, number>()
  let next = all.first
  let found = 0
  let shownAt = startedAt
  const takePortion = (): Portion | undefined => {
    if (next > all.last || (found > 0 && !keepsGoing)) return undefined
    const portion = { ...all, first: next, last: Math.min(next + PORTION - 1, all.last) }
    next = portion.last + 1
    return portion
  }
  const takeResult = (result: PortionResult): void => {
    addTally(sum, result.tally)
    for (const number of result.found) {
      found++
      const input = makeInput(all.seed, number, all.role)
      const { violation } = judge(input)
      const rule = violation?.rule ?? 'not seen again'
      const count = told.get(rule) ?? 0
      told.set(rule, count + 1)
      const command = commandOf(all.seed, number, all.role)
      console.log(`${command}: ${rule}`)
      if (count === 0 && violation !== undefined) console.log(reportOn(command, input, violation))
    }
    if (performance.now() - shownAt < PROGRESS_EVERY_MS) return
    shownAt = performance.now()
    console.log(`${progress(sum, startedAt)}, ${found} violations`)
  }
  await Promise.all(Array.from({ length: workers }, () => employ(all, takePortion, takeResult)))
  console.log(`${progress(sum, startedAt)}: ${found} violations`)
  console.log(
    `${sum.bytes} bytes, ${sum.events} events, ${sum.messages} messages read to their end, ` +
      `${sum.rewritten} of them written and read again, ${sum.sound} inputs without an error`,
  )
  const raised = [...sum.raised].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`)
  console.log(`errors raised: ${raised.join(', ')}`)
  if (found > 0) process.exitCode = 1
}

/** Has portions judged in a thread of its own, and watches that it moves. */
function employ(
  { seed, role }: Portion,
  takePortion: () => Portion | undefined,
  takeResult: (result: PortionResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const current = new Float64Array(new SharedArrayBuffer(8))
    const worker = new Worker(new URL(import.meta.url), { workerData: [WORKER, current] })
    let watched = 0
    const watch = setInterval(() => {
      if (current[0] === watched && watched > 0) {
        console.log(`${commandOf(seed, watched, role)}: goes round for ever`)
        process.exit(1)
      }
      watched = current[0] ?? 0
    }, MAX_JUDGEMENT_MS)
    const give = (): void => {
      const portion = takePortion()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      if (portion !== undefined) worker.postMessage(portion)
      else {
        clearInterval(watch)
        worker.terminate().then(() => resolve(), reject)
      }
    }
    worker.on('error', reject)
    worker.on('message', (result: PortionResult) => {
      takeResult(result)
      give()
    })
    give()
  })
}

function serve(): void {
  const [kind, current] = workerData as [string, Float64Array]
  if (kind !== WORKER) return
  const onInput = (number: number): void => {
    current[0] = number
  }
  parentPort?.on('message', (portion: Portion) => {
    const found: number[] = []
    const tally = fuzzBatch(
      portion,
      ({ number }) => {
        found.push(number)
        return true
      },
      onInput,
    )
    const result: PortionResult = { tally, found }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    parentPort?.postMessage(result)
  })
}

function progress(sum: Tally, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1_000
  return `${sum.inputs} inputs in ${seconds.toFixed(0)} s, ${(sum.inputs / seconds).toFixed(0)} a second`
}

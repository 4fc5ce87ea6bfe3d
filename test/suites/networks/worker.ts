// Plays faults in a process that `main.ts` may have put into a namespace, one after the other, and reports each by a message.

import { FAULTS } from './faults.ts'
import { Inventory, Judge } from './judge.ts'
import type { Topology } from './namespaces.ts'
import { Stage } from './stage.ts'

/** What a worker is told, as JSON in its first argument. */
export interface Task {
  readonly plays: readonly { readonly name: string; readonly runs: number }[]
  readonly topology: Topology | undefined
}

/** What came of it. */
export interface Report {
  readonly name: string
  readonly runs: number
  readonly seconds: number
  /** What the program was told, and how often. */
  readonly outcomes: readonly (readonly [string, number])[]
  /** The first violations, and how many there were. */
  readonly violations: readonly string[]
  readonly violated: number
}

const MAX_TOLD = 10
/** Far more than all bodies under way, and far less than what some peers declare. */
const MAX_GROWTH_BYTES = 67_108_864

async function play(name: string, runs: number, stage: Stage): Promise<Report> {
  const startedAt = performance.now()
  const outcomes = new Map<string, number>()
  const violations: string[] = []
  const fault = FAULTS.find((one) => one.name === name)!
  const stray = (error: unknown): void => {
    violations.push(`4: nobody handled ${String(error)}`)
  }
  process.on('unhandledRejection', stray)
  process.on('uncaughtException', stray)
  await using played = await fault.setUp(stage, runs)
  const buffersBefore = process.memoryUsage().arrayBuffers
  for (let first = 0; first < runs; first += fault.together) {
    const inventory = new Inventory()
    const count = Math.min(fault.together, runs - first)
    played.batch?.(count)
    const indices = Array.from({ length: count }, (_, offset) => first + offset)
    await Promise.all(
      indices.map(async (index) => {
        const judge = new Judge()
        const outcome = await played.run(index, judge)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        for (const violation of judge.violations) violations.push(`run ${index}: ${violation}`)
      }),
    )
    const grown = process.memoryUsage().arrayBuffers - buffersBefore
    if (grown > MAX_GROWTH_BYTES) violations.push(`6: ${grown} bytes of buffers more than at the beginning`)
    const left = await inventory.left()
    if (left.length > 0)
      violations.push(`runs ${first} to ${first + count - 1}: 4: left open: ${left.join(', ')}`)
  }
  process.off('unhandledRejection', stray)
  process.off('uncaughtException', stray)
  return {
    name,
    runs,
    seconds: (performance.now() - startedAt) / 1_000,
    outcomes: [...outcomes].sort((a, b) => b[1] - a[1]),
    violations: violations.slice(0, MAX_TOLD),
    violated: violations.length,
  }
}

try {
  const { plays, topology } = JSON.parse(process.argv[2]!) as Task
  // Its helper is a process, too: one for all.
  await using stage = await Stage.open(topology)
  for (const { name, runs } of plays) process.send?.(await play(name, runs, stage))
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
process.disconnect()

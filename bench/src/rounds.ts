/**
 * Measures one workload: a process for each contender, all warm before anybody is measured, then rounds that take turns
 * (A B C A B C …), so that what disturbs the machine for a while disturbs everybody.
 */

import path from 'node:path'
import { runCold } from './cold.ts'
import { inFlight, type Target } from './contender.ts'
import { contender, type Entry } from './contenders.ts'
import { Worker } from './lines.ts'
import { pin } from './machine.ts'
import type { IdleMemory, Latency, Round } from './measure.ts'
import { AUTHORITY, AUTHORITY_FILE, type Origin } from './origin.ts'
import type { Measured, MeasuredRound } from './results.ts'
import type { Workload } from './workloads.ts'

export interface RoundsPlan {
  readonly contenders: readonly string[]
  readonly launches: number
  readonly rounds: number
  readonly roundSeconds: number
  readonly warmSeconds: number
  readonly withLatency: boolean
  /** Processes that measure the memory of idle connections, of each contender. */
  readonly idleRounds: number
  /** Processes that make one request, of each contender. */
  readonly coldRounds: number
  /** Contenders whose allocated bytes are wanted. */
  readonly allocations: readonly string[]
}

const START_MS = 20_000
const ANSWER_MS = 180_000
const BUN_PACKAGE = '../node_modules/@oven/bun-linux-x64/bin/bun'
/** More connections than this are opened for one contender at a time: a process may not hold more files. */
const MAX_SHARED_CONNECTIONS = 4_000
/** How often at least each place in flight is taken in a round. */
const MIN_TURNS = 3
/** Collecting garbage never becomes due in a round of this many requests and a new space of this size. */
const ALLOCATION_REQUESTS = 8_000
const NO_COLLECTION = ['--expose-gc', '--min-semi-space-size=512', '--max-semi-space-size=512']

/** What is gathered of a contender, over all launches. */
interface Gathering {
  version: string
  readonly rounds: MeasuredRound[]
  readonly allocated: number[]
  readonly memory: IdleMemory[]
  latency?: Latency
  error?: string
}

interface Runner {
  readonly id: string
  readonly worker: Worker
  readonly gathering: Gathering
  /** Of a round. */
  requests: number
}

/** Measures every contender of the plan in one workload. A contender that fails has its error for a result. */
export async function measureWorkload(
  workload: Workload,
  plan: RoundsPlan,
  origin: Origin,
): Promise<Measured[]> {
  const gatherings = new Map(
    plan.contenders.map((id): [string, Gathering] => [
      id,
      { version: '', rounds: [], allocated: [], memory: [] },
    ]),
  )
  const own = planFor(workload, plan)
  for (let launch = 0; launch < own.launches; launch++) {
    for (const group of groupsOf(workload, own.contenders))
      await measureGroup(workload, own, group, gatherings, origin)
  }
  for (const id of plan.allocations) await measureAllocations(workload, plan, id, gatherings.get(id)!, origin)
  return [...gatherings].map(([id, { version, rounds, allocated, memory, latency, error }]) => ({
    workload: workload.id,
    contender: id,
    version,
    rounds,
    ...(latency === undefined ? {} : { latency }),
    ...(allocated.length === 0 ? {} : { allocated }),
    ...(memory.length === 0 ? {} : { memory }),
    ...(error === undefined ? {} : { error }),
  }))
}

/** The plan of one workload: memory is measured in processes of its own, and so is what single processes say too little of. */
function planFor({ kind, processes }: Workload, plan: RoundsPlan): RoundsPlan {
  if (kind === 'memory' || kind === 'cold') return { ...plan, launches: 1 }
  // One round in all only shows that everything runs.
  const isTrial = plan.launches * plan.rounds === 1
  return processes === undefined || isTrial ? plan : { ...plan, launches: processes, rounds: 1 }
}

/** Who takes turns: all of them, or one after the other where there are too many connections. */
function groupsOf({ connections }: Workload, contenders: readonly string[]): (readonly string[])[] {
  return connections * contenders.length > MAX_SHARED_CONNECTIONS
    ? contenders.map((id) => [id])
    : [contenders]
}

async function measureGroup(
  workload: Workload,
  plan: RoundsPlan,
  group: readonly string[],
  gatherings: ReadonlyMap<string, Gathering>,
  origin: Origin,
): Promise<void> {
  if (workload.kind === 'memory') {
    for (const id of group) await measureMemory(workload, plan, id, gatherings.get(id)!, origin)
    return
  }
  if (workload.kind === 'cold') {
    await measureColdRounds(workload, plan, group, gatherings, origin)
    return
  }
  await withTarget(workload, origin, async (target) => {
    const runners: Runner[] = []
    try {
      for (const id of group) {
        const gathering = gatherings.get(id)!
        if (gathering.error !== undefined) continue
        const runner = { id, worker: start(workload, id, target), gathering, requests: 1 }
        runners.push(runner)
        await guarded(runner, () => warm(workload, plan, runner))
      }
      for (let round = 0; round < plan.rounds; round++) {
        for (const runner of runners) await guarded(runner, () => measureRound(workload, runner, origin))
      }
      for (const runner of plan.withLatency ? runners : []) {
        await guarded(runner, () => measureLatency(workload, runner))
      }
    } finally {
      await Promise.all(runners.map(({ worker }) => worker.end()))
    }
  })
}

/** A contender that failed keeps its error and is not asked again. */
async function guarded({ id, gathering }: Runner, action: () => Promise<void>): Promise<void> {
  if (gathering.error !== undefined) return
  try {
    await action()
  } catch (error) {
    gathering.error = (error as Error).message
    console.error(`  ! ${id}: ${gathering.error}`)
  }
}

async function withTarget(
  workload: Workload,
  origin: Origin,
  action: (target: Target) => Promise<void>,
): Promise<void> {
  if (workload.kind === 'parse') {
    await action({ host: '', port: 0, ca: '', responseBytes: 0 })
    return
  }
  const opened = await origin.open(workload)
  try {
    await action({ host: '127.0.0.1', ca: AUTHORITY, ...opened })
  } finally {
    await origin.shut(opened)
  }
}

function start(workload: Workload, id: string, target: Target, flags: readonly string[] = []): Worker {
  const entry = contender(id)
  const assignment = JSON.stringify({ contender: entry.id, workload, target })
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: AUTHORITY_FILE }
  return new Worker(pin('client', [...programOf(entry, flags), assignment]), env)
}

const at = (name: string): string => path.join(import.meta.dirname, name)

function programOf({ runtime }: Entry, flags: readonly string[]): string[] {
  if (runtime === 'python') return ['python3', at('../outside/worker.py')]
  if (runtime === 'bun') return [at(BUN_PACKAGE), at('worker.js')]
  return [process.execPath, ...flags, at('worker.js')]
}

async function warm(workload: Workload, plan: RoundsPlan, runner: Runner): Promise<void> {
  const { worker, gathering } = runner
  const { version } = await worker.ask<{ version: string }>({ do: 'hello' }, START_MS)
  gathering.version = version
  if (workload.kind === 'transfer') {
    // One transfer is warm enough for the next; a round is one.
    await worker.ask({ do: 'round', requests: 1, touched: 0 }, ANSWER_MS)
    return
  }
  const { rate } = await worker.ask<{ rate: number }>({ do: 'warm', seconds: plan.warmSeconds }, ANSWER_MS)
  // A round is long enough that what is to be in flight is in flight for most of it.
  const fewest = workload.kind === 'exchange' ? MIN_TURNS * inFlight(workload) : 1
  runner.requests = Math.max(fewest, Math.round(rate * plan.roundSeconds))
}

async function measureRound(
  workload: Workload,
  { worker, gathering, requests }: Runner,
  origin: Origin,
): Promise<void> {
  const touched = workload.kind === 'exchange' ? Math.min(requests, inFlight(workload)) : 0
  const hasServer = workload.kind !== 'parse'
  const before = hasServer ? await origin.cpuMicros() : 0
  const round = await worker.ask<Round>({ do: 'round', requests, touched }, ANSWER_MS)
  const spent = hasServer ? (await origin.cpuMicros()) - before : 0
  const expected = workload.request.method === 'HEAD' ? 0 : requests * workload.response.bodyBytes
  if (round.received !== expected) throw new Error(`received ${round.received} bytes instead of ${expected}`)
  // The server also served the requests that are not counted.
  const share = requests / (requests + touched)
  gathering.rounds.push({
    rate: requests / round.seconds,
    cpuMicros: round.cpuMicros / requests,
    ...(hasServer ? { serverBusy: (spent * share) / 1e6 / round.seconds } : {}),
  })
}

async function measureLatency(
  workload: Workload,
  { id, worker, gathering, requests }: Runner,
): Promise<void> {
  const isMeasurable =
    workload.kind === 'exchange' && workload.depth === 1 && contender(id).runtime !== 'python'
  if (isMeasurable && gathering.latency === undefined) {
    gathering.latency = await worker.ask<Latency>({ do: 'latency', requests }, ANSWER_MS)
  }
}

async function measureAllocations(
  workload: Workload,
  plan: RoundsPlan,
  id: string,
  gathering: Gathering,
  origin: Origin,
): Promise<void> {
  await withTarget(workload, origin, async (target) => {
    const worker = start(workload, id, target, NO_COLLECTION)
    const runner = { id, worker, gathering, requests: 0 }
    try {
      await guarded(runner, async () => {
        await worker.ask({ do: 'warm', seconds: plan.warmSeconds }, ANSWER_MS)
        for (let round = 0; round < plan.rounds; round++) {
          const asked = { do: 'allocation', requests: ALLOCATION_REQUESTS }
          gathering.allocated.push((await worker.ask<{ bytes: number }>(asked, ANSWER_MS)).bytes)
        }
      })
    } finally {
      await worker.end()
    }
  })
}

/** Each round is a process of its own: memory that was once taken from the system is not given back to be measured again. */
async function measureMemory(
  workload: Workload,
  plan: RoundsPlan,
  id: string,
  gathering: Gathering,
  origin: Origin,
): Promise<void> {
  for (let round = 0; round < plan.idleRounds; round++) {
    await withTarget(workload, origin, async (target) => {
      const worker = start(workload, id, target, ['--expose-gc'])
      const runner = { id, worker, gathering, requests: 0 }
      try {
        await guarded(runner, async () => {
          const { version } = await worker.ask<{ version: string }>({ do: 'hello' }, START_MS)
          gathering.version = version
          gathering.memory.push(await worker.ask<IdleMemory>({ do: 'idle' }, ANSWER_MS))
        })
      } finally {
        await worker.end()
      }
    })
  }
}

/** A process for each contender and round, in turns; one round before the first is not counted. */
async function measureColdRounds(
  workload: Workload,
  plan: RoundsPlan,
  group: readonly string[],
  gatherings: ReadonlyMap<string, Gathering>,
  origin: Origin,
): Promise<void> {
  await withTarget(workload, origin, async ({ host, port }) => {
    for (let round = 0; round <= plan.coldRounds; round++) {
      for (const id of group) {
        const gathering = gatherings.get(id)!
        if (gathering.error !== undefined) continue
        try {
          const measured = await runCold(contender(id).id, `http://${host}:${port}/`)
          gathering.version = measured.version
          if (round > 0) gathering.rounds.push({ rate: 1 / measured.seconds, cpuMicros: measured.cpuMicros })
          if (id !== 'node-alone' && measured.received !== workload.response.bodyBytes)
            throw new Error(`received ${measured.received} bytes`)
        } catch (error) {
          gathering.error = (error as Error).message
        }
      }
    }
  })
}

// What the tests play, in a thread of its own: the runner of the tests follows each promise of its thread, which costs a quarter of
// this suite's time. What comes of it is plain data.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { moduleBeside } from '../../support/repository.ts'
import type { Attempt } from './attempt.ts'
import { attemptOf, everyAttempt } from './attempts.ts'
import type { Door } from './door.ts'
import { ENGINE_DOORS } from './doors/engine.ts'
import { PROXY_DOORS } from './doors/proxy.ts'
import { payloadsFor } from './payloads.ts'
import type { Message } from './reader.ts'
import { DOORS, type Played, play, Watch } from './run.ts'

const NAME = 'smuggling'
/** One in so many of the streams that held a message is kept, to be shown to Node's server. */
const SHOWN = 10
const MAX_TOLD = 5
/** A door that takes fewer payloads than these takes all of them: it has a way of its own. */
const FEW = 300
const FEW_DOORS: readonly Door[] = [...ENGINE_DOORS, ...PROXY_DOORS]
/** Room for the young, as in the simulations. */
const YOUNG_MB = 64

/** A stream as the server had it. */
export interface Shown {
  readonly text: string
  readonly messages: readonly Message[]
  readonly leftover: string
}

export interface Bounded {
  /** What went wrong, and how to play it again. */
  readonly found: readonly string[]
  /** How many of the attempts at a door arrived, and how many were refused. */
  readonly arrivals: ReadonlyMap<string, { arrived: number; refused: number }>
  /** The departures that were made use of. */
  readonly escapes: ReadonlySet<string>
  readonly streams: readonly Shown[]
}

/** Plays every payload, at a part of the doors that take it; or, given a number, so many random attempts. */
export function playBounded(random?: number): Promise<Bounded> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(moduleBeside(import.meta, './bounded'), {
      workerData: [NAME, random],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.once('error', reject)
    worker.once('message', (bounded: Bounded) => {
      worker.terminate().then(() => resolve(bounded), reject)
    })
  })
}

const given: unknown[] = Array.isArray(workerData) ? workerData : []
if (!isMainThread && given[0] === NAME) {
  const random = typeof given[1] === 'number' ? given[1] : undefined
  const bounded = await playAll(random === undefined ? boundedAttempts() : randomAttempts(random))
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(bounded)
}

/** `npm run smuggle` plays all. Each of the deliberate faults is caught by this part, too. */
export function boundedAttempts(): Iterable<Attempt> {
  return everyAttempt(DOORS, sharesOf)
}

/** A sixth of the payloads, where many doors do nearly the same; half where few do, and at the door that lets the fewest in. */
function sharesOf(door: Door): number {
  if (door.slots.reduce((sum, slot) => sum + payloadsFor(slot).length, 0) < FEW) return 1
  return FEW_DOORS.includes(door) || door.name === 'HTTPConnection putRequest, endHeaders, send' ? 2 : 6
}

function* randomAttempts(count: number): Generator<Attempt> {
  for (let seed = 1; seed <= count; seed++) yield attemptOf(seed, DOORS)
}

async function playAll(attempts: Iterable<Attempt>): Promise<Bounded> {
  const found: string[] = []
  const arrivals = new Map(DOORS.map(({ name }) => [name, { arrived: 0, refused: 0 }]))
  const escapes = new Set<string>()
  const streams: Shown[] = []
  Error.stackTraceLimit = 0
  using watch = new Watch()
  for (const attempt of attempts) {
    const played = await play(attempt, watch)
    if (played.violation !== undefined)
      found.push(
        `${played.violation}: npm run smuggle -- --attempt '${JSON.stringify(attempt)}'`.slice(0, 2_000),
      )
    if (found.length >= MAX_TOLD) break
    const count = arrivals.get(attempt.door)!
    if (played.arrived) count.arrived++
    else count.refused++
    for (const name of played.escapes) escapes.add(name)
    if (played.arrived && count.arrived % SHOWN === 1) streams.push(...played.recorders.map(showOf))
  }
  return { found, arrivals, escapes, streams }
}

function showOf({ text, messages, leftover }: Played['recorders'][number]): Shown {
  return { text, messages, leftover }
}

/**
 * What a worker measures of one session. A round is a fixed number of requests, after a few that are not counted because
 * connections may have been closed while others had their turn.
 */

import { performance } from 'node:perf_hooks'
import v8 from 'node:v8'
import type { Session } from './contender.ts'
import { median, percentile, spread } from './statistics.ts'

/** One round. */
export interface Round {
  readonly requests: number
  readonly seconds: number
  /** User and system time of this process, all its threads. */
  readonly cpuMicros: number
  /** What the session counted of bodies. */
  readonly received: number
}

/** Latency of a request in microseconds. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
}

const WARM_BATCH_SECONDS = 0.1
/** Warm is when the last batches differ by less than this. */
const WARM_SPREAD = 0.04
const WARM_BATCHES = 4
/** How many times longer it may take on a machine that does other things. */
const MAX_WARM_STRETCH = 4

async function drive(session: Session, requests: number): Promise<number> {
  let left = requests
  const take = (): boolean => left-- > 0
  const lanes = Array.from({ length: session.lanes }, (_, lane) => session.lane(lane, take))
  const received = await Promise.all(lanes)
  return received.reduce((sum, bytes) => sum + bytes, 0)
}

/** A round of `requests`; `touched` requests before it wake every connection up. */
export async function runRound(session: Session, requests: number, touched: number): Promise<Round> {
  if (touched > 0) await drive(session, touched)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const received = await drive(session, requests)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { requests, seconds, cpuMicros: user + system, received }
}

/**
 * Runs until the rate stands still, or time is up; answers requests a second. Where something else takes the processor away, time
 * alone does not warm: half of it has to be spent computing.
 */
export async function warmUp(session: Session, maxSeconds: number): Promise<number> {
  const start = performance.now()
  const isOver = (): boolean => {
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(begun)
    const isBusy = (user + system) / 1e6 >= maxSeconds / 2
    return seconds >= maxSeconds && (isBusy || seconds >= maxSeconds * MAX_WARM_STRETCH)
  }
  const begun = process.cpuUsage()
  const rates: number[] = []
  let requests = session.lanes
  do {
    const round = await runRound(session, requests, 0)
    const rate = round.requests / round.seconds
    // The first batches only find out how many requests fill one.
    if (round.seconds > WARM_BATCH_SECONDS / 2) rates.push(rate)
    requests = Math.max(1, Math.min(Math.round(rate * WARM_BATCH_SECONDS), requests * 8))
    const last = rates.slice(-WARM_BATCHES)
    if (last.length === WARM_BATCHES && spread(last) < WARM_SPREAD && rates.length > 2 * WARM_BATCHES) break
  } while (!isOver() || rates.length === 0)
  return median(rates.slice(-WARM_BATCHES))
}

/** A round that tells the time at each request of each lane. Not for pipelining, where a lane has several in flight. */
export async function sampleLatency(session: Session, requests: number): Promise<Latency> {
  const samples = new Float64Array(requests)
  let count = 0
  let left = requests
  const takeOf = (): (() => boolean) => {
    let begun = 0
    return () => {
      const now = performance.now()
      if (begun > 0 && count < requests) samples[count++] = now - begun
      begun = now
      return left-- > 0
    }
  }
  await drive(session, session.lanes)
  await Promise.all(Array.from({ length: session.lanes }, (_, lane) => session.lane(lane, takeOf())))
  const micros = Array.from(samples.subarray(0, count), (milliseconds) => milliseconds * 1000)
  const at = (share: number): number => percentile(micros, share)
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) }
}

declare const gc: (() => void) | undefined

/** Turns off while collecting, so that everything unreachable is gone. */
async function collect(): Promise<void> {
  if (typeof gc !== 'function') throw new Error('needs --expose-gc')
  for (let turn = 0; turn < 3; turn++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** What the heap and the buffers outside it hold. */
function held(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * Bytes allocated a request: what the heap and the buffers outside it grew by while nothing was collected. The process
 * runs with a new space so large that no collection is due; where one came all the same, the round is repeated shorter.
 */
export async function measureAllocation(session: Session, requests: number): Promise<number> {
  for (let count = requests; count >= session.lanes; count = Math.floor(count / 2)) {
    await drive(session, session.lanes)
    await collect()
    const profiler = new v8.GCProfiler()
    profiler.start()
    const before = held()
    await drive(session, count)
    const grown = held() - before
    const { statistics } = profiler.stop() as { statistics: readonly unknown[] }
    if (statistics.length === 0) return grown / count
  }
  throw new Error('garbage was collected even in the shortest round')
}

/** Memory of an idle connection, in bytes. */
export interface IdleMemory {
  /** Of the process, as the system sees it. */
  readonly resident: number
  /** Of the JavaScript heap and its buffers. */
  readonly heap: number
}

/** Opens every connection, makes one request on each, and compares the memory of the process before and after. */
export async function measureIdle(session: Session): Promise<IdleMemory> {
  await collect()
  const before = { resident: process.memoryUsage.rss(), heap: held() }
  await drive(session, session.lanes)
  await collect()
  return {
    resident: (process.memoryUsage.rss() - before.resident) / session.lanes,
    heap: (held() - before.heap) / session.lanes,
  }
}

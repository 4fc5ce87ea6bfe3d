/**
 * `--bench N`: one request N times, some at once, over connections that are kept. Tells the rate, how long answers took, and
 * what failed; and whether it was this process that had no more to give.
 */

import type { Client } from '../../client/client.ts'
import type { ClientRequestOptions } from '../../client/option-types.ts'
import { HTTPException } from '../../errors/index.ts'
import { formatBytes, formatMs } from '../show/amounts.ts'
import { usageFailure } from '../tell/failure.ts'

/** What is asked for. */
export interface BenchPlan {
  readonly count: number
  /** How many at once. */
  readonly atOnce: number
  readonly url: URL
  /** Called for each request: what is written down of one is its own, and goes with it. */
  readonly begin: () => BenchRequest
}

/** One of the requests. */
export interface BenchRequest {
  readonly options: ClientRequestOptions
  /** Its error, as it is to be told. */
  readonly explain: (error: unknown) => unknown
}

/** What came of it. */
export interface BenchResult {
  readonly atOnce: number
  readonly elapsedMs: number
  /** From the call to the last byte, of each answer, sorted. */
  readonly durations: readonly number[]
  readonly statuses: ReadonlyMap<number, number>
  readonly errors: ReadonlyMap<string, number>
  /** The last error, explained; undefined for none. */
  readonly failure: unknown
  readonly bytes: number
  readonly connections: number
  /** The part of the time in which this process was busy, 0 to 1. */
  readonly busy: number
}

const MAX_COUNT = 10_000_000
export const DEFAULT_AT_ONCE = 10

/** Sends them. */
export async function runBench(client: Client, plan: BenchPlan, signal: AbortSignal): Promise<BenchResult> {
  const { count, atOnce, url, begin } = plan
  if (count < 1 || count > MAX_COUNT)
    throw usageFailure(`--bench takes 1 to ${MAX_COUNT} requests`, '--bench 1000')
  const durations: number[] = []
  const statuses = new Map<number, number>()
  const errors = new Map<string, number>()
  let failure: unknown
  let [left, bytes, connections] = [count, 0, 0]
  const work = async (): Promise<void> => {
    while (left > 0) {
      left--
      const { options, explain } = begin()
      const startedAt = performance.now()
      try {
        const response = await client.request(url, options)
        for await (const piece of response) bytes += piece.length
        durations.push(performance.now() - startedAt)
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
        if (response.connection?.reused === false) connections++
      } catch (error) {
        signal.throwIfAborted()
        failure = explain(error)
        const name = HTTPException.isHTTPException(error) ? error.code : String(error)
        errors.set(name, (errors.get(name) ?? 0) + 1)
      }
    }
  }
  const before = performance.eventLoopUtilization()
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work))
  const elapsedMs = performance.now() - startedAt
  const busy = performance.eventLoopUtilization(before).utilization
  durations.sort((a, b) => a - b)
  return {
    atOnce: Math.min(atOnce, count),
    elapsedMs,
    durations,
    statuses,
    errors,
    failure,
    bytes,
    connections,
    busy,
  }
}

/** The value below which so much of a sorted list is: the nearest rank. */
export function percentileOf(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** A busy process measures itself. */
const MAX_BUSY = 0.9

/** For people, in lines with their ends. */
export function formatBench(result: BenchResult): string {
  const { atOnce, elapsedMs, durations, statuses, errors, bytes, connections, busy } = result
  const failed = [...errors.values()].reduce((sum, count) => sum + count, 0)
  const rate = durations.length / (elapsedMs / 1_000)
  const times = ([50, 90, 99] as const).map(
    (percent) => `${percent} % ${formatMs(percentileOf(durations, percent))}`,
  )
  const lines = [
    `${durations.length} answers in ${formatMs(elapsedMs)}, ${atOnce} at once over ${connections} connections`,
    ...(durations.length === 0
      ? []
      : [
          `rate      ${rate.toFixed(rate < 100 ? 1 : 0)} a second, ${formatBytes(bytes / (elapsedMs / 1_000))}/s`,
          `took      ${times.join(', ')}, longest ${formatMs(durations.at(-1)!)}`,
          `statuses  ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')}`,
        ]),
    ...(failed === 0
      ? []
      : [`failed    ${[...errors].map(([name, count]) => `${name}: ${count}`).join(', ')}`]),
    ...(durations.length === 0
      ? []
      : [
          `bounds    this process was busy ${Math.round(busy * 100)} % of the time: ${busy > MAX_BUSY ? 'the server may be faster than this' : 'what is measured is the way and the server'}`,
        ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

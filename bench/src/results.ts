/** The shape of what was measured, as it is written to JSON, and the questions that report, charts and gate ask of it. */

import { isTwin, twinOf } from './contenders.ts'
import { FIGURES, type Figure, floorOf, type Place, type Quantity } from './figures.ts'
import type { Machine } from './machine.ts'
import type { IdleMemory, Latency } from './measure.ts'
import { judge, median, noiseOf, roundRatios, spread, type Verdict } from './statistics.ts'

/** One round of one contender, as the report needs it. */
export interface MeasuredRound {
  /** Requests, transfers or messages a second. */
  readonly rate: number
  /** Processor time of the client's process for each of them. */
  readonly cpuMicros: number
  /** The share of its core that the server used; undefined without a server. */
  readonly serverBusy?: number
}

/** One contender in one workload. */
export interface Measured {
  readonly workload: string
  readonly contender: string
  readonly version: string
  readonly rounds: readonly MeasuredRound[]
  readonly latency?: Latency
  readonly allocated?: readonly number[]
  readonly memory?: readonly IdleMemory[]
  /** Why there is nothing above. */
  readonly error?: string
}

/** One contender at one size of one axis of growth. */
export interface GrowthPoint {
  readonly series: string
  readonly size: number
  readonly contender: string
  readonly version: string
  /** Of a request, or of a transfer. */
  readonly cpuMicros: number
  readonly spread: number
}

export interface Results {
  readonly form: string
  readonly date: string
  readonly node: string
  readonly server: 'raw' | 'nginx'
  readonly machine: Machine
  /** The size of the large transfers, in bytes. */
  readonly transferBytes: number
  readonly measured: readonly Measured[]
  readonly growth: readonly GrowthPoint[]
}

/** Above this share of its core a server may have been what was measured. */
export const SERVER_LIMIT = 0.9

/** The median share of its core that the server used. */
export function serverBusy({ rounds }: Measured): number {
  return median(rounds.map((round) => round.serverBusy ?? 0))
}

export function isServerBound(measured: Measured): boolean {
  return serverBusy(measured) > SERVER_LIMIT
}

export function rateOf({ rounds }: Measured): number {
  return median(rounds.map(({ rate }) => rate))
}

export function cpuOf({ rounds }: Measured): number {
  return median(rounds.map(({ cpuMicros }) => cpuMicros))
}

export function spreadOf({ rounds }: Measured): number {
  return spread(rounds.map(({ rate }) => rate))
}

/** The contenders of a workload without twins, the fastest first, those that failed last. */
export function rowsOf({ measured }: Results, workload: string): Measured[] {
  return measured
    .filter((row) => row.workload === workload && !isTwin(row.contender))
    .sort((a, b) => (rateOf(b) || 0) - (rateOf(a) || 0))
}

function find({ measured }: Results, [workload, contender]: Place): Measured | undefined {
  return measured.find((row) => row.workload === workload && row.contender === contender)
}

const VALUES: Readonly<Record<Quantity, (row: Measured) => readonly number[]>> = {
  rate: ({ rounds }) => rounds.map(({ rate }) => rate),
  thrift: ({ rounds }) => rounds.map(({ cpuMicros }) => 1e6 / cpuMicros),
  cpu: ({ rounds }) => rounds.map(({ cpuMicros }) => cpuMicros),
  wall: ({ rounds }) => rounds.map(({ rate }) => 1 / rate),
  allocated: ({ allocated = [] }) => allocated,
  memory: ({ memory = [] }) => memory.map(({ resident }) => resident),
}

/** A figure held against what was measured. */
export interface Outcome {
  readonly figure: Figure
  readonly verdict: Verdict | 'not measured'
  readonly ratio: number
  /** The ratio of the processor time of both sides, the other way up where more is better, to be read beside the rate. */
  readonly byCpu?: number
  readonly noise: number
  /** What has to be known to read the verdict. */
  readonly note?: string
}

export function outcomes(results: Results): Outcome[] {
  return FIGURES.map((figure) => outcome(results, figure))
}

/**
 * The ratio of a figure is the median of the ratios of its rounds. Where the server was the bottleneck of either side, a
 * rate says nothing about the client, and the processor time a request is held against the bound in its place.
 */
function outcome(results: Results, figure: Figure): Outcome {
  const subject = find(results, figure.subject)
  const over = find(results, figure.over)
  const values = VALUES[figure.quantity]
  if (
    subject === undefined ||
    over === undefined ||
    values(subject).length === 0 ||
    values(over).length === 0
  ) {
    const note = subject?.error ?? over?.error
    return {
      figure,
      verdict: 'not measured',
      ratio: Number.NaN,
      noise: 0,
      ...(note === undefined ? {} : { note }),
    }
  }
  const byRate = median(roundRatios(values(subject), values(over)))
  const twin = find(results, [figure.subject[0], twinOf(figure.subject[1])])
  if (figure.quantity !== 'rate') {
    const noise = twin === undefined ? 0 : noiseOf(roundRatios(values(twin), values(subject)))
    return { figure, verdict: judge(byRate, floorOf(figure), noise), ratio: byRate, noise }
  }
  const byCpu = median(roundRatios(VALUES.cpu(over), VALUES.cpu(subject)))
  const isBound = isServerBound(subject) || isServerBound(over)
  const quantity = isBound ? VALUES.cpu : values
  const noise = twin === undefined ? 0 : noiseOf(roundRatios(quantity(twin), quantity(subject)))
  const ratio = isBound ? byCpu : byRate
  const note = isBound
    ? { note: `the server was the bottleneck: by processor time; by rate ${byRate.toFixed(2)}` }
    : {}
  return { figure, verdict: judge(ratio, floorOf(figure), noise), ratio, byCpu, noise, ...note }
}

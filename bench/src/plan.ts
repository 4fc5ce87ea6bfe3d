/**
 * The forms of a run: which workloads, who in them, how many rounds of what length. One table; the command carries it
 * out. Pure.
 */

import { CONTENDERS, contender, twinOf } from './contenders.ts'
import { FIGURES } from './figures.ts'
import { GiB, MiB, WORKLOADS, type Workload } from './workloads.ts'

export type FormName = 'quick' | 'full' | 'gate' | 'growth' | 'smoke'

export interface Form {
  /** Workloads by their ids. */
  readonly workloads: readonly string[]
  /** Who may run: those whom a figure of the workload names, or these; everybody of the workload's field where left out. */
  readonly contenders?: 'figures' | readonly string[]
  /** Workloads for everybody; in the others only the core runs. Everywhere where left out. */
  readonly crowded?: readonly string[]
  /** Processes of each contender, one after the other: chance in how a process starts shows between them. */
  readonly launches: number
  /** Interleaved rounds of each launch. */
  readonly rounds: number
  readonly roundSeconds: number
  readonly warmSeconds: number
  /** Whether one more round of each contender samples latencies. */
  readonly withLatency: boolean
  readonly transferBytes: number
  readonly idleConnections: number
  /** Processes of each contender that open that many. */
  readonly idleRounds: number
  /** Processes of each contender that make one request. */
  readonly coldRounds: number
  readonly growth?: GrowthForm
}

export interface GrowthForm {
  readonly contenders: readonly string[]
  readonly rounds: number
  readonly roundSeconds: number
  readonly warmSeconds: number
  /** Sizes above this are left out. */
  readonly maxBytes: number
  readonly maxCount: number
}

const GROWERS = ['ceiling', 'connection', 'undici-request'] as const

/** Figures whose both sides have somebody who runs. */
const MEASURABLE = FIGURES.filter(
  ({ subject, over }) => CONTENDERS.has(subject[1]) && CONTENDERS.has(over[1]),
)
const FIGURE_WORKLOADS: readonly string[] = [
  ...new Set(MEASURABLE.flatMap(({ subject, over }) => [subject[0], over[0]])),
]

const GROWTH: GrowthForm = {
  contenders: GROWERS,
  rounds: 3,
  roundSeconds: 0.3,
  warmSeconds: 0.5,
  maxBytes: GiB,
  maxCount: 10_000,
}

export const FORMS: Readonly<Record<FormName, Form>> = {
  full: {
    workloads: [...WORKLOADS.keys()],
    launches: 2,
    rounds: 3,
    roundSeconds: 0.4,
    warmSeconds: 1.1,
    withLatency: true,
    transferBytes: GiB,
    idleConnections: 10_000,
    idleRounds: 2,
    coldRounds: 12,
    growth: GROWTH,
  },
  quick: {
    workloads: [...FIGURE_WORKLOADS, 'parse-small', 'parse-varied'],
    crowded: ['get-50', 'client-50', 'fetch-50'],
    launches: 1,
    rounds: 3,
    roundSeconds: 0.25,
    warmSeconds: 0.7,
    withLatency: true,
    transferBytes: 256 * MiB,
    idleConnections: 10_000,
    idleRounds: 1,
    coldRounds: 12,
  },
  gate: {
    workloads: FIGURE_WORKLOADS,
    contenders: 'figures',
    launches: 1,
    rounds: 5,
    roundSeconds: 0.3,
    warmSeconds: 1,
    withLatency: false,
    transferBytes: 256 * MiB,
    idleConnections: 10_000,
    idleRounds: 1,
    coldRounds: 12,
  },
  growth: {
    workloads: [],
    launches: 1,
    rounds: 0,
    roundSeconds: 0,
    warmSeconds: 0,
    withLatency: false,
    transferBytes: GiB,
    idleConnections: 0,
    idleRounds: 0,
    coldRounds: 0,
    growth: GROWTH,
  },
  // Whether everything runs; its numbers say nothing.
  smoke: {
    workloads: [...WORKLOADS.keys()],
    launches: 1,
    rounds: 1,
    roundSeconds: 0.05,
    warmSeconds: 0.1,
    withLatency: true,
    transferBytes: 16 * MiB,
    idleConnections: 200,
    idleRounds: 1,
    coldRounds: 1,
    growth: {
      ...GROWTH,
      rounds: 1,
      roundSeconds: 0.05,
      warmSeconds: 0.1,
      maxBytes: 16 * MiB,
      maxCount: 1_000,
    },
  },
}

/** The workload at the size of the form. */
export function sized(workload: Workload, { transferBytes, idleConnections }: Form): Workload {
  const { request, response } = workload
  if (workload.kind === 'memory') {
    return {
      ...workload,
      connections: idleConnections,
      response: { ...response, holdUntil: idleConnections },
    }
  }
  if (workload.kind !== 'transfer') return workload
  return request.streamed === true
    ? { ...workload, request: { ...request, bodyBytes: transferBytes } }
    : { ...workload, response: { ...response, bodyBytes: transferBytes } }
}

/** Who runs in a workload; the subject of a figure has a twin next to it, against which the noise is measured. */
export function contendersOf({ id, field }: Workload, { contenders, crowded }: Form): string[] {
  const isSmall = crowded !== undefined && !crowded.includes(id)
  const chosen = [...CONTENDERS.values()].filter(
    (entry) =>
      entry.fields.includes(field) &&
      (!isSmall || !entry.fields.includes('all') || entry.fields.includes('core')) &&
      entry.cannot?.[id] === undefined &&
      (contenders === undefined ||
        (contenders === 'figures' ? isInFigure(id, entry.id) : contenders.includes(entry.id))),
  )
  return chosen.flatMap((entry) => (isSubject(id, entry.id) ? [entry.id, twinOf(entry.id)] : [entry.id]))
}

function isInFigure(workload: string, id: string): boolean {
  return FIGURES.some(({ subject, over }) =>
    [subject, over].some(([where, who]) => where === workload && who === id),
  )
}

function isSubject(workload: string, id: string): boolean {
  return FIGURES.some(({ subject }) => subject[0] === workload && subject[1] === contender(id).id)
}

/** Whether the bytes allocated a request are measured: of those in a figure that asks for it, and of the ceiling. */
export function asksForAllocation(workload: string, id: string): boolean {
  return FIGURES.some(
    ({ quantity, subject, over }) =>
      quantity === 'allocated' &&
      subject[0] === workload &&
      [subject[1], over[1], 'ceiling', twinOf(subject[1])].includes(id),
  )
}

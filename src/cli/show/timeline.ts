/** When what happened in a transfer: each exchange, redirects too, with its phases, on one axis. Pure. */

import { addressOfHost } from '../../core/host.ts'
import type { Timings } from '../../core/response-head.ts'
import { shownUrl } from '../../core/shown-url.ts'
import { HTTPException } from '../../errors/index.ts'
import type { Outcome } from '../transfer/record.ts'

/** The phases in their order; `wait` is from the end of connecting to the head. */
export const PHASES = ['queue', 'dns', 'connect', 'tls', 'wait', 'body'] as const

export type PhaseName = (typeof PHASES)[number]

/** What phases are called. */
export const PHASE_LABELS: Readonly<Record<PhaseName, string>> = {
  queue: 'waiting for a connection',
  dns: 'name',
  connect: 'connection',
  tls: 'TLS',
  wait: 'answer',
  body: 'body',
}

export interface Phase {
  readonly name: PhaseName
  readonly startMs: number
  readonly ms: number
}

export interface TimelineRow {
  readonly method: string
  /** Origin and path: no query, no userinfo. */
  readonly url: string
  /** Undefined where no head came. */
  readonly status: number | undefined
  readonly startMs: number
  readonly endMs: number
  readonly phases: readonly Phase[]
}

/** The rows of all transfers, on an axis that begins with the first of them. */
export function timelineOf(outcomes: readonly Outcome[]): TimelineRow[] {
  const begins = outcomes.reduce((first, { startedAt }) => Math.min(first, startedAt), Infinity)
  return outcomes.flatMap((outcome) => rowsOf(outcome, outcome.startedAt - begins))
}

function rowsOf(outcome: Outcome, offsetMs: number): TimelineRow[] {
  const { sent, answers, totalMs } = outcome
  return sent.map(({ method, url, atMs }, index) => {
    const answer = answers[index]
    const next = sent[index + 1]
    const endMs = offsetMs + (next?.atMs ?? totalMs)
    const startMs = offsetMs + atMs
    const failure = next === undefined ? failureOf(outcome) : undefined
    const timings = answer?.timings ?? failure?.timings ?? {}
    const phases = phasesOf(timings, url, startMs, endMs)
    if (failure !== undefined) addFailed(phases, { timings, failure, startMs, endMs })
    return { method, url: shownUrl(url), status: answer?.status, startMs, endMs, phases }
  })
}

/** Of the last exchange, what it failed by. */
function failureOf({ error }: Outcome): HTTPException | undefined {
  return [error, error instanceof Error ? error.cause : undefined].find((one) =>
    HTTPException.isHTTPException(one),
  )
}

/** The phase of an error, as it is shown. */
const FAILED_IN: Readonly<Record<string, PhaseName | undefined>> = {
  queue: 'queue',
  dns: 'dns',
  tcp: 'connect',
  connect: 'connect',
  proxy: 'connect',
  tls: 'tls',
  send: 'wait',
  headers: 'wait',
  body: 'body',
}

interface FailedExchange {
  readonly timings: Timings
  readonly failure: HTTPException
  readonly startMs: number
  readonly endMs: number
}

/** What an exchange was in when it failed lasted to its end. */
function addFailed(phases: Phase[], { timings, failure, startMs, endMs }: FailedExchange): void {
  const last = phases.at(-1)
  const at = last === undefined ? startMs : last.startMs + last.ms
  const name = FAILED_IN[failure.phase ?? ''] ?? nextPhase(timings)
  if (endMs <= at) return
  if (last?.name === name) phases[phases.length - 1] = { ...last, ms: endMs - last.startMs }
  else phases.push({ name, startMs: at, ms: endMs - at })
}

/** What comes after all that is over. */
function nextPhase({ dns, connect, headers }: Timings): PhaseName {
  if (headers !== undefined) return 'body'
  if (connect !== undefined) return 'wait'
  return dns === undefined ? 'dns' : 'connect'
}

/** @param url - of the request: with a target such as * that of the response is none */
function phasesOf(timings: Timings, url: string, startMs: number, endMs: number): Phase[] {
  const phases: Phase[] = []
  let at = startMs
  const add = (name: PhaseName, ms: number | undefined): void => {
    if (ms === undefined) return
    const fitting = Math.max(0, Math.min(ms, endMs - at))
    phases.push({ name, startMs: at, ms: fitting })
    at += fitting
  }
  add('queue', timings.queue)
  // An address is no name: its lookup says nothing.
  if (addressOfHost(new URL(url).hostname.replace(/^\[|\]$/g, '')) === undefined) add('dns', timings.dns)
  add('connect', timings.connect)
  add('tls', timings.tls)
  add('wait', timings.headers)
  add('body', timings.body)
  return phases
}

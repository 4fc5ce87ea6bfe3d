/** When what happened in a transfer: each exchange, redirects too, with its phases, on one axis. Pure. */

import { addressOfHost } from '../../core/host.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { shownUrl } from '../../core/shown-url.ts'
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
    const phases = answer === undefined ? [] : phasesOf(answer, url, startMs, endMs)
    return { method, url: shownUrl(url), status: answer?.status, startMs, endMs, phases }
  })
}

/** @param url - of the request: with a target such as * that of the response is none */
function phasesOf({ timings }: HTTPResponse, url: string, startMs: number, endMs: number): Phase[] {
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

// The table of faults is made of these: a name, where it is played, what one run does. Runs are numbered; a fault deals its
// cases out over the numbers, so that enough runs play every case.

import type { HTTPConnectionOptions } from '../../../src/connection/options.ts'
import { HTTPConnection, HTTPSConnection } from '../../../src/index.ts'
import { ca } from '../../support/tls-fixture.ts'
import type { Judge } from './judge.ts'
import type { LinkName, Stage } from './stage.ts'

/** One fault, set up: plays run after run. */
export interface Play extends AsyncDisposable {
  /** One run; answers what the program was told, for the figures. */
  run(index: number, judge: Judge): Promise<string>
  /** So many runs begin now, side by side. */
  batch?(count: number): void
}

export interface Fault {
  readonly name: string
  /** What must come of it, in words, for the table. */
  readonly expectation: string
  /** The link it is played on. */
  readonly link: LinkName
  /** Whether it can be played without namespaces. */
  readonly needs: 'nothing' | 'namespace'
  /** What this machine lacks to play it; undefined where it lacks nothing. */
  lacks?(): string | undefined
  /** How many runs go side by side: more than one where a run mostly waits. */
  readonly together: number
  /** At least so many runs play every case. */
  readonly cases: number
  setUp(stage: Stage, runs: number): Promise<Play>
}

/** The case of a run: spread evenly over all where there are fewer runs than cases. */
export function caseOf<T>(cases: readonly T[], index: number, runs: number): T {
  const at = runs >= cases.length ? index % cases.length : Math.floor((index * cases.length) / runs)
  return cases[at]!
}

/** The ids of the requests of a run, which no other run has. */
export function idsOf(index: number): readonly [number, number, number] {
  return [index * 3 + 1, index * 3 + 2, index * 3 + 3]
}

/** A connection to a server of the stage, with TLS or without. */
export function connectTo(
  host: string,
  port: number,
  isSecure: boolean,
  options: HTTPConnectionOptions = {},
): HTTPConnection {
  return isSecure
    ? new HTTPSConnection(host, port, { ...options, tls: { ca, servername: 'localhost' } })
    : new HTTPConnection(host, port, options)
}

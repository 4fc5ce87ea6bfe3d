// One run: a world, a network, a server and a program, all from one seed or one schedule, and what became of it.

import { makeChoices, type Schedule, scheduleOf } from './choices.ts'
import { Judge } from './judge.ts'
import type { Link } from './link.ts'
import { VirtualNetwork } from './network.ts'
import { Program } from './scenario.ts'
import { PlannedServer } from './server.ts'
import { watchForUncaught } from './uncaught.ts'
import { Verdicts } from './verdicts.ts'
import { type Violation, World } from './world.ts'

export interface RunOptions {
  /** Plays these choices instead of drawing them. */
  readonly schedule?: Schedule | undefined
  /** Writes down what happens. */
  readonly isTracing?: boolean | undefined
}

export interface RunResult {
  readonly seed: number
  readonly violation: Violation | undefined
  readonly schedule: Schedule
  readonly transcript: readonly string[]
  readonly events: number
  readonly virtualMs: number
  readonly links: number
  readonly exchanges: number
  /** How often each code of our errors was raised. */
  readonly raised: ReadonlyMap<string, number>
}

/** Runs one seed, or one schedule: a world of whatever kind. */
export type Run = (seed: number, options?: RunOptions) => Promise<RunResult>

/** Runs one seed, or one schedule. */
export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  watchForUncaught()
  const choices = makeChoices(seed, options.schedule)
  const world = new World(choices.network, options.isTracing === true)
  const judge = new Judge(world)
  const network = new VirtualNetwork(world, choices.network, judge, {
    accept: (link: Link) => {
      judge.connected(link)
      return new PlannedServer(world, judge, link, network.tunnel)
    },
    connecting: () => judge.connecting(),
  })
  const verdicts = new Verdicts(judge, network)
  let program: Program | undefined
  await world.run(async () => {
    program = new Program({ world, judge, verdicts, network, choices })
    await program.run()
  })
  if (world.violation === undefined) program?.checkSources()
  return {
    seed,
    violation: world.violation,
    schedule: scheduleOf(choices),
    transcript: world.transcript,
    events: world.events,
    virtualMs: world.now() - 1_000,
    links: network.links.length,
    exchanges: judge.intents.size,
    raised: verdicts.raised,
  }
}

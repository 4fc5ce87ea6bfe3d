// One run: a world, a network, servers and a program with its client, all from one seed or one schedule, and what became of it.

import type { Clock } from '../../../src/time/clock.ts'
import { type HeldWriter, TurnWrites } from '../../../src/transport/h1/turn-writes.ts'
import { makeChoices, scheduleOf } from '../simulation/choices.ts'
import type { Run } from '../simulation/run.ts'
import { watchForUncaught } from '../simulation/uncaught.ts'
import { World } from '../simulation/world.ts'
import { Ending } from './ending.ts'
import { Judge } from './judge.ts'
import { ClientNetwork } from './network.ts'
import { Program } from './program.ts'
import { chooseConfig } from './settings.ts'
import { Verdicts } from './verdicts.ts'

/** The worlds in which each request waits for the end of its turn, as where a client makes many. */
const WAITING = new WeakSet<Clock>()

/** Each turn is worth it, but the first. */
const ALWAYS = { minTogether: 0, maxTogether: 32, longestMs: Infinity, rests: 0 }

class WaitingWrites extends TurnWrites {
  readonly #world: World

  constructor(world: World) {
    super(world, (act) => world.afterTurn(act), ALWAYS)
    this.#world = world
  }

  override add(writer: HeldWriter): void {
    const { events } = this.#world
    super.add({ endTurn: () => this.#world.asOf(events, () => writer.endTurn()) })
  }
}

const usual = TurnWrites.of.bind(TurnWrites)
TurnWrites.of = (clock) => (WAITING.has(clock) ? new WaitingWrites(clock as World) : usual(clock))

/** Runs one seed, or one schedule. */
export const run: Run = async (seed, options = {}) => {
  watchForUncaught()
  const choices = makeChoices(seed, options.schedule)
  const world = new World(choices.network, options.isTracing === true)
  if (choices.turn.chance(50)) WAITING.add(world)
  const config = chooseConfig(choices.program)
  const judge = new Judge(world, choices.server, config)
  const network = new ClientNetwork(world, judge, choices.network)
  const verdicts = new Verdicts(judge, network)
  if (world.isTracing) world.trace(`config: ${JSON.stringify(config)}`)
  const { program, door } = choices
  const ending = new Ending(choices.ending, config)
  const stage = { world, judge, verdicts, network, choices: program, door, ending }
  await world.run(() => new Program(stage).run())
  return {
    seed,
    violation: world.violation,
    schedule: scheduleOf(choices),
    transcript: world.transcript,
    events: world.events,
    virtualMs: world.now() - 1_000,
    links: network.links.length,
    exchanges: judge.hearings.length,
    raised: verdicts.raised,
  }
}

// Everything that is left to chance in a run is a choice: a whole number below a bound, drawn from the seed and written
// down. What was written down can be played again without the seed, and cut down: a choice that is missing counts as 0,
// and 0 is always the plain thing (no fault, no delay, one piece), so that a shorter schedule is a simpler one.

import { makePrng } from '../../support/prng.ts'

/** The parts of a run that choose, each with its own stream: what one chooses does not move the others. */
export const PARTS = ['program', 'server', 'network', 'door', 'ending', 'turn'] as const
export type Part = (typeof PARTS)[number]

/** The choices of a run, in the order in which each part made them. */
export type Schedule = Readonly<Record<Part, readonly number[]>>

export class Choices {
  /** What was chosen so far. */
  readonly made: number[] = []
  readonly #next: () => number
  readonly #recorded: readonly number[] | undefined

  constructor(seed: number, part: Part, recorded?: readonly number[]) {
    this.#next = makePrng(seed, part)
    this.#recorded = recorded
  }

  /** A whole number from 0 to `bound - 1`. */
  pick(bound: number): number {
    const { made } = this
    const choice =
      this.#recorded === undefined
        ? this.#next() % bound
        : Math.min(this.#recorded[made.length] ?? 0, bound - 1)
    made.push(choice)
    return choice
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.pick(100) >= 100 - percent
  }

  /** One of `items`; the first is the plain one. */
  oneOf<T>(items: readonly [T, ...T[]]): T {
    return items[this.pick(items.length)]!
  }
}

/** A stream for each part: drawn from the seed, or played from a schedule. */
export function makeChoices(seed: number, schedule?: Schedule): Record<Part, Choices> {
  return {
    program: new Choices(seed, 'program', schedule?.program),
    server: new Choices(seed, 'server', schedule?.server),
    network: new Choices(seed, 'network', schedule?.network),
    door: new Choices(seed, 'door', schedule?.door),
    ending: new Choices(seed, 'ending', schedule?.ending),
    turn: new Choices(seed, 'turn', schedule?.turn),
  }
}

/** The schedule that a run has followed, without the zeros at its ends, which go without saying. */
export function scheduleOf(choices: Readonly<Record<Part, Choices>>): Schedule {
  const trimmed = ({ made }: Choices): number[] => {
    let length = made.length
    while (length > 0 && made[length - 1] === 0) length--
    return made.slice(0, length)
  }
  return {
    program: trimmed(choices.program),
    server: trimmed(choices.server),
    network: trimmed(choices.network),
    door: trimmed(choices.door),
    ending: trimmed(choices.ending),
    turn: trimmed(choices.turn),
  }
}

// A program that closes its client in the middle of it all, while it holds responses, reads others late, has hooks that wait
// and uploads whose source rests: `close()` has to wait for all of that but for what is held, and to come to its end.

import type { Choices } from '../simulation/choices.ts'
import type { Config } from './settings.ts'

/** Longer than a response is held that nobody reads, with the looks between, and than a body is drained. */
export const LET_GO_MS = 15_500

/** What is special about such a program; nothing is drawn for any other. */
export class Ending {
  readonly isChosen: boolean
  readonly #choices: Choices
  /** What is pipelined after a response that is kept waits for it: other rules hold there. */
  readonly #mayKeep: boolean

  constructor(choices: Choices, { isPlain, pipelining }: Config) {
    this.#choices = choices
    this.isChosen = !isPlain && choices.chance(12)
    this.#mayKeep = this.isChosen && pipelining === 1
  }

  get choices(): Choices {
    return this.#choices
  }

  /** Whether nobody is going to read a response. */
  holds(): boolean {
    return this.#mayKeep && this.#choices.chance(20)
  }

  /** For how long a response is kept before it is read: less than what is given up. */
  lateMs(): number {
    return this.#mayKeep ? this.#choices.oneOf([0, 0, 0, 3_000, 8_000]) : 0
  }

  /** For how long a hook has a response. */
  hookMs(): number {
    return this.#mayKeep ? this.#choices.oneOf([0, 0, 0, 8_000, 25_000]) : 0
  }

  /** For how long the source of an upload rests before its last piece. */
  restMs(): number {
    return this.isChosen ? this.#choices.oneOf([0, 0, 8_000, 25_000]) : 0
  }
}

// Draws of chance for one input: everything comes from the seed and the number of the input, so that each can be made
// again by itself.

import { makePrng } from '../../support/prng.ts'

/** An item and how often it is taken, against the others of its list. */
export type Weighted<T> = readonly (readonly [weight: number, item: T])[]

export class Random {
  readonly #next: () => number

  constructor(seed: number, number: number) {
    this.#next = makePrng(seed, String(number))
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number {
    return this.#next() % bound
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  /** One of `items`, which are not empty. */
  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  /** One of `items`, which are not empty, by weight. */
  weighted<T>(items: Weighted<T>): T {
    let left = this.below(items.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, item] of items) {
      if (left < weight) return item
      left -= weight
    }
    throw new RangeError('no item has a weight')
  }
}

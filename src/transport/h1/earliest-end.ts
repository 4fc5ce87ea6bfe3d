/**
 * When the first of several exchanges must end: the least of a queue of times, kept as the queue moves, so that a step of
 * a pipeline does not look through all of it. Pure.
 *
 * A time after which an earlier one was added can never be the least again, and is forgotten: what is kept only grows
 * from front to back.
 */

export class EarliestEnd {
  readonly #ends: number[] = []

  /** The least of the times in the queue; Infinity where there is none. */
  get value(): number {
    return this.#ends[0] ?? Infinity
  }

  /** Adds a time at the back; Infinity ends nothing. */
  add(endsAt: number): void {
    if (endsAt === Infinity) return
    while (this.#ends.length > 0 && this.#ends.at(-1)! > endsAt) this.#ends.pop()
    this.#ends.push(endsAt)
  }

  /** Removes a time from the front: the oldest that was added and not removed. */
  remove(endsAt: number): void {
    if (this.#ends[0] === endsAt) this.#ends.shift()
  }

  clear(): void {
    this.#ends.length = 0
  }
}

// Which attempts are made: every door with every payload of every place it has, in order; and, from a seed, everything put
// together at random.

import { makePrng } from '../../support/prng.ts'
import { type Attempt, HARMLESS, type Parts, type Slot } from './attempt.ts'
import type { Door } from './door.ts'
import { ALPHABET, ATOMS, FIELD_LISTS, FOLDED_TRICKS, payloadsFor } from './payloads.ts'
import {
  BODY_FORMS,
  type BodyRecipe,
  CONTAINERS,
  type FieldsRecipe,
  type LineRecipe,
  type Recipe,
  text,
} from './recipes.ts'

/**
 * Every door with every payload, one thing at a time. Where `sharesOf` a door are two, it gets half of the payloads and the next one
 * the other half: each payload is played, but not at each door.
 */
export function* everyAttempt(
  doors: readonly Door[],
  sharesOf: (door: Door) => number = () => 1,
): Generator<Attempt> {
  for (const [number, door] of doors.entries()) {
    const shares = sharesOf(door)
    yield { door: door.name, parts: {} }
    for (const slot of door.slots) {
      // Each eighth is shifted: payloads are made in rows, and a share would else be a column of them.
      for (const [at, payload] of payloadsFor(slot).entries())
        if ((number + at + (at >> 3)) % shares === 0) yield { door: door.name, parts: { [slot]: payload } }
    }
    if (!door.slots.includes('more')) continue
    for (const [fields, more] of FOLDED_TRICKS) yield { door: door.name, parts: { fields, more } }
  }
}

/** The attempt of a seed. */
export function attemptOf(seed: number, doors: readonly Door[]): Attempt {
  const chance = new Chance(seed)
  const door = chance.oneOf(doors)
  const parts: Partial<Record<Slot, Parts[Slot]>> = {}
  for (const slot of door.slots) if (chance.in(55)) parts[slot] = chance.part(slot)
  return { door: door.name, parts: parts as Partial<Parts> }
}

class Chance {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = makePrng(seed, 'smuggling')
  }

  below(bound: number): number {
    return this.#next() % bound
  }

  /** True in `percent` of 100 cases. */
  in(percent: number): boolean {
    return this.below(100) < percent
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  part(slot: Slot): Parts[Slot] {
    if (slot === 'body') return this.#body()
    if (slot === 'fields' || slot === 'trailers' || slot === 'tunnelFields') return this.#fields(slot)
    return this.in(35) ? this.oneOf(payloadsFor(slot)) : this.#mixed(goodText(HARMLESS[slot]))
  }

  /** A text with pieces put in, or made of nothing else; mostly as it is, sometimes in disguise. */
  #mixed(good: string): Recipe {
    const mixed = this.#mixedText(good)
    const form = this.below(100)
    if (form < 78) return text(mixed)
    if (form < 88)
      return { form: 'turncoat', text: this.in(50) ? good : mixed, second: mixed, after: this.below(14) }
    if (form < 93) return { form: 'boxed', text: mixed }
    if (form < 97) return { form: 'bytes', text: mixed }
    return { form: 'number', text: this.oneOf(['5', '-1', 'NaN', '1e21', '0.5']) }
  }

  #mixedText(good: string): string {
    if (this.in(20)) return Array.from({ length: this.below(12) }, () => this.oneOf(ALPHABET)).join('')
    let mixed = good
    for (let count = this.below(3); count >= 0; count--) {
      const at = this.below(mixed.length + 1)
      const atom = this.oneOf(ATOMS)
      // One that is overlong costs as much as a thousand others.
      if (atom.length > 1_000 && !this.in(2)) continue
      mixed = mixed.slice(0, at) + atom + mixed.slice(this.in(70) ? at : Math.min(at + 1, mixed.length))
    }
    return mixed
  }

  #fields(slot: Slot): FieldsRecipe {
    const container = this.in(55) ? 'pairs' : this.oneOf(CONTAINERS)
    const lines: LineRecipe[] = []
    for (let count = this.below(4); count > 0; count--) lines.push(...this.#lines(slot))
    return { container, lines }
  }

  #lines(slot: Slot): readonly LineRecipe[] {
    const list = this.oneOf(FIELD_LISTS)
    if (this.in(40) && list.length < 10) return list
    const harmless: LineRecipe = [text(slot === 'trailers' ? 'X-Trailer' : 'X-Field'), text('one two')]
    const [name, value] = list[0] === undefined || this.in(60) ? harmless : list[0]
    return [
      [this.in(40) ? this.#mixed(goodText(name)) : name, this.in(60) ? this.#mixed(goodText(value)) : value],
    ]
  }

  #body(): BodyRecipe {
    const form = this.oneOf(BODY_FORMS)
    const body = this.#mixedText(this.in(50) ? 'hello' : '')
    const length = this.oneOf([0, 1, 3, body.length - 1, body.length, body.length + 1, 5, 1_000])
    return { form, text: body, length: Math.max(0, length) }
  }
}

function goodText(recipe: Recipe): string {
  return recipe.form === 'thing' ? '' : recipe.text
}

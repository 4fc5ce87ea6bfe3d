// Cuts an input down to what breaks the same rule: options away, bytes away by ever shorter stretches. Each smaller input is
// judged with every single cut, so that the cut that showed the fault need not be kept.

import type { FuzzInput } from './input.ts'
import { judge } from './judge.ts'
import type { Violation } from './violation.ts'

/** How many judgements one minimisation may cost. */
const MAX_JUDGEMENTS = 60_000
/** Longer inputs are cut only where the input says, and at every byte. */
const MAX_CUT_EVERYWHERE = 120

/** The smallest input that was found, and what it breaks. */
export interface Minimised {
  readonly input: FuzzInput
  readonly violation: Violation
}

/** Makes `found` smaller as long as `find` finds the same rule broken. */
export function minimise(
  found: FuzzInput,
  violation: Violation,
  find: (input: FuzzInput) => Violation | undefined = (input) => judge(input).violation,
): Minimised {
  let best: Minimised = { input: found, violation }
  let left = MAX_JUDGEMENTS
  const attempt = (script: FuzzInput['script'], tolerances = best.input.tolerances): boolean => {
    for (const cuts of cutsToTry(script.input.length, best.input.cuts)) {
      if (left-- <= 0) return false
      const input: FuzzInput = { script, tolerances, cuts, isRewritten: true, isHeld: true }
      const again = find(input)
      if (again?.rule !== violation.rule) continue
      best = { input, violation: again }
      return true
    }
    return false
  }
  let before: number
  do {
    before = weightOf(best.input)
    dropOptions(() => best.input, attempt)
    dropBytes(() => best.input, attempt)
  } while (weightOf(best.input) < before)
  return best
}

function* cutsToTry(length: number, known: readonly number[]): Generator<readonly number[]> {
  yield []
  yield known.filter((at) => at < length)
  yield Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
  if (length <= MAX_CUT_EVERYWHERE) for (let at = 1; at < length; at++) yield [at]
}

type Attempt = (script: FuzzInput['script'], tolerances?: FuzzInput['tolerances']) => boolean

function dropOptions(current: () => FuzzInput, attempt: Attempt): void {
  for (const name of current().tolerances) {
    const { script, tolerances } = current()
    attempt(
      script,
      tolerances.filter((other) => other !== name),
    )
  }
  for (const name of Object.keys(current().script.limits)) {
    const { script } = current()
    const limits = Object.fromEntries(Object.entries(script.limits).filter(([other]) => other !== name))
    attempt({ ...script, limits })
  }
  if (current().script.pipelining > 1) attempt({ ...current().script, pipelining: 1 })
  if (current().script.eof) attempt({ ...current().script, eof: false })
  for (const part of ['requests', 'responses'] as const) {
    for (let at = current().script[part].length - 1; at >= 0; at--) {
      const { script } = current()
      attempt({ ...script, [part]: script[part].filter((_, index) => index !== at) })
    }
  }
}

function dropBytes(current: () => FuzzInput, attempt: Attempt): void {
  for (let length = current().script.input.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at < current().script.input.length; ) {
      const { script } = current()
      const input = Buffer.concat([script.input.subarray(0, at), script.input.subarray(at + length)])
      if (!attempt({ ...script, input })) at += length
    }
  }
}

function weightOf({ script, tolerances }: FuzzInput): number {
  const options = tolerances.length + Object.keys(script.limits).length + script.pipelining
  return (
    script.input.length + options + script.requests.length + script.responses.length + (script.eof ? 1 : 0)
  )
}

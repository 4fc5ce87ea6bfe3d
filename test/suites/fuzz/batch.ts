// Judges inputs by their numbers, and tallies what they reached: a fuzzer whose inputs all fail at the first line, or never
// fail, would find nothing.

import type { Role } from '../../../src/h1/index.ts'
import { type FuzzInput, makeInput } from './input.ts'
import { judge } from './judge.ts'
import type { Violation } from './violation.ts'

/** What a number of inputs came to. */
export interface Tally {
  inputs: number
  bytes: number
  events: number
  /** Inputs that ended without an error. */
  sound: number
  /** Messages that were read to their end. */
  messages: number
  /** Messages that were written and read again. */
  rewritten: number
  /** How often each error ended an input. */
  readonly raised: Map<string, number>
}

export interface Found {
  readonly number: number
  readonly input: FuzzInput
  readonly violation: Violation
}

export function emptyTally(): Tally {
  return { inputs: 0, bytes: 0, events: 0, sound: 0, messages: 0, rewritten: 0, raised: new Map() }
}

export function addTally(sum: Tally, other: Tally): void {
  sum.inputs += other.inputs
  sum.bytes += other.bytes
  sum.events += other.events
  sum.sound += other.sound
  sum.messages += other.messages
  sum.rewritten += other.rewritten
  for (const [code, count] of other.raised) sum.raised.set(code, (sum.raised.get(code) ?? 0) + count)
}

/** Which inputs: the numbers from `first` to `last`, of one role only if one is given. */
export interface Portion {
  readonly seed: number
  readonly first: number
  readonly last: number
  readonly role?: Role | undefined
}

/**
 * Judges a portion; `onFound` says whether to go on, `onInput` is told each number before its input is judged. Stack traces
 * are not made meanwhile.
 */
export function fuzzBatch(
  { seed, first, last, role }: Portion,
  onFound: (found: Found) => boolean,
  onInput?: (number: number) => void,
): Tally {
  const tally = emptyTally()
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    for (let number = first; number <= last; number++) {
      onInput?.(number)
      const input = makeInput(seed, number, role)
      const { violation, whole, rewritten } = judge(input)
      tally.inputs++
      tally.bytes += input.script.input.length
      tally.rewritten += rewritten
      if (whole !== undefined) {
        tally.events += whole.events
        for (const { type } of whole.seen) if (type === 'end') tally.messages++
        const code = whole.failure?.code
        if (code === undefined) tally.sound++
        else tally.raised.set(code, (tally.raised.get(code) ?? 0) + 1)
      }
      if (violation !== undefined && !onFound({ number, input, violation })) break
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return tally
}

// What is told of an input that broke a rule: the command that makes it again, and a case of the wire corpus, cut down to
// what it needs.

import { WireRun } from '../../support/wire-run.ts'
import { formatCase } from './case-text.ts'
import type { FuzzInput } from './input.ts'
import { minimise } from './minimise.ts'
import type { Violation } from './violation.ts'

/** The command that makes one input again. */
export function commandOf(seed: number, number: number, role: string | undefined): string {
  return `npm run fuzz -- --seed ${seed} --number ${number}${role === undefined ? '' : ` --role ${role}`}`
}

/** What was broken, by the smallest input found, as a case for `test/suites/wire/hostile/`. */
export function reportOn(command: string, found: FuzzInput, violation: Violation): string {
  const smallest = minimise(found, violation)
  const { script, tolerances, cuts } = smallest.input
  const where =
    cuts.length === 0 ? 'whole' : `cut at ${cuts.slice(0, 12).join(', ')}${cuts.length > 12 ? ', …' : ''}`
  const prose =
    `Found by \`${command}\`, ${where}. The events are those of the input read whole; ` +
    'what the RFC asks for has to be put in their place.'
  const text = formatCase({ title: violation.rule, prose, script, tolerances, log: logOf(smallest.input) })
  return `${violation.rule}: ${smallest.violation.detail}\n\n${text}`
}

/** The events of an input read whole. */
export function logOf({ script, tolerances }: FuzzInput): readonly string[] {
  try {
    return new WireRun(script, tolerances).play([]).log
  } catch (error) {
    return [`error of another kind: ${String(error)}`]
  }
}

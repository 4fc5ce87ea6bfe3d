/** `--explain`: what would be sent, where and why, and what would become of the answer. */

import type { Explanation } from '../../client/explain.ts'
import type { Plan } from '../transfer/plan.ts'
import { RETRIED_STATUSES } from '../words/table.ts'

/** For people, in lines with their ends. */
export function explainPlan(plan: Plan, explanation: Explanation): string {
  const { destination, options, resumeFrom, resumption } = plan
  const place =
    destination.kind === 'stdout'
      ? 'standard output'
      : `${destination.path}${destination.isNamedByPeer ? ', or as Content-Disposition says' : ''}`
  const notes = [
    `  output      ${place}`,
    ...(resumeFrom === undefined ? [] : [`  goes on     from byte ${resumeFrom}`]),
    ...(resumption === undefined || resumption.have === 0
      ? []
      : [`  goes on     from byte ${resumption.have}, if it is still the same version`]),
    ...(options.retry === undefined
      ? []
      : [`  again       up to ${options.retry} times, after timeouts and ${RETRIED_STATUSES.join(', ')}`]),
    ...(options.fail === true ? ['  fails       with 22 for a status of 400 or more'] : []),
  ]
  return `${explanation.toString()}\n${notes.map((note) => `${note}\n`).join('')}`
}

// Explains the disagreements of a run by the table of classes. Each must match exactly one row; each row must be met by
// its own example. What matches no row, or two, is a failure with the case to show.

import { takeApart } from './anatomy.ts'
import { type Case, makeCase, showCase } from './cases.ts'
import type { ClassRow, Disagreement } from './class-row.ts'
import { CLASSES } from './classes.ts'
import { findDifferences } from './compare.ts'
import type { Outcome } from './outcome.ts'

/** What became of the comparison with one client. */
export interface Judgement {
  readonly client: string
  readonly version: string
  readonly cases: number
  /** Cases with a disagreement. */
  readonly disagreed: number
  /** How many disagreements each row explains. */
  readonly counts: ReadonlyMap<ClassRow, number>
  /** Disagreements that no row explains, or more than one. */
  readonly unexplained: readonly Disagreement[]
  /** How many cases were asked a second time. */
  readonly askedAgain: number
}

/** The example of each row as a case; `from` is the id of the row. */
export function exampleCases(): Case[] {
  return CLASSES.map(({ id, example, method = 'GET', closes = false }) =>
    makeCase(`class ${id}`, method, example, closes),
  )
}

export function judge(
  { name: client, version }: { readonly name: string; readonly version: string },
  cases: readonly Case[],
  ours: readonly Outcome[],
  theirs: readonly Outcome[],
): Judgement {
  const counts = new Map<ClassRow, number>()
  const unexplained: Disagreement[] = []
  let disagreed = 0
  for (const [index, testCase] of cases.entries()) {
    const [a, b] = [ours[index]!, theirs[index]!]
    const differences = findDifferences(a, b)
    if (differences.length > 0) disagreed++
    for (const difference of differences) {
      const disagreement = { client, testCase, anatomy: takeApart(testCase), difference, ours: a, theirs: b }
      const [row, second] = matchingRows(disagreement)
      if (row === undefined || second !== undefined) unexplained.push(disagreement)
      else counts.set(row, (counts.get(row) ?? 0) + 1)
    }
  }
  return { client, version, cases: cases.length, disagreed, counts, unexplained, askedAgain: 0 }
}

export function matchingRows(disagreement: Disagreement): ClassRow[] {
  return CLASSES.filter(
    ({ clients, aspect, when }) =>
      clients.includes(disagreement.client) &&
      aspect === disagreement.difference.aspect &&
      when(disagreement),
  )
}

/** The rows that nothing in the run has met for this client: the differences they speak of are gone. */
export function deadRows({ client, version, counts }: Judgement): ClassRow[] {
  return CLASSES.filter(
    (row) => row.clients.includes(client) && !counts.has(row) && row.versions?.test(version) !== false,
  )
}

/** A disagreement for a person: the case in the notation of the corpus, what both made of it, and which rows claim it. */
export function showDisagreement(disagreement: Disagreement): string {
  const { client, testCase, difference, ours, theirs } = disagreement
  const rows = matchingRows(disagreement).map(({ id }) => id)
  return [
    showCase(testCase),
    '',
    `${difference.aspect}: httplib ${describe(difference.ours, ours)}`,
    `${difference.aspect}: ${client} ${describe(difference.theirs, theirs)}`,
    rows.length === 0 ? 'No class explains this.' : `More than one class claims this: ${rows.join(', ')}`,
    '',
  ].join('\n')
}

function describe(text: string, { error }: Outcome): string {
  const shown = JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text)
  return error === undefined ? shown : `${shown} (${error})`
}

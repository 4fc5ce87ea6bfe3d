// Compares what two clients made of a case, aspect by aspect. What one of the two does not show is not compared.

import type { Field, Outcome } from './outcome.ts'

/** The aspects in which two clients may disagree. Where verdict or status differ they mean two messages: no more is compared. */
export type Aspect =
  | 'verdict'
  | 'version'
  | 'status'
  | 'reason'
  | 'fields'
  | 'body'
  | 'trailers'
  | 'informational'
  | 'second'

export interface Difference {
  readonly aspect: Aspect
  readonly ours: string
  readonly theirs: string
}

const SIMPLE_ASPECTS = ['version', 'reason', 'body', 'trailers', 'informational', 'second'] as const

export function findDifferences(ours: Outcome, theirs: Outcome): Difference[] {
  if (ours.verdict !== theirs.verdict) {
    return [{ aspect: 'verdict', ours: ours.verdict, theirs: theirs.verdict }]
  }
  if (ours.verdict !== 'complete') return []
  if (ours.status !== theirs.status) {
    return [{ aspect: 'status', ours: String(ours.status), theirs: String(theirs.status) }]
  }
  const differences = SIMPLE_ASPECTS.flatMap((aspect) => {
    const [a, b] = [textOf(ours, aspect), textOf(theirs, aspect)]
    return a === undefined || b === undefined || a === b ? [] : [{ aspect, ours: a, theirs: b }]
  })
  return [...differences, ...findFieldDifferences(ours, theirs)]
}

/** An aspect as text that is equal where the aspect is. */
function textOf(outcome: Outcome, aspect: (typeof SIMPLE_ASPECTS)[number]): string | undefined {
  const value = outcome[aspect]
  if (value === undefined) return undefined
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** One difference for each value that differs; one for all fields where their names or number do. */
function findFieldDifferences(ours: Outcome, theirs: Outcome): Difference[] {
  const a = theirs.grouped === undefined ? ours.fields : flatten(group(ours.fields ?? []))
  const b = theirs.grouped === undefined ? theirs.fields : flatten(theirs.grouped)
  if (a === undefined || b === undefined) return []
  const hasSameNames = a.length === b.length && a.every(([name], index) => name === b[index]![0])
  if (!hasSameNames) return [{ aspect: 'fields', ours: JSON.stringify(a), theirs: JSON.stringify(b) }]
  const pairs = a.map(([, value], index) => [value, b[index]![1]] as const)
  const differing = new Map(pairs.filter(([x, y]) => x !== y).map((pair) => [JSON.stringify(pair), pair]))
  return [...differing.values()].map(([x, y]) => ({ aspect: 'fields', ours: x, theirs: y }))
}

type Grouped = Readonly<Record<string, readonly string[]>>

function group(fields: readonly Field[]): Grouped {
  const grouped = new Map<string, string[]>()
  for (const [name, value] of fields) {
    const lower = name.toLowerCase()
    grouped.set(lower, [...(grouped.get(lower) ?? []), value])
  }
  return Object.fromEntries(grouped)
}

const flatten = (grouped: Grouped): Field[] =>
  Object.entries(grouped).flatMap(([name, values]) => values.map((value) => [name, value] as const))

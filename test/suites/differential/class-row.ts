// A disagreement, and the form of a row that explains it.

import type { ToleranceName } from '../../../src/h1/index.ts'
import type { Anatomy } from './anatomy.ts'
import type { Case, Method } from './cases.ts'
import type { Aspect, Difference } from './compare.ts'
import type { Outcome } from './outcome.ts'

/** One way in which a client and the library disagree on a case. */
export interface Disagreement {
  readonly client: string
  readonly testCase: Case
  readonly anatomy: Anatomy
  readonly difference: Difference
  readonly ours: Outcome
  readonly theirs: Outcome
}

/**
 * `ours-per-RFC`: the rule asks for what we do, or leaves it open and we chose the safe side. `theirs`: the client breaks
 * the rule, or has a limit of its own. `ours-by-decision`: we depart from a SHOULD; docs/deviations.md says why. `bug`: we
 * are wrong; no row may stay so.
 */
export type ClassVerdict = 'ours-per-RFC' | 'ours-by-decision' | 'theirs' | 'bug'

export interface ClassRow {
  readonly id: string
  /** The clients that differ from us in this way. */
  readonly clients: readonly string[]
  /** The versions that do, where not all that are known do. */
  readonly versions?: RegExp
  readonly aspect: Aspect
  readonly when: (disagreement: Disagreement) => boolean
  /** Bytes that show it. */
  readonly example: Buffer
  /** Default: GET. */
  readonly method?: Method
  /** The server closes after the example. It does so anyway where the engine needs the end. */
  readonly closes?: boolean
  /** What we do and what they do, as the ends of sentences. */
  readonly we: string
  readonly they: string
  readonly verdict: ClassVerdict
  /** Where the rule is written. */
  readonly source: string
  /** The rows of test/requirements.tsv that decide it. */
  readonly requirements?: readonly string[]
  /** The tolerance that makes us do as they do. */
  readonly tolerance?: ToleranceName
}

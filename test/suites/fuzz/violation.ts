// A rule that an engine broke, and the limits that rules are held against.

import { LIMITS, type LimitName } from '../../../src/h1/index.ts'
import type { Script } from '../../support/wire-run.ts'

/** A rule that was broken: its name, and what happened. */
export interface Violation {
  readonly rule: string
  readonly detail: string
}

/** Thrown by a check that finds a rule broken. */
export class Broken extends Error {
  readonly violation: Violation
  constructor(rule: string, detail: string) {
    super(rule)
    this.violation = { rule, detail }
  }
}

/** A limit as it holds in a script. */
export function limitOf({ limits }: Script, name: LimitName): number {
  return limits[name] ?? LIMITS[name].default
}

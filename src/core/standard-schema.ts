/**
 * Schemas of other packages (zod, valibot, arktype and others) by the interface that they have in common: Standard Schema,
 * version 1 (standardschema.dev). No package is imported.
 */

import type { SchemaIssue } from '../errors/index.ts'

/** What a schema answers: the value, or issues. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** Anything that says what a value has to be. */
export interface StandardSchema<T = unknown> {
  /** What makes it a schema. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}

/** @throws TypeError for what is no schema */
export function assertSchema(value: unknown): asserts value is StandardSchema {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const standard: unknown = isObject ? (value as Partial<StandardSchema>)['~standard'] : undefined
  if (typeof standard === 'object' && standard !== null && 'validate' in standard) return
  throw new TypeError('json() takes a schema that follows Standard Schema (zod, valibot, arktype and others)')
}

/** Issues in one line, for a message: at most three, each with its place. Security: no value is in it but what the schema says. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  const shown = issues.slice(0, 3).map(({ message, path }) => {
    const place = (path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
    return place === '' ? message : `${place}: ${message}`
  })
  const more = issues.length - shown.length
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ')
}

// What a promise rejects with, as an error of a class.

import assert from 'node:assert/strict'

/** What it rejects with; fails for one that resolves, and for an error of another class. */
export async function rejectionAs<E extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
  return assert.fail(`it gave ${String(value)}, and no ${kind.name}`)
}

/** Answers that may come at once or later: of stores and jars that are the caller's. */

import type { HTTPResponse } from '../core/response.ts'

/** A value, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>

/** Whether it is a promise, of any kind. */
export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined | null)?.then === 'function'
}

/** Gives the connection of a response back where no caller gets it. */
export async function closingOnError(
  response: HTTPResponse,
  later: Promise<HTTPResponse>,
): Promise<HTTPResponse> {
  try {
    return await later
  } catch (error) {
    response.abandon()
    throw error
  }
}

/** Answers that may come at once or later: of stores and jars that are the caller's. */

/** A value, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>

/** Whether it is a promise, of any kind. */
export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined | null)?.then === 'function'
}

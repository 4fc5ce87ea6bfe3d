/**
 * Shows in the stack of an error where the caller waits. The error of a broken connection is made in the callback of a
 * socket, whose stack names no caller. V8 knows who awaits a promise: asked for in a reaction of it, a stack trace
 * goes on with `at async …` lines. So nothing is captured for exchanges that go well.
 */

import { isOfOne } from '../errors/exception.ts'
import { HTTPException } from '../errors/index.ts'

/** Errors that show their caller already: a second wait adds nothing. */
const COMPLETED = new WeakSet<Error>()

/** Awaited, it lets everything go on that waits already. */
const TURN: Promise<void> = Promise.resolve()

/**
 * A promise that rejects with `error`, and writes the lines of the caller that awaits it under the error's own. To be resolved
 * with, by the promise that was given out.
 */
export async function rejectionWithCaller(error: unknown): Promise<never> {
  // Turns for the promise that was given out to be chained to this one; then the stack shows who awaits it.
  await TURN
  await TURN
  showCaller(error)
  throw error
}

/** What `work` gives; where it fails, its error shows who awaits the promise that is given out. No frame of its own: thousands may wait. */
export function withCaller<T>(work: Promise<T>): Promise<T> {
  return work.catch(rejectionWithCaller)
}

/** To be called after an `await`. A promise that more than one waits for shows none of them. */
function showCaller(error: unknown): void {
  // What is not ours (the reason of an abort, the error of a source) is told as it is.
  if (!HTTPException.isHTTPException(error) || !isOfOne(error) || COMPLETED.has(error)) return
  if (Error.captureStackTrace === undefined) return
  const seen: { stack?: string } = {}
  Error.captureStackTrace(seen)
  const lines = (seen.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at async '))
  if (lines.length === 0) return
  COMPLETED.add(error)
  addLines(error, lines)
}

/** An error of the caller's may be frozen, or have a stack of its own making: it is told as it is. */
function addLines(error: Error, lines: readonly string[]): void {
  try {
    const { stack } = error
    if (typeof stack === 'string') error.stack = `${stack}\n${lines.join('\n')}`
  } catch {
    // What matters is the error.
  }
}

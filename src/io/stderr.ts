/**
 * The default sink of the debug trace: standard error, written at once so that a crash loses nothing.
 */

import { lateModule } from '../core/runtime.ts'

const STDERR = 2

/** Writes a line to standard error. A reader that is gone or slow is no reason to fail. */
export function writeToStderr(line: string): void {
  try {
    lateModule('node:fs').writeSync(STDERR, `${line}\n`)
  } catch {
    // The trace is for a person who looks; nobody looks.
  }
}

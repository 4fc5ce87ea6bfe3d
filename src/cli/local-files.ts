/** Reads what the command line names: files, and standard input as `-`. */

import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CommandFailure, reasonOf } from './failure.ts'

/**
 * The bytes of a file that is to be used as `purpose`.
 * @throws CommandFailure of `local-read`
 */
export async function readLocalFile(path: string, purpose: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const what = `the file for ${purpose} could not be read: ${path} (${reasonOf(error)})`
    throw new CommandFailure('local-read', what, 'another path, or check the rights of the file', {
      cause: error,
    })
  }
}

/**
 * Standard input to its end.
 * @throws `signal.reason`; CommandFailure of `local-read`
 */
export async function readAll(input: Readable, signal: AbortSignal): Promise<Buffer> {
  const stop = (): void => {
    input.destroy()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const pieces: Buffer[] = []
    for await (const piece of input) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  } catch (error) {
    signal.throwIfAborted()
    const what = `standard input could not be read (${reasonOf(error)})`
    throw new CommandFailure('local-read', what, 'a file: -d @FILE', { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

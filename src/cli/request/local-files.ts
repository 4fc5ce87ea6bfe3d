/** Reads what the command line names: files, and standard input as `-`. */

import { open, readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { listenForAbort, stopListeningForAbort } from '../../core/abort-listeners.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'

/** What files are read with. */
export interface Sources {
  /** Called where standard input is wanted. */
  readonly openStdin: () => Readable
  readonly signal: AbortSignal
}

/**
 * The bytes of a file that is to be used as `purpose`.
 * @throws CommandFailure of `local-read`
 */
export async function readLocalFile(path: string, purpose: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw unreadable(path, purpose, error)
  }
}

/**
 * The size of a file that is read later.
 * @throws CommandFailure of `local-read`
 */
export async function measureLocalFile(path: string, purpose: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error('it is a folder')
    // A pipe or a device has no size that means anything.
    return found.isFile() ? found.size : undefined
  } catch (error) {
    throw unreadable(path, purpose, error)
  }
}

/**
 * Sees that a file can be written later, before anything is sent. It is there then, as with curl.
 * @throws CommandFailure of `local-read`, which is curl's
 */
export async function checkWritable(path: string, purpose: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  // Who reads a pipe takes its first end for the end.
  if (found !== undefined && !found.isFile() && !found.isDirectory()) return
  try {
    const handle = await open(path, 'a')
    await handle.close()
  } catch (cause) {
    const why = `${path} (${reasonOf(cause)})`
    throw new CommandFailure(
      'local-read',
      `the file for ${purpose} could not be written`,
      'another path, or check the rights of the file',
      { cause, why },
    )
  }
}

/**
 * A file, or standard input for `-`, to its end.
 * @throws CommandFailure of `local-read`; `signal.reason`
 */
export function readNamed(name: string, purpose: string, { openStdin, signal }: Sources): Promise<Buffer> {
  if (name === '-') return readAll(openStdin(), signal)
  return unlessAborted(readLocalFile(name, purpose), signal)
}

/**
 * Waits for what is done with a file no longer than it is wanted. The system cannot be told to give up opening or reading a
 * pipe that has nobody at its other end: what then becomes of `work` is nobody's.
 * @param isOfFile - false for what may wait for something else, as standard input: that holds no thread
 * @throws what `work` throws; `signal.reason`
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, isOfFile = true): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      if (isOfFile) LEFT.add(work)
      reject(signal.reason as Error)
    }
    if (signal.aborted) onAbort()
    else listenForAbort(signal, onAbort)
    work.then(resolve, reject).finally(() => {
      LEFT.delete(work)
      stopListeningForAbort(signal, onAbort)
    })
  })
}

/** What nobody waits for any more, and the system still does. */
const LEFT = new Set<Promise<unknown>>()

/** True while a thread is held by a file that is not wanted any more. Not every Node tells that of its resources. */
export function isThreadHeld(): boolean {
  return LEFT.size > 0
}

function unreadable(path: string, purpose: string, cause: unknown): CommandFailure {
  return new CommandFailure(
    'local-read',
    `the file for ${purpose} could not be read`,
    'another path, or check the rights of the file',
    {
      cause,
      why: `${path} (${reasonOf(cause)})`,
    },
  )
}

/** The same for one body: standard input that was read is empty from then on. */
export function readOnce(sources: Sources): Sources {
  let isRead = false
  return {
    ...sources,
    openStdin: () => {
      if (isRead) return Readable.from([])
      isRead = true
      return sources.openStdin()
    },
  }
}

/** What was read of standard input: several URLs are sent the same. */
const READ: WeakMap<Readable, Promise<Buffer>> = new WeakMap()

/**
 * Standard input to its end, once: the next call gives the same bytes.
 * @throws `signal.reason`; CommandFailure of `local-read`
 */
function readAll(input: Readable, signal: AbortSignal): Promise<Buffer> {
  let reading = READ.get(input)
  if (reading === undefined) {
    reading = readToEnd(input, signal)
    READ.set(input, reading)
  }
  return reading
}

async function readToEnd(input: Readable, signal: AbortSignal): Promise<Buffer> {
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
    throw new CommandFailure('local-read', 'standard input could not be read', 'a file: -d @FILE', {
      cause: error,
      why: reasonOf(error),
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/**
 * Where bytes go: a file, or standard output. Waits until each piece is taken, so that a slow reader slows the peer down
 * instead of filling the memory.
 */

import { createWriteStream } from 'node:fs'
import { access, type FileHandle, mkdir, open, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { listenForAbort, stopListeningForAbort } from '../../core/abort-listeners.ts'
import { unlessAborted } from '../request/local-files.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'

/** The highest number after a name, as in curl. */
const MAX_NUMBER = 100

/** The reader of standard output went away: it has what it wanted. */
export class ReaderGone extends Error {}

/** How a file is opened. */
export interface FileMode {
  /** Goes on at its end. */
  readonly appends?: boolean | undefined
  /** Makes the folders above it. */
  readonly makesFolders?: boolean | undefined
  /** Takes no file that is there: `refuse`, or `number` for the next free name with `.1`, `.2`, … after it. */
  readonly existing?: 'overwrite' | 'refuse' | 'number' | undefined
}

export class Output {
  readonly #stream: Writable
  readonly #signal: AbortSignal
  /** The path of a file; undefined for standard output. */
  readonly path: string | undefined
  readonly #name: string
  #written = 0
  /** The byte that was written last. */
  #last: number | undefined
  #failure: Error | undefined
  /** Tell waiting writes: transfers at once share standard output. */
  readonly #wakes: Set<() => void> = new Set()

  private constructor(stream: Writable, name: string, file: string | undefined, signal: AbortSignal) {
    this.#stream = stream
    this.#name = name
    this.path = file
    this.#signal = signal
    stream.on('error', this.#onError)
    // Many files may be open at once, and Node warns of the eleventh listener of a signal.
    listenForAbort(signal, this.#onAbort)
  }

  /**
   * Opens a file.
   * @throws CommandFailure of `local-write`
   */
  static async toFile(file: string, signal: AbortSignal, mode: FileMode = {}): Promise<Output> {
    const { makesFolders = false } = mode
    try {
      if (makesFolders) await makeFolders(path.dirname(file))
      // A pipe is opened when somebody reads it, or never.
      const opening = openFile(file, mode)
      const { name, handle } = await unlessAborted(opening, signal).catch((error: unknown) => {
        opening.then((late) => late.handle.close()).catch(() => {})
        throw error
      })
      return new Output(createWriteStream(name, { fd: handle }), name, name, signal)
    } catch (error) {
      signal.throwIfAborted()
      throw unwritable(file, error)
    }
  }

  /** Standard output. */
  static toStream(stream: Writable, signal: AbortSignal): Output {
    return new Output(stream, 'standard output', undefined, signal)
  }

  /** Bytes written so far. */
  get written(): number {
    return this.#written
  }

  /** Whether what comes next begins a line. */
  get isAtLineStart(): boolean {
    return this.#last === undefined || this.#last === 0x0a
  }

  /** Another stream to the same terminal has ended the line. */
  endLine(): void {
    this.#last = undefined
  }

  /**
   * Resolves when the bytes were handed on.
   * @throws CommandFailure of `local-write`; ReaderGone; `signal.reason`
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#written += bytes.length
    if (bytes.length > 0) this.#last = bytes.at(-1)
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#wakes.delete(settle)
        resolve()
      }
      this.#wakes.add(settle)
      if (this.#failure !== undefined || this.#signal.aborted) settle()
      else this.#stream.write(bytes, settle)
    })
    this.#signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#explain(this.#failure)
  }

  /**
   * Resolves when everything is in the file. Standard output stays open, but hears no more of its reader and of aborts: nothing
   * may be written after it.
   */
  async end(): Promise<void> {
    stopListeningForAbort(this.#signal, this.#onAbort)
    if (this.path === undefined) {
      this.#stream.off('error', this.#onError)
      return
    }
    try {
      this.#stream.end()
      await finished(this.#stream)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  /** Ends it, whatever went wrong, and takes the file away where `isRemoved`; a pipe or a device stays. */
  async giveUp(isRemoved: boolean): Promise<void> {
    await this.end().catch(() => {})
    if (!isRemoved || this.path === undefined) return
    const found = await stat(this.path).catch(() => undefined)
    if (found?.isFile() === true) await unlink(this.path).catch(() => {})
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error
    this.#wakeAll()
  }

  readonly #onAbort = (): void => this.#wakeAll()

  #wakeAll(): void {
    for (const settle of this.#wakes) settle()
  }

  #explain(error: unknown): Error {
    if (this.path === undefined && reasonOf(error) === 'EPIPE') return new ReaderGone()
    return unwritable(this.#name, error)
  }
}

function unwritable(name: string, cause: unknown): CommandFailure {
  const reason = reasonOf(cause)
  const isThere = reason === 'EEXIST'
  const advice = isThere
    ? 'another name with -o'
    : 'another -o, --create-dirs, or check rights and room on the disk'
  return new CommandFailure('local-write', 'the response could not be written', advice, {
    cause,
    why: `${name} (${isThere ? 'it is there already' : reason})`,
  })
}

/** From above: Node's own way (`recursive`) does not end where nobody can make a folder, as in /proc. */
async function makeFolders(folder: string): Promise<void> {
  const above = path.dirname(folder)
  if (above !== folder && !(await isFound(above))) await makeFolders(above)
  await mkdir(folder).catch(async (error: unknown) => {
    // Another transfer may have made it.
    if (!(await isFound(folder))) throw error
  })
}

function isFound(name: string): Promise<boolean> {
  return access(name).then(
    () => true,
    () => false,
  )
}

interface OpenedFile {
  readonly name: string
  readonly handle: FileHandle
}

async function openFile(
  file: string,
  { appends = false, existing = 'overwrite' }: FileMode,
): Promise<OpenedFile> {
  if (existing === 'number') return openFree(file)
  const flags = appends ? 'a' : existing === 'overwrite' ? 'w' : 'wx'
  return { name: file, handle: await open(file, flags) }
}

/** Opens the name itself, or with the first number after it that is free. */
async function openFree(file: string): Promise<OpenedFile> {
  for (let number = 0; ; number++) {
    const name = number === 0 ? file : `${file}.${number}`
    try {
      return { name, handle: await open(name, 'wx') }
    } catch (error) {
      if (reasonOf(error) !== 'EEXIST' || number === MAX_NUMBER) throw error
    }
  }
}

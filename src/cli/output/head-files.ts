/** The files of `-D`: each is made by its operation, and takes the heads of all of its transfers, one after the other. */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { unlessAborted } from '../request/local-files.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'

/** Of two operations with one file the later one begins it again, as in curl, and both write at its end. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND

/** A file, and the end of what is being written to it. */
interface HeadFile {
  readonly opening: Promise<FileHandle>
  writing: Promise<unknown>
}

export class HeadFiles {
  readonly #signal: AbortSignal
  readonly #files: Map<Options, HeadFile> = new Map()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /**
   * Resolves when the bytes are in the file of an operation.
   * @throws CommandFailure of `local-write`; `signal.reason`
   */
  async write(options: Options, bytes: Uint8Array): Promise<void> {
    const name = options.dumpHeader!
    let file = this.#files.get(options)
    if (file === undefined) {
      const opening = open(name, FLAGS)
      file = { opening, writing: opening }
      this.#files.set(options, file)
    }
    const { opening } = file
    const write = async (): Promise<void> => (await opening).writeFile(bytes)
    file.writing = file.writing.then(write, write)
    try {
      await unlessAborted(file.writing, this.#signal)
    } catch (cause) {
      this.#signal.throwIfAborted()
      throw new CommandFailure('local-write', 'the head could not be written', 'another -D', {
        cause,
        why: `${name} (${reasonOf(cause)})`,
      })
    }
  }

  /** Lets go of all of them; not of one that still waits for the other end of a pipe. */
  async end(): Promise<void> {
    for (const { opening } of this.#files.values()) {
      const closing = opening.then((handle) => handle.close()).catch(() => {})
      await unlessAborted(closing, this.#signal).catch(() => {})
    }
  }
}

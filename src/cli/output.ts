/**
 * Where the body goes: a file, or standard output. Waits until each piece is taken, so that a slow reader slows the peer down
 * instead of filling the memory.
 */

import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { CommandFailure, reasonOf } from './failure.ts'

/** How far a terminal is guarded: curl looks for a NUL in what begins within so many bytes. */
const GUARDED_BYTES = 2_000

/** The reader of standard output went away: it has what it wanted. */
export class ReaderGone extends Error {}

export class Output {
  readonly #stream: Writable
  readonly #name: string
  readonly #isFile: boolean
  readonly #signal: AbortSignal
  /** True where bytes that are no text would upset a terminal. */
  readonly #isGuarded: boolean
  #written = 0
  #failure: Error | undefined
  /** Tells a waiting write. */
  #wake: (() => void) | undefined

  private constructor(
    stream: Writable,
    name: string,
    isFile: boolean,
    signal: AbortSignal,
    isGuarded = false,
  ) {
    this.#stream = stream
    this.#name = name
    this.#isFile = isFile
    this.#signal = signal
    this.#isGuarded = isGuarded
    stream.on('error', (error: Error) => {
      this.#failure ??= error
      this.#wake?.()
    })
    signal.addEventListener('abort', () => this.#wake?.())
  }

  static toFile(path: string, signal: AbortSignal): Output {
    return new Output(createWriteStream(path), path, true, signal)
  }

  static toStream(stream: Writable, name: string, signal: AbortSignal): Output {
    return new Output(stream, name, false, signal)
  }

  /** Standard output where it is a terminal: what begins with bytes that are no text is refused, as by curl. */
  static toTerminal(stream: Writable, name: string, signal: AbortSignal): Output {
    return new Output(stream, name, false, signal, true)
  }

  /**
   * Resolves when the bytes were handed on.
   * @throws CommandFailure of `local-write`; ReaderGone; `signal.reason`
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isGuarded && this.#written < GUARDED_BYTES && bytes.includes(0)) {
      throw new CommandFailure(
        'local-write',
        'the response is binary, and this is a terminal',
        '-o FILE to save it, or -o - to show it anyway',
      )
    }
    this.#written += bytes.length
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (this.#failure !== undefined || this.#signal.aborted) resolve()
      else this.#stream.write(bytes, () => resolve())
    })
    this.#wake = undefined
    this.#signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#explain(this.#failure)
  }

  /** Resolves when everything is in the file; standard output stays open. */
  async end(): Promise<void> {
    if (!this.#isFile) return
    try {
      this.#stream.end()
      await finished(this.#stream)
    } catch (error) {
      throw this.#explain(error)
    }
  }

  #explain(error: unknown): Error {
    const reason = reasonOf(error)
    if (!this.#isFile && reason === 'EPIPE') return new ReaderGone()
    const what = `the response could not be written to ${this.#name} (${reason})`
    return new CommandFailure('local-write', what, 'another -o, or check rights and room on the disk', {
      cause: error,
    })
  }
}

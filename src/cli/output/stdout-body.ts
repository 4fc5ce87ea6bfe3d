/** A body on standard output, which other bodies and lines share, and on a terminal. */

import { isUtf8 } from 'node:buffer'
import { CommandFailure } from '../tell/failure.ts'
import type { BodySink } from '../transfer/tools.ts'
import type { Output } from './sink.ts'

/** How far a terminal is guarded: curl looks for a NUL in what a body begins with, so many bytes. */
const GUARDED_BYTES = 2_000
/** What can steer a terminal, or show a line in another order than it is in. */
const STEERING = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** One body of several: standard output goes on after it, and still hears of its reader and of Ctrl-C. */
export class StdoutBody implements BodySink {
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#output.write(bytes)
  }

  async end(): Promise<void> {}
}

/** A body on a terminal: binary ones are refused, as by curl; heads and trailers steer nothing. */
export class TerminalBody implements BodySink {
  readonly #sink: BodySink
  readonly #painted: BodySink
  readonly #isCoded: boolean
  /** Bytes of the body; the head is none of it. */
  #written = 0
  #trailers = ''

  /**
   * @param sink - the terminal as it is
   * @param painted - the same for the body and its head, painted
   * @param isCoded - whether the body came compressed, and is written so
   */
  constructor(sink: BodySink, painted: BodySink = sink, isCoded = false) {
    this.#sink = sink
    this.#painted = painted
    this.#isCoded = isCoded
  }

  async writeHead(text: string): Promise<void> {
    const shown = withoutSteering(text)
    if (this.#painted.writeHead === undefined) await this.#painted.write(Buffer.from(shown, 'latin1'))
    else await this.#painted.writeHead(shown)
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#written < GUARDED_BYTES && bytes.includes(0)) {
      throw new CommandFailure(
        'local-write',
        'the response is binary, and this is a terminal',
        this.#isCoded
          ? '--compressed to unpack it, or -o FILE to save it as it is'
          : '-o FILE to save it, or -o - to show it anyway',
      )
    }
    this.#written += bytes.length
    await this.#painted.write(bytes)
  }

  /** They are no part of what is painted, and come after it. */
  async writeTrailers(text: string): Promise<void> {
    this.#trailers += withoutSteering(text)
  }

  async end(): Promise<void> {
    await this.#painted.end()
    if (this.#trailers !== '') await this.#sink.write(Buffer.from(this.#trailers, 'latin1'))
  }
}

/**
 * Security: a head is given as latin1, and a terminal reads it as UTF-8 or as latin1: nothing of it may steer the one or the
 * other. Every sequence of UTF-8 that could has a byte in it that is a control character of latin1.
 */
export function withoutSteering(text: string): string {
  return text
    .split('\r\n')
    .map((line) => {
      const bytes = Buffer.from(line, 'latin1')
      if (!isUtf8(bytes)) return line.replace(STEERING, '?')
      return Buffer.from(bytes.toString().replace(STEERING, '?')).toString('latin1')
    })
    .join('\r\n')
}

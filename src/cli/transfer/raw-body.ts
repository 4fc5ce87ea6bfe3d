/** The body of a response as it crossed, with its transfer coding: for `--raw`. It is seen on the wire, for nothing else has it. */

import type { WireWatch } from '../show/wire-tap.ts'

/** How a request begins. */
const REQUEST = /^[!-~]+ [!-~]+ HTTP\/1\.[01]\r\n/
const HEAD_END = /\r?\n\r?\n/
/** Its first line is looked for in so many bytes. */
const MAX_BEGINNING = 65_536

/** Looks on at the connections of one transfer, of which one is in use at a time. */
export class RawBody implements WireWatch {
  #isInHead = true
  /** What has come of a head. */
  #head = ''
  #pieces: Buffer[] = []

  /** What has come of the body since the last call. */
  take(): Buffer {
    const taken = Buffer.concat(this.#pieces)
    this.#pieces = []
    return taken
  }

  dialing(): void {}
  connected(): void {}
  secured(): void {}

  /** With a request a body is over, and another one comes. */
  sent(data: string | Uint8Array): void {
    const start =
      typeof data === 'string' ? data : Buffer.from(data.subarray(0, MAX_BEGINNING)).toString('latin1')
    if (!REQUEST.test(start)) return
    this.#isInHead = true
    this.#head = ''
    this.#pieces = []
  }

  received(bytes: Uint8Array): void {
    if (!this.#isInHead) {
      this.#pieces.push(Buffer.from(bytes))
      return
    }
    this.#head += Buffer.from(bytes).toString('latin1')
    for (let end = HEAD_END.exec(this.#head); end !== null; end = HEAD_END.exec(this.#head)) {
      const rest = this.#head.slice(end.index + end[0].length)
      // An informational response is none yet: another head follows.
      const isInformational = /^HTTP\/\S+ 1\d\d/.test(this.#head)
      this.#head = isInformational ? rest : ''
      if (isInformational) continue
      this.#isInHead = false
      if (rest !== '') this.#pieces.push(Buffer.from(rest, 'latin1'))
      return
    }
  }
}

/**
 * What `setDebugLevel(1)` shows: what goes out and what comes in, in the manner of Python (`send: '…'`, `reply: '…'`,
 * `header: …`), a line each.
 *
 * Security: credentials are masked unless asked for, in both directions, by core/redact.ts.
 */

import { escapeText } from '../core/escape.ts'
import type { FieldLine } from '../core/fields.ts'
import { maskCredentials, maskField, maskText } from '../core/redact.ts'
import type { WireObserver } from '../transport/h1/stepped-transport.ts'
import type { DebugSink } from './options.ts'

/** How much of one write is shown: a body of a gigabyte is not a trace. */
const MAX_SHOWN_BYTES = 1_024
/** How much of it is looked at: what is masked in between may be long. */
const MAX_READ_BYTES = 65_536

/** Looks on at a wire and writes a line for everything that happens. */
export class DebugTrace implements WireObserver {
  readonly #sink: DebugSink
  readonly #showsCredentials: boolean

  constructor(sink: DebugSink, showsCredentials: boolean) {
    this.#sink = sink
    this.#showsCredentials = showsCredentials
  }

  connecting(to: string): void {
    this.#sink(`connect: ${to}`)
  }

  sent(data: Uint8Array | string): void {
    const isCut = data.length > MAX_READ_BYTES
    const text =
      typeof data === 'string'
        ? data.slice(0, MAX_READ_BYTES)
        : Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, MAX_READ_BYTES)).toString('latin1')
    const shown = escapeText(this.#showsCredentials ? text : maskCredentials(text, isCut), MAX_SHOWN_BYTES)
    this.#sink(`send: '${shown}'${data.length > MAX_SHOWN_BYTES ? ` (${data.length} bytes)` : ''}`)
  }

  received(version: number, status: number, reason: string, fields: readonly FieldLine[]): void {
    const isShown = this.#showsCredentials
    const line = escapeText(isShown ? reason : maskText(reason))
    this.#sink(`reply: 'HTTP/${(version / 10).toFixed(1)} ${status} ${line}'`)
    for (const [name, value] of fields) {
      const shown = isShown ? value : maskField(name, value)
      this.#sink(`header: ${escapeText(name)}: ${escapeText(shown, MAX_SHOWN_BYTES)}`)
    }
  }
}

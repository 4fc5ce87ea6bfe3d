/**
 * What `setDebugLevel(1)` shows: what goes out and what comes in, in the manner of Python's httplib (`send: '…'`, `reply: '…'`,
 * `header: …`), a line each.
 *
 * Security: values of credentials are masked unless asked for, and so is userinfo.
 */

import { escapeText } from '../core/escape.ts'
import type { FieldLine } from '../core/fields.ts'
import { CREDENTIAL_FIELD, MASK, maskCredentials } from '../core/redact.ts'
import type { WireObserver } from '../transport/h1/h1-connection.ts'
import type { DebugSink } from './options.ts'

/** How much of one write is shown: a body of a gigabyte is not a trace. */
const MAX_SHOWN_BYTES = 1_024

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
    const isText = typeof data === 'string'
    const text = isText
      ? data
      : Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 65_536)).toString('latin1')
    const shown = escapeText(this.#showsCredentials ? text : maskCredentials(text), MAX_SHOWN_BYTES)
    this.#sink(`send: '${shown}'${data.length > MAX_SHOWN_BYTES ? ` (${data.length} bytes)` : ''}`)
  }

  received(version: number, status: number, reason: string, fields: readonly FieldLine[]): void {
    this.#sink(`reply: 'HTTP/${(version / 10).toFixed(1)} ${status} ${escapeText(reason)}'`)
    for (const [name, value] of fields) {
      const isMasked = !this.#showsCredentials && CREDENTIAL_FIELD.test(name)
      this.#sink(`header: ${escapeText(name)}: ${isMasked ? MASK : escapeText(value, MAX_SHOWN_BYTES)}`)
    }
  }
}

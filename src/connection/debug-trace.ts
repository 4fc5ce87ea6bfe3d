/**
 * What `setDebugLevel(1)` shows: what goes out and what comes in, in the manner of the seed (`send: '…'`, `reply: '…'`,
 * `header: …`), a line each.
 *
 * Security: values of credentials are masked unless asked for, and so is userinfo.
 */

import { escapeText } from '../core/escape.ts'
import type { FieldLine } from '../core/fields.ts'
import type { WireObserver } from '../transport/h1-wire.ts'
import type { DebugSink } from './options.ts'

const CREDENTIAL_NAMES = 'authorization|proxy-authorization|cookie|set-cookie|x-api-key|api-key|x-auth-token'
const CREDENTIAL_FIELD = new RegExp(`^(${CREDENTIAL_NAMES})$`, 'i')
const CREDENTIAL_LINE = new RegExp(`^((?:${CREDENTIAL_NAMES}): ?).*(?:\\r\\n[ \\t].*)*`, 'gim')
const MASK = '***'

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

/** Masks the values of credential fields in the text of a head, and the userinfo of an absolute target. */
export function maskCredentials(text: string): string {
  return text.replace(CREDENTIAL_LINE, `$1${MASK}`).replace(/\/\/[^/@\s]*@/g, `//${MASK}@`)
}

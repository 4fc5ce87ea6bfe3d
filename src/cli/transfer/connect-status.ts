/** How a proxy has answered the last CONNECT of a connection: for `%{http_connect}`. */

import type { WireWatch } from '../show/wire-tap.ts'

/** A status line is complete in so many characters, as far as its status goes. */
const STATUS_CHARS = 64

/** Looks on at a connection until its tunnel is there. */
export class ConnectStatus implements WireWatch {
  /** Undefined where there was no CONNECT, or no answer to it. */
  status: number | undefined
  #isAsked = false
  #head = ''

  dialing(): void {}
  connected(): void {}
  secured(): void {}

  sent(data: string | Uint8Array): void {
    const start = typeof data === 'string' ? data : Buffer.from(data.subarray(0, 8)).toString('latin1')
    this.#isAsked = start.startsWith('CONNECT ')
    this.#head = ''
  }

  received(bytes: Uint8Array): void {
    if (!this.#isAsked || this.#head.length >= STATUS_CHARS) return
    this.#head += Buffer.from(bytes.subarray(0, STATUS_CHARS)).toString('latin1')
    const [, digits] = /^HTTP\/\S+ (\d{3})\b/.exec(this.#head) ?? []
    if (digits !== undefined) this.status = Number(digits)
  }
}

/** Whether a format of `-w` may ask for it; one of a file may. */
export function asksForConnect(format: string | undefined): boolean {
  return format !== undefined && /^@|http_connect|json/.test(format)
}

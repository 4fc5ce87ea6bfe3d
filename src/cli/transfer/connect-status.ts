/** What of the making of a connection `-w` tells: how a proxy has answered the last CONNECT, and the certificates of the server. */

import type { X509Certificate } from 'node:crypto'
import type { TlsDetails } from '../../core/tls-options.ts'
import { certificatesOf } from '../../io/tls/peer-chain.ts'
import type { WireWatch } from '../show/wire-tap.ts'

/** A status line is complete in so many characters, as far as its status goes. */
const STATUS_CHARS = 64

/** Looks on at a connection until its tunnel is there. */
export class ConnectStatus implements WireWatch {
  /** Undefined where there was no CONNECT, or no answer to it. */
  status: number | undefined
  /** What the server has shown of itself. */
  certificates: readonly X509Certificate[] = []
  #isAsked = false
  #head = ''

  dialing(): void {}
  connected(): void {}

  secured(details: TlsDetails): void {
    // The last one is the server's; the one of a proxy comes before it.
    this.certificates = certificatesOf(details)
  }

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

/** Whether a format of `-w` may ask for it, or for the sizes of heads; one of a file may. */
export function asksForHeads(format: string | undefined): boolean {
  return (
    format !== undefined && /^@|http_connect|json|certs|size_header|size_request|num_connects/.test(format)
  )
}

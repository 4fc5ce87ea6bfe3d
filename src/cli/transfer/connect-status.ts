/** What of the making of a connection `-w` tells: how a proxy has answered the last CONNECT, and the certificates of the server. */

import type { X509Certificate } from 'node:crypto'
import type { TlsDetails } from '../../core/tls-options.ts'
import type { DialTarget } from '../../io/dial.ts'
import { certificatesOf, unverifiedResultOf } from '../../io/tls/peer-chain.ts'
import type { WireWatch } from '../show/wire-tap.ts'

/** A status line is complete in so many characters, as far as its status goes. */
const STATUS_CHARS = 64

/** Looks on at a connection until its tunnel is there. */
export class ConnectStatus implements WireWatch {
  /** Undefined where there was no CONNECT, or no answer to it. */
  status: number | undefined
  /** What the server has shown of itself. */
  certificates: readonly X509Certificate[] = []
  /** What was wrong with each peer that TLS was spoken with, in the order in which they were met: OpenSSL's numbers. */
  readonly verifyResults: number[] = []
  /** The first of them is a proxy. */
  isProxySecure = false
  #isAsked = false
  #head = ''

  dialing({ role, tls }: DialTarget): void {
    this.isProxySecure = role !== undefined && tls !== undefined
  }

  connected(): void {}

  secured(details: TlsDetails): void {
    // The last one is the server's; the one of a proxy comes before it.
    this.certificates = certificatesOf(details)
    this.verifyResults.push(unverifiedResultOf(details, this.certificates))
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

/** Whether a format of `-w` may ask for it, for the sizes of heads, or for what comes before a response; one of a file may. */
export function asksForConnections(format: string | undefined): boolean {
  return (
    format !== undefined &&
    /^@|http_connect|json|certs|size_header|size_request|num_connects|local_|time_|verify_result/.test(format)
  )
}

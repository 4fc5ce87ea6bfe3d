/** What an exchange asks of its connection. */

import type { Duplex } from 'node:stream'
import type { TlsDetails } from '../core/tls-options.ts'

/** The connection, as far as an exchange steers it. */
export interface ExchangeHost<Exchange> {
  /** The caller does not take the body: stop reading. */
  pause(): void
  /** The caller does again. */
  resume(): void
  /** The caller waits for something of it from now on, or does not any more. */
  awaited(exchange: Exchange): void
  /** The rest of the response is not wanted. */
  cancel(exchange: Exchange): void
  /** The response is not given to the caller: what is left of the request is not wanted. */
  giveUpRequest(exchange: Exchange): void
  /** The caller's signal was aborted. */
  aborted(exchange: Exchange, reason: unknown): void
  /** Gives the connection away after a switch of protocols. */
  takeOver(exchange: Exchange): Duplex
  /** The peer: `host:port`, or the path of a unix socket. */
  readonly address: string
  /** What was agreed on in the handshake; undefined without TLS. */
  readonly tls: TlsDetails | undefined
  /** How the peer is reached, for people; undefined for directly. */
  readonly route?: string | undefined
}

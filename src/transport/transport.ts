/**
 * One connection to one origin, whatever the version of HTTP: the contract on which a pool and a client stand. They see
 * nothing else of it.
 */

import type { OutgoingRequest } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { TlsDetails } from '../core/tls-options.ts'
import type { ByteStream } from '../io/byte-stream.ts'

/**
 * `draining`: what was begun goes on, nothing new is taken (a close was announced, the protocol was switched, or what came
 * after a response leaves its end in doubt).
 */
export type TransportState = 'open' | 'draining' | 'closed'

/** What `onChange` tells of. */
export interface TransportFacts {
  readonly state: TransportState
  /** How many exchanges were begun and are not complete. */
  readonly outstanding: number
  /** How many exchanges may be begun now; 0 unless `open`. */
  readonly capacity: number
}

/** What an exchange fails with whose connection is closed. */
export interface TransportEnd {
  readonly error: unknown
  /** It is of this connection alone, and is told the facts of the exchange. Default: it is the caller's, and told as it is. */
  readonly isOwn?: boolean
}

export interface Transport extends TransportFacts {
  readonly protocol: 'http/1.1' | 'h2'
  /** The peer: `host:port`, or the path of a unix socket. */
  readonly address: string
  /** What TLS agreed on; undefined without TLS. */
  readonly tls: TlsDetails | undefined
  /**
   * What goes on for a caller: `sending` until all of every request is sent, else `awaited` while one waits for a response, for more of a
   * body, or for the peer to take what is sent.
   */
  readonly busy?: 'sending' | 'awaited' | undefined
  /** What it stands on, as far as it counts what goes over it. */
  readonly stream?: Pick<ByteStream, 'bytesRead' | 'bytesWritten'>
  /** How many exchanges were begun in its life. */
  readonly exchanges: number
  /** Since when nothing is outstanding, in milliseconds on the clock; undefined while something is. */
  readonly idleSinceMs: number | undefined
  /** How long the peer said that it keeps an idle connection (`Keep-Alive: timeout`), in milliseconds. */
  readonly keepAliveMs: number | undefined
  /**
   * Sends a request and waits for the head of its response. The body of the request is given back on every way out.
   * Errors carry `reused`, `requestBytesWritten`, `responseStarted`, `address` and `phase`.
   * @param nowMs - what the clock says, where the caller has just looked at it
   */
  exchange(request: OutgoingRequest, nowMs?: number): Promise<HTTPResponse>
  /** Takes no more; what is under way ends well, then the connection is closed. */
  drain(): void
  /** What is under way fails with CONNECTION_CLOSED, or with `end`. Idempotent. */
  close(end?: TransportEnd): void
  /** Lets it keep the process alive, as it does from the beginning. */
  ref?(): void
  /** Lets the process end although the connection is open. */
  unref?(): void
  /**
   * Called after `state`, `outstanding` or `capacity` has changed, once the change is whole; with what they are, where that is known
   * already.
   */
  onChange: ((transport: Transport, facts?: TransportFacts) => void) | undefined
}

/** True if an exchange may begin now, perhaps after others. */
export function canTake(transport: Transport): boolean {
  return transport.capacity > 0
}

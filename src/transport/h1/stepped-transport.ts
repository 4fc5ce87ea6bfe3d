/**
 * What the hand-driven connection and the sender ask of an HTTP/1 connection besides the contract of a transport: requests
 * in steps, and an observer.
 */

import type { FieldLine } from '../../core/fields.ts'
import type { H1EngineOptions } from '../../h1/engine.ts'
import type { DataToSend, EndToSend, RequestToSend } from '../../h1/events.ts'
import type { DialTimings } from '../../io/byte-stream.ts'
import type { Clock } from '../../time/clock.ts'
import type { Exchange, ExchangeOptions } from '../exchange.ts'
import type { Transport } from '../transport.ts'
import type { TurnWrites } from './turn-writes.ts'

/** Who looks on: the debug trace. Told after the fact. */
export interface WireObserver {
  sent(data: Uint8Array | string): void
  /** A head came, informational or final. */
  received(version: number, status: number, reason: string, fields: readonly FieldLine[]): void
}

/** What a connection is made with. */
export interface H1ConnectionOptions {
  readonly engine: H1EngineOptions
  readonly clock: Clock
  readonly observer: WireObserver | undefined
  /** Writes requests that are sent at one time together. */
  readonly isGathering: boolean
  /** Requests of one turn leave together at its end. Default: at once. */
  readonly turnWrites?: TurnWrites | undefined
  /** The peer is known to speak HTTP/1.0, from an earlier connection to it. */
  readonly isPeerHTTP10?: boolean
  /** Takes no more requests after a 204 or 304 whose fields speak of a body: it may come all the same. Default false. */
  readonly suspectsBodies?: boolean
  /** How the peer is reached, for people; undefined for directly. */
  readonly route?: string | undefined
  /** What dialling took; told with the first response. */
  readonly dialTimings?: DialTimings | undefined
}

export interface SteppedTransport extends Transport {
  readonly clock: Clock
  observer: WireObserver | undefined
  /** False while the peer does not take what is written. */
  readonly isWritable: boolean
  /** True while a body of the newest request is announced and its end is not sent. */
  readonly expectsBody: boolean
  /** True after a response of HTTP/1.0: the peer does not know chunked. */
  readonly isPeerHTTP10: boolean
  /**
   * Begins an exchange: checks and writes the head, and in the same piece what is there of the body and its `end`, where
   * they are given and small.
   * @throws LocalProtocolError and its kin, ConnectionLost, before anything is written
   */
  begin(request: RequestToSend, options: ExchangeOptions, body?: Uint8Array, end?: EndToSend): Exchange
  /** Sends a chunk of the body, or its end. Answers false when the caller should wait: `whenDrained`. */
  send(exchange: Exchange, event: DataToSend | EndToSend): boolean
  /** Resolves when the peer takes more, or when no more is wanted. Rejects with what ended the exchange. */
  whenDrained(exchange: Exchange): Promise<void>
  /** No more of the request is wanted: its response has begun. The connection ends with the exchange. */
  stopUpload(exchange: Exchange): void
  /** The rest of the request will not come: the exchange cannot be completed, and the connection is given up. */
  abort(exchange: Exchange, error: unknown): void
}

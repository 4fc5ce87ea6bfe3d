/**
 * The one interface between HTTP and a network: a two-way stream of bytes that pushes what it receives. Everything above
 * io/ sees this and a Clock, so that a virtual network can take the place of sockets.
 */

import type { TlsDetails } from '../core/tls-options.ts'
import type { HTTPException } from '../errors/index.ts'
import type { Deadlines } from '../time/wait.ts'
import type { TlsSettings } from './tls/settings.ts'

/** Who receives. Calls come in this order: any number of `data` and `drain`, at most one `end`, exactly one `closed`. */
export interface ByteSink {
  /** Bytes came. Borrowed: they may be looked at only during the call. */
  data(bytes: Uint8Array): void
  /**
   * Nothing more will come; what came before has been delivered. `uncleanEnd` where it is not known that the peer has ended it
   * in order: TLS without a closure alert may have been cut by any party on the way (RFC 9112 §9.8), and a RST is no end.
   */
  end(uncleanEnd?: HTTPException): void
  /** A `write` that answered false has been taken by the system. */
  drain(): void
  /** The stream is gone; nothing follows. `error` tells why, where it was not this side's wish or a plain end. */
  closed(error?: HTTPException): void
}

/** A two-way stream of bytes that pushes what it receives: a socket, TLS, or one of your own (option `connect`). */
export interface ByteStream {
  /** Where the peer is: `host:port`, or the path of a unix socket. */
  readonly address: string
  /** This end: `host:port`; undefined where it is not known. */
  readonly localAddress: string | undefined
  /** What TLS agreed on; undefined without TLS. */
  readonly tls: TlsDetails | undefined
  /**
   * True where nothing of what was written is kept once `write` has answered true, and nothing of the rest after `drain`: the memory is
   * then used for the next bytes. Where it is left out, bytes of a body are copied for each write, or are the memory of whoever gave them.
   */
  readonly keepsNothing?: boolean | undefined
  /** Bytes received so far. */
  readonly bytesRead: number
  /** Bytes handed to the system so far. */
  readonly bytesWritten: number
  /** Names who receives from now on. Bytes that came before the first call are kept for it. */
  start(sink: ByteSink): void
  /**
   * Sends. A string is latin1, one byte per character. Bytes are borrowed: until this answers true or, where it answers
   * false, until `drain`. Answers false when the caller should wait for `drain`.
   */
  write(data: string | Uint8Array): boolean
  /** What is written between the two goes out together; for streams to which it makes a difference. */
  cork?(): void
  /** Sends what was written since `cork`. */
  uncork?(): void
  /** Stops `data`. While paused the peer is held back. */
  pause(): void
  /** Continues `data`. */
  resume(): void
  /** Sends the end of the stream after what was written. */
  end(): void
  /** Sends the end of the stream after what was written and then gives the stream up; at once where the peer does not take it. */
  close(): void
  /** Gives the stream up at once. `close` follows, without an error. Idempotent. */
  destroy(): void
  /** Lets the stream keep the process alive, as it does from the beginning; for streams to which it makes a difference. */
  ref?(): void
  /** Lets the process end although the stream is open. */
  unref?(): void
  /** Lays TLS over the stream, which must have nothing unread. The old stream must not be used any more. */
  startTls(host: string, tls: TlsSettings, waiting: Deadlines): Promise<ByteStream>
}

/** How long each phase of connecting took, in milliseconds. */
export interface DialTimings {
  /** Looking up the name; undefined where it was an address. */
  readonly dns?: number | undefined
  /** Connecting to an address. */
  readonly connect?: number | undefined
  /** The TLS handshake; undefined without TLS. */
  readonly tls?: number | undefined
}

/** A connected stream, with what connecting took. */
export interface DialedStream {
  /** The stream, ready for bytes. */
  readonly stream: ByteStream
  /** What connecting took. */
  readonly timings: DialTimings
}

/**
 * One HTTP/1 connection at work: joins an engine with a stream of bytes. It writes requests, reads responses into the
 * exchanges they belong to, watches timeouts and signals, and decides when the connection is over. It does not dial, knows
 * no host, and never sends a request twice.
 *
 * Everything that comes in passes `#pump`, everything that ends it passes `#fail`. After `#fail` nothing is left behind:
 * the stream is given up, every promise is settled, every deadline and listener taken back.
 *
 * Length: sending, receiving, waiting and ending all change the state of the same exchanges; what could be decided without
 * it stands in exchange.ts, wire-body.ts, upload.ts and open-wire.ts.
 */

import type { FieldLine } from '../core/fields.ts'
import { HTTPHeaders } from '../core/headers.ts'
import { HTTPResponse } from '../core/response.ts'
import {
  addFacts,
  ConnectionLost,
  HTTPException,
  ImproperConnectionState,
  IncompleteRead,
  RemoteDisconnected,
  RemoteProtocolError,
  TimeoutError,
} from '../errors.ts'
import { H1Engine, type H1EngineOptions } from '../h1/engine.ts'
import type { DataToSend, EndToSend, ReceivedResponse, RequestToSend, WireBytes } from '../h1/events.ts'
import { messagePersists } from '../h1/framing.ts'
import type { ByteStream, DialTimings } from '../io/byte-stream.ts'
import type { Clock } from '../io/clock.ts'
import { type Deadline, makeDeadline } from '../io/deadline.ts'
import { makeDuplex } from '../io/duplex.ts'
import { makeReadable } from '../io/readable.ts'
import {
  type AwaitedPhase,
  decidePhase,
  decideUpload,
  type WireExchange as Exchange,
  type ExchangeOptions,
  WireExchange,
} from './exchange.ts'
import { type BodySource, WireBody } from './wire-body.ts'
import { joinParts, lengthOf } from './wire-parts.ts'

/** Who looks on: the debug trace. */
export interface WireObserver {
  sent(data: Uint8Array | string): void
  /** A head came, informational or final. */
  received(version: number, status: number, reason: string, fields: readonly FieldLine[]): void
}

export interface WireOptions {
  readonly engine: H1EngineOptions
  readonly clock: Clock
  readonly observer: WireObserver | undefined
  /** What dialling took; told with the first response. */
  readonly dialTimings?: DialTimings | undefined
}

/** A small body is joined with its head into one write up to this size. */
const MAX_JOINED_BYTES = 16_384

export class H1Wire {
  readonly #stream: ByteStream
  readonly #engine: H1Engine
  readonly #clock: Clock
  /** Who looks on; may be changed at any time. */
  observer: WireObserver | undefined
  #dialTimings: DialTimings | undefined
  /** Exchanges whose response is not complete, oldest first. */
  readonly #exchanges: Exchange[] = []
  /** How many requests were begun on this connection. */
  #requests = 0
  #state: 'open' | 'switched' | 'closed' = 'open'
  #isWritable = true
  #isHeldBack = false
  /** Why the end of the stream may not be the peer's. */
  #endDoubt: HTTPException | undefined
  #deadline: Deadline | undefined
  /** What the body of the oldest exchange asks for. */
  readonly #bodySource: BodySource = {
    holdBack: () => {
      this.#isHeldBack = true
      this.#stream.pause()
      this.#watch()
    },
    letGo: () => {
      this.#isHeldBack = false
      this.#stream.resume()
      this.#watch()
    },
    abandon: () => this.close(),
  }
  #phase: AwaitedPhase | undefined

  constructor(stream: ByteStream, options: WireOptions) {
    this.#stream = stream
    this.#engine = new H1Engine('client', options.engine)
    this.#clock = options.clock
    this.observer = options.observer
    this.#dialTimings = options.dialTimings
    stream.start({
      data: (bytes) => this.#onData(bytes),
      end: (doubt) => this.#onPeerEnd(doubt),
      drain: () => this.#onDrain(),
      close: (error) => this.#onGone(error),
    })
  }

  get stream(): ByteStream {
    return this.#stream
  }

  /** True once no request can be sent here any more. */
  get isClosed(): boolean {
    return this.#state !== 'open'
  }

  /** True if nothing is under way and another exchange may follow. */
  get isIdle(): boolean {
    return this.#state === 'open' && this.#exchanges.length === 0 && this.#engine.isReusable
  }

  /** True if another request may be begun now, perhaps behind others. */
  get canTake(): boolean {
    return this.#state === 'open' && this.#engine.canSendRequest
  }

  // ------------------------------------------------------------------------------------------------ sending

  /**
   * Begins an exchange: checks and writes the head, with the whole body where it is there and small.
   * @throws LocalProtocolError and its kin before anything is written
   */
  begin(request: RequestToSend, options: ExchangeOptions, body?: Uint8Array): Exchange {
    options.signal?.throwIfAborted()
    const [head] = this.#engine.send(request) as [string]
    const dialTimings = this.#dialTimings
    this.#dialTimings = undefined
    const exchange = new WireExchange(
      request.method,
      options,
      this.#clock.now(),
      this.#requests++ > 0,
      dialTimings,
    )
    this.#exchanges.push(exchange)
    this.#listenForAbort(exchange)
    if (options.endsAt !== Infinity) this.#watch()
    try {
      this.#writeHead(exchange, head, body)
    } catch (error) {
      this.#fail(error, exchange)
      throw error
    }
    return exchange
  }

  #writeHead(exchange: Exchange, head: string, body: Uint8Array | undefined): void {
    if (body === undefined || body.length === 0) {
      this.#write(exchange, head)
      return
    }
    // Nothing is written where the body does not fit what the head announces.
    const parts = this.#engine.send({ type: 'data', bytes: body })
    if (body.length > MAX_JOINED_BYTES) {
      this.#write(exchange, head)
      this.#writeAll(exchange, parts)
    } else {
      this.#write(exchange, joinParts([head, ...parts]))
    }
  }

  /** Sends a piece of the body, or its end. Answers false when the caller should wait: `whenDrained`. */
  send(exchange: Exchange, event: DataToSend | EndToSend): boolean {
    if (exchange.failure !== undefined) throw exchange.failure.error
    if (exchange.upload === 'stopped') return true
    const goOn = this.#writeAll(exchange, this.#engine.send(event))
    if (event.type === 'end') {
      exchange.upload = 'sent'
      this.#settleOldest()
    }
    return goOn
  }

  /** Resolves when the peer takes more, or when no more is wanted. Rejects with what ended the exchange. */
  whenDrained(exchange: Exchange): Promise<void> {
    if (exchange.failure !== undefined) return Promise.reject(exchange.failure.error)
    if (this.#isWritable || exchange.upload !== 'sending') return Promise.resolve()
    return new Promise((resolve, reject) => {
      exchange.drained = () => {
        exchange.drained = undefined
        if (exchange.failure === undefined) resolve()
        else reject(exchange.failure.error)
      }
      this.#watch()
    })
  }

  /**
   * Waits for a 100 (Continue): true to send the body, also after `timeoutMs` without a word; false where a final response
   * came instead. Rejects with what ended the exchange.
   */
  whenContinued(exchange: Exchange, timeoutMs: number): Promise<boolean> {
    if (exchange.failure !== undefined) return Promise.reject(exchange.failure.error)
    if (exchange.response !== undefined) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      const timer = makeDeadline(this.#clock, () => exchange.continued?.(true))
      exchange.continued = (goOn) => {
        exchange.continued = undefined
        timer.clear()
        if (exchange.failure === undefined) resolve(goOn)
        else reject(exchange.failure.error)
      }
      timer.set(timeoutMs)
    })
  }

  /** True while a body of the newest request is announced and its end is not sent. */
  get expectsBody(): boolean {
    return this.#engine.expectsBodyToSend
  }

  /** No more of the request is wanted: its response has begun. The connection ends with the exchange. */
  stopUpload(exchange: Exchange): void {
    if (exchange.upload !== 'sending') return
    exchange.upload = 'stopped'
    exchange.stopSource?.()
    exchange.drained?.()
    this.#settleOldest()
  }

  /** The rest of the request will not come: the exchange cannot be completed, and the connection is given up. */
  abort(error: unknown): void {
    this.#fail(error)
  }

  // ---------------------------------------------------------------------------------------------- receiving

  /** The response to `exchange`; rejects with what ended it. To be asked for once. */
  whenResponse(exchange: Exchange): Promise<HTTPResponse> {
    if (exchange.response !== undefined) return Promise.resolve(exchange.response)
    if (exchange.failure !== undefined) return Promise.reject(exchange.failure.error)
    return new Promise((resolve, reject) => {
      exchange.head = { resolve, reject }
    })
  }

  /** Closes the connection: what is under way fails with CONNECTION_CLOSED. Idempotent. */
  close(): void {
    this.#fail(new ConnectionLost(this.#stream.address, undefined, 'CONNECTION_CLOSED'))
  }

  /** Takes the stream away for another protocol, with the bytes that came behind the head. */
  detach(): { stream: ByteStream; unread: Buffer } {
    this.#state = 'closed'
    return { stream: this.#stream, unread: this.#engine.takeTrailing() }
  }

  /** Gives the connection of a switched protocol away, once. */
  #giveAway(exchange: Exchange): ReturnType<typeof makeDuplex> {
    if (this.#state !== 'switched')
      throw new ConnectionLost('it was closed or taken over already', undefined, 'CONNECTION_CLOSED')
    if (exchange.upload === 'sending')
      throw new ImproperConnectionState('upgrade() comes when the request has been sent')
    const { stream, unread } = this.detach()
    return makeDuplex(stream, unread)
  }

  // What the stream tells.

  #onData(bytes: Uint8Array): void {
    const [exchange] = this.#exchanges
    if (exchange !== undefined) exchange.responseStarted = true
    this.#engine.receive(bytes)
    this.#pump()
  }

  #onPeerEnd(doubt: HTTPException | undefined): void {
    this.#endDoubt = doubt
    this.#engine.receive(null)
    this.#pump()
  }

  #onDrain(): void {
    this.#isWritable = true
    for (const exchange of this.#exchanges) exchange.drained?.()
    this.#watch()
  }

  #onGone(error: HTTPException | undefined): void {
    if (this.#state === 'open' || this.#exchanges.length > 0)
      this.#fail(error ?? new ConnectionLost(this.#stream.address))
  }

  /** Takes events out of the engine until it needs more. */
  #pump(): void {
    try {
      while (this.#state !== 'closed') {
        const event = this.#engine.nextEvent()
        const exchange = this.#exchanges[0]
        switch (event.type) {
          case 'need-data':
            if (exchange !== undefined && !this.#isHeldBack) this.#watch()
            return
          case 'paused':
            return
          case 'closed':
            if (exchange !== undefined) this.#fail(new ConnectionLost(this.#stream.address))
            else this.#close()
            return
          case 'informational': {
            const { status, reason, fields, version } = event
            exchange!.informational.push({ status, reason, headers: HTTPHeaders.over(fields) })
            this.observer?.received(version, status, reason, fields)
            if (status === 100) exchange!.continued?.(true)
            break
          }
          case 'response':
            this.#onResponse(exchange!, event)
            break
          case 'data':
            exchange!.body!.push(event.bytes)
            break
          case 'end':
            // Security: who cuts a connection must not decide where a body ends (RFC 9112 §9.8).
            if (exchange!.isUntilClose && this.#endDoubt !== undefined) this.#fail(this.#endDoubt)
            else this.#onEnd(exchange!, event.trailers)
            break
          case 'request':
            throw new Error('a client engine read a request')
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #onResponse(exchange: Exchange, event: ReceivedResponse): void {
    const { version, status, reason, fields, codings, defects, framing } = event
    exchange.headAt = this.#clock.now()
    exchange.isUntilClose = framing.kind === 'until-close'
    exchange.timings.headers = exchange.headAt - exchange.startedAt
    this.observer?.received(version, status, reason, fields)
    const isSwitch = framing.kind === 'switch'
    if (isSwitch) this.#state = 'switched'
    const body = new WireBody(this.#bodySource)
    exchange.body = body
    const response = new HTTPResponse({
      version,
      status,
      reason,
      fields,
      codings,
      defects,
      informational: exchange.informational,
      timings: exchange.timings,
      url: exchange.options.url,
      body,
      makeStream: makeReadable,
      takeConnection: isSwitch ? () => this.#giveAway(exchange) : undefined,
    })
    exchange.response = response
    if (isSwitch) {
      // The stream waits, held back, for whoever takes it. The rest of the request goes out first (RFC 9110 §7.8).
      this.#stream.pause()
      exchange.isEnded = true
      body.finish([])
      this.#settleOldest()
    } else if (exchange.upload === 'sending') {
      const persists = framing.kind !== 'until-close' && version !== 9 && messagePersists(version, fields)
      if (decideUpload({ status, persists }) === 'stop') this.stopUpload(exchange)
    }
    exchange.continued?.(false)
    const head = exchange.head
    exchange.head = undefined
    head?.resolve(response)
  }

  #onEnd(exchange: Exchange, trailers: readonly FieldLine[]): void {
    exchange.timings.body = this.#clock.now() - exchange.headAt
    exchange.isEnded = true
    exchange.body!.finish(trailers)
    this.#settleOldest()
  }

  /** Drops the oldest exchange once both its halves are over, and the connection with its last (RFC 9112 §9.6). */
  #settleOldest(): void {
    const [oldest] = this.#exchanges
    if (oldest?.isEnded === true && oldest.upload !== 'sending') {
      this.#exchanges.shift()
      this.#stopListening(oldest)
      // The peer still waits for the rest of a request that will not come.
      if (oldest.upload === 'stopped') this.#close()
    }
    this.#watch()
    if (this.#state !== 'open') return
    if (this.#exchanges.length === 0) {
      // What is left in the engine's buffer is looked at next: an empty line does no harm (RFC 9112 §9.2).
      if (!this.#engine.canSendRequest) this.#close()
    } else if (this.#engine.serverState === 'must-close') {
      this.#fail(new ConnectionLost('the peer ended the connection before this exchange'))
    }
  }

  // ---------------------------------------------------------------------------------------- ending and waiting

  /** The connection is over and nothing is under way. */
  #close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#watch()
    this.#stream.close()
  }

  /** Ends everything: one exchange, the oldest if none is named, with `error`, the others because the connection is gone. */
  #fail(error: unknown, culprit: Exchange | undefined = this.#exchanges[0], isAbort = false): void {
    if (this.#state === 'closed') return
    const exchanges = this.#exchanges.splice(0)
    this.#state = 'closed'
    this.#watch()
    this.#stream.close()
    const [oldest] = exchanges
    // Its first bytes may have come together with the end of the response before it.
    if (oldest?.responseStarted === false) oldest.responseStarted = this.#hasBegunHead()
    for (const exchange of exchanges) {
      if (exchange === culprit) this.#failExchange(exchange, error, isAbort)
      else
        this.#failExchange(exchange, new ConnectionLost('another exchange failed', { cause: error }), false)
    }
  }

  #failExchange(exchange: Exchange, reason: unknown, isAbort: boolean): void {
    this.#stopListening(exchange)
    // The reason of an abort belongs to the caller, whatever it is.
    const error = isAbort ? reason : this.#withFacts(exchange, reason)
    // Where a response has begun, a peer that then goes away has only made the rest of the request unwanted.
    if (isAbort || exchange.response === undefined || !isPeersDoing(reason)) exchange.failure = { error }
    exchange.upload = exchange.upload === 'sent' ? 'sent' : 'stopped'
    exchange.stopSource?.()
    exchange.drained?.()
    exchange.continued?.(false)
    exchange.head?.reject(error)
    exchange.head = undefined
    exchange.body?.fail(error)
  }

  /** Adds the facts of the exchange; a connection lost inside a body is a message cut short (RFC 9112 §8). */
  #withFacts(exchange: Exchange, reason: unknown): unknown {
    if (!HTTPException.isHTTPException(reason)) return reason
    let error: HTTPException = reason
    if (
      exchange.body !== undefined &&
      reason instanceof ConnectionLost &&
      reason.code === 'CONNECTION_LOST'
    ) {
      error = new IncompleteRead(Buffer.alloc(0), this.#missingBytes(), { cause: reason, phase: 'body' })
    }
    addFacts(error, {
      reused: exchange.reused,
      requestBytesWritten: exchange.bytesWritten,
      responseStarted: exchange.responseStarted,
      address: this.#stream.address,
      phase: exchange.body !== undefined ? 'body' : exchange.upload === 'sending' ? 'send' : 'headers',
    })
    return error
  }

  /** Whether the engine holds bytes of a head that is not complete. */
  #hasBegunHead(): boolean {
    try {
      this.#engine.receive(null)
      this.#engine.nextEvent()
    } catch (error) {
      return !(error instanceof RemoteDisconnected)
    }
    return false
  }

  /** How many bytes of the body are still to come, where the engine knows. */
  #missingBytes(): number | undefined {
    try {
      this.#engine.receive(null)
      this.#engine.nextEvent()
    } catch (error) {
      if (error instanceof IncompleteRead) return error.expected
    }
    return undefined
  }

  #write(exchange: Exchange, data: Uint8Array | string): boolean {
    exchange.bytesWritten += data.length
    this.observer?.sent(data)
    if (!this.#stream.write(data)) this.#isWritable = false
    return this.#isWritable
  }

  #writeAll(exchange: Exchange, parts: WireBytes): boolean {
    if (parts.length > 1 && lengthOf(parts) <= MAX_JOINED_BYTES)
      return this.#write(exchange, joinParts(parts))
    for (const part of parts) this.#write(exchange, part)
    return this.#isWritable
  }

  #listenForAbort(exchange: Exchange): void {
    const { signal } = exchange.options
    if (signal === undefined) return
    exchange.onAbort = () => this.#fail(signal.reason, exchange, true)
    signal.addEventListener('abort', exchange.onAbort, { once: true })
  }

  #stopListening(exchange: Exchange): void {
    if (exchange.onAbort === undefined) return
    exchange.options.signal?.removeEventListener('abort', exchange.onAbort)
    exchange.onAbort = undefined
  }

  /** Sets the deadline for what is waited for now, or clears it. Called whenever that changes, and at each progress. */
  #watch(): void {
    const phase = this.#state === 'closed' ? undefined : this.#currentPhase()
    this.#phase = phase
    if (phase === undefined || phase.dueInMs === Infinity) {
      this.#deadline?.clear()
      return
    }
    this.#deadline ??= makeDeadline(this.#clock, () => this.#onTimeout())
    this.#deadline.set(phase.dueInMs)
  }

  /** Whose wait is timed: that of the oldest, or of a later one that the peer does not take while the oldest is unread. */
  get #timed(): Exchange | undefined {
    const [oldest] = this.#exchanges
    if (this.#isWritable || !this.#isHeldBack || oldest?.upload === 'sending') return oldest
    const newest = this.#exchanges.at(-1)
    return newest?.upload === 'sending' ? newest : oldest
  }

  #currentPhase(): AwaitedPhase | undefined {
    const exchange = this.#timed
    if (exchange === undefined) return undefined
    const { timeouts } = exchange.options
    const now = this.#clock.now()
    const hasHead = exchange.body !== undefined
    const isSending = exchange.upload === 'sending' || (!hasHead && !this.#isWritable)
    if (!isSending) exchange.awaitedSince ??= now
    let endsAt = Infinity
    for (const { options } of this.#exchanges) endsAt = Math.min(endsAt, options.endsAt)
    return decidePhase({
      timeouts,
      isSending,
      hasHead,
      isWritable: this.#isWritable,
      isHeldBack: this.#isHeldBack,
      awaitedMs: now - (exchange.awaitedSince ?? now),
      leftMs: endsAt - now,
    })
  }

  #onTimeout(): void {
    const oldest = this.#exchanges[0]
    if (oldest === undefined || this.#phase === undefined) return
    const { name, timeoutMs } = this.#phase
    if (name !== 'total') {
      this.#fail(new TimeoutError(name, timeoutMs), this.#timed)
      return
    }
    const now = this.#clock.now()
    const late = this.#exchanges.find(({ options }) => options.endsAt <= now) ?? oldest
    this.#fail(new TimeoutError('total', late.options.totalMs), late)
  }
}

/** True for an end that the peer brought about, false for one that this side wanted: an abort, a timeout, `close()`. */
function isPeersDoing(reason: unknown): boolean {
  if (reason instanceof ConnectionLost) return reason.code === 'CONNECTION_LOST'
  return reason instanceof RemoteProtocolError
}

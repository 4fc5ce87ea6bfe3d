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

import type { FieldLine } from '../../core/fields.ts'
import { HTTPHeaders } from '../../core/headers.ts'
import { HTTPResponse } from '../../core/response.ts'
import { add, NO_MEMBERS, withoutFirst } from '../../core/short-list.ts'
import { addFacts } from '../../errors/exception.ts'
import {
  ConnectionLost,
  HTTPException,
  ImproperConnectionState,
  IncompleteRead,
  RemoteProtocolError,
  TimeoutError,
} from '../../errors/index.ts'
import { H1Engine, type H1EngineOptions } from '../../h1/engine.ts'
import type { DataToSend, EndToSend, ReceivedResponse, RequestToSend, WireBytes } from '../../h1/events.ts'
import type { ByteSink, ByteStream, DialTimings } from '../../io/byte-stream.ts'
import { makeDuplex } from '../../io/duplex.ts'
import type { Clock } from '../../time/clock.ts'
import { type Deadline, makeDeadline } from '../../time/deadline.ts'
import {
  type AwaitedPhase,
  type BodyValve,
  decidePhase,
  decideUpload,
  Exchange,
  type ExchangeOptions,
} from '../exchange.ts'
import { IncomingBody } from '../incoming-body.ts'
import { EarliestEnd } from './earliest-end.ts'
import { GatheredWrites } from './gathered-writes.ts'
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
  /** Writes requests that are sent at one time together. */
  readonly isGathering: boolean
  /** What dialling took; told with the first response. */
  readonly dialTimings?: DialTimings | undefined
}

/** A small body is joined with its head into one write up to this size. */
const MAX_JOINED_BYTES = 16_384
const NOTHING: WireBytes = []

export class H1Connection implements BodyValve, ByteSink {
  readonly #stream: ByteStream
  readonly #engine: H1Engine
  readonly #clock: Clock
  /** Who looks on; may be changed at any time. */
  observer: WireObserver | undefined
  #dialTimings: DialTimings | undefined
  /** Exchanges whose response is not complete, oldest first. */
  #exchanges: Exchange[] = NO_MEMBERS
  /** When the first of their total timeouts is over; made for the first that has one. */
  #totalEnd: EarliestEnd | undefined
  /** How many requests were begun on this connection. */
  #requests = 0
  #state: 'open' | 'switched' | 'closed' = 'open'
  #isWritable = true
  /** Where requests follow each other: what is written at one time goes out together. */
  readonly #gathered: GatheredWrites | undefined
  #isHeldBack = false
  /** True once the stream has told that it is closed. */
  #isGone = false
  /** Why the end of the stream may not be the peer's. */
  #endDoubt: HTTPException | undefined
  #deadline: Deadline | undefined
  #phase: AwaitedPhase | undefined
  /** What ended the connection while nobody was there to be told. */
  #untold: unknown

  constructor(stream: ByteStream, options: WireOptions) {
    this.#stream = stream
    this.#engine = new H1Engine('client', options.engine)
    this.#clock = options.clock
    this.observer = options.observer
    this.#dialTimings = options.dialTimings
    this.#gathered = options.isGathering ? new GatheredWrites((data) => this.#onGathered(data)) : undefined
    stream.start(this)
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

  /** True while an exchange is under way. */
  get isBusy(): boolean {
    return this.#exchanges.length > 0
  }

  /** True if another request may be begun now, perhaps behind others. Half a CRLF behind a response is a byte too many. */
  get canTake(): boolean {
    if (this.#state !== 'open' || !this.#engine.canSendRequest) return false
    return this.isBusy || this.#engine.isReusable
  }

  // ------------------------------------------------------------------------------------------------ sending

  /**
   * Begins an exchange: checks and writes the head, and in the same piece what is there of the body and its `end`, where
   * they are given and small.
   * @throws LocalProtocolError and its kin, ConnectionLost, before anything is written
   */
  begin(request: RequestToSend, options: ExchangeOptions, body?: Uint8Array, end?: EndToSend): Exchange {
    options.signal?.throwIfAborted()
    if (this.#state === 'closed') throw this.#alreadyClosed()
    const engine = this.#engine
    const parts = engine.send(request)
    const exchange = new Exchange(this, options, this.#clock.now(), this.#requests++ > 0, this.#dialTimings)
    this.#dialTimings = undefined
    this.#exchanges = add(this.#exchanges, exchange)
    if (options.endsAt !== Infinity) {
      this.#totalEnd ??= new EarliestEnd()
      this.#totalEnd.add(options.endsAt)
    }
    this.#listenForAbort(exchange)
    try {
      // Nothing is written where the body does not fit what the head announces.
      const data = body === undefined ? NOTHING : engine.send({ type: 'data', bytes: body })
      const last = end === undefined ? NOTHING : engine.send(end)
      if (end !== undefined) exchange.upload = 'sent'
      const all = data.length + last.length === 0 ? parts : [...parts, ...data, ...last]
      if (end === undefined) this.#writeAll(exchange, all)
      else this.#writeWhole(exchange, all)
    } catch (error) {
      this.#fail(error, exchange)
      throw error
    }
    this.#watch(exchange.startedAt)
    return exchange
  }

  /** The peer spoke before it was spoken to, or code of the caller closed the connection while the request was put together. */
  #alreadyClosed(): ConnectionLost {
    const cause = this.#untold
    const { address } = this.#stream
    return cause instanceof RemoteProtocolError
      ? new ConnectionLost(address, { cause, requestBytesWritten: 0 })
      : new ConnectionLost(address, undefined, 'CONNECTION_CLOSED')
  }

  /** Sends a piece of the body, or its end. Answers false when the caller should wait: `whenDrained`. */
  send(exchange: Exchange, event: DataToSend | EndToSend): boolean {
    if (exchange.failure !== undefined) throw exchange.failure.error
    if (exchange.upload === 'stopped') return true
    const goOn = this.#writeAll(exchange, this.#engine.send(event))
    if (event.type === 'end') {
      exchange.upload = 'sent'
      this.#settleOldest()
      this.#watch()
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
    this.#watch()
  }

  /** The rest of the request will not come: the exchange cannot be completed, and the connection is given up. */
  abort(error: unknown): void {
    this.#fail(error)
  }

  // ---------------------------------------------------------------------------------------------- receiving

  /** Closes the connection: what is under way fails with CONNECTION_CLOSED. Idempotent. */
  close(): void {
    this.#fail(new ConnectionLost(this.#stream.address, undefined, 'CONNECTION_CLOSED'))
  }

  /** Takes the stream away for another protocol, with the bytes that came behind the head. */
  detach(): { stream: ByteStream; unread: Buffer } {
    this.#gathered?.flush()
    this.#state = 'closed'
    return { stream: this.#stream, unread: this.#engine.takeTrailing() }
  }

  #offer(exchange: Exchange): void {
    exchange.takeConnection = () => this.#giveAway(exchange)
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

  // What a body asks for.

  holdBack(): void {
    this.#isHeldBack = true
    this.#stream.pause()
    this.#watch()
  }

  letGo(): void {
    this.#isHeldBack = false
    this.#stream.resume()
    this.#watch()
  }

  // What the stream tells.

  data(bytes: Uint8Array): void {
    const exchange = this.#exchanges[0]
    if (exchange !== undefined) exchange.responseStarted = true
    this.#engine.receive(bytes)
    this.#pump()
  }

  end(doubt: HTTPException | undefined): void {
    this.#endDoubt = doubt
    this.#engine.receive(null)
    this.#pump()
  }

  drain(): void {
    this.#isWritable = true
    for (const exchange of this.#exchanges) exchange.drained?.()
    this.#watch()
  }

  closed(error: HTTPException | undefined): void {
    this.#isGone = true
    if (this.#state === 'open' || this.#exchanges.length > 0)
      this.#fail(error ?? new ConnectionLost(this.#stream.address))
  }

  /** Takes events out of the engine until it needs more. */
  #pump(): void {
    let hasEnded = false
    // What is taken out in one go came at one moment.
    const now = this.#clock.now()
    try {
      while (this.#state !== 'closed') {
        const event = this.#engine.nextEvent()
        const exchange = this.#exchanges[0]
        switch (event.type) {
          case 'need-data':
            if (hasEnded || (exchange !== undefined && !this.#isHeldBack)) this.#watch(now)
            return
          case 'paused':
            if (hasEnded) this.#watch(now)
            return
          case 'closed':
            if (exchange !== undefined) this.#fail(new ConnectionLost(this.#stream.address))
            else this.#close()
            return
          case 'informational': {
            const { status, reason, fields, version } = event
            const headers = HTTPHeaders.over(fields)
            exchange!.informational = [...exchange!.informational, { status, reason, headers }]
            this.observer?.received(version, status, reason, fields)
            if (status === 100) exchange!.continued?.(true)
            break
          }
          case 'response':
            this.#onResponse(exchange!, event, now)
            break
          case 'data':
            exchange!.body!.push(event.bytes)
            break
          case 'end':
            // Security: who cuts a connection must not decide where a body ends (RFC 9112 §9.8).
            if (exchange!.isUntilClose && this.#endDoubt !== undefined) this.#fail(this.#endDoubt)
            else this.#onEnd(exchange!, event.trailers, now)
            hasEnded = true
            break
          case 'request':
            throw new Error('a client engine read a request')
        }
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #onResponse(exchange: Exchange, event: ReceivedResponse, now: number): void {
    const { version, status, reason, fields, framing } = event
    exchange.headAt = now
    exchange.isUntilClose = framing.kind === 'until-close'
    this.observer?.received(version, status, reason, fields)
    const isSwitch = framing.kind === 'switch'
    if (isSwitch) {
      this.#state = 'switched'
      this.#offer(exchange)
    }
    const body = new IncomingBody(exchange)
    exchange.body = body
    const response = new HTTPResponse(event, body, exchange)
    if (isSwitch) {
      // The stream waits, held back, for whoever takes it. The rest of the request goes out first (RFC 9110 §7.8).
      this.#stream.pause()
      exchange.isEnded = true
      body.finish([])
      this.#settleOldest()
      this.#watch()
    } else if (exchange.upload === 'sending') {
      if (decideUpload(event) === 'stop') this.stopUpload(exchange)
    }
    exchange.answer(response)
    exchange.continued?.(false)
  }

  #onEnd(exchange: Exchange, trailers: readonly FieldLine[], now: number): void {
    exchange.endedAt = now
    exchange.isEnded = true
    exchange.body!.finish(trailers)
    this.#settleOldest()
  }

  /** Drops the oldest exchange once both its halves are over, and the connection with its last (RFC 9112 §9.6). */
  #settleOldest(): void {
    const oldest = this.#exchanges[0]
    if (oldest?.isEnded === true && oldest.upload !== 'sending') {
      this.#exchanges = withoutFirst(this.#exchanges)
      this.#totalEnd?.remove(oldest.options.endsAt)
      this.#stopListening(oldest)
      // The peer still waits for the rest of a request that will not come.
      if (oldest.upload === 'stopped') this.#close()
    }
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
    // What was begun has been sent, unless there is nobody to send it to.
    if (!this.#isGone) this.#gathered?.flush()
    const exchanges = this.#exchanges
    this.#exchanges = NO_MEMBERS
    if (exchanges.length === 0) this.#untold = error
    this.#totalEnd?.clear()
    this.#state = 'closed'
    this.#watch()
    this.#stream.close()
    const [oldest] = exchanges
    // Its first bytes may have come together with the end of the response before it.
    if (oldest?.responseStarted === false) oldest.responseStarted = this.#engine.progress.headStarted
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
    exchange.refuse(error)
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
      error = new IncompleteRead(Buffer.alloc(0), this.#engine.progress.bodyBytesMissing, {
        cause: reason,
        phase: 'body',
      })
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

  /** Writes a request that is whole: perhaps together with others. */
  #writeWhole(exchange: Exchange, parts: WireBytes): void {
    if (this.#gathered === undefined) {
      this.#writeAll(exchange, parts)
      return
    }
    for (const part of parts) {
      this.observer?.sent(part)
      exchange.bytesGathered += part.length
      this.#gathered.add(part)
    }
    // Nothing follows that it could go out with.
    if (!this.#engine.persists) this.#gathered.flush()
  }

  #write(exchange: Exchange, data: Uint8Array | string): boolean {
    this.#gathered?.flush()
    this.observer?.sent(data)
    exchange.bytesWritten += data.length
    if (!this.#stream.write(data)) this.#isWritable = false
    return this.#isWritable
  }

  #onGathered(data: Uint8Array | string): void {
    if (this.#state === 'closed') return
    for (let at = this.#exchanges.length - 1; at >= 0; at--) {
      const exchange = this.#exchanges[at]!
      if (exchange.bytesGathered === 0) break
      exchange.bytesWritten += exchange.bytesGathered
      exchange.bytesGathered = 0
    }
    if (this.#stream.write(data)) return
    this.#isWritable = false
    this.#watch()
  }

  #writeAll(exchange: Exchange, parts: WireBytes): boolean {
    if (parts.length === 0) return this.#isWritable
    if (parts.length === 1) return this.#write(exchange, parts[0]!)
    if (lengthOf(parts) <= MAX_JOINED_BYTES) return this.#write(exchange, joinParts(parts))
    this.#stream.cork?.()
    for (const part of parts) this.#write(exchange, part)
    this.#stream.uncork?.()
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
  #watch(at?: number): void {
    const timed = this.#state === 'closed' ? undefined : this.#timed
    if (timed === undefined) {
      this.#phase = undefined
      this.#deadline?.clear()
      // Made anew for the next wait: most connections of a pool are idle.
      this.#deadline = undefined
      return
    }
    const now = at ?? this.#clock.now()
    const phase = this.#phaseOf(timed, now)
    this.#phase = phase
    this.#deadline ??= makeDeadline(this.#clock, H1Connection.#fire, this)
    this.#deadline.set(phase.dueInMs, now)
  }

  /** Whose wait is timed: that of the oldest, or of a later one that the peer does not take while the oldest is unread. */
  get #timed(): Exchange | undefined {
    const oldest = this.#exchanges[0]
    if (this.#isWritable || !this.#isHeldBack || oldest?.upload === 'sending') return oldest
    const newest = this.#exchanges.at(-1)
    return newest?.upload === 'sending' ? newest : oldest
  }

  #phaseOf(exchange: Exchange, now: number): AwaitedPhase {
    const { timeouts } = exchange.options
    const hasHead = exchange.body !== undefined
    const isSending = exchange.upload === 'sending' || (!hasHead && !this.#isWritable)
    if (!isSending) exchange.awaitedSince ??= now
    return decidePhase({
      timeouts,
      isSending,
      hasHead,
      isWritable: this.#isWritable,
      isHeldBack: this.#isHeldBack,
      awaitedMs: now - (exchange.awaitedSince ?? now),
      leftMs: (this.#totalEnd?.value ?? Infinity) - now,
    })
  }

  static readonly #fire = (wire: H1Connection): void => wire.#onTimeout()

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

/**
 * One HTTP/1 connection at work: joins an engine with a stream of bytes. It reads responses into the exchanges they belong
 * to, hears signals, and decides when the connection is over. It does not dial, knows no host, and never sends a request
 * twice.
 *
 * Everything that comes in passes `#pump`; everything that ends it passes `#fail` or `#close`. After `#fail` nothing is left
 * behind: the stream is given up, every promise is settled, every deadline and listener taken back. Who is named by
 * `onChange` is told once a change is whole, as the last act of whatever brought it about.
 *
 * Length: the order in which receiving, settling and ending touch the queue of exchanges is what makes it correct; timing,
 * writing, sending and the words of errors are in files of their own.
 */

import type { Duplex } from 'node:stream'
import type { FieldLine } from '../../core/fields.ts'
import type { OutgoingRequest } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { TlsDetails } from '../../core/tls-options.ts'
import {
  ConnectionLost,
  type HTTPException,
  ImproperConnectionState,
  TimeoutError,
} from '../../errors/index.ts'
import { H1Engine, type H1EngineOptions } from '../../h1/engine.ts'
import type { DataToSend, EndToSend, ReceivedResponse, RequestToSend, WireBytes } from '../../h1/events.ts'
import type { ByteStream, DialTimings } from '../../io/byte-stream.ts'
import { makeDuplex } from '../../io/duplex.ts'
import type { Clock } from '../../time/clock.ts'
import { ChangeNotice, type OnChange } from '../change-notice.ts'
import { decideUpload } from '../decisions.ts'
import { Exchange, type ExchangeHost, type ExchangeOptions } from '../exchange.ts'
import { alreadyClosed, describeFailure, isPeersDoing } from '../exchange-failure.ts'
import type { TransportState } from '../transport.ts'
import { ExchangeQueue } from './exchange-queue.ts'
import { ExchangeTimer, type TimedWaits } from './exchange-timer.ts'
import { PeerPatience } from './keep-alive.ts'
import { RequestWriter } from './request-writer.ts'
import { sendRequest } from './send-request.ts'
import type { SteppedTransport, WireObserver } from './stepped-transport.ts'
import { type StreamListener, StreamSink } from './stream-sink.ts'

export interface H1ConnectionOptions {
  readonly engine: H1EngineOptions
  readonly clock: Clock
  readonly observer: WireObserver | undefined
  /** Writes requests that are sent at one time together. */
  readonly isGathering: boolean
  /** The peer is known to speak HTTP/1.0, from an earlier connection to it. */
  readonly isPeerHTTP10?: boolean
  /** What dialling took; told with the first response. */
  readonly dialTimings?: DialTimings | undefined
}

const NOTHING: WireBytes = []
const NO_TRAILERS: readonly FieldLine[] = Object.freeze([])

export class H1Connection implements SteppedTransport, ExchangeHost, StreamListener, TimedWaits {
  readonly protocol = 'http/1.1'
  /** Who looks on; may be changed at any time. */
  observer: WireObserver | undefined
  readonly clock: Clock
  readonly #stream: ByteStream
  readonly #engine: H1Engine
  readonly #pipelining: number
  readonly #writer: RequestWriter
  readonly #timer: ExchangeTimer
  #dialTimings: DialTimings | undefined
  readonly #exchanges: ExchangeQueue
  readonly #patience: PeerPatience = new PeerPatience()
  #state: 'open' | 'switched' | 'closed' = 'open'
  #isDraining = false
  #isPaused = false
  /** True after a response of HTTP/1.0: the peer does not know chunked. */
  #isPeerHTTP10: boolean
  /** True once the stream has told that it is closed. */
  #isStreamClosed = false
  /** Why the end of the stream may not be the peer's. */
  #uncleanEnd: HTTPException | undefined
  /** What ended the connection while nobody was there to be told. */
  #closeReason: unknown
  readonly #changes: ChangeNotice = new ChangeNotice(this)

  constructor(stream: ByteStream, options: H1ConnectionOptions) {
    this.#stream = stream
    this.#engine = new H1Engine('client', options.engine)
    this.#pipelining = options.engine.pipelining ?? 1
    this.clock = options.clock
    this.observer = options.observer
    this.#dialTimings = options.dialTimings
    this.#isPeerHTTP10 = options.isPeerHTTP10 === true
    this.#writer = new RequestWriter(stream, options.isGathering, (data) => this.observer?.sent(data))
    this.#timer = new ExchangeTimer(options.clock, this, (phase, timeoutMs, exchange) => {
      this.#fail(new TimeoutError(phase, timeoutMs), exchange)
      this.#tell()
    })
    this.#exchanges = new ExchangeQueue(options.clock.now())
    stream.start(new StreamSink(this))
  }

  get stream(): ByteStream {
    return this.#stream
  }

  get address(): string {
    return this.#stream.address
  }

  get tls(): TlsDetails | undefined {
    return this.#stream.tls
  }

  get state(): TransportState {
    if (this.#state === 'closed') return 'closed'
    if (this.#state === 'switched' || this.#isDraining) return 'draining'
    const engine = this.#engine
    // Half a CRLF after a response: its other half may still come.
    const mayGoOn = this.#exchanges.length === 0 ? engine.isReusable : engine.persists
    return mayGoOn && this.#patience.requestsLeft > 0 ? 'open' : 'draining'
  }

  get outstanding(): number {
    return this.#exchanges.length
  }

  get capacity(): number {
    if (this.#state !== 'open' || this.#isDraining || !this.#engine.canSendRequest) return 0
    const outstanding = this.#exchanges.length
    if (outstanding === 0 && !this.#engine.isReusable) return 0
    return Math.max(0, Math.min(this.#pipelining - outstanding, this.#patience.requestsLeft))
  }

  get exchanges(): number {
    return this.#exchanges.begun
  }

  get idleSinceMs(): number | undefined {
    return this.#exchanges.idleSince
  }

  get keepAliveMs(): number | undefined {
    return this.#patience.timeoutMs
  }

  get onChange(): OnChange | undefined {
    return this.#changes.onChange
  }

  set onChange(onChange: OnChange | undefined) {
    this.#changes.onChange = onChange
  }

  get isPeerHTTP10(): boolean {
    return this.#isPeerHTTP10
  }

  get isWritable(): boolean {
    return this.#writer.isWritable
  }

  get expectsBody(): boolean {
    return this.#engine.expectsBodyToSend
  }

  // What the timer looks at.

  get queue(): readonly Exchange[] {
    return this.#exchanges.members
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  // ------------------------------------------------------------------------------------------------ sending

  exchange(request: OutgoingRequest): Promise<HTTPResponse> {
    try {
      const { exchange, sent } = sendRequest(this, request)
      sent?.catch(() => {
        // Told by the response.
      })
      return exchange.whenResponse()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  begin(request: RequestToSend, options: ExchangeOptions, body?: Uint8Array, end?: EndToSend): Exchange {
    options.deadlines.signal?.throwIfAborted()
    if (this.#state === 'closed') throw alreadyClosed(this.#stream.address, this.#closeReason, options)
    const engine = this.#engine
    if (this.#isDraining || this.#patience.requestsLeft === 0) throw this.#takesNoMore('it is being closed')
    if (this.#exchanges.length === 0 && engine.canSendRequest && !engine.isReusable)
      throw this.#takesNoMore('what came after the last response leaves its end in doubt')
    const parts = engine.send(request)
    const startedAt = this.clock.now()
    const isReused = this.#exchanges.begun > 0
    const exchange = new Exchange(this, options, startedAt, isReused, this.#dialTimings)
    this.#dialTimings = undefined
    this.#exchanges.add(exchange)
    this.#patience.spend()
    this.#changes.note()
    this.#timer.add(exchange)
    const { signal } = options.deadlines
    if (signal !== undefined) {
      exchange.listenForAbort(() => {
        this.#fail(signal.reason, exchange, true)
        this.#tell()
      })
    }
    try {
      // Nothing is written where the body does not fit what the head announces.
      const data = body === undefined ? NOTHING : engine.send({ type: 'data', bytes: body })
      const last = end === undefined ? NOTHING : engine.send(end)
      const all = data.length + last.length === 0 ? parts : [...parts, ...data, ...last]
      if (end !== undefined) exchange.requestEnded()
      if (end === undefined) this.#writer.write(exchange, all)
      else this.#writer.writeWhole(exchange, all, !engine.persists)
    } catch (error) {
      this.#fail(error, exchange)
      this.#tell()
      throw error
    }
    this.#watch(startedAt)
    this.#tell()
    return exchange
  }

  /** Nothing was written: the request can go elsewhere. */
  #takesNoMore(why: string): ConnectionLost {
    const facts = { requestBytesWritten: 0, responseStarted: false, reused: this.#exchanges.begun > 0 }
    return new ConnectionLost(`${this.#stream.address} (${why})`, facts, 'CONNECTION_CLOSED')
  }

  send(exchange: Exchange, event: DataToSend | EndToSend): boolean {
    if (exchange.failure !== undefined) throw exchange.failure.error
    if (exchange.upload === 'stopped') return true
    this.#writer.write(exchange, this.#engine.send(event))
    // Who looks on may have closed the connection.
    if (event.type === 'end' && exchange.upload === 'sending') {
      exchange.requestEnded()
      this.#settleOldest()
      this.#watch()
      this.#changes.note()
      this.#tell()
    }
    return this.#writer.isWritable
  }

  whenDrained(exchange: Exchange): Promise<void> {
    if (this.#writer.isWritable) return Promise.resolve()
    const drained = exchange.whenDrained()
    this.#watch()
    return drained
  }

  stopUpload(exchange: Exchange): void {
    this.#stopUpload(exchange)
    this.#tell()
  }

  #stopUpload(exchange: Exchange): void {
    if (exchange.upload !== 'sending') return
    exchange.stopUpload()
    this.#settleOldest()
    this.#watch()
  }

  abort(exchange: Exchange, error: unknown): void {
    if (exchange.failure !== undefined) return
    this.#fail(error, exchange)
    this.#tell()
  }

  drain(): void {
    if (this.#isDraining || this.#state === 'closed') return
    this.#isDraining = true
    this.#changes.note()
    if (this.#exchanges.length === 0) this.#close()
    this.#tell()
  }

  close(): void {
    this.#fail(new ConnectionLost(this.#stream.address, undefined, 'CONNECTION_CLOSED'))
    this.#tell()
  }

  ref(): void {
    this.#stream.ref?.()
  }

  unref(): void {
    this.#stream.unref?.()
  }

  /** Takes the stream away for another protocol, with the bytes that came after the head. */
  detach(): { stream: ByteStream; unread: Buffer } {
    this.#writer.flush()
    this.#state = 'closed'
    this.#changes.note()
    this.#tell()
    return { stream: this.#stream, unread: this.#engine.takeTrailing() }
  }

  // What an exchange asks for.

  takeOver(exchange: Exchange): Duplex {
    if (this.#state !== 'switched')
      throw new ConnectionLost('it was closed or taken over already', undefined, 'CONNECTION_CLOSED')
    if (exchange.upload === 'sending')
      throw new ImproperConnectionState('upgrade() comes when the request has been sent')
    const { stream, unread } = this.detach()
    return makeDuplex(stream, unread)
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
    this.#watch()
  }

  resume(): void {
    this.#isPaused = false
    this.#stream.resume()
    this.#watch()
  }

  /** HTTP/1 has no other way to be spared the rest of a response. */
  cancel(_exchange: Exchange): void {
    this.close()
  }

  // ---------------------------------------------------------------------------------------------- receiving

  dataReceived(bytes: Uint8Array): void {
    this.#exchanges.oldest?.byteCame()
    this.#engine.receive(bytes)
    this.#pump()
    this.#tell()
  }

  endReceived(uncleanEnd: HTTPException | undefined): void {
    this.#uncleanEnd = uncleanEnd
    this.#engine.receive(null)
    this.#pump()
    this.#tell()
  }

  drained(): void {
    this.#writer.drained()
    this.#exchanges.drained()
    this.#settleOldest()
    this.#watch()
    this.#tell()
  }

  streamClosed(error: HTTPException | undefined): void {
    this.#isStreamClosed = true
    if (this.#state === 'open' || this.#exchanges.length > 0)
      this.#fail(error ?? new ConnectionLost(this.#stream.address))
    this.#tell()
  }

  /** Takes events out of the engine until it needs more. */
  #pump(): void {
    this.#changes.hold()
    this.#takeEvents()
    this.#changes.release()
  }

  #takeEvents(): void {
    let hasEnded = false
    // What is taken out in one go came at one moment.
    const now = this.clock.now()
    try {
      while (this.#state !== 'closed') {
        const event = this.#engine.nextEvent()
        const exchange = this.#exchanges.oldest
        switch (event.type) {
          case 'need-data':
            if (exchange === undefined) this.#changes.note()
            if (hasEnded || (exchange !== undefined && !this.#isPaused)) this.#watch(now)
            return
          case 'paused':
            if (hasEnded) this.#watch(now)
            return
          case 'closed':
            if (exchange !== undefined) this.#fail(new ConnectionLost(this.#stream.address))
            else this.#close()
            return
          case 'informational':
            exchange!.informed(event.status, event.reason, event.fields)
            this.observer?.received(event.version, event.status, event.reason, event.fields)
            break
          case 'response':
            this.#onResponse(exchange!, event, now)
            this.observer?.received(event.version, event.status, event.reason, event.fields)
            break
          case 'data':
            exchange!.bodyReceived(event.bytes)
            break
          case 'end':
            // Security: who cuts a connection must not decide where a body ends (RFC 9112 §9.8).
            if (exchange!.isUntilClose && this.#uncleanEnd !== undefined) this.#fail(this.#uncleanEnd)
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
    const { version, fields, framing } = event
    const isSwitch = framing.kind === 'switch'
    if (isSwitch) this.#state = 'switched'
    // It may announce the end of the connection.
    this.#changes.note()
    this.#isPeerHTTP10 = version < 11
    this.#patience.note(fields, this.#exchanges.length - 1)
    exchange.headReceived(event, now, framing.kind === 'until-close', isSwitch)
    if (isSwitch) {
      // The stream waits, held back, for whoever takes it. The rest of the request goes out first (RFC 9110 §7.8).
      this.#stream.pause()
      exchange.ended(NO_TRAILERS, now)
      this.#settleOldest()
      this.#watch()
    } else if (exchange.upload === 'sending') {
      if (decideUpload(event) === 'stop') this.#stopUpload(exchange)
    }
    exchange.answer()
  }

  #onEnd(exchange: Exchange, trailers: readonly FieldLine[], now: number): void {
    exchange.ended(trailers, now)
    this.#settleOldest()
  }

  /** Drops the oldest exchange once both its halves are over, and the connection with its last (RFC 9112 §9.6). */
  #settleOldest(): void {
    const over = this.#exchanges.takeOver(() => this.clock.now())
    if (over !== undefined) {
      this.#changes.note()
      this.#timer.remove(over)
      over.stopListening()
      // The peer still waits for the rest of a request that will not come.
      if (over.upload === 'stopped') this.#close()
    }
    if (this.#state !== 'open') return
    if (this.#exchanges.length === 0) {
      // What is left in the engine's buffer is looked at next: an empty line does no harm (RFC 9112 §9.2).
      if (!this.#engine.canSendRequest || this.#isDraining || this.#patience.requestsLeft === 0) this.#close()
    } else if (this.#engine.serverState === 'must-close') {
      this.#fail(new ConnectionLost('the peer ended the connection before this exchange'))
    }
  }

  // ---------------------------------------------------------------------------------------- ending and telling

  /** The connection is over and nothing is under way. */
  #close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#changes.note()
    this.#timer.stop()
    this.#stream.close()
  }

  /** Ends everything: one exchange, the oldest if none is named, with `error`, the others because the connection is gone. */
  #fail(error: unknown, culprit: Exchange | undefined = this.#exchanges.oldest, isAbort = false): void {
    if (this.#state === 'closed') return
    // What was begun has been sent, unless there is nobody to send it to.
    if (!this.#isStreamClosed) this.#writer.flush()
    const exchanges = this.#exchanges.takeAll(this.clock.now())
    if (exchanges.length === 0) this.#closeReason = error
    this.#state = 'closed'
    this.#changes.note()
    this.#timer.stop()
    this.#stream.close()
    const [oldest] = exchanges
    // Its first bytes may have come together with the end of the response before it.
    if (oldest?.responseStarted === false && this.#engine.progress.headStarted) oldest.byteCame()
    for (const exchange of exchanges) {
      if (exchange === culprit) this.#failExchange(exchange, error, isAbort)
      else
        this.#failExchange(exchange, new ConnectionLost('another exchange failed', { cause: error }), false)
    }
  }

  #failExchange(exchange: Exchange, reason: unknown, isAbort: boolean): void {
    const facts = {
      ...exchange.factsAt(this.clock.now()),
      reused: exchange.reused,
      requestBytesWritten: exchange.bytesWritten,
      responseStarted: exchange.responseStarted,
      address: this.#stream.address,
      phase: exchange.hasHead ? 'body' : exchange.upload === 'sending' ? 'send' : 'headers',
    } as const
    // The reason of an abort belongs to the caller, whatever it is.
    const error = isAbort
      ? reason
      : describeFailure(
          reason,
          facts,
          exchange.hasHead,
          exchange.hasHead ? this.#engine.progress.bodyBytesMissing : undefined,
        )
    // Where a response has begun, a peer that then goes away has only made the rest of the request unwanted.
    exchange.failed(error, !isAbort && exchange.response !== undefined && isPeersDoing(reason))
  }

  #watch(at?: number): void {
    if (this.#state !== 'closed') this.#timer.watch(at)
  }

  #tell(): void {
    this.#changes.tell()
  }
}

/**
 * One HTTP/1 connection at work: joins an engine with a stream of bytes. It reads responses into the exchanges they belong
 * to, hears signals, and decides when the connection is over. It does not dial, knows no host, and sends nothing twice.
 *
 * Everything that comes in passes `#pump`; everything that ends it passes `#fail` or `#close`. After `#fail` nothing is left
 * over: the stream is given up, every promise is settled, every deadline and listener taken back. Who is named by
 * `onChange` is told once a change is whole, as the last act of whatever brought it about.
 *
 * Length: the order in which receiving, settling and ending touch the queue of exchanges is what makes it correct; timing,
 * writing, sending, the stages of its life and what a failed exchange is told are in files of their own.
 */

import type { Duplex } from 'node:stream'
import { ownMember } from '../../core/owns.ts'
import type { OutgoingRequest } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { TlsDetails } from '../../core/tls-options.ts'
import { ConnectionLost, type HTTPException, ImproperConnectionState } from '../../errors/index.ts'
import { H1Engine } from '../../h1/engine.ts'
import type { DataToSend, EndToSend, ReceivedResponse, RequestToSend } from '../../h1/events.ts'
import type { ByteStream, DialTimings } from '../../io/byte-stream.ts'
import { makeDuplex } from '../../io/duplex.ts'
import type { Clock } from '../../time/clock.ts'
import { ChangeNotice, type OnChange } from '../change-notice.ts'
import { decideUpload } from '../decisions.ts'
import { Exchange, type ExchangeOptions } from '../exchange.ts'
import type { ExchangeHost } from '../exchange-host.ts'
import type { TransportEnd, TransportState } from '../transport.ts'
import { ConnectionLife } from './connection-life.ts'
import { ExchangeQueue } from './exchange-queue.ts'
import { ExchangeTimer, type TimedWaits } from './exchange-timer.ts'
import { failExchanges } from './fail-exchanges.ts'
import { RequestWriter, type WriterOwner } from './request-writer.ts'
import { sendForResponse } from './send-request.ts'
import type { H1ConnectionOptions, SteppedTransport, WireObserver } from './stepped-transport.ts'
import { closeStream, type StreamListener, StreamSink } from './stream-sink.ts'
import { withBody } from './wire-parts.ts'

export class H1Connection
  implements SteppedTransport, ExchangeHost<Exchange>, StreamListener, TimedWaits, WriterOwner
{
  readonly protocol = 'http/1.1'
  /** Who looks on; may be changed at any time. */
  observer: WireObserver | undefined
  readonly clock: Clock
  readonly route: string | undefined
  readonly #stream: ByteStream
  readonly #engine: H1Engine
  readonly #writer: RequestWriter
  readonly #timer: ExchangeTimer
  #dialTimings: DialTimings | undefined
  readonly #exchanges: ExchangeQueue
  readonly #life: ConnectionLife
  #isPaused = false
  /** True after a response of HTTP/1.0: the peer does not know chunked. */
  #isPeerHTTP10: boolean
  /** True once the stream has told that it is closed. */
  #isStreamClosed = false
  /** Why the end of the stream may not be the peer's. */
  #uncleanEnd: HTTPException | undefined
  /** Made for the first who wants to be told. */
  #changes: ChangeNotice | undefined

  constructor(stream: ByteStream, options: H1ConnectionOptions) {
    this.#stream = stream
    this.#engine = new H1Engine('client', options.engine)
    this.clock = options.clock
    this.observer = options.observer
    this.route = ownMember(options, 'route')
    this.#dialTimings = ownMember(options, 'dialTimings')
    this.#isPeerHTTP10 = ownMember(options, 'isPeerHTTP10') === true
    this.#writer = new RequestWriter(stream, options.isGathering, this, ownMember(options, 'turnWrites'))
    this.#timer = new ExchangeTimer(this)
    this.#exchanges = new ExchangeQueue(options.clock.now())
    this.#life = new ConnectionLife(this.#engine, options, this.#exchanges)
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
    return this.#life.state
  }

  get outstanding(): number {
    return this.#exchanges.length
  }

  get capacity(): number {
    return this.#life.capacity
  }

  get busy(): 'sending' | 'awaited' | undefined {
    return this.#exchanges.busy
  }

  get exchanges(): number {
    return this.#exchanges.begun
  }

  get idleSinceMs(): number | undefined {
    return this.#exchanges.idleSince
  }

  get keepAliveMs(): number | undefined {
    return this.#life.keepAliveMs
  }

  get onChange(): OnChange | undefined {
    return this.#changes?.onChange
  }

  set onChange(onChange: OnChange | undefined) {
    if (onChange !== undefined) this.#changes ??= new ChangeNotice(this)
    if (this.#changes !== undefined) this.#changes.onChange = onChange
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

  get queue(): ExchangeQueue {
    return this.#exchanges
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  // ------------------------------------------------------------------------------------------------ sending

  exchange(request: OutgoingRequest, nowMs?: number): Promise<HTTPResponse> {
    return sendForResponse(this, request, nowMs)
  }

  begin(request: RequestToSend, options: ExchangeOptions, body?: Uint8Array, end?: EndToSend): Exchange {
    options.deadlines.signal?.throwIfAborted()
    this.#life.assertTakes(this.#stream.address, options)
    const engine = this.#engine
    const head = engine.send(request)
    const startedAt = options.nowMs ?? this.clock.now()
    const isReused = this.#exchanges.begun > 0
    const exchange = new Exchange(this, options, startedAt, isReused, this.#dialTimings)
    this.#dialTimings = undefined
    this.#exchanges.add(exchange)
    this.#life.spend()
    this.#changes?.note()
    exchange.listenForAbort()
    try {
      const all = withBody(engine, head, body, end)
      if (end !== undefined) exchange.requestEnded()
      if (end === undefined) this.#writer.write(exchange, all)
      // Who sends by hand decides when.
      else this.#writer.writeWhole(exchange, all, !engine.persists, options.settings && startedAt)
    } catch (error) {
      this.abort(exchange, error)
      throw error
    }
    this.#timer.watch(startedAt)
    this.#changes?.tell()
    return exchange
  }

  send(exchange: Exchange, event: DataToSend | EndToSend): boolean {
    if (exchange.failure !== undefined) throw exchange.failure.error
    if (exchange.upload === 'stopped') return true
    this.#writer.writeMore(exchange, this.#engine.send(event))
    // Who looks on may have closed the connection.
    if (event.type === 'end' && exchange.upload === 'sending') {
      exchange.requestEnded()
      this.#changes?.note()
      this.#sendingOver()
    }
    return this.#writer.isWritable
  }

  whenDrained(exchange: Exchange): Promise<void> {
    if (this.#writer.isWritable) return Promise.resolve()
    const drained = exchange.whenDrained()
    this.#timer.watch()
    return drained
  }

  stopUpload(exchange: Exchange): void {
    if (exchange.upload !== 'sending') return
    exchange.stopUpload()
    this.#sendingOver()
  }

  giveUpRequest(exchange: Exchange): void {
    if (exchange.upload !== 'sending' && !exchange.isUndrained) return
    // It ends with this exchange: nothing more is begun on it.
    this.#life.drain()
    this.#changes?.note()
    exchange.abandonUpload()
    this.#sendingOver()
  }

  abort(exchange: Exchange, error: unknown): void {
    if (exchange.failure !== undefined) return
    this.#fail(error, exchange)
    this.#changes?.tell()
  }

  drain(): void {
    if (this.#life.isDraining || this.#life.isClosed) return
    this.#life.drain()
    this.#changes?.note()
    if (this.#exchanges.length === 0) this.#close()
    this.#changes?.tell()
  }

  close(end?: TransportEnd): void {
    if (end === undefined)
      this.#fail(new ConnectionLost(this.#stream.address, undefined, 'CONNECTION_CLOSED'))
    else this.#fail(end.error, this.#exchanges.concerned, end.isOwn !== true)
    this.#changes?.tell()
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
    this.#life.close()
    this.#changes?.note()
    this.#changes?.tell()
    return { stream: this.#stream, unread: this.#engine.takeTrailing() }
  }

  sent(data: Uint8Array | string): void {
    this.observer?.sent(data)
  }

  full(): void {
    this.#timer.watch()
  }

  takeOver(exchange: Exchange): Duplex {
    if (this.#life.stage !== 'switched')
      throw new ConnectionLost('it was closed or taken over already', undefined, 'CONNECTION_CLOSED')
    if (exchange.upload === 'sending')
      throw new ImproperConnectionState('upgrade() comes when the request has been sent')
    const { stream, unread } = this.detach()
    return makeDuplex(stream, unread)
  }

  aborted(exchange: Exchange, reason: unknown): void {
    this.#fail(reason, exchange, true)
    this.#changes?.tell()
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
    this.#timer.watch()
  }

  resume(): void {
    this.#isPaused = false
    this.#stream.resume()
    this.#timer.watch()
  }

  awaited(exchange: Exchange): void {
    // The head of the oldest is waited for since its request was sent.
    if (exchange.hasHead || exchange !== this.#exchanges.oldest) this.#timer.watch()
  }

  /** HTTP/1 has no other way to be spared the rest of a response. */
  cancel(_exchange: Exchange): void {
    this.close()
  }

  // ---------------------------------------------------------------------------------------------- receiving

  dataReceived(bytes: Uint8Array): void {
    // Security: no answer to a request that was not sent yet. It can go elsewhere.
    if (this.#writer.isHolding) this.#fail(new ConnectionLost('bytes came before the request was sent'))
    this.#exchanges.unanswered?.byteCame()
    this.#engine.receive(bytes)
    this.#pump()
    this.#changes?.tell()
  }

  endReceived(uncleanEnd: HTTPException | undefined): void {
    this.#uncleanEnd = uncleanEnd
    this.#engine.receive(null)
    this.#pump()
    this.#changes?.tell()
  }

  drained(): void {
    this.#writer.drained()
    this.#exchanges.drained()
    this.#timer.taken()
    this.#sendingOver()
  }

  streamClosed(error: HTTPException | undefined): void {
    this.#isStreamClosed = true
    if (this.#life.stage === 'open' || this.#exchanges.length > 0)
      this.#fail(error ?? new ConnectionLost(this.#stream.address))
    this.#changes?.tell()
  }

  /** Takes events out of the engine until it needs more. */
  #pump(): void {
    this.#changes?.hold()
    let hasEnded = false
    // What is taken out in one go came at one moment.
    const now = this.clock.now()
    try {
      while (!this.#life.isClosed) {
        const event = this.#engine.nextEvent()
        const exchange = this.#exchanges.unanswered
        switch (event.type) {
          case 'need-data':
            if (this.#exchanges.length === 0) this.#changes?.note()
            if (hasEnded || (exchange !== undefined && !this.#isPaused)) this.#timer.received(now)
            return
          case 'paused':
            if (hasEnded) this.#timer.received(now)
            return
          case 'closed':
            if (this.#exchanges.length > 0) this.#fail(new ConnectionLost(this.#stream.address))
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
            else exchange!.ended(event.trailers, now)
            this.#settleOldest(now)
            hasEnded = true
            break
          case 'request':
            throw new Error('a client engine read a request')
        }
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#changes?.release()
    }
  }

  #onResponse(exchange: Exchange, event: ReceivedResponse, now: number): void {
    const { version, framing } = event
    const isSwitch = framing.kind === 'switch'
    if (isSwitch) this.#life.switch()
    // It may announce the end of the connection.
    this.#changes?.note()
    this.#isPeerHTTP10 = version < 11
    this.#life.answered(event)
    exchange.headReceived(event, now, framing.kind === 'until-close', isSwitch)
    if (isSwitch) {
      // The stream waits, held back, for the caller that takes it. The rest of the request goes out first (RFC 9110 §7.8).
      this.#stream.pause()
      exchange.ended([], now)
      this.#settleOldest()
      this.#timer.watch()
    } else if (exchange.upload === 'sending') {
      if (decideUpload(event) === 'stop') this.stopUpload(exchange)
    }
    exchange.answer()
  }

  /** Nothing more of a request is sent, or waits to be taken. */
  #sendingOver(): void {
    this.#settleOldest()
    this.#timer.watch()
    this.#changes?.tell()
  }

  /** Drops the oldest exchanges both of whose halves are over, and the connection with its last (RFC 9112 §9.6). */
  #settleOldest(at?: number): void {
    for (;;) {
      const over = this.#exchanges.takeOver(this.clock, at)
      if (over === undefined) break
      this.#changes?.note()
      over.stopListening()
      // The peer still waits for the rest of a request that will not come, or does not take it.
      if (over.upload !== 'stopped') continue
      if (this.#exchanges.length === 0) this.#close()
      else this.#fail(new ConnectionLost('the peer does not take the rest of the request before this one'))
    }
    const lost = this.#life.end
    if (lost === 'close') this.#close()
    else if (lost !== undefined) this.#fail(lost)
  }

  // ---------------------------------------------------------------------------------------- ending and telling

  /** The connection is over, and nothing is under way any more. */
  #close(reason?: unknown): void {
    if (this.#life.isClosed) return
    this.#life.close(reason)
    this.#changes?.note()
    this.#timer.stop()
    closeStream(this.#stream)
  }

  /** Ends everything: one exchange, `concerned` if none is named, with `reason`, the others because the connection is gone. */
  #fail(reason: unknown, culprit: Exchange | undefined = this.#exchanges.concerned, isAbort = false): void {
    if (this.#life.isClosed) return
    // What was begun has been sent, unless there is no peer to send it to.
    if (!this.#isStreamClosed) this.#writer.flush()
    const now = this.clock.now()
    const exchanges = this.#exchanges.takeAll(now)
    // Where nothing was under way the next request is told.
    this.#close(exchanges.length === 0 ? reason : undefined)
    const { address } = this.#stream
    failExchanges(exchanges, { reason, culprit, isAbort, address, progress: this.#life.progress, now })
  }
}

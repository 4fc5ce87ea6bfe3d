/**
 * The engine: HTTP/1 without I/O, for both roles. Bytes in, events out (`receive`, `nextEvent`); events in, bytes out
 * (`send`). It has no timer, no promise, no callback, and never sees a socket. RFC 9112.
 *
 * One engine serves one connection. A client engine keeps a queue of exchanges: requests are written into the newest,
 * responses are read into the oldest (RFC 9112 §9.2), and both ends of an exchange obey the tables of states.ts.
 *
 * Input is borrowed: bytes given to `receive` are looked at until `nextEvent` has answered `need-data`, `paused` or
 * `closed`, or has thrown; then what is left has been copied. A `data` event's bytes are valid until the next call.
 *
 * Whatever the input, `nextEvent` answers an event or raises one of our errors; after an error it raises the same again.
 *
 * Length: the reading and the writing half move the same exchanges; apart they would have to share their state.
 */

import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import { octets } from '../core/octets.ts'
import { takeOptions } from '../core/options.ts'
import { plainView } from '../core/snapshot.ts'
import {
  CannotSendRequest,
  ImproperConnectionState,
  IncompleteRead,
  RemoteDisconnected,
} from '../errors/index.ts'
import { type BodyDecoder, makeBodyDecoder } from './body-decoders.ts'
import { type BodyEncoder, makeBodyEncoder } from './body-encoders.ts'
import type {
  ClosedEvent,
  Defect,
  EndEvent,
  EventToSend,
  NeedDataEvent,
  PausedEvent,
  ReceivedEvent,
  RequestToSend,
  WireBytes,
} from './events.ts'
import type { Exchange, Progress } from './exchange.ts'
import { Exchanges } from './exchanges.ts'
import { messagePersists, offeredProtocols } from './framing.ts'
import { type FieldRules, rulesOf } from './head-parser.ts'
import { HeadReader } from './head-reader.ts'
import { writeResponseHead } from './head-writer.ts'
import { type LimitOptions, type Limits, resolveLimits } from './limits.ts'
import { readRequest } from './read-request.ts'
import { ReceiveBuffer } from './receive-buffer.ts'
import { type KeptHead, writeRequestHead } from './request-heads.ts'
import { ResponseHeads } from './response-heads.ts'
import { type ResponseSnapshot, snapshotFields, snapshotResponse } from './snapshot-fields.ts'
import type { Role, State, Transition } from './states.ts'
import { resolveTolerances, type ToleranceOptions, type Tolerances } from './tolerances.ts'
import { limitExceeded, violation } from './violation.ts'

/** What an engine is made with; all are optional. */
export interface H1EngineOptions {
  /** Named departures from the strict reading of heads. Default: none. */
  readonly tolerances?: ToleranceOptions | undefined
  /** How much of each element a peer may send. Default: those of `LIMITS`. */
  readonly limits?: LimitOptions | undefined
  /** Client role: how many requests may be outstanding at once. Default 1. */
  readonly pipelining?: number | undefined
}

const OPTION_NAMES = { tolerances: true, limits: true, pipelining: true } as const

const NEED_DATA: NeedDataEvent = freezeDeep({ type: 'need-data' })
const PAUSED: PausedEvent = freezeDeep({ type: 'paused' })
const CLOSED: ClosedEvent = freezeDeep({ type: 'closed' })
const END: EndEvent = freezeDeep({ type: 'end', trailers: [] })
const NO_FIELDS: readonly FieldLine[] = freezeDeep([])

/**
 * HTTP/1 without I/O, for one connection. Give it what was received (`receive`) and take events out (`nextEvent`) until it
 * answers `need-data`; give it events to send (`send`) and write the bytes it answers. It raises `RemoteProtocolError` for
 * what the peer did wrong, `LocalProtocolError` for what you did, and nothing else.
 */
export class H1Engine {
  /** Which side it plays. */
  readonly role: Role
  readonly #pipelining: number
  readonly #rules: FieldRules
  readonly #buffer: ReceiveBuffer = new ReceiveBuffer()
  readonly #heads: HeadReader
  readonly #exchanges: Exchanges = new Exchanges()
  /** The same in the role of a client. */
  readonly #responseHeads: ResponseHeads | undefined
  /** The last request head that was written, unless its fields are shared. */
  #requestHead: KeptHead | undefined
  /** Of the body that is being received. */
  #decoder: BodyDecoder | undefined
  /** Of the body that is being sent, until its end is sent. */
  #encoder: BodyEncoder | undefined
  /** True once the peer's end of the stream was received. */
  #ended = false
  #failure: Error | undefined
  #failedAt: Progress | undefined

  /** @throws TypeError for an unknown option, tolerance or limit, a value that one does not take, and a role that is none */
  constructor(role: Role, options?: H1EngineOptions) {
    if (role !== 'client' && role !== 'server') throw new TypeError("The role is 'client' or 'server'")
    const { tolerances, limits, pipelining = 1 } = takeOptions(options, OPTION_NAMES, 'H1Engine')
    this.#rules = rulesOf(resolveTolerances(tolerances), resolveLimits(limits))
    this.#pipelining = pipelining
    if (!Number.isInteger(this.#pipelining) || this.#pipelining < 1) {
      throw new TypeError('pipelining must be a whole number from 1')
    }
    this.role = role
    this.#responseHeads = role === 'client' ? new ResponseHeads(this.#rules, this.#buffer) : undefined
    this.#heads = this.#responseHeads ?? new HeadReader(role, this.#rules, this.#buffer)
  }

  /** Which tolerances are on. */
  get tolerances(): Tolerances {
    return this.#rules.tolerances
  }

  /** The limits, complete. */
  get limits(): Limits {
    return this.#rules.limits
  }

  /** The client's state, of the newest exchange. */
  get clientState(): State {
    return this.#exchanges.newest.client
  }

  /** The server's state, of the oldest exchange that is not complete. */
  get serverState(): State {
    return this.#exchanges.oldest.server
  }

  /** True if nothing is under way and another exchange may follow. */
  get isReusable(): boolean {
    const { client, server, persistent } = this.#exchanges.oldest
    return (
      client === 'idle' &&
      server === 'idle' &&
      persistent &&
      !this.#ended &&
      this.#failure === undefined &&
      this.#buffer.length === 0
    )
  }

  /** How many requests were begun whose response is still to come, or to be completed. */
  get outstanding(): number {
    return this.#exchanges.outstanding
  }

  /** True while `outstanding` is not 0; told without counting. */
  get awaitsResponse(): boolean {
    return this.#exchanges.isAwaited
  }

  /** False once a message of the newest exchange has said that the connection ends with it. */
  get persists(): boolean {
    return this.#exchanges.newest.persistent
  }

  /** True if a `request` may be sent now. */
  get canSendRequest(): boolean {
    const { client, persistent } = this.#exchanges.newest
    if (this.role !== 'client' || this.#ended || this.#failure !== undefined) return false
    // RFC 9112 §9.6: nothing more after a request that said close, nor once a response did.
    if (!persistent || !this.#exchanges.oldest.persistent) return false
    return client === 'idle' || (client === 'done' && this.#exchanges.length < this.#pipelining)
  }

  /** True while a body of the message being sent is announced and its end is not sent. */
  get expectsBodyToSend(): boolean {
    return this.#encoder?.isExpected === true
  }

  /** How far the message is that is being received, or was when reading it failed. */
  get progress(): Progress {
    if (this.#failedAt !== undefined) return this.#failedAt
    const hasBytes = this.#buffer.length > 0 || this.#exchanges.oldest.informational > 0
    return { headStarted: this.#isReadingHead() && hasBytes, bodyBytesMissing: this.#decoder?.missing }
  }

  #isReadingHead(): boolean {
    return this.#exchanges.oldest.of(this.#peer()) === (this.role === 'client' ? 'send-response' : 'idle')
  }

  #peer(): Role {
    return this.role === 'client' ? 'server' : 'client'
  }

  // ---------------------------------------------------------------------------------------------- receiving

  /** Adds received bytes, borrowed; null says that the peer will send no more. After an error nothing is kept. */
  receive(bytes: Uint8Array | null): void {
    if (this.#failure !== undefined) return
    if (bytes === null) this.#ended = true
    else if (bytes.length > 0) this.#buffer.receive(bytes)
  }

  /**
   * The next event of what was received.
   * @throws RemoteProtocolError and its subclasses; from then on the same error at each call
   */
  nextEvent(): ReceivedEvent {
    if (this.#failure !== undefined) throw this.#failure
    try {
      const event = this.#readEvent()
      if (event === NEED_DATA || event === PAUSED || event === CLOSED) this.#buffer.settle()
      return event
    } catch (error) {
      // A head that failed has been taken out of the buffer, perhaps.
      const headStarted = this.#isReadingHead() && !(error instanceof RemoteDisconnected)
      this.#failedAt = { headStarted, bodyBytesMissing: this.#decoder?.missing }
      this.#failure = error as Error
      this.#buffer.clear()
      this.#exchanges.oldest.apply(this.#peer(), 'failed')
      throw error
    }
  }

  /** After a switch of protocols: the bytes after the head, once; a Uint8Array where the platform has no Buffer. */
  takeTrailing(): Buffer {
    return this.#buffer.takeAll()
  }

  #readEvent(): ReceivedEvent {
    const exchange = this.#exchanges.oldest
    const state = exchange.of(this.#peer())
    switch (state) {
      case 'idle':
        if (this.role === 'client') return this.#readIdle(exchange)
        // A server that answered before there was a request (408) reads no request any more.
        return exchange.server === 'idle' ? this.#readHead(exchange) : this.#readWaiting(exchange)
      case 'send-response':
        return this.#readHead(exchange)
      case 'send-body':
        return this.#readBody(exchange)
      case 'done':
      case 'must-close':
        return this.role === 'server' ? this.#readWaiting(exchange) : this.#readIdle(exchange)
      case 'might-switch':
      case 'switched':
        return PAUSED
      default:
        return CLOSED
    }
  }

  /** Client role, nothing to be answered: whatever comes now cannot be the answer to a later request (RFC 9112 §9.2). */
  #readIdle(exchange: Exchange): ReceivedEvent {
    const buffer = this.#buffer
    this.#heads.skipEmptyLine()
    if (buffer.length > 0 && !this.#heads.isHalfEmptyLine) {
      throw violation('UNEXPECTED_DATA', buffer.offsetOf(buffer.start))
    }
    return this.#ended ? this.#readClose(exchange) : NEED_DATA
  }

  /** Server role, request read, answer not finished: what came after the request has to wait. */
  #readWaiting(exchange: Exchange): ReceivedEvent {
    if (this.#buffer.length > 0) return PAUSED
    return this.#ended ? this.#readClose(exchange) : NEED_DATA
  }

  #readClose(exchange: Exchange): ReceivedEvent {
    this.#apply(exchange, this.#peer(), 'closed')
    return CLOSED
  }

  #readHead(exchange: Exchange): ReceivedEvent {
    return this.role === 'client' ? this.#readResponseHead(exchange) : this.#readRequestHead(exchange)
  }

  #readNoHead(exchange: Exchange): ReceivedEvent {
    if (exchange.informational === 0) throw new RemoteDisconnected()
    throw new IncompleteRead(this.#buffer.takeAll(), undefined, undefined, 'INCOMPLETE_HEAD')
  }

  #readRequestHead(exchange: Exchange): ReceivedEvent {
    const head = this.#heads.read(this.#ended)
    if (head === 'more') return NEED_DATA
    // HTTP/0.9 is never tolerated in this role.
    if (head === 'none' || head === 'http09') return this.#readClose(exchange)
    const defects: Defect[] = []
    const event = readRequest(head, this.#rules, defects)
    const { method, version, fields } = event
    this.#beginExchange(exchange, method, offeredProtocols(version, fields), messagePersists(version, fields))
    this.#decoder = makeBodyDecoder(event.framing, this.#rules, defects)
    return event
  }

  #readResponseHead(exchange: Exchange): ReceivedEvent {
    const heads = this.#responseHeads!
    const event = heads.readResponse(exchange, this.#ended)
    if (event === 'more') return NEED_DATA
    if (event === 'none') return this.#readNoHead(exchange)
    if (event.type === 'informational') {
      if (++exchange.informational > this.limits.maxInformational) {
        throw limitExceeded('maxInformational', this.limits, heads.offset)
      }
      this.#apply(exchange, 'server', 'informational')
      return event
    }
    const { framing } = event
    if (framing.kind === 'switch') {
      this.#apply(exchange, 'server', 'switch')
    } else {
      this.#answer(exchange, event.persists)
      // In a chunked response the list is its own, and takes what the decoder lets through.
      this.#decoder = makeBodyDecoder(framing, this.#rules, event.defects as Defect[])
    }
    return event
  }

  /** A final response has begun: what was proposed is refused, and the connection may be at its end. */
  #answer(exchange: Exchange, persists: boolean): void {
    this.#apply(exchange, 'server', 'response')
    exchange.switchProposed = false
    if (!persists) exchange.endWith()
    exchange.settle()
  }

  #readBody(exchange: Exchange): ReceivedEvent {
    const decoder = this.#decoder!
    const decoded = decoder.decode(this.#buffer) ?? (this.#ended ? decoder.finish(this.#buffer) : undefined)
    if (decoded === undefined) return NEED_DATA
    if (decoded.bytes !== undefined) return { type: 'data', bytes: decoded.bytes }
    this.#decoder = undefined
    this.#heads.maySkipEmptyLine = true
    this.#apply(exchange, this.#peer(), 'end')
    this.#exchanges.dropOver()
    return decoded.trailers.length === 0 ? END : { type: 'end', trailers: decoded.trailers }
  }

  // ------------------------------------------------------------------------------------------------ sending

  /**
   * The bytes to write for an event. Nothing changes where it throws.
   * @throws ImproperConnectionState for an event that the state does not allow
   * @throws LocalProtocolError, InvalidURL or InvalidHeader for what must not be sent
   * @throws TypeError for a part of the event that is not of its type
   */
  send(event: EventToSend): WireBytes {
    switch (event.type) {
      case 'request':
        return [this.#sendRequest(event)]
      case 'informational':
      case 'response':
        return [this.#sendResponse(snapshotResponse(event))]
      case 'data':
        return this.#sendData(event.bytes)
      case 'end': {
        const trailers = Object.hasOwn(event, 'trailers') ? event.trailers : undefined
        return this.#sendEnd(trailers === undefined ? NO_FIELDS : snapshotFields(trailers))
      }
      case 'closed':
        this.#apply(this.#exchanges.newest, this.role, 'closed')
        return []
    }
  }

  #sendRequest(event: RequestToSend): string {
    if (!this.canSendRequest)
      throw new CannotSendRequest(this.#describe(this.#exchanges.newest, 'client', 'request'))
    const written = writeRequestHead(event, this.tolerances, this.#requestHead)
    if (written.isOwn) this.#requestHead = written
    const { method, text, fields } = written.last
    this.#encoder = makeBodyEncoder(fields.framing, this.tolerances)
    this.#beginExchange(this.#exchanges.next(), method, fields.offered, fields.persists)
    return text
  }

  #sendResponse(event: ResponseSnapshot): string {
    const exchange = this.#exchanges.newest
    if (this.role === 'client') throw this.#improper(exchange, 'client', event.type)
    const head = writeResponseHead(
      event,
      { method: exchange.method, upgradeOffered: exchange.offered.length > 0 },
      this.tolerances,
    )
    if (event.type === 'informational') {
      this.#apply(exchange, 'server', 'informational')
    } else if (head.framing.kind === 'switch') {
      this.#apply(exchange, 'server', 'switch')
    } else {
      this.#answer(exchange, head.persists)
      this.#encoder = makeBodyEncoder(head.framing, this.tolerances)
    }
    return head.text
  }

  #sendData(bytes: Uint8Array | string): WireBytes {
    this.#check(this.#exchanges.newest, this.role, 'data')
    return this.#encoder!.encode(typeof bytes === 'string' ? octets.encodeUtf8(bytes) : plainView(bytes))
  }

  #sendEnd(trailers: readonly FieldLine[]): WireBytes {
    const exchange = this.#exchanges.newest
    this.#check(exchange, this.role, 'end')
    const bytes = this.#encoder!.end(trailers)
    this.#encoder = undefined
    this.#apply(exchange, this.role, 'end')
    this.#exchanges.dropOver()
    return bytes
  }

  // ------------------------------------------------------------------------------------------------- states

  /** A request was sent or received: both sides move, and what its answer will depend on is kept. */
  #beginExchange(exchange: Exchange, method: string, offered: readonly string[], persists: boolean): void {
    exchange.renew()
    exchange.method = method
    exchange.offered = offered
    this.#apply(exchange, 'client', 'request')
    this.#apply(exchange, 'server', 'request-seen')
    exchange.switchProposed = method === 'CONNECT' || exchange.offered.length > 0
    if (!persists) exchange.endWith()
  }

  #apply(exchange: Exchange, role: Role, transition: Transition): void {
    if (!exchange.apply(role, transition)) throw this.#improper(exchange, role, transition)
  }

  #check(exchange: Exchange, role: Role, transition: 'data' | 'end'): void {
    if (exchange.of(role) !== 'send-body') throw this.#improper(exchange, role, transition)
  }

  #improper(exchange: Exchange, role: Role, transition: Transition): ImproperConnectionState {
    return new ImproperConnectionState(this.#describe(exchange, role, transition))
  }

  #describe(exchange: Exchange, role: Role, transition: Transition): string {
    return `the ${role} cannot send '${transition}' in state '${exchange.of(role)}'`
  }
}

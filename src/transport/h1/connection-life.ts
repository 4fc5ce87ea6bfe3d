/**
 * How far a connection is in its life: whether it takes requests, how many, and why not. It knows what this side, the peer
 * and the engine have said of the end; what is to be done about it is the connection's.
 */

import type { FieldLine } from '../../core/fields.ts'
import { ownMember } from '../../core/owns.ts'
import type { ResponseHead } from '../../core/response-head.ts'
import { ConnectionLost } from '../../errors/index.ts'
import type { H1Engine } from '../../h1/engine.ts'
import type { Progress } from '../../h1/exchange.ts'
import { alreadyClosed, type NamedRequest } from '../exchange-failure.ts'
import type { TransportState } from '../transport.ts'
import type { ExchangeQueue } from './exchange-queue.ts'
import { PeerPatience, readKeepAlive } from './keep-alive.ts'
import type { H1ConnectionOptions } from './stepped-transport.ts'
import { isBodyLikelyAfter } from './stray-body.ts'

export class ConnectionLife {
  readonly #engine: H1Engine
  readonly #pipelining: number
  readonly #exchanges: ExchangeQueue
  /** What the peer has said of its patience; undefined where it has said nothing. */
  #patience: PeerPatience | undefined
  /** Of the last response. */
  #fields: readonly FieldLine[] | undefined
  #stage: 'open' | 'switched' | 'closed' = 'open'
  readonly #suspectsBodies: boolean
  #isDraining = false
  #isCondemned = false
  /** What ended the connection while nothing was under way. */
  #closeReason: unknown

  constructor(engine: H1Engine, options: H1ConnectionOptions, exchanges: ExchangeQueue) {
    this.#engine = engine
    this.#pipelining = ownMember(options.engine, 'pipelining') ?? 1
    this.#suspectsBodies = ownMember(options, 'suspectsBodies') === true
    this.#exchanges = exchanges
  }

  /** `switched`: the connection waits for the one who takes it over for another protocol. */
  get stage(): 'open' | 'switched' | 'closed' {
    return this.#stage
  }

  get isClosed(): boolean {
    return this.#stage === 'closed'
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** How far the response is that comes next. What may be the body of one that has none is no sign of it. */
  get progress(): Progress {
    const { progress } = this.#engine
    return this.#isCondemned ? { ...progress, headStarted: false } : progress
  }

  get state(): TransportState {
    if (this.#stage === 'closed') return 'closed'
    if (this.#stage === 'switched' || this.#isDraining) return 'draining'
    const engine = this.#engine
    // Half a CRLF after a response: its other half may still come.
    const mayGoOn = this.#exchanges.length === 0 ? engine.isReusable : engine.persists
    return mayGoOn && this.#patience?.isOver !== true ? 'open' : 'draining'
  }

  /**
   * Every response has come, and something after the last of them: half a CRLF. Asked of the engine, for an exchange lasts until
   * its request is sent, and its response may have come before.
   */
  #isInDoubt(): boolean {
    return !this.#engine.awaitsResponse && !this.#engine.isReusable
  }

  /** How many exchanges may be begun now. */
  get capacity(): number {
    if (this.#stage !== 'open' || this.#isDraining || !this.#engine.canSendRequest) return 0
    if (this.#isInDoubt()) return 0
    const room = this.#pipelining - this.#exchanges.length
    return Math.max(0, this.#patience?.allows(room) ?? room)
  }

  /** True where no exchange can follow those that are under way. */
  #isSpent(): boolean {
    return !this.#engine.canSendRequest || this.#isDraining || this.#patience?.isOver === true
  }

  /** How long the peer keeps the connection idle, where it has said so, in milliseconds. */
  get keepAliveMs(): number | undefined {
    return this.#patience?.timeoutMs
  }

  /**
   * To be asked before a request is begun. What the engine refuses is left to its own words.
   * @throws ConnectionLost where nothing more is taken; nothing was written, and the request can go elsewhere
   */
  assertTakes(address: string, request: NamedRequest): void {
    if (this.#stage === 'closed') throw alreadyClosed(address, this.#closeReason, request)
    const engine = this.#engine
    if (this.#isDraining || this.#patience?.isOver === true)
      throw this.#takesNoMore(address, 'it is being closed')
    if (this.#isInDoubt() && engine.canSendRequest)
      throw this.#takesNoMore(address, 'what came after the last response leaves its end in doubt')
  }

  /** A request was begun. */
  spend(): void {
    this.#patience?.spend()
  }

  /** What the connection has come to between two exchanges: it is to be closed, what follows is lost, or it goes on. */
  get end(): 'close' | ConnectionLost | undefined {
    if (this.#stage !== 'open') return undefined
    // What is left in the engine's buffer is looked at next: an empty line does no harm (RFC 9112 §9.2).
    if (this.#exchanges.length === 0) return this.#isSpent() ? 'close' : undefined
    if (this.#engine.serverState === 'must-close')
      return new ConnectionLost('the peer ended the connection before this exchange')
    if (this.#isCondemned && this.#exchanges.unanswered?.hasHead === false)
      return new ConnectionLost('what comes next may be the body of a response that has none')
    return undefined
  }

  /** A final response came, to the first of the exchanges under way that had none. */
  answered(head: Pick<ResponseHead, 'status' | 'fields'>): void {
    this.#hear(head.fields)
    this.#patience?.answered(this.#exchanges.length - 1)
    if (!this.#suspectsBodies || !isBodyLikelyAfter(head)) return
    this.#isCondemned = true
    this.#isDraining = true
  }

  /** Equal heads have the same fields: they are read once. */
  #hear(fields: readonly FieldLine[]): void {
    if (fields === this.#fields) return
    this.#fields = fields
    const hint = readKeepAlive(fields)
    if (hint !== undefined) this.#patience ??= new PeerPatience()
    this.#patience?.hear(hint)
  }

  drain(): void {
    this.#isDraining = true
  }

  switch(): void {
    this.#stage = 'switched'
  }

  /** @param reason - told to the next who wants to begin a request, where nothing was under way */
  close(reason?: unknown): void {
    this.#stage = 'closed'
    this.#closeReason = reason
  }

  #takesNoMore(address: string, why: string): ConnectionLost {
    const facts = { requestBytesWritten: 0, responseStarted: false, reused: this.#exchanges.begun > 0 }
    return new ConnectionLost(`${address} (${why})`, facts, 'CONNECTION_CLOSED')
  }
}

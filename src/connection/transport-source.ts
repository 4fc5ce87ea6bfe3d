/**
 * Gives a hand-driven connection the transport for its next request: the open one, or one that is dialled for it. It knows
 * for which plan each was opened, and never hands one out for another.
 */

import type { RequestDeadlines } from '../core/request.ts'
import { EMPTY_LIST } from '../core/short-list.ts'
import { TimeoutError } from '../errors/index.ts'
import type { DialedStream } from '../io/byte-stream.ts'
import type { Connector, DialTarget } from '../io/dial.ts'
import { CallOff } from '../time/call-off.ts'
import type { Clock } from '../time/clock.ts'
import { type Deadlines, waitFor } from '../time/wait.ts'
import { H1Connection } from '../transport/h1/h1-connection.ts'
import type { H1ConnectionOptions, WireObserver } from '../transport/h1/stepped-transport.ts'
import { openTransport, type TransportPlan, type Tunnel } from '../transport/open.ts'
import { canTake } from '../transport/transport.ts'

/** Where a transport leads, and how it is opened. Two plans are the same if they are one object. */
export interface DialPlan {
  readonly target: DialTarget
  readonly tunnel: Tunnel | undefined
  readonly connect: Connector
  /** True where all of opening hears `callOff`, the signal and every deadline by itself. */
  readonly canBeCalledOff: boolean
  /** The first stop, for messages. */
  readonly name: string
}

/** A transport that is being opened. */
interface Opening {
  /** Undefined in the moment in which it begins. */
  transport: Promise<H1Connection> | undefined
  /** Gives the opening up. */
  readonly callOff: CallOff
}

/** What a source tells and asks. */
export interface SourceOptions {
  readonly clock: Clock
  /** @param isPeerHTTP10 - what the transport before has learnt of the server */
  connectionOptions(isPeerHTTP10: boolean): H1ConnectionOptions
  /** Dialling begins. */
  onDial(): void
}

/** The phases of opening have timeouts of their own, further down. */
const NO_PHASES = { dns: Infinity, connect: Infinity, tls: Infinity }

export class TransportSource {
  readonly #options: SourceOptions
  /** What requests went to last, and for which plan it was opened. */
  #transport: H1Connection | undefined
  #plan: DialPlan | undefined
  /** Transports that take no more requests while their last responses are still to come. */
  #draining: H1Connection[] = EMPTY_LIST
  /** While one is being opened. */
  #opening: Opening | undefined
  /** How often `close` was called, and why the last time: what waits can tell that it was. */
  #generation = 0
  #reason: unknown

  constructor(options: SourceOptions) {
    this.#options = options
  }

  /** The transport that requests went to last, unless it is closed. */
  get current(): H1Connection | undefined {
    return this.#transport?.state === 'closed' ? undefined : this.#transport
  }

  /** True while a transport is being opened. */
  get isDialing(): boolean {
    return this.#opening !== undefined
  }

  /** Takes over a transport that was opened elsewhere. */
  adopt(transport: H1Connection, plan: DialPlan): void {
    this.#transport = transport
    this.#plan = plan
  }

  /** Lets go of the transport that requests went to last, as it is. */
  release(): void {
    this.#transport = undefined
  }

  /** The open transport, if it can take a request that is meant for `plan`. */
  ready(plan: DialPlan): H1Connection | undefined {
    const transport = this.#transport
    return transport !== undefined && this.#plan === plan && canTake(transport) ? transport : undefined
  }

  /** Shows what goes over the transport from now on. */
  observe(observer: WireObserver | undefined): void {
    if (this.#transport !== undefined) this.#transport.observer = observer
  }

  /**
   * A transport that can take a request: the open one, or a new one. Calls at one time share what is opened.
   * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`; the reason given to `close`
   */
  acquire(plan: DialPlan, deadlines: RequestDeadlines): Promise<H1Connection> {
    const open = this.ready(plan)
    if (open !== undefined) return Promise.resolve(open)
    return this.#opening === undefined ? this.#begin(plan, deadlines) : this.#acquireAfter(plan, deadlines)
  }

  /** Closes all transports and gives up opening one, which fails with `reason`. */
  close(reason: unknown): void {
    this.#generation++
    this.#reason = reason
    const draining = this.#draining
    this.#draining = EMPTY_LIST
    for (const transport of draining) transport.close()
    const transport = this.#transport
    this.#transport = undefined
    transport?.close()
    const opening = this.#opening
    this.#opening = undefined
    opening?.callOff.call(reason)
  }

  /** Waits for what others open first: it may do. */
  async #acquireAfter(plan: DialPlan, deadlines: RequestDeadlines): Promise<H1Connection> {
    const generation = this.#generation
    const waiting: Deadlines = { ...deadlines, clock: this.#options.clock }
    while (this.#opening !== undefined) {
      await openedByOther(this.#opening.transport ?? Promise.resolve(), plan, waiting)
      this.#throwIfClosed(generation)
    }
    // An earlier caller may have taken it away.
    return this.ready(plan) ?? this.#begin(plan, deadlines)
  }

  #begin(plan: DialPlan, deadlines: RequestDeadlines): Promise<H1Connection> {
    // There before code of the caller's is run: that may ask for a transport, too, or close.
    const opening: Opening = { transport: undefined, callOff: new CallOff() }
    this.#opening = opening
    opening.transport = this.#open(plan, deadlines, opening)
    return opening.transport
  }

  /** No asynchronous function, as with `dial`. */
  #open(plan: DialPlan, deadlines: RequestDeadlines, opening: Opening): Promise<H1Connection> {
    const generation = this.#generation
    try {
      this.#options.onDial()
      const before = this.#plan === plan ? this.#transport : undefined
      this.#throwIfClosed(generation)
      return this.#connect(plan, deadlines, opening.callOff, before).then(
        (opened) => {
          try {
            const transport = opened instanceof H1Connection ? opened : this.#make(opened, before)
            if (this.#generation !== generation) transport.close()
            this.#throwIfClosed(generation)
            this.#replaceBy(transport, plan)
            return transport
          } finally {
            this.#opened(opening)
          }
        },
        (error: unknown) => {
          this.#opened(opening)
          throw error
        },
      )
    } catch (error) {
      this.#opened(opening)
      return Promise.reject(error)
    }
  }

  #connect(
    plan: DialPlan,
    { timeouts, endsAt, totalMs, signal }: RequestDeadlines,
    callOff: CallOff,
    before: H1Connection | undefined,
  ): Promise<DialedStream | H1Connection> {
    const waiting = { clock: this.#options.clock, timeouts, endsAt, totalMs, signal, callOff }
    return plan.canBeCalledOff
      ? plan.connect(plan.target, waiting)
      : openWithin({ ...plan, waiting, connectionOptions: this.#optionsAfter(before) }, plan.name)
  }

  #opened(opening: Opening): void {
    if (this.#opening === opening) this.#opening = undefined
  }

  #make({ stream, timings }: DialedStream, before: H1Connection | undefined): H1Connection {
    return new H1Connection(stream, { ...this.#optionsAfter(before), dialTimings: timings })
  }

  /** A server that has answered in HTTP/1.0 is not sent chunks by a new connection either. */
  #optionsAfter(before: H1Connection | undefined): H1ConnectionOptions {
    return this.#options.connectionOptions(before?.isPeerHTTP10 === true)
  }

  /** To be called after each await, and after code of the caller. @throws the reason given to `close` */
  #throwIfClosed(generation: number): void {
    if (this.#generation !== generation) throw this.#reason
  }

  #replaceBy(transport: H1Connection, plan: DialPlan): void {
    const { current } = this
    if (current !== undefined && current.outstanding > 0) {
      // Pipelined exchanges go on where they were begun; that transport closes by itself after the last of them.
      current.drain()
      this.#draining = [...this.#draining.filter(({ state }) => state !== 'closed'), current]
    } else {
      // A switched connection that was not taken, or one that half a CRLF has put in doubt.
      current?.close()
    }
    this.adopt(transport, plan)
  }
}

/**
 * Opens a transport by way of what may know nothing of signals and times: a connector of the caller's. One that does hears when it
 * is not waited for any more.
 */
function openWithin(plan: TransportPlan, name: string): Promise<H1Connection> {
  const { waiting } = plan
  return waitFor<H1Connection>({ ...waiting, timeouts: NO_PHASES }, 'connect', name, (outcome) => {
    const giveUp = new AbortController()
    const { signal } = giveUp
    openTransport({ ...plan, waiting: { ...waiting, callOff: undefined, signal } }).then(
      (opened) => (signal.aborted ? opened.close() : outcome.resolve(opened)),
      (error: unknown) => {
        outcome.reject(error)
        // Its time is over, and it may not have heard.
        giveUp.abort(error)
      },
    )
    return () => giveUp.abort(endOf(waiting, name))
  })
}

/** Why it is not waited for any more: it was called off, or the time of the whole is over. */
function endOf({ callOff, signal, totalMs }: Deadlines, address: string): unknown {
  if (callOff?.end !== undefined) return callOff.end.reason
  return signal?.aborted === true ? signal.reason : new TimeoutError('total', totalMs, { address })
}

/** Waits for a transport that another call opens, no longer than this call may. */
function openedByOther(opening: Promise<unknown>, plan: DialPlan, waiting: Deadlines): Promise<void> {
  return waitFor<void>(waiting, 'connect', plan.name, (outcome) => {
    opening.then(
      () => outcome.resolve(),
      () => outcome.resolve(),
    )
    return () => {}
  })
}

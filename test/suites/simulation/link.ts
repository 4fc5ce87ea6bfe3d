// One connection of the virtual network: two pipes of bytes between a client's stream and a server, with everything that
// a network may do to them: delay, cuts into pieces and joins of pieces, a peer that takes no more, a reset, an end, a
// disappearance without notice, silence. What is paused is held back, and what is held back stays with the sender.

import { ConnectionLost, type HTTPException } from '../../../src/errors/index.ts'
import type { ByteSink } from '../../../src/io/byte-stream.ts'
import { ByteQueue } from './byte-queue.ts'
import type { Choices } from './choices.ts'
import type { Happening, World } from './world.ts'

/** How the connection ends without either side having asked. */
export type Ending = 'fin' | 'reset' | 'gone' | 'stall'

/** What the network does to one connection. */
export interface Conditions {
  readonly upDelayMs: number
  readonly downDelayMs: number
  /** How many bytes come at once, at most; Infinity for all there is, 0 for a number that changes each time. */
  readonly segmentBytes: number
  /** How many bytes the system takes before a write answers "wait". */
  readonly upWindowBytes: number
  /** After how many bytes the server reads no more. */
  readonly upStallsAt: number
  /** How many bytes wait on their way down before the server has to wait. */
  readonly downWindowBytes: number
  /** After how many bytes in which direction the network ends the connection, and how. */
  readonly fate: { readonly side: 'up' | 'down'; readonly at: number; readonly how: Ending } | undefined
  /** A reset is noticed although nobody reads. */
  readonly tellsWhilePaused: boolean
  readonly closeDelayMs: number
}

/** The server's end. */
export interface Peer {
  data(bytes: Buffer): void
  /** The client sends no more. */
  end(): void
  /** The connection is gone. */
  gone(): void
  /** What was said has been taken; more may be. */
  space(): void
}

/** Who looks on. */
export interface Watcher {
  written(link: Link, data: string | Uint8Array): void
  beforeDelivery(link: Link, from: number, to: number): void
  afterDelivery(link: Link): void
  closedByClient(link: Link): void
}

/** The one buffer that all deliveries are read into: its bytes are lent for a call and overwritten behind it. */
const READ_BUFFER: Buffer = Buffer.allocUnsafeSlow(65_536)
const OVERWRITTEN = 0xee

export class Link {
  readonly number: number
  readonly address: string
  readonly conditions: Conditions
  sink: ByteSink | undefined
  peer: Peer | undefined
  /** Bytes that passed so far, in each direction. */
  upWritten = 0
  upDelivered = 0
  downWritten = 0
  downDelivered = 0
  /** How many of the delivered bytes came while the client was still listening. */
  heardBytes = 0
  /** How many bytes had come when the client heard the end, if it was still listening. */
  heardEnd: number | undefined
  /** What the sink was told. */
  hasToldEnd = false
  hasToldClose = false
  /** What the client did. */
  hasClientClosed = false
  isPaused = false
  /** When bytes of the client were taken last. */
  tookAt = 0
  /** When bytes reached the client last, or it began to listen again. */
  progressAt = 0
  /** A write was answered with "wait" and no drain has followed. */
  isFull = false
  writesWhileFull = 0
  /** How the connection ended, by the network's or the server's doing. */
  ending: Ending | undefined
  readonly #world: World
  readonly #choices: Choices
  readonly #watcher: Watcher
  readonly #up = new ByteQueue()
  readonly #down = new ByteQueue()
  #upEnds = false
  #downEnds = false
  #upEvent: Happening | undefined
  #downEvent: Happening | undefined
  #closedBy: HTTPException | undefined
  #heldClose: { readonly error: HTTPException | undefined } | undefined

  constructor(
    world: World,
    choices: Choices,
    watcher: Watcher,
    facts: { number: number; address: string; conditions: Conditions },
  ) {
    this.#world = world
    this.#choices = choices
    this.#watcher = watcher
    this.number = facts.number
    this.address = facts.address
    this.conditions = facts.conditions
  }

  /** Bytes that the server has said and the client has not been given. */
  get downQueued(): number {
    return this.#down.length
  }

  get isGone(): boolean {
    return this.hasToldClose || this.ending === 'reset' || this.ending === 'gone'
  }

  // ------------------------------------------------------------------------------------------ the client's end

  start(sink: ByteSink): void {
    this.sink = sink
    // As a socket does: who comes later is told what was told before.
    if (this.hasToldEnd) sink.end()
    if (this.hasToldClose) sink.closed(this.#closedBy)
    this.#flowDown(0)
  }

  write(data: string | Uint8Array): boolean {
    this.#watcher.written(this, data)
    if (this.isFull) this.writesWhileFull++
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : asBuffer(data)
    this.upWritten += bytes.length
    if (this.#up.length + bytes.length > this.conditions.upWindowBytes) this.isFull = true
    // Bytes are the caller's again where the answer is true; where it is false they are kept as they are until all is drained.
    if (!this.isGone && !this.hasClientClosed) this.#up.push(this.isFull ? bytes : Buffer.from(bytes))
    this.#flowUp(this.conditions.upDelayMs)
    return !this.isFull
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (this.isPaused) this.progressAt = this.#world.now()
    this.isPaused = false
    if (this.#heldClose !== undefined) this.#tellClose(this.#heldClose.error, 0)
    this.#flowDown(0)
  }

  /** The client sends no more; it still listens. */
  endUp(): void {
    this.#upEnds = true
    this.#flowUp(this.conditions.upDelayMs)
  }

  /** The client gives the stream up: behind what it wrote, or at once. */
  close(isAtOnce: boolean): void {
    if (this.hasClientClosed) return
    this.hasClientClosed = true
    this.#world.trace(`link ${this.number}: the client ${isAtOnce ? 'destroys' : 'closes'} it`)
    this.#watcher.closedByClient(this)
    if (isAtOnce || this.#up.length > 0) {
      this.#up.clear()
      if (this.ending === undefined)
        this.#world.at(this.conditions.upDelayMs, () => this.peer?.gone(), 'hidden')
    } else this.endUp()
    this.#tellClose(undefined, this.conditions.closeDelayMs)
  }

  // ------------------------------------------------------------------------------------------ the server's end

  say(bytes: Buffer): void {
    this.downWritten += bytes.length
    if (this.isGone || this.#downEnds) return
    this.#down.push(bytes)
    this.#flowDown(this.conditions.downDelayMs)
  }

  /** Ends the connection from the server's side, or in between. */
  end(how: Ending): void {
    // A peer that closes with something unread resets behind its end.
    const isWorse = this.ending === 'fin' && how === 'reset' && !this.hasToldEnd
    if ((this.ending !== undefined && !isWorse) || this.isGone) return
    this.ending = how
    this.#world.trace(`link ${this.number}: it ends by ${how}`)
    if (how === 'fin') {
      this.#downEnds = true
      this.#flowDown(this.conditions.downDelayMs)
    } else if (how !== 'stall') {
      this.#down.clear()
      this.#up.clear()
      const error = how === 'reset' ? new ConnectionLost(`${this.address} (ECONNRESET)`) : undefined
      this.#world.at(0, () => this.peer?.gone(), 'hidden')
      if (this.isPaused && !this.conditions.tellsWhilePaused) this.#heldClose = { error }
      else this.#tellClose(error, this.conditions.downDelayMs)
    }
  }

  // ------------------------------------------------------------------------------------------------- the pipes

  #flowUp(delayMs: number): void {
    if (this.#upEvent !== undefined || this.isGone || this.ending === 'stall') return
    if (this.#up.length === 0 && !this.#upEnds) return
    this.#upEvent = this.#world.at(delayMs, () => this.#deliverUp(), 'hidden')
  }

  #deliverUp(): void {
    this.#upEvent = undefined
    if (this.isGone || this.ending === 'stall') return
    const { conditions } = this
    const most = Math.min(this.#segment(this.#up.length), conditions.upStallsAt - this.upDelivered)
    if (this.#up.length > 0 && most <= 0) return
    if (this.#up.length > 0) {
      const bytes = this.#up.take(this.#untilFate('up', most))
      this.upDelivered += bytes.length
      this.tookAt = this.#world.now()
      this.#world.trace(`link ${this.number}: ${bytes.length} bytes reach the server`)
      this.peer?.data(bytes)
      if (this.#up.length === 0 && this.isFull) this.#world.at(0, () => this.#drained())
      this.#meetFate('up')
      this.#flowUp(this.#pause())
    } else if (this.#upEnds) {
      this.#upEnds = false
      this.peer?.end()
    }
  }

  #drained(): void {
    if (!this.isFull || this.#up.length > 0 || this.hasToldClose || this.hasClientClosed) return
    this.isFull = false
    this.writesWhileFull = 0
    this.sink?.drain()
    this.#world.mark('drained')
  }

  #flowDown(delayMs: number): void {
    if (this.#downEvent !== undefined || this.isPaused || this.sink === undefined) return
    if (this.isGone || this.ending === 'stall') return
    if (this.#down.length === 0 && !(this.#downEnds && !this.hasToldEnd)) return
    this.#downEvent = this.#world.at(delayMs, () => this.#deliverDown())
  }

  #deliverDown(): void {
    this.#downEvent = undefined
    if (this.sink === undefined || this.isPaused || this.isGone || this.ending === 'stall') return
    if (this.#down.length === 0) {
      if (this.#downEnds && !this.hasToldEnd) this.#tellEnd()
      return
    }
    const count = this.#untilFate('down', Math.min(this.#segment(this.#down.length), READ_BUFFER.length))
    this.#down.takeInto(READ_BUFFER, count)
    const from = this.downDelivered
    this.downDelivered += count
    if (!this.hasClientClosed) this.heardBytes = this.downDelivered
    this.#world.trace(`link ${this.number}: ${count} bytes reach the client${this.#late()}`)
    this.#watcher.beforeDelivery(this, from, this.downDelivered)
    this.sink.data(READ_BUFFER.subarray(0, count))
    READ_BUFFER.fill(OVERWRITTEN, 0, count)
    this.progressAt = this.#world.now()
    this.#watcher.afterDelivery(this)
    this.#world.mark('heard')
    if (this.#down.length <= this.conditions.downWindowBytes) this.peer?.space()
    this.#meetFate('down')
    this.#flowDown(this.#pause())
  }

  #tellEnd(): void {
    this.hasToldEnd = true
    if (!this.hasClientClosed) this.heardEnd = this.downDelivered
    this.#world.trace(`link ${this.number}: the client hears the end${this.#late()}`)
    this.sink!.end()
    // As a socket that is not half-open does: the other direction ends too, once it is empty.
    this.#world.at(this.conditions.closeDelayMs, () => {
      if (!this.hasClientClosed) this.#tellClose(undefined, 0)
    })
  }

  #tellClose(error: HTTPException | undefined, delayMs: number): void {
    this.#heldClose = undefined
    this.#world.at(delayMs, () => {
      if (this.hasToldClose) return
      this.hasToldClose = true
      const shown = error === undefined ? '' : ` (${error.message})`
      this.#world.trace(`link ${this.number}: the client hears the close${shown}${this.#late()}`)
      this.#closedBy = this.hasClientClosed ? undefined : error
      this.sink?.closed(this.#closedBy)
    })
  }

  // -------------------------------------------------------------------------------------------------- choices

  /** How many of `length` bytes come at once. */
  #segment(length: number): number {
    const { segmentBytes } = this.conditions
    if (length === 0 || segmentBytes === Infinity) return length
    const most = segmentBytes === 0 ? 1 + this.#choices.pick(length) : segmentBytes
    // A long body must not take an event for each byte.
    return Math.min(length, Math.max(most, length >> 3))
  }

  /** How long until the next segment. */
  #pause(): number {
    const { segmentBytes } = this.conditions
    return segmentBytes === Infinity ? 0 : this.#choices.oneOf([0, 0, 0, 1, 7])
  }

  #untilFate(side: 'up' | 'down', count: number): number {
    const { fate } = this.conditions
    if (fate?.side !== side || this.ending !== undefined) return count
    const passed = side === 'up' ? this.upDelivered : this.downDelivered
    return fate.at > passed ? Math.min(count, fate.at - passed) : count
  }

  #meetFate(side: 'up' | 'down'): void {
    const { fate } = this.conditions
    const passed = side === 'up' ? this.upDelivered : this.downDelivered
    if (fate?.side === side && this.ending === undefined && passed === fate.at) this.end(fate.how)
  }

  #late(): string {
    return this.hasClientClosed ? ', which has closed' : ''
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

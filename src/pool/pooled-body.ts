/**
 * The body of a response on a pooled connection. Giving it up reads a small rest, so that the connection can be used again;
 * one that is collected unread gives its connection back in the same way, with a warning.
 *
 * The transport holds the body inside and not this one: that is how it can be noticed that nobody holds this one any more.
 * While a read is under way, it is held by the read.
 */

import type { BodyReader } from '../core/body-reader.ts'
import type { FieldLine } from '../core/fields.ts'
import { type OutgoingRequest, rootOf } from '../core/request.ts'
import type { BodyFraming } from '../core/response-head.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { makeDeadline } from '../time/deadline.ts'
import type { PoolLimits } from './limits.ts'
import type { Holder, PooledConnection } from './pool-origin.ts'
import { describeRequest } from './report.ts'

/** Something of the caller's that costs a connection. */
export interface PoolWarning {
  /** `unread`: held for `warnUnreadMs` without being read. `collected`: the caller holds it no more, and it was not read to its end. */
  readonly kind: 'unread' | 'collected' | 'lost-lease'
  /** What was asked for, without query: `GET http://example.com/path`. */
  readonly request: string
  /** Where it was asked for: lines of a stack trace, where the pool notes them. */
  readonly where: string | undefined
  /** What happened, and what to do, in a sentence. */
  readonly message: string
}

/** What guards a body, without holding it. */
export interface GuardOptions {
  readonly connection: Pick<PooledConnection, 'transport' | 'heldBy' | 'releasedBy'>
  readonly framing: BodyFraming | undefined
  readonly clock: Clock
  readonly limits: PoolLimits
  /** What it answers. */
  readonly request: OutgoingRequest
  readonly where: string | undefined
  readonly onWarning: ((warning: PoolWarning) => void) | undefined
  /** Is told what a read has failed with. */
  readonly failed: ((error: unknown) => void) | undefined
}

const HELD_UNREAD = 'A response holds a connection and is not read: read it, or close() it'
const COLLECTED = 'A response was dropped before it was read to its end: read it, or close() it'

/** What has to be done for a body when it is given up, or collected. */
class BodyGuard implements Holder {
  readonly #inner: BodyReader
  readonly #options: GuardOptions
  #unread: Timer | undefined
  #taken = 0
  #reads = 0
  #reading = 0
  #isOver = false

  constructor(inner: BodyReader, options: GuardOptions) {
    this.#inner = inner
    this.#options = options
    options.connection.heldBy(this)
    const { warnUnreadMs } = options.limits
    if (warnUnreadMs === Infinity || options.onWarning === undefined) return
    this.#unread = options.clock.after(warnUnreadMs, () => {
      if (this.#isHolding()) this.#warn('unread', HELD_UNREAD)
    })
    // Nobody waits for a warning.
    this.#unread.keepAlive(false)
  }

  /** It has not come to its end, nor was it cut off. */
  #isHolding(): boolean {
    const { connection, framing } = this.#options
    return (
      connection.transport.state !== 'closed' && (framing?.kind === 'switch' || this.#inner.isOpen !== false)
    )
  }

  get root(): OutgoingRequest {
    return rootOf(this.#options.request)
  }

  get reads(): number {
    return this.#reads
  }

  get isRead(): boolean {
    return this.#reading > 0
  }

  /** The caller has begun to read. */
  begun(): void {
    this.#unread?.cancel()
    this.#unread = undefined
  }

  /** A read waits. */
  waits(): void {
    this.begun()
    this.#reads++
    this.#reading++
  }

  /** It was asked whether all of it is there. */
  tookAll(isAll: boolean): void {
    this.begun()
    if (isAll) this.#options.connection.releasedBy(this)
  }

  took(bytes: number): void {
    this.#taken += bytes
  }

  /** A read is over. */
  waited(): void {
    this.#reading--
    if (this.#inner.isDone) this.#options.connection.releasedBy(this)
  }

  /** The rest is not wanted: a small one is read, a large or a slow one costs the connection. */
  giveUp(isBeingRead: boolean): void {
    this.begun()
    if (this.#isOver) return
    this.#isOver = true
    const { framing, limits, connection } = this.#options
    connection.releasedBy(this)
    // Nobody took the connection after the switch, and nobody can any more.
    if (framing?.kind === 'switch') connection.transport.close()
    if (this.#inner.isDone) return
    const left = framing?.kind === 'length' ? framing.length - this.#taken : 0
    const isNear = framing?.kind !== 'until-close' && left <= limits.drainBytes
    if (isNear && (!isBeingRead || this.#stopWaiting())) void this.#drain()
    else this.#inner.cancel()
  }

  /** The reader that waits for a piece is told; the piece is read for the sake of the connection. False where that cannot be. */
  #stopWaiting(): boolean {
    this.#inner.stopWaiting?.()
    return this.#inner.stopWaiting !== undefined
  }

  /** Nobody can read it any more. */
  collected(): void {
    if (this.#isOver) return
    this.begun()
    const { connection, framing } = this.#options
    // It has come to its end, unread: that cost memory, and no connection.
    const isHeld = framing?.kind === 'switch' || this.#inner.takeAll() === undefined
    const isWarned = isHeld && connection.transport.state !== 'closed'
    // First the connection: the warning may throw.
    this.giveUp(false)
    if (isWarned) this.#warn('collected', COLLECTED)
  }

  async #drain(): Promise<void> {
    const { clock, limits } = this.#options
    const inner = this.#inner
    const deadline = makeDeadline(clock, () => inner.cancel())
    deadline.set(limits.drainMs)
    let left = limits.drainBytes
    try {
      while (left >= 0) {
        const chunk = await inner.readChunk()
        if (chunk === undefined) return
        left -= chunk.length
      }
      inner.cancel()
    } catch {
      // It broke off, or came too slowly: the connection is gone, and nobody wants to know.
    } finally {
      deadline.clear()
    }
  }

  #warn(kind: PoolWarning['kind'], message: string): void {
    const { request, where, onWarning } = this.#options
    const shown = describeRequest(request.method, request.url)
    onWarning?.(Object.freeze({ kind, request: shown, where, message }))
  }
}

const GUARDS = new FinalizationRegistry<BodyGuard>((guard) => guard.collected())

/** A body whose connection goes back to the pool whatever its holder does. */
export class PooledBody implements BodyReader {
  readonly #inner: BodyReader
  readonly #guard: BodyGuard
  readonly #failed: GuardOptions['failed']
  #isReading = false
  #isGivenUp = false

  constructor(inner: BodyReader, options: GuardOptions) {
    this.#inner = inner
    this.#guard = new BodyGuard(inner, options)
    this.#failed = options.failed
    GUARDS.register(this, this.#guard, this)
  }

  get isDone(): boolean {
    return this.#isGivenUp || this.#inner.isDone
  }

  get trailers(): readonly FieldLine[] {
    return this.#inner.trailers
  }

  readInto(target: Uint8Array): Promise<number> {
    return this.#reading(this.#inner.readInto(target), (count) => count)
  }

  readChunk(): Promise<Buffer | undefined> {
    return this.#reading(this.#inner.readChunk(), (chunk) => chunk?.length ?? 0)
  }

  readAll(): Promise<Buffer> {
    return this.#reading(this.#inner.readAll(), (all) => all.length)
  }

  takeAll(): Buffer | undefined {
    const all = this.#inner.takeAll()
    this.#guard.tookAll(all !== undefined)
    return all
  }

  cancel(): void {
    this.#isGivenUp = true
    this.#guard.giveUp(this.#isReading)
    GUARDS.unregister(this)
  }

  /** The await holds this object, and so its guard's peace, for as long as the read lasts. */
  async #reading<T>(read: Promise<T>, lengthOf: (result: T) => number): Promise<T> {
    this.#guard.waits()
    // A second read beside this one is refused by the body inside, and changes nothing.
    const isFirst = !this.#isReading
    this.#isReading = true
    try {
      const result = await read
      this.#guard.took(lengthOf(result))
      return result
    } catch (error) {
      this.#failed?.(error)
      throw error
    } finally {
      this.#guard.waited()
      if (isFirst) this.#isReading = false
    }
  }
}

/**
 * The option `connect`: what a connector of the caller's gives is looked at before anything is made of it, and it has as long as
 * `timeout.connect` for it. Waits of this package's own within it have the timeouts of their phases. It is told by a signal when
 * it is not waited for any more.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import { describe } from '../core/options.ts'
import { formatAuthority } from '../core/origin.ts'
import { ownMember } from '../core/owns.ts'
import { TimeoutError } from '../errors/index.ts'
import { CallOff } from '../time/call-off.ts'
import { type Deadline, makeDeadline } from '../time/deadline.ts'
import type { Deadlines } from '../time/wait.ts'
import type { ByteStream, DialedStream } from './byte-stream.ts'
import type { Connector, DialTarget } from './dial.ts'

/**
 * A connector of the caller's, held to what a connector gives. The signal that it is given is aborted by whoever asks, also once its
 * time is over.
 * @throws TypeError that names the option, for anything else; TimeoutError of `connect`; what the connector throws
 */
export function checkedConnector(connect: Connector): Connector {
  return (target, waiting) => {
    // Given up before it was begun: it would not hear of it.
    if (waiting.signal?.aborted === true) return Promise.reject(waiting.signal.reason as Error)
    return new Promise((resolve, reject) => {
      const callOff = ownMember(waiting, 'callOff') ?? new CallOff()
      const connecting = new Connecting(target, waiting, callOff, reject)
      const take = (dialed: DialedStream): void => {
        if (connecting.end()) resolve(dialed)
        else discard(dialed.stream)
      }
      const fail = (error: unknown): void => {
        connecting.end()
        reject(error)
      }
      made(connect, target, { ...waiting, callOff }).then(take, fail)
    })
  }
}

/** How long a connector may take. */
class Connecting {
  readonly #target: DialTarget
  readonly #waiting: Deadlines
  readonly #callOff: CallOff
  readonly #reject: (error: unknown) => void
  readonly #deadline: Deadline
  readonly #onAbort = (): void => this.#fail(this.#waiting.signal?.reason)
  /** A wait of our own was under way when it was looked at last. */
  #hasWaited = false
  #isOver = false

  constructor(target: DialTarget, waiting: Deadlines, callOff: CallOff, reject: (error: unknown) => void) {
    this.#target = target
    this.#waiting = waiting
    this.#callOff = callOff
    this.#reject = reject
    this.#deadline = makeDeadline(waiting.clock, Connecting.#ranOut, this)
    if (waiting.signal !== undefined) listenForAbort(waiting.signal, this.#onAbort)
    this.#deadline.set(waiting.timeouts.connect)
  }

  static readonly #ranOut = (connecting: Connecting): void => connecting.#look()

  #look(): void {
    const connectMs = this.#waiting.timeouts.connect
    // A wait of our own ends by the timeout of its phase, perhaps at this moment.
    const isWaiting = this.#callOff.phase !== undefined
    const isExcused = isWaiting || this.#hasWaited
    this.#hasWaited = isWaiting
    if (isExcused) this.#deadline.set(connectMs)
    else this.#fail(new TimeoutError('connect', connectMs, { address: formatAuthority(this.#target) }))
  }

  #fail(error: unknown): void {
    if (this.end()) this.#reject(error)
  }

  /** It is over. False where it was before. */
  end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#deadline.clear()
    const { signal } = this.#waiting
    if (signal !== undefined) stopListeningForAbort(signal, this.#onAbort)
    return true
  }
}

/** @throws TypeError for what is no answer of a connector; what it throws */
async function made(connect: Connector, target: DialTarget, waiting: Deadlines): Promise<DialedStream> {
  const dialed: unknown = await connect(target, waiting)
  const { stream, timings } = Object(dialed) as { stream?: Partial<ByteStream>; timings?: unknown }
  if (typeof stream?.start !== 'function' || Object(timings) !== timings) {
    discard(stream)
    throw new TypeError(
      `the option connect gave ${describe(dialed)}; it gives { stream, timings }: see the type Connector`,
    )
  }
  return dialed as DialedStream
}

/** Closes what nobody else can. */
function discard(stream: Partial<ByteStream> | null | undefined): void {
  try {
    if (typeof stream?.destroy === 'function') stream.destroy()
  } catch {
    // It is told as too late, or as what it is.
  }
}

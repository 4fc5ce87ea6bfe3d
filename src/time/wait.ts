/**
 * What bounds a wait: a timeout for the phase, and a signal. One helper makes a promise out of both, so that no wait is
 * without an unhappy path and none leaves a timer or a listener.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import { ownMember } from '../core/owns.ts'
import { TimeoutError, type TimeoutPhase } from '../errors/index.ts'
import type { CalledOff, CallOff } from './call-off.ts'
import type { Clock } from './clock.ts'
import { type Deadline, makeDeadline } from './deadline.ts'

export interface Deadlines {
  readonly clock: Clock
  /** Milliseconds for each phase of connecting; Infinity for none. */
  readonly timeouts: Readonly<Record<'dns' | 'connect' | 'tls', number>>
  /** When everything must be done, on `clock`; Infinity for never. `totalMs` is what the caller had said. */
  readonly endsAt: number
  readonly totalMs: number
  readonly signal: AbortSignal | undefined
  /** Ends the wait, too: for what is this package's own. @internal */
  readonly callOff?: CallOff | undefined
}

/** What a wait is told: its outcome, once. */
export interface Outcome<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/**
 * Waits for what `begin` starts. `begin` answers how to give it up; that is called on a timeout or an abort, never after
 * the outcome.
 * @throws TimeoutError of `phase`, or of `total` where that ends first; `signal.reason`; why it was called off
 */
export function waitFor<T>(
  waiting: Deadlines,
  phase: WaitPhase,
  address: string,
  begin: (outcome: Outcome<T>) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const { signal } = waiting
    const callOff = ownMember(waiting, 'callOff')
    if (signal?.aborted === true) reject(signal.reason)
    else if (callOff?.end !== undefined) reject(callOff.end.reason)
    else new Wait<T>(waiting, phase, address, resolve, reject).begin(begin)
  })
}

type WaitPhase = TimeoutPhase & ('dns' | 'connect' | 'tls')

/** One wait. An object, and few functions: thousands may wait at the same time. */
class Wait<T> implements Outcome<T>, CalledOff {
  readonly #waiting: Deadlines
  readonly phase: WaitPhase
  readonly #address: string
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void
  readonly #deadline: Deadline
  /** The whole request's time ends before that of the phase. */
  #isTotal = false
  /** Listens to the signal, where there is one. */
  #onAbort: (() => void) | undefined
  #giveUp: (() => void) | undefined
  #state: 'waiting' | 'settled' | 'given-up' = 'waiting'

  constructor(
    waiting: Deadlines,
    phase: WaitPhase,
    address: string,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#waiting = waiting
    this.phase = phase
    this.#address = address
    this.#resolve = resolve
    this.#reject = reject
    this.#deadline = makeDeadline(waiting.clock, timedOut, this)
  }

  begin(begin: (outcome: Outcome<T>) => () => void): void {
    const { signal, timeouts, endsAt, clock } = this.#waiting
    const callOff = ownMember(this.#waiting, 'callOff')
    const leftMs = endsAt - clock.now()
    const phaseMs = timeouts[this.phase]
    this.#isTotal = leftMs < phaseMs
    this.#deadline.set(Math.max(0, Math.min(leftMs, phaseMs)))
    if (signal !== undefined) {
      this.#onAbort = () => this.#end(signal.reason)
      listenForAbort(signal, this.#onAbort)
    }
    if (callOff !== undefined) callOff.waiter = this
    try {
      const giveUp = begin(this)
      if (this.#state === 'given-up') giveUp()
      else if (this.#state === 'waiting') this.#giveUp = giveUp
    } catch (error) {
      this.reject(error)
    }
  }

  resolve(value: T): void {
    if (this.#settle('settled')) this.#resolve(value)
  }

  reject(error: unknown): void {
    if (this.#settle('settled')) this.#reject(error)
  }

  calledOff(reason: unknown): void {
    this.#end(reason)
  }

  /** Gives up what is waited for. */
  #end(error: unknown): void {
    const giveUp = this.#giveUp
    if (!this.#settle('given-up')) return
    giveUp?.()
    this.#reject(error)
  }

  /** Answers false where it was over before. */
  #settle(state: 'settled' | 'given-up'): boolean {
    if (this.#state !== 'waiting') return false
    this.#state = state
    this.#giveUp = undefined
    this.#deadline.clear()
    const callOff = ownMember(this.#waiting, 'callOff')
    if (callOff !== undefined) callOff.waiter = undefined
    if (this.#onAbort !== undefined) stopListeningForAbort(this.#waiting.signal!, this.#onAbort)
    return true
  }

  timedOut(): void {
    const { timeouts, totalMs } = this.#waiting
    const phase = this.#isTotal ? 'total' : this.phase
    const timeoutMs = this.#isTotal ? totalMs : timeouts[this.phase]
    this.#end(new TimeoutError(phase, timeoutMs, { address: this.#address }))
  }
}

const timedOut = (wait: { timedOut(): void }): void => wait.timedOut()

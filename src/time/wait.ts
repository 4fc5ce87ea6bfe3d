/**
 * What bounds a wait: a timeout for the phase, and a signal. One helper makes a promise out of both, so that no wait is
 * without an unhappy path and none leaves a timer or a listener.
 */

import { listenForAbort, stopListeningForAbort } from '../core/abort-listeners.ts'
import { TimeoutError, type TimeoutPhase } from '../errors/index.ts'
import type { Clock } from './clock.ts'
import { makeDeadline } from './deadline.ts'

export interface Deadlines {
  readonly clock: Clock
  /** Milliseconds for each phase of connecting; Infinity for none. */
  readonly timeouts: Readonly<Record<'dns' | 'connect' | 'tls', number>>
  /** When everything must be done, on `clock`; Infinity for never. `totalMs` is what the caller had said. */
  readonly endsAt: number
  readonly totalMs: number
  readonly signal: AbortSignal | undefined
}

/** What a wait is told: its outcome, once. */
export interface Outcome<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/**
 * Waits for what `begin` starts. `begin` answers how to give it up; that is called on a timeout or an abort, never after
 * the outcome.
 * @throws TimeoutError of `phase`, or of `total` where that ends first; `signal.reason`
 */
export function waitFor<T>(
  waiting: Deadlines,
  phase: TimeoutPhase & ('dns' | 'connect' | 'tls'),
  address: string,
  begin: (outcome: Outcome<T>) => () => void,
): Promise<T> {
  const { clock, signal } = waiting
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason)
      return
    }
    let isSettled = false
    let isGivenUp = false
    let giveUp: (() => void) | undefined
    const settle = (act: () => void): void => {
      if (isSettled) return
      isSettled = true
      deadline.clear()
      if (signal !== undefined) stopListeningForAbort(signal, onAbort)
      act()
    }
    const onAbort = (): void => {
      settle(() => {
        isGivenUp = true
        giveUp?.()
        reject(signal?.reason)
      })
    }
    const left = waiting.endsAt - clock.now()
    const isTotal = left < waiting.timeouts[phase]
    const deadline = makeDeadline(clock, () => {
      settle(() => {
        isGivenUp = true
        giveUp?.()
        const timeoutMs = isTotal ? waiting.totalMs : waiting.timeouts[phase]
        reject(new TimeoutError(isTotal ? 'total' : phase, timeoutMs, { address }))
      })
    })
    deadline.set(Math.max(0, Math.min(left, waiting.timeouts[phase])))
    if (signal !== undefined) listenForAbort(signal, onAbort)
    const outcome: Outcome<T> = {
      resolve: (value) => settle(() => resolve(value)),
      reject: (error) => settle(() => reject(error)),
    }
    try {
      giveUp = begin(outcome)
      if (isGivenUp) giveUp()
    } catch (error) {
      outcome.reject(error)
    }
  })
}

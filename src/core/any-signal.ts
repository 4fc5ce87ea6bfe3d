/**
 * One signal of two: of a client and of a request, of a request and of a connection. `AbortSignal.any` of Node keeps something on
 * each of the two for every signal made of them, for as long as they live; this one leaves nothing behind.
 *
 * Only while it is kept (`keepSignal`) is such a signal held by the two it is made of: who waits for nothing else than its abort
 * is not collected in the middle of that.
 */

import { listenForAbort, stopListeningForAbort } from './abort-listeners.ts'

/** What the two signals hold of the one that is made of them. */
class Joint {
  readonly #of: readonly [AbortSignal, AbortSignal]
  readonly #controller: WeakRef<AbortController>
  /** Held, and nothing else. */
  kept: AbortController | undefined
  #keeps = 0

  constructor(of: readonly [AbortSignal, AbortSignal], controller: AbortController) {
    this.#of = of
    this.#controller = new WeakRef(controller)
    for (const one of of) listenForAbort(one, this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.end()
    this.#controller.deref()?.abort(this.#of.find(({ aborted }) => aborted)?.reason)
  }

  keep(): void {
    if (this.#keeps++ > 0) return
    this.kept = this.#controller.deref()
    for (const one of this.#of) keepSignal(one)
  }

  letGo(): void {
    if (--this.#keeps > 0) return
    this.kept = undefined
    for (const one of this.#of) letSignalGo(one)
  }

  /** Hears the two no more. */
  end(): void {
    for (const one of this.#of) stopListeningForAbort(one, this.#onAbort)
  }
}

interface Made {
  readonly joint: Joint
  /** A signal does not hold its controller. */
  readonly controller: AbortController
}

const MADE = new WeakMap<AbortSignal, Made>()
const COLLECTED = new FinalizationRegistry<Joint>((joint) => joint.end())

/** A signal that aborts with the first of two, for its reason; one of the two where that says all. */
export function anySignal(a: AbortSignal, b: AbortSignal): AbortSignal
export function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined
export function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b
  if (a.aborted) return a
  if (b.aborted) return b
  const controller = new AbortController()
  const { signal } = controller
  const joint = new Joint([a, b], controller)
  MADE.set(signal, { joint, controller })
  COLLECTED.register(signal, joint)
  return signal
}

/** Somebody waits for a signal: one that is made of two is held by them until it is let go. */
export function keepSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined) MADE.get(signal)?.joint.keep()
}

/** As often as it was kept. */
export function letSignalGo(signal: AbortSignal | undefined): void {
  if (signal !== undefined) MADE.get(signal)?.joint.letGo()
}

/** Nobody waits for a signal any more, and nobody will: one that is made of two hears them no more. */
export function endSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined) MADE.get(signal)?.joint.end()
}

/**
 * Hears aborts: one listener for each signal, however many wait for it. A signal that serves a process for its life would
 * collect listeners otherwise, and Node warns of the eleventh.
 *
 * One signal of two is made here, too: of a client and of a request, of a request and of a connection. `AbortSignal.any` keeps
 * something on each of the two for every signal made of them, for as long as they live. This one hears the two only while
 * a caller waits for it (`listenForAbort`, `keepSignal`); who only looks at it (`aborted`) makes it look at them.
 */

type OnAbort = () => void

/** Who waits for a signal, and the listener that tells them. */
interface Audience {
  readonly waiting: Set<OnAbort>
  readonly listener: () => void
}

/** Security: without a prototype, for Node would look there for a signal that ends the listening before it begins. */
const ONCE: { readonly once: true } = Object.freeze(
  Object.assign(Object.create(null) as object, { once: true } as const),
)

const AUDIENCES = new WeakMap<AbortSignal, Audience>()

/** What makes one signal of two. */
class Joint {
  readonly #of: readonly [AbortSignal, AbortSignal]
  readonly #controller = new AbortController()
  #keeps = 0

  constructor(of: readonly [AbortSignal, AbortSignal]) {
    this.#of = of
    const { signal } = this.#controller
    Object.defineProperties(signal, {
      aborted: { get: () => this.#look('aborted') },
      reason: { get: () => this.#look('reason') },
      throwIfAborted: {
        value: () => {
          if (signal.aborted) throw signal.reason
        },
      },
    })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  keep(): void {
    if (this.#keeps++ > 0) return
    const ended = this.#of.find(({ aborted }) => aborted)
    if (ended !== undefined) this.#abort(ended)
    else for (const one of this.#of) listenForAbort(one, this.#onAbort)
  }

  letGo(): void {
    if (--this.#keeps === 0) this.#unhear()
  }

  readonly #onAbort = (): void => this.#abort(this.#of.find(({ aborted }) => aborted))

  #look(member: 'aborted' | 'reason'): unknown {
    const ended = this.#of.find(({ aborted }) => aborted)
    if (ended !== undefined) this.#abort(ended)
    return Reflect.get(AbortSignal.prototype, member, this.signal)
  }

  /** Nothing where it was aborted before. */
  #abort(by: AbortSignal | undefined): void {
    this.#unhear()
    this.#controller.abort(by?.reason)
  }

  #unhear(): void {
    for (const one of this.#of) stopListeningForAbort(one, this.#onAbort)
  }
}

const JOINTS = new WeakMap<AbortSignal, Joint>()

/** A signal that aborts with the first of two, for its reason; one of the two where that says all. */
export function anySignal(a: AbortSignal, b: AbortSignal): AbortSignal
export function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined
export function anySignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b
  if (a.aborted) return a
  if (b.aborted) return b
  const joint = new Joint([a, b])
  JOINTS.set(joint.signal, joint)
  return joint.signal
}

/** A caller may wait for a signal by means of their own: one that is made of two hears them until it is let go. */
export function keepSignal(signal: AbortSignal): void {
  JOINTS.get(signal)?.keep()
}

/** As often as it was kept. */
export function letSignalGo(signal: AbortSignal): void {
  JOINTS.get(signal)?.letGo()
}

/** Calls `onAbort` once when the signal aborts, in the order of the calls; not for one that has aborted. */
export function listenForAbort(signal: AbortSignal, onAbort: OnAbort): void {
  let audience = AUDIENCES.get(signal)
  if (audience === undefined) {
    const waiting = new Set<OnAbort>()
    const listener = (): void => {
      for (const one of waiting) {
        waiting.delete(one)
        one()
      }
      // Where the last of them has stopped listening meanwhile, that is done.
      if (AUDIENCES.delete(signal)) letSignalGo(signal)
    }
    audience = { waiting, listener }
    AUDIENCES.set(signal, audience)
    signal.addEventListener('abort', listener, ONCE)
    audience.waiting.add(onAbort)
    keepSignal(signal)
    return
  }
  audience.waiting.add(onAbort)
}

/** Takes `onAbort` back; with the last one the listener goes, too. */
export function stopListeningForAbort(signal: AbortSignal, onAbort: OnAbort): void {
  const audience = AUDIENCES.get(signal)
  if (audience === undefined) return
  audience.waiting.delete(onAbort)
  if (audience.waiting.size > 0) return
  AUDIENCES.delete(signal)
  signal.removeEventListener('abort', audience.listener)
  letSignalGo(signal)
}

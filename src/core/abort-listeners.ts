/**
 * Hears aborts: one listener for each signal, however many wait for it. A signal that serves a process for its life would
 * collect listeners otherwise, and Node warns of the eleventh.
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
      AUDIENCES.delete(signal)
    }
    audience = { waiting, listener }
    AUDIENCES.set(signal, audience)
    signal.addEventListener('abort', listener, ONCE)
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
}

/** Signals of other packages: anything that says `aborted` and can be listened to. */

/** The platform's own class, as it was when this module was loaded. */
const PlatformSignal = globalThis.AbortSignal
const PlatformController = globalThis.AbortController

const BRIDGES = new WeakMap<object, AbortSignal>()

/**
 * The platform's signal for what was given as one.
 * @throws TypeError for what is none
 */
export function asAbortSignal(signal: unknown): AbortSignal {
  if (signal instanceof PlatformSignal) return signal
  const { aborted, addEventListener } = signal as Partial<AbortSignal>
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw new TypeError("Failed to construct 'Request': member signal is not of type AbortSignal.")
  const foreign = signal as AbortSignal
  let bridge = BRIDGES.get(foreign)
  if (bridge === undefined) {
    const controller = new PlatformController()
    // One that is older than `reason` has none: the platform's default stands for it.
    const abort = (): void => controller.abort(foreign.reason)
    if (aborted) abort()
    else foreign.addEventListener('abort', abort, { once: true })
    bridge = controller.signal
    BRIDGES.set(foreign, bridge)
  }
  return bridge
}

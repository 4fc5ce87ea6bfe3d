/** Signals of other packages: anything that says `aborted` and can be listened to. Older ones have no `reason` and throw nothing. */

/** The platform's own class, as it was when this module was loaded. */
const PlatformSignal = globalThis.AbortSignal
const PlatformController = globalThis.AbortController

/** Security: without a prototype, for Node would look there for a signal that ends the listening before it begins. */
const ONCE: { readonly once: true } = Object.freeze(
  Object.assign(Object.create(null) as object, { once: true } as const),
)

const BRIDGES = new WeakMap<object, AbortController>()

/** The platform's signal for one of any package: one listener on it, however often it is given. */
export function platformSignal(signal: AbortSignal): AbortSignal
export function platformSignal(signal: AbortSignal | undefined): AbortSignal | undefined
export function platformSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  return signal === undefined || signal instanceof PlatformSignal ? signal : bridgeOf(signal)
}

function bridgeOf(foreign: AbortSignal): AbortSignal {
  let bridge = BRIDGES.get(foreign)
  if (bridge === undefined) {
    const made = new PlatformController()
    // One that is older than `reason` has none: the platform's default stands for it.
    if (!foreign.aborted) foreign.addEventListener('abort', () => made.abort(foreign.reason), ONCE)
    // Once it listens: a signal that threw is asked again.
    bridge = made
    BRIDGES.set(foreign, made)
  }
  // Also where its listeners were all taken off, or are still to be called.
  if (foreign.aborted) bridge.abort(foreign.reason)
  return bridge.signal
}

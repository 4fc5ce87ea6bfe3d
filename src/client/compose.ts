/**
 * The chain that a request goes through: layers around the pool, the outermost first. Each set of features has a chain of its
 * own, made when it is first asked for; a layer whose feature is off is not in it.
 */

import type { Handler, Layer } from '../core/handler.ts'
import type { RequestSettings } from '../core/settings.ts'
import { throwOnErrorLayer } from '../layers/throw-on-error.ts'

/** One feature's layer, and when it is asked for. */
interface Feature {
  readonly isOn: (settings: RequestSettings) => boolean
  readonly layer: Layer
}

/** Lays layers around a handler, the first outermost. */
export function compose(layers: readonly Layer[], inner: Handler): Handler {
  return layers.reduceRight((next, layer) => layer(next), inner)
}

/** The chains of a client. */
export class Chains {
  readonly #own: readonly Layer[]
  readonly #features: readonly Feature[]
  readonly #inner: Handler
  readonly #bySettings: WeakMap<RequestSettings, Handler> = new WeakMap()
  readonly #byFeatures: Map<number, Handler> = new Map()

  /** @param own - the layers of the user, outside all others */
  constructor(own: readonly Layer[], inner: Handler) {
    this.#own = own
    this.#inner = inner
    this.#features = [
      {
        isOn: ({ throwOnError }) => throwOnError !== undefined && throwOnError !== false,
        layer: throwOnErrorLayer,
      },
    ]
  }

  /** The chain for settings. */
  chainFor(settings: RequestSettings): Handler {
    let chain = this.#bySettings.get(settings)
    if (chain === undefined) {
      chain = this.#chainOf(settings)
      this.#bySettings.set(settings, chain)
    }
    return chain
  }

  #chainOf(settings: RequestSettings): Handler {
    const on = this.#features.filter(({ isOn }) => isOn(settings))
    const mask = this.#features.reduce(
      (bits, feature, index) => bits | (on.includes(feature) ? 1 << index : 0),
      0,
    )
    let chain = this.#byFeatures.get(mask)
    if (chain === undefined) {
      chain = compose([...this.#own, ...on.map(({ layer }) => layer)], this.#inner)
      this.#byFeatures.set(mask, chain)
    }
    return chain
  }
}

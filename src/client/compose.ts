/**
 * The chain that a request goes through: layers around the pool, the outermost first. Each set of features has a chain of its
 * own, made when it is first asked for; a layer whose feature is off is not in it.
 */

import { type ContinuingHandler, continuingOf } from '../core/continuation.ts'
import type { Handler, Layer } from '../core/handler.ts'
import { describe } from '../core/options.ts'
import { OutgoingRequest } from '../core/request.ts'
import { HTTPResponse } from '../core/response.ts'
import type { RequestSettings } from '../core/settings.ts'
import { authLayer } from '../layers/auth/layer.ts'
import type { AuthMemory } from '../layers/auth/memory.ts'
import { cookiesLayer } from '../layers/cookies/cookies.ts'
import type { LazyJar } from '../layers/cookies/lazy-jar.ts'
import { decompressLayer } from '../layers/decompress.ts'
import { hstsNotesLayer, hstsUpgradeLayer, upgradeRedirect } from '../layers/hsts/hsts.ts'
import type { MemoryHstsStore } from '../layers/hsts/store.ts'
import { minSpeedLayer } from '../layers/min-speed.ts'
import type { Pauses } from '../layers/pause.ts'
import { progressLayer } from '../layers/progress.ts'
import { type RedirectLayerOptions, redirectLayer } from '../layers/redirect.ts'
import { type RetryLayerOptions, retryLayer } from '../layers/retry.ts'
import { compose } from '../layers/steps.ts'
import { throwOnErrorLayer } from '../layers/throw-on-error.ts'
import { contextLayer, eventsLayer } from './events.ts'
import {
  attemptHooks,
  errorHook,
  hasAttemptHooks,
  hasErrorHook,
  redirectIsFollowed,
  requestIsSentAgain,
} from './hooks.ts'
import { warnOfHsts, warnOfJar } from './store-warnings.ts'
import { withStrictTls } from './strict-tls.ts'

/** A built-in layer, and when it is in the chain. */
export interface Feature {
  readonly name: string
  readonly isOn: (settings: RequestSettings) => boolean
  /** Makes the layer; called once for a client, when it is first on. */
  readonly make: () => Layer
}

/** Outside of the layers of the user. */
function outerFeatures({ clock, underway: { pauses } }: Ground): readonly Feature[] {
  return [
    { name: 'events', isOn: () => true, make: () => eventsLayer },
    { name: 'onError', isOn: hasErrorHook, make: () => errorHook({ clock, pauses }) },
    { name: 'context', isOn: ({ context }) => context !== undefined, make: () => contextLayer },
  ]
}

/** What the built-in layers of a client stand on. */
export interface Ground {
  readonly clock: RetryLayerOptions['clock']
  readonly random: RetryLayerOptions['random']
  readonly locate: RedirectLayerOptions['locate']
  readonly underway: { readonly pauses: Pauses }
  readonly auth: AuthMemory
  readonly jar: LazyJar
  readonly hstsStore: MemoryHstsStore
}

/** Inside of them, the outermost first. */
function innerFeatures({
  clock,
  random,
  locate,
  underway,
  auth,
  jar,
  hstsStore,
}: Ground): readonly Feature[] {
  const { pauses } = underway
  const wait = { clock, pauses }
  const hsts = {
    ownStore: () => hstsStore,
    locate,
    strict: withStrictTls,
    onFailure: warnOfHsts,
    wait,
    wallClock: undefined,
  }
  return [
    {
      name: 'throwOnError',
      isOn: ({ throwOnError }) => throwOnError !== undefined && throwOnError !== false,
      make: () => throwOnErrorLayer,
    },
    { name: 'hsts', isOn: ({ hsts: store }) => store !== undefined, make: () => hstsUpgradeLayer(hsts) },
    {
      name: 'redirect',
      isOn: ({ redirect }) => redirect !== undefined,
      make: () =>
        redirectLayer({
          locate,
          clock,
          random,
          pauses,
          upgrade: upgradeRedirect(hsts),
          onRedirect: (notice, facts) => redirectIsFollowed(notice, facts, wait),
          wallClock: undefined,
        }),
    },
    {
      name: 'retry',
      isOn: ({ retry }) => retry !== undefined,
      make: () =>
        retryLayer({
          clock,
          random,
          pauses,
          onRetry: (notice, facts) => requestIsSentAgain(notice, facts, wait),
          wallClock: undefined,
        }),
    },
    { name: 'hooks', isOn: hasAttemptHooks, make: () => attemptHooks(wait) },
    {
      name: 'auth',
      isOn: (settings) => settings.auth !== undefined && settings.auth !== false,
      make: () => authLayer({ memory: auth, clock, pauses }),
    },
    { name: 'hstsNotes', isOn: ({ hsts: store }) => store !== undefined, make: () => hstsNotesLayer(hsts) },
    {
      name: 'cookies',
      isOn: ({ cookies }) => cookies !== undefined,
      make: () => cookiesLayer({ ownJar: () => jar, onFailure: warnOfJar, wait }),
    },
    { name: 'decompress', isOn: ({ decompress }) => decompress !== undefined, make: () => decompressLayer() },
    { name: 'progress', isOn: ({ onProgress }) => onProgress !== undefined, make: () => progressLayer(wait) },
    {
      name: 'minSpeed',
      isOn: ({ minSpeed }) => minSpeed !== undefined,
      make: () => minSpeedLayer({ clock }),
    },
  ]
}

/**
 * A layer of the user, held to what a layer is: what it throws at once is a rejection as any other, a response needs no promise,
 * and anything else is a TypeError that names the layer. The layers around it rely on that.
 */
export function guardLayer(layer: Layer): Layer {
  const name = nameOfLayer(layer)
  return (next) => {
    const handler: unknown = layer((request) => {
      if (request instanceof OutgoingRequest) return next(request)
      return Promise.reject(new TypeError(`${name}: next() takes a request, not ${describe(request)}`))
    })
    if (typeof handler !== 'function')
      throw new TypeError(
        `${name}: a layer gives a handler, a function of a request, not ${describe(handler)}`,
      )
    const check = (response: unknown): HTTPResponse => {
      if (response instanceof HTTPResponse) return response
      throw new TypeError(
        `${name}: its handler gives a response or a promise of one, not ${describe(response)}`,
      )
    }
    // An async function: what the handler throws at once rejects.
    return async (request) => check(await (handler as (request: OutgoingRequest) => unknown)(request))
  }
}

function nameOfLayer({ name }: Layer): string {
  return `use(${name === '' ? 'layer' : name})`
}

/** The chains of a client. */
export class Chains {
  readonly #own: readonly Layer[]
  readonly #outer: readonly Feature[]
  readonly #inner: readonly Feature[]
  readonly #end: Handler
  readonly #bySettings: WeakMap<RequestSettings, ContinuingHandler> = new WeakMap()
  readonly #byNames: Map<string, ContinuingHandler> = new Map()
  readonly #made: Map<Feature, Layer> = new Map()

  /**
   * @param own - the layers of the user
   * @param ground - what the built-in ones stand on
   * @param end - what the innermost layer calls
   */
  constructor(own: readonly Layer[], ground: Ground, end: Handler) {
    this.#own = own
    this.#outer = outerFeatures(ground)
    this.#inner = innerFeatures(ground)
    this.#end = end
  }

  /** The names of the layers that a request with these settings goes through, the outermost first. */
  namesFor(settings: RequestSettings): readonly string[] {
    const own = this.#own.map(nameOfLayer)
    return [...namesOf(this.#outer, settings), ...own, ...namesOf(this.#inner, settings), 'pool']
  }

  /** The chain for settings. */
  chainFor(settings: RequestSettings): ContinuingHandler {
    let chain = this.#bySettings.get(settings)
    if (chain === undefined) {
      chain = this.#chainOf(settings)
      this.#bySettings.set(settings, chain)
    }
    return chain
  }

  #chainOf(settings: RequestSettings): ContinuingHandler {
    const names = [...namesOf(this.#outer, settings), ...namesOf(this.#inner, settings)].join()
    let chain = this.#byNames.get(names)
    if (chain === undefined) {
      const layers = [
        ...this.#layersOf(this.#outer, settings),
        ...this.#own.map(guardLayer),
        ...this.#layersOf(this.#inner, settings),
      ]
      chain = continuingOf(compose(layers, this.#end))
      this.#byNames.set(names, chain)
    }
    return chain
  }

  #layersOf(features: readonly Feature[], settings: RequestSettings): Layer[] {
    return features.filter(({ isOn }) => isOn(settings)).map((feature) => this.#layerOf(feature))
  }

  #layerOf(feature: Feature): Layer {
    let layer = this.#made.get(feature)
    if (layer === undefined) {
      layer = feature.make()
      this.#made.set(feature, layer)
    }
    return layer
  }
}

function namesOf(features: readonly Feature[], settings: RequestSettings): string[] {
  return features.filter(({ isOn }) => isOn(settings)).map(({ name }) => name)
}

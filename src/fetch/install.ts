/** `fetch` in the place of the global one, for a whole process. */

import type { Client } from '../client/client.ts'
import { createFetch, fetch } from './fetch.ts'
import type { Fetch } from './types.ts'

/** A `fetch` in the place of the global one. */
interface Installed {
  readonly own: Fetch
  readonly former: PropertyDescriptor | undefined
  /** The one that it took the place of, where that was one of ours. */
  readonly under: Installed | undefined
  isUndone: boolean
}

/** The one that was put in last. */
let installed: Installed | undefined

/**
 * Puts `fetch` in the place of `globalThis.fetch`, for everything in the process that uses it.
 * @param client - the client it stands on; by default the one of `fetch`
 * @returns what puts the former one back, unless another was put in meanwhile; several may be undone in any order
 */
export function install(client?: Client): () => void {
  const former = Object.getOwnPropertyDescriptor(globalThis, 'fetch')
  const under = installed !== undefined && globalThis.fetch === installed.own ? installed : undefined
  const own = client === undefined ? fetch : createFetch(client)
  const entry: Installed = { own, former, under, isUndone: false }
  put({ value: own, configurable: true, enumerable: true, writable: true })
  installed = entry
  return () => {
    entry.isUndone = true
    if (installed === undefined || globalThis.fetch !== installed.own) {
      // Another was put in, and this one has been put back since.
      if (globalThis.fetch === own) put(former)
      return
    }
    while (installed?.isUndone === true) {
      put(installed.former)
      installed = installed.under
    }
  }
}

function put(fetchProperty: PropertyDescriptor | undefined): void {
  if (fetchProperty === undefined) Reflect.deleteProperty(globalThis, 'fetch')
  else Object.defineProperty(globalThis, 'fetch', fetchProperty)
}

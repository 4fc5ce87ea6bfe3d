/**
 * The jar of a client that was asked for by `true`: it is loaded when the first cookie comes, and until then it is empty.
 */

import type { CookieJarLike } from '../../core/settings.ts'

/** A jar that answers at once. */
export interface LoadedJar extends CookieJarLike {
  readonly fieldFor: (prefix: string, target: string) => string | undefined
}

/** Stands for a jar that is loaded when it is needed. */
export class LazyJar implements CookieJarLike {
  readonly #load: () => Promise<LoadedJar>
  #loading: Promise<LoadedJar> | undefined
  #jar: LoadedJar | undefined

  /** @param load - loads the jar; is called once */
  constructor(load: () => Promise<LoadedJar>) {
    this.#load = load
  }

  fieldFor(prefix: string, target: string): string | undefined {
    return this.#jar === undefined ? '' : this.#jar.fieldFor(prefix, target)
  }

  setCookie(field: string, url: string, options?: object): unknown {
    if (this.#jar !== undefined) return this.#jar.setCookie(field, url, options)
    this.#loading ??= this.#load().then((jar) => {
      this.#jar = jar
      return jar
    })
    return this.#loading.then((jar) => jar.setCookie(field, url, options))
  }
}

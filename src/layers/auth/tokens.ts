/**
 * Tokens of Bearer that a function gives: it is called once, its token is kept, and replaced when a server refuses it. All requests
 * that wait for one share the call.
 */

import { checkToken } from './option.ts'

/** Gives a token, or a promise of one. */
export type TokenFunction = () => string | Promise<string>

/** A token that was given, or is waited for. What it is compared by is the promise. */
export type HeldToken = Promise<string>

/** The tokens of one client, each function with its own. */
export class Tokens {
  readonly #held: WeakMap<TokenFunction, HeldToken> = new WeakMap()

  /** The token that is kept, or a first one. Rejects with what the function throws, which is then asked again the next time. */
  get(source: TokenFunction): HeldToken {
    return this.#held.get(source) ?? this.#ask(source)
  }

  /** Another token than one that was refused: the newer one, where another request has asked for it already. */
  replace(source: TokenFunction, refused: HeldToken): HeldToken {
    const held = this.#held.get(source)
    return held === undefined || held === refused ? this.#ask(source) : held
  }

  /** A token that was refused is not given again. */
  forget(source: TokenFunction, refused: HeldToken): void {
    if (this.#held.get(source) === refused) this.#held.delete(source)
  }

  #ask(source: TokenFunction): HeldToken {
    const asked = call(source)
    this.#held.set(source, asked)
    asked.catch(() => {
      if (this.#held.get(source) === asked) this.#held.delete(source)
    })
    return asked
  }
}

async function call(source: TokenFunction): Promise<string> {
  const token: unknown = await source()
  checkToken(token)
  return token
}

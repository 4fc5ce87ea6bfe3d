/** Which hosts are asked over https alone, in memory. */

import type { HstsPolicy, HstsStore } from '../../core/settings.ts'

/** Hosts that are held: above, the one whose policy ends first goes. */
export const MAX_HOSTS = 10_000

/** A store of HSTS policies in memory; give it to as many clients as are to share it. */
export class MemoryHstsStore implements HstsStore {
  readonly #policies: Map<string, HstsPolicy> = new Map()

  /** What is known of a name. */
  get(host: string): HstsPolicy | undefined {
    return this.#policies.get(host)
  }

  /** Keeps what is known of a name. */
  set(host: string, policy: HstsPolicy): void {
    this.#policies.set(host, policy)
    if (this.#policies.size > MAX_HOSTS) this.#evict()
  }

  /** Forgets a name. */
  delete(host: string): void {
    this.#policies.delete(host)
  }

  /** How many names are known. */
  get size(): number {
    return this.#policies.size
  }

  /** Every name with its policy, in the order in which they came. */
  entries(): IterableIterator<[string, HstsPolicy]> {
    return this.#policies.entries()
  }

  #evict(): void {
    let [first, soonest] = ['', Infinity]
    for (const [host, { expiresAtMs }] of this.#policies)
      if (expiresAtMs < soonest) [first, soonest] = [host, expiresAtMs]
    this.#policies.delete(first)
  }
}

/**
 * Remembers what names were looked up to, for a short time. Lookups of one name at one time are one lookup. Failures are not
 * remembered, and an address is only given to those who asked for its family.
 */

import { shown } from '../core/options.ts'
import { type Address, askLookup, type Lookup, systemLookup } from '../io/lookup.ts'
import { type Clock, systemClock } from '../time/clock.ts'

/** Options of the cache. */
export interface DnsCacheOptions {
  /** Looks up what is not known. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
  /** How many names are remembered, each family by itself; the one not asked for longest goes first. Default 256. */
  readonly maxEntries?: number | undefined
  /** How long an answer is good, in milliseconds. Default 10 s. */
  readonly ttlMs?: number | undefined
  /** How long after that it is still given, while it is looked up again. Default 0. */
  readonly staleMs?: number | undefined
  readonly clock?: Clock | undefined
}

type Addresses = readonly Address[]
type LookupOptions = Parameters<Lookup>[1]
type Done = Parameters<Lookup>[2]

interface Entry {
  readonly addresses: Addresses
  readonly expiresAt: number
}

/** A lookup that is under way. */
interface PendingLookup {
  readonly waiting: Done[]
  readonly begunAt: number
}

/** One that takes longer, and may never answer, is joined by none: they begin another. */
const MAX_JOINED_MS = 5_000

/** A lookup that remembers. `lookup` is given to whatever connects. */
export class DnsCache {
  readonly #ask: Lookup
  readonly #maxEntries: number
  readonly #ttlMs: number
  readonly #staleMs: number
  readonly #clock: Clock
  /** In the order in which they were asked for last. */
  readonly #entries: Map<string, Entry> = new Map()
  /** Lookups under way, with those who wait for them. */
  readonly #pending: Map<string, PendingLookup> = new Map()
  /** Counts the calls of `clear`: an answer that was asked for before one is not remembered. */
  #generation = 0

  /** @throws TypeError for a limit that is no number from 0 */
  constructor(options: DnsCacheOptions = {}) {
    const { lookup = systemLookup, maxEntries = 256, ttlMs = 10_000, staleMs = 0 } = options
    for (const [name, value] of Object.entries({ maxEntries, ttlMs, staleMs })) {
      if (typeof value !== 'number' || !(value >= 0))
        throw new TypeError(`The option 'dns.cache': ${name} takes a number from 0, not ${shown(value)}`)
    }
    this.#ask = lookup
    this.#maxEntries = maxEntries
    this.#ttlMs = ttlMs
    this.#staleMs = staleMs
    this.#clock = options.clock ?? systemClock
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Forgets everything. Lookups under way go on, and are not remembered. */
  clear(): void {
    this.#generation++
    this.#entries.clear()
  }

  /** As `dns.lookup` with `all: true`; answers in a later turn, or at once where it knows. */
  readonly lookup: Lookup = (host, options, done) => {
    const key = `${options.family} ${host.toLowerCase()}`
    const entry = this.#entries.get(key)
    const lateMs = entry === undefined ? Infinity : this.#clock.now() - entry.expiresAt
    if (entry !== undefined && lateMs < this.#staleMs) {
      this.#answerFrom(key, entry, lateMs, host, options, done)
      return
    }
    this.#join(key, host, options, done)
  }

  #answerFrom(
    key: string,
    entry: Entry,
    lateMs: number,
    host: string,
    options: LookupOptions,
    done: Done,
  ): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (lateMs >= 0) this.#join(key, host, options, () => {})
    done(null, copyOf(entry.addresses))
  }

  /** Waits for the lookup that is under way, or begins one. */
  #join(key: string, host: string, options: LookupOptions, done: Done): void {
    const pending = this.#pending.get(key)
    const now = this.#clock.now()
    if (pending !== undefined && now - pending.begunAt < MAX_JOINED_MS) {
      pending.waiting.push(done)
      return
    }
    const waiting: Done[] = [done]
    const begun: PendingLookup = { waiting, begunAt: now }
    const generation = this.#generation
    this.#pending.set(key, begun)
    let isAnswered = false
    const answer = (error: NodeJS.ErrnoException | null, addresses: Addresses): void => {
      if (isAnswered) return
      isAnswered = true
      const isNewest = this.#pending.get(key) === begun
      if (isNewest) this.#pending.delete(key)
      if (isNewest && addresses.length > 0 && generation === this.#generation) this.#remember(key, addresses)
      for (const tell of waiting) tell(error, copyOf(addresses))
    }
    const fail = (error: unknown): void => answer(error as NodeJS.ErrnoException, [])
    const family = options.family === 4 || options.family === 6 ? options.family : 0
    askLookup({ host, family, lookup: this.#ask }, (found) => answer(null, ofFamily(found, family)), fail)
  }

  #remember(key: string, addresses: Addresses): void {
    this.#entries.delete(key)
    if (this.#ttlMs + this.#staleMs === 0) return
    this.#entries.set(key, { addresses, expiresAt: this.#clock.now() + this.#ttlMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries) break
      this.#entries.delete(oldest)
    }
  }
}

/** Those of the family that was asked for: a lookup of the caller's, or of a library, may know better. */
function ofFamily(addresses: Addresses, family: number): Addresses {
  return addresses.filter((address) => family === 0 || address.family === family)
}

/** The caller may sort them. */
function copyOf(addresses: Addresses): Address[] {
  return addresses.map((address) => ({ ...address }))
}

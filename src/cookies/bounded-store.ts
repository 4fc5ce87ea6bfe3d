/**
 * A store of cookies in memory, as tough-cookie asks for one, that never holds more than it may: 180 cookies of a domain and
 * 3,000 in all, the expired going first, then the one that was sent the longest ago (RFC 6265 §5.3, RFC 6265bis §5.7).
 */

import { type Cookie, pathMatch, Store } from 'tough-cookie'
import { canBeSent } from './set-cookie.ts'
import { timeOf } from './time-of.ts'

/** Cookies of one domain: what browsers hold. */
export const MAX_PER_DOMAIN = 180
/** Cookies in all. */
export const MAX_TOTAL = 3_000

/** The callback of a store: that of tough-cookie, whatever it is called with. */
type Done = ((error: null, result: never) => void) | undefined

/** Holds cookies in memory, and counts the changes. */
export class BoundedStore extends Store {
  /** True: every callback is called before the method is over. */
  override synchronous = true
  readonly #byDomain: Map<string, Map<string, Cookie>> = new Map()
  #size = 0
  #changes = 0

  /** How many times something was put or removed: what was found is still right while this is the same. */
  get changes(): number {
    return this.#changes
  }

  /** How many cookies there are. */
  get size(): number {
    return this.#size
  }

  // The base class has each method twice, with a callback and with a promise; these serve both.

  /** The cookie of this domain, path and name. */
  override findCookie(...[domain, path, key, done]: [Text, Text, Text, Done?]): Promise<never> {
    return settle(done, this.#byDomain.get(textOf(domain))?.get(keyOf(textOf(path), textOf(key))))
  }

  /** The cookies whose domain is this one or one above it, and whose path matches: all paths where there is none. */
  override findCookies(
    ...[domain, path, third, fourth]: [Text, Text, (boolean | Done)?, Done?]
  ): Promise<never> {
    const done = typeof third === 'function' ? third : fourth
    return settle(done, this.find(textOf(domain), path ?? undefined))
  }

  /** Holds a cookie, in the place of the one of equal domain, path and name. */
  override putCookie(...[cookie, done]: [Cookie, Done?]): Promise<never> {
    this.put(cookie)
    return settle(done, undefined)
  }

  /** The same: the new cookie has the place of the old one. */
  override updateCookie(...[, cookie, done]: [Cookie, Cookie, Done?]): Promise<never> {
    this.put(cookie)
    return settle(done, undefined)
  }

  /** Removes the cookie of this domain, path and name. */
  override removeCookie(...[domain, path, key, done]: [Text, Text, Text, Done?]): Promise<never> {
    this.#remove(textOf(domain), keyOf(textOf(path), textOf(key)))
    return settle(done, undefined)
  }

  /** Removes the cookies of a domain: those of one path, or all. */
  override removeCookies(...[domain, path, done]: [string, Text, Done?]): Promise<never> {
    for (const [key, cookie] of this.#byDomain.get(domain) ?? [])
      if (path === null || path === undefined || cookie.path === path) this.#remove(domain, key)
    return settle(done, undefined)
  }

  /** Removes all. */
  override removeAllCookies(...[done]: [Done?]): Promise<never> {
    this.#byDomain.clear()
    this.#size = 0
    this.changed()
    return settle(done, undefined)
  }

  /** All cookies, the oldest first; none that has ended. */
  override getAllCookies(...[done]: [Done?]): Promise<never> {
    return settle(done, this.all())
  }

  /** All cookies, the oldest first; none that has ended. */
  all(): Cookie[] {
    this.#removeExpired(this.#byDomain.keys())
    return [...this.#byDomain.values()]
      .flatMap((cookies) => [...cookies.values()])
      .sort(
        (a, b) => (timeOf(a.creation) ?? 0) - (timeOf(b.creation) ?? 0) || a.creationIndex - b.creationIndex,
      )
  }

  /** The cookies that a host may be sent, those that have ended among them. */
  find(host: string, path: string | undefined): Cookie[] {
    const found: Cookie[] = []
    let domain = host
    while (true) {
      for (const cookie of this.#byDomain.get(domain)?.values() ?? [])
        if (path === undefined || pathMatch(path, textOf(cookie.path))) found.push(cookie)
      const dot = domain.indexOf('.')
      if (dot < 0) return found
      domain = domain.slice(dot + 1)
    }
  }

  /** The cookies of a domain, of those above it and of those below it. */
  near(domain: string): Cookie[] {
    const below = [...this.#byDomain].filter(([name]) => name.endsWith(`.${domain}`))
    return [...this.find(domain, undefined), ...below.flatMap(([, cookies]) => [...cookies.values()])]
  }

  /** Holds a cookie. */
  protected put(cookie: Cookie): void {
    const { domain, path, key } = cookie
    // Security: whatever file or hand it comes from, it is one cookie when it is sent.
    if (domain === null || path === null || !canBeSent(key, cookie.value)) return
    const place = keyOf(path, key)
    let cookies = this.#byDomain.get(domain)
    if (cookies === undefined) {
      cookies = new Map()
      this.#byDomain.set(domain, cookies)
    }
    if (!cookies.has(place)) this.#size++
    cookies.set(place, cookie)
    this.changed()
    if (cookies.size > MAX_PER_DOMAIN || this.#size > MAX_TOTAL) this.#evict(domain)
  }

  /** Something was put or removed. */
  protected changed(): void {
    this.#changes++
  }

  #remove(domain: string, key: string): void {
    const cookies = this.#byDomain.get(domain)
    if (cookies?.delete(key) !== true) return
    this.#size--
    if (cookies.size === 0) this.#byDomain.delete(domain)
    this.changed()
  }

  #removeExpired(domains: Iterable<string>): void {
    const now = Date.now()
    for (const domain of domains)
      for (const [key, cookie] of this.#byDomain.get(domain) ?? [])
        if ((cookie.expiryTime() ?? Infinity) <= now) this.#remove(domain, key)
  }

  #evict(domain: string): void {
    this.#removeExpired([domain])
    const ofDomain = (): number => this.#byDomain.get(domain)?.size ?? 0
    // Security: what came in the clear makes room before what is secure (RFC 6265bis §5.7).
    if (ofDomain() > MAX_PER_DOMAIN) this.#removeStalest([domain], true)
    if (this.#size > MAX_TOTAL) this.#removeExpired(this.#byDomain.keys())
    if (this.#size > MAX_TOTAL) this.#removeStalest(this.#byDomain.keys(), false)
  }

  /** Removes the cookie of these domains that was sent the longest ago. */
  #removeStalest(domains: Iterable<string>, prefersPlain: boolean): void {
    const rank = (cookie: Cookie): number =>
      (timeOf(cookie.lastAccessed) ?? 0) + (prefersPlain && cookie.secure ? 1e15 : 0)
    let stalest: Cookie | undefined
    for (const domain of domains)
      for (const cookie of this.#byDomain.get(domain)!.values())
        if (stalest === undefined || rank(cookie) < rank(stalest)) stalest = cookie
    if (stalest !== undefined) this.#remove(stalest.domain!, keyOf(stalest.path!, stalest.key))
  }
}

type Text = string | null | undefined

/** tough-cookie's types let null through. */
function textOf(text: Text): string {
  return text ?? ''
}

/** Neither a path nor a name has a line feed in it. */
function keyOf(path: string, name: string): string {
  return `${path}\n${name}`
}

/** The result by the callback or by a promise. The type suits every overload of the base class. */
function settle(done: Done, result: unknown): Promise<never> {
  if (done === undefined) return Promise.resolve(result as never)
  done(null, result as never)
  return undefined as unknown as Promise<never>
}

/**
 * The jar of this package: tough-cookie's, held to what browsers do (RFC 6265bis). What is different is in docs/cookies.md;
 * each of it has its reason beside the code here.
 */

import {
  Cookie,
  type CreateCookieJarOptions,
  defaultPath,
  type GetCookiesOptions,
  getPublicSuffix,
  pathMatch,
  type SetCookieOptions,
  type Store,
  CookieJar as ToughJar,
} from 'tough-cookie'
import { BoundedStore } from './bounded-store.ts'
import { canBeSent, capExpiry, readSetCookie } from './set-cookie.ts'
import { timeOf } from './time-of.ts'

/** Cookie fields that are remembered, by scheme and host, and by target. */
const MAX_REMEMBERED = 512
/** The names that promise something, in lower case. */
const SECURE_PREFIX = '__secure-'
const HOST_PREFIX = '__host-'

type Callback<T> = (error: Error | null, result?: T) => void

/** A URL as far as cookies look at it. */
interface Place {
  readonly protocol: string
  readonly hostname: string
  readonly pathname: string
}

interface Remembered {
  readonly field: string
  readonly cookies: readonly Cookie[]
  /** The first of them ends then, in milliseconds since 1970. */
  readonly until: number
  readonly changes: number
  /** When the cookies were sent last. */
  touchedMs: number
}

/**
 * A tough-cookie `CookieJar` with the rules of browsers: bounds of size, number and life, prefixes in any letter case, paths
 * compared byte for byte. Give it to as many clients as are to share it.
 */
export class CookieJar extends ToughJar {
  readonly #rejectsSuffixes: boolean
  readonly #bounded: BoundedStore | undefined
  /** By the beginning of URLs and what follows it: strings that are the same objects again and again, and quickly found. */
  readonly #remembered: Map<string, Map<string, Remembered>> = new Map()
  #count = 0

  /**
   * @param store - where cookies are held; by default in memory, 180 of a domain and 3,000 in all
   * @param options - those of tough-cookie; `prefixSecurity` is `strict` unless said
   */
  constructor(store?: Store | null, options: CreateCookieJarOptions = {}) {
    const held = store ?? new BoundedStore()
    // Security: without a prototype, so that nothing is an option that another package has written onto `Object.prototype`.
    const own: CreateCookieJarOptions = Object.assign(
      Object.create(null),
      { prefixSecurity: 'strict' },
      options,
    )
    super(held, own)
    this.#rejectsSuffixes = own.rejectPublicSuffixes ?? true
    this.#bounded = held instanceof BoundedStore ? held : undefined
  }

  static {
    Object.defineProperty(CookieJar.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: CookieJar) {
        const held = #bounded in this ? (this.#bounded?.size ?? 'in a store of its own') : 'none'
        return `CookieJar { cookies: ${held} }`
      },
    })
  }

  /** Keeps a cookie that the response of `url` has set: the value of a Set-Cookie field, one character for each byte. */
  override setCookie(cookie: string | Cookie, url: string | URL, callback: Callback<Cookie>): void
  override setCookie(
    cookie: string | Cookie,
    url: string | URL,
    options: SetCookieOptions,
    callback: Callback<Cookie>,
  ): void
  override setCookie(
    cookie: string | Cookie,
    url: string | URL,
    options?: SetCookieOptions,
  ): Promise<Cookie | undefined>
  override setCookie(
    cookie: string | Cookie,
    url: string | URL,
    given?: SetCookieOptions | Callback<Cookie>,
    last?: Callback<Cookie>,
  ): unknown {
    const options = typeof given === 'function' ? {} : (given ?? {})
    const callback = typeof given === 'function' ? given : last
    if (callback !== undefined) return this.#set(cookie, url, options, callback)
    return new Promise((resolve, reject) => {
      this.#set(cookie, url, options, (error, kept) => (error === null ? resolve(kept) : reject(error)))
    })
  }

  /** The cookies that a request to `url` is sent. */
  override getCookies(url: string | URL, callback: Callback<Cookie[]>): void
  override getCookies(
    url: string | URL,
    options: GetCookiesOptions | undefined,
    callback: Callback<Cookie[]>,
  ): void
  override getCookies(url: string | URL, options?: GetCookiesOptions): Promise<Cookie[]>
  override getCookies(url: string | URL, ...more: [unknown?, unknown?]): unknown {
    return (super.getCookies as (...all: unknown[]) => unknown)(placeFor(url), ...more)
  }

  /**
   * The value of the Cookie field for a URL, at once; undefined where the store cannot tell at once. @internal
   * @param prefix - scheme and authority
   * @param target - path and query
   */
  fieldFor(prefix: string, target: string): string | undefined {
    const store = this.#bounded
    if (store === undefined) return undefined
    if (store.size === 0) return ''
    const nowMs = Date.now()
    const known = this.#remembered.get(prefix)?.get(target)
    if (known === undefined || known.changes !== store.changes || nowMs >= known.until)
      return this.#remember(prefix, target, nowMs, store.changes)
    if (known.touchedMs !== nowMs) {
      const now = new Date(nowMs)
      for (const cookie of known.cookies) cookie.lastAccessed = now
      known.touchedMs = nowMs
    }
    return known.field
  }

  #remember(prefix: string, target: string, touchedMs: number, changes: number): string {
    const cookies = this.getCookiesSync(prefix + target, { sort: true })
    const field = cookies.map((cookie) => `${cookie.key}=${cookie.value}`).join('; ')
    const until = Math.min(...cookies.map((cookie) => cookie.expiryTime() ?? Infinity))
    if (this.#count++ >= MAX_REMEMBERED) {
      this.#remembered.clear()
      this.#count = 1
    }
    const ofPrefix = this.#remembered.get(prefix) ?? new Map<string, Remembered>()
    this.#remembered.set(prefix, ofPrefix.set(target, { field, cookies, until, changes, touchedMs }))
    return field
  }

  #set(
    given: string | Cookie,
    url: string | URL,
    options: SetCookieOptions,
    callback: Callback<Cookie>,
  ): void {
    const refuse = (why: string): void =>
      Object.hasOwn(options, 'ignoreError') && options.ignoreError === true
        ? callback(null, undefined)
        : callback(new Error(why))
    let place: Place
    try {
      place = placeFor(url)
    } catch (error) {
      callback(error as Error)
      return
    }
    const now = Object.hasOwn(options, 'now') ? options.now : undefined
    const nowMs = (now ?? new Date()).getTime()
    const cookie = typeof given === 'string' ? readCookie(given, nowMs) : boundCookie(given, nowMs)
    if (cookie === undefined || !canBeSent(cookie.key, cookie.value)) {
      refuse('It is no cookie')
      return
    }
    const why = settleDomain(cookie, place, this.#rejectsSuffixes) ?? brokenPrefix(cookie)
    if (why !== undefined) {
      refuse(why)
      return
    }
    const isOver = (timeOf(cookie.expires) ?? Infinity) <= nowMs
    const keep = (): void => {
      super.setCookie(cookie, place as URL, options, (error, kept) => {
        if (error === null && kept !== undefined && isOver)
          this.store.removeCookie(kept.domain, kept.path, kept.key, (failed) => callback(failed, kept))
        else callback(error, kept)
      })
    }
    if (place.protocol === 'https:' || cookie.secure) {
      keep()
      return
    }
    // Security: what comes in the clear takes the place of no secure cookie, and hides none (RFC 6265bis §5.7, step 13).
    this.#findNear(cookie.domain ?? hostOf(place), (error, near) => {
      if (error !== null) callback(error)
      else if (near?.some((one) => hides(cookie, one, place)) === true)
        refuse('There is a secure cookie of that name')
      else keep()
    })
  }

  /** The cookies of a domain, of those above it and, where the store can tell, of those below it. */
  #findNear(domain: string, callback: Callback<Cookie[]>): void {
    if (this.#bounded === undefined) this.store.findCookies(domain, null, true, callback)
    else callback(null, this.#bounded.near(domain))
  }
}

/** Whether a cookie would be sent in the place of a secure one, or beside it. */
function hides(cookie: Cookie, other: Cookie, place: Place): boolean {
  if (!other.secure || other.key !== cookie.key) return false
  const isPath = cookie.path?.startsWith('/') ?? false
  const path = isPath ? cookie.path! : defaultPath(place.pathname.replaceAll('%25', '%'))
  return pathMatch(path, other.path ?? '/')
}

function readCookie(text: string, nowMs: number): Cookie | undefined {
  const read = readSetCookie(text, nowMs)
  if (read === undefined) return undefined
  const { name, value, expiresAtMs, domain, path, secure, httpOnly, sameSite } = read
  return new Cookie({
    key: name,
    value,
    expires: expiresAtMs === undefined ? 'Infinity' : new Date(expiresAtMs),
    domain: domain ?? null,
    path: path ?? null,
    secure,
    httpOnly,
    sameSite,
  })
}

/**
 * A cookie that was made by hand, or read: its end is fixed now. With Max-Age, tough-cookie counts from when it was sent last.
 * @param setAtMs - when its Max-Age has begun
 */
export function boundCookie(given: Cookie, nowMs: number, setAtMs: number = nowMs): Cookie {
  const { maxAge, expires } = given
  let endsAtMs = timeOf(expires)
  // A date that is none is as if it were not there (RFC 6265 §5.2.1).
  if (Number.isNaN(endsAtMs)) endsAtMs = undefined
  if (typeof maxAge === 'number') endsAtMs = setAtMs + maxAge * 1_000
  else if (maxAge !== null) endsAtMs = maxAge === 'Infinity' ? Infinity : 0
  const end = capExpiry(endsAtMs, nowMs)
  given.maxAge = null
  given.expires = end === undefined ? 'Infinity' : new Date(end)
  return given
}

/** Drops a Domain that says no more than the host does; says what is wrong with another one. */
function settleDomain(cookie: Cookie, place: Place, rejectsSuffixes: boolean): string | undefined {
  if (cookie.domain === null) return undefined
  const domain = cookie.domain.replace(/^\./, '').toLowerCase()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII is looked for
  if (/[^\x00-\x7f]/.test(domain)) return 'Its domain is not ASCII'
  const host = hostOf(place)
  const isSuffix =
    isAddress(place) ||
    (rejectsSuffixes && (getPublicSuffix(domain, { ignoreError: true }) ?? undefined) === undefined)
  if (!isSuffix) return undefined
  // RFC 6265 §5.3, step 5: the host may be one itself.
  if (domain !== host && domain !== place.hostname) return 'Its domain is a public suffix, or an address'
  cookie.domain = null
  return undefined
}

/** What a prefix of the name promises and the cookie does not keep; names are compared without case, as servers do. */
function brokenPrefix(cookie: Cookie): string | undefined {
  const name = cookie.key.toLowerCase()
  const isHost = name.startsWith(HOST_PREFIX)
  if (!isHost && !name.startsWith(SECURE_PREFIX)) return undefined
  if (!cookie.secure) return 'Its name promises Secure'
  if (isHost && (cookie.domain !== null || cookie.path !== '/'))
    return 'Its name promises Path=/ and no Domain'
  return undefined
}

/** The place of a URL. tough-cookie decodes paths: percent signs are written so that it gives back what was asked for. */
function placeFor(url: string | URL): Place {
  const { protocol, hostname, pathname } = typeof url === 'string' ? new URL(url) : url
  return { protocol, hostname, pathname: pathname.replaceAll('%', '%25') }
}

/** As the jar names hosts: addresses of IPv6 without brackets. */
function hostOf({ hostname }: Place): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

function isAddress({ hostname }: Place): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)
}

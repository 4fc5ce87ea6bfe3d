/**
 * Where a request goes, made of its URL: origin, target, and the credentials that stood in it. Those that are asked for often
 * are remembered.
 */

import { faultOfBasic } from '../auth/basic.ts'
import type { FieldLine } from '../core/fields.ts'
import { describe } from '../core/options.ts'
import { HTTP_PORT, HTTPS_PORT, parseHostPort } from '../core/origin.ts'
import type { RequestOrigin } from '../core/request.ts'
import type { AuthSettings } from '../core/settings.ts'
import { InvalidURL } from '../errors/index.ts'
import { settingsForPair } from '../layers/auth/option.ts'
import { makeOrigin } from '../transport/h1/request-head.ts'

/** Where a connection leads. */
export interface Place {
  readonly scheme: 'http' | 'https'
  /** A name or an address without brackets. */
  readonly host: string
  readonly port: number
}

/** A URL as a request needs it. */
export interface Destination {
  readonly place: Place
  readonly origin: RequestOrigin
  /** Path and query. */
  readonly target: string
  /** What userinfo in the URL comes to; undefined without. It is in no other part. */
  readonly auth: AuthSettings | undefined
}

const DEFAULT_PORTS = { http: HTTP_PORT, https: HTTPS_PORT }

const MAX_URLS = 512
const MAX_URL_LENGTH = 2_048
const MAX_ORIGINS = 256

/**
 * A URL joined to `baseUrl` by the rules of WHATWG URL. One of the same origin without userinfo has that of `baseUrl`, as a relative
 * one does.
 * @throws InvalidURL for what is no URL, or relative without a base, or would silently replace the end of the base
 */
export function joinUrl(url: string | URL, baseUrl: URL | undefined): URL {
  if (typeof url !== 'string') {
    if (url instanceof URL || isUrlLike(url)) return withUserinfo(new URL(url.href), baseUrl)
    throw new TypeError(`The URL is a string or a URL, not ${describe(url)}`)
  }
  if (baseUrl === undefined) {
    if (URL.canParse(url)) return new URL(url)
    throw new InvalidURL(
      'INVALID_TARGET',
      'it is no absolute URL, such as https://example.com/path, and there is no baseUrl',
    )
  }
  if (!URL.canParse(url, baseUrl.href)) throw new InvalidURL('INVALID_TARGET', 'it is no URL')
  refuseDoubtful(url, baseUrl)
  return withUserinfo(new URL(url, baseUrl), baseUrl)
}

function withUserinfo(url: URL, baseUrl: URL | undefined): URL {
  if (url.origin !== baseUrl?.origin || url.username !== '' || url.password !== '') return url
  url.username = baseUrl.username
  url.password = baseUrl.password
  return url
}

function isUrlLike(value: unknown): value is URL {
  return Object.prototype.toString.call(value) === '[object URL]' && typeof (value as URL).href === 'string'
}

/** `users` joined to `https://host/v1` is `https://host/users`: right by the rules, and hardly ever meant. */
function refuseDoubtful(url: string, { origin, pathname }: URL): void {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  const isRelative = url !== '' && !/^\s*([/\\?#]|[a-z][a-z0-9+.-]*:)/i.test(url)
  if (last === '' || !isRelative) return
  throw new InvalidURL(
    'INVALID_TARGET',
    `baseUrl does not end in "/": the URL would take the place of its last segment; write baseUrl: '${origin}${pathname}/'`,
  )
}

/** With its `?`, which an empty query has, too: it is another URL than one without (RFC 3986 §6.2.3). */
function queryOf({ search, href }: URL): string {
  return search === '' && href.split('#', 1)[0]!.endsWith('?') ? '?' : search
}

/** Reads URLs and remembers what came of them: for one set of default fields. */
export class Destinations {
  readonly #defaults: readonly FieldLine[]
  readonly #baseUrl: URL | undefined
  readonly #byText: Map<string, Destination> = new Map()
  readonly #origins: Map<string, { readonly place: Place; readonly origin: RequestOrigin }> = new Map()

  constructor(defaults: readonly FieldLine[], baseUrl: URL | undefined) {
    this.#defaults = defaults
    this.#baseUrl = baseUrl
  }

  /** @throws InvalidURL as `joinUrl` and `of` */
  find(url: string | URL): Destination {
    if (typeof url !== 'string') return this.of(joinUrl(url, this.#baseUrl))
    const known = this.#byText.get(url)
    if (known !== undefined) return known
    const found = this.of(joinUrl(url, this.#baseUrl))
    if (url.length <= MAX_URL_LENGTH) keep(this.#byText, url, found, MAX_URLS)
    return found
  }

  /** The URL with a query appended. */
  withQuery(url: string | URL, query: string): Destination {
    if (query === '') return this.find(url)
    const whole = joinUrl(url, this.#baseUrl)
    whole.search = whole.search === '' ? query : `${whole.search}&${query}`
    return this.of(whole)
  }

  /** @throws InvalidURL for another scheme than http and https, and for a host that is none */
  of(url: URL): Destination {
    const { place, origin } = this.#originOf(url)
    return {
      place,
      origin,
      target: `${url.pathname}${queryOf(url)}`,
      auth: authOf(url),
    }
  }

  #originOf(url: URL): { readonly place: Place; readonly origin: RequestOrigin } {
    const { protocol, host } = url
    const key = `${protocol}//${host}`
    const known = this.#origins.get(key)
    if (known !== undefined) return known
    const scheme = protocol.slice(0, -1)
    if (scheme !== 'http' && scheme !== 'https')
      throw new InvalidURL('INVALID_TARGET', `it is a URL of the scheme ${scheme}, not of http or https`)
    const defaultPort = DEFAULT_PORTS[scheme]
    const at = parseHostPort(url.hostname, url.port === '' ? defaultPort : Number(url.port), defaultPort)
    const found = {
      place: { scheme, ...at } as const,
      origin: makeOrigin(scheme, at, defaultPort, this.#defaults),
    }
    keep(this.#origins, key, found, MAX_ORIGINS)
    return found
  }

  /** The place of an origin that was found here. */
  placeOf(origin: RequestOrigin): Place {
    return this.#originOf(new URL(origin.prefix)).place
  }
}

/** The scheme of an origin. */
export function schemeOf({ prefix }: RequestOrigin): 'http' | 'https' {
  return prefix.startsWith('https:') ? 'https' : 'http'
}

function keep<T>(map: Map<string, T>, key: string, value: T, maximum: number): void {
  map.set(key, value)
  if (map.size > maximum) map.delete(map.keys().next().value!)
}

/**
 * The credentials of a URL, percent-decoded.
 * @throws InvalidURL for those that Basic cannot send (RFC 7617 §2)
 */
function authOf({ username, password, origin }: URL): AuthSettings | undefined {
  if (username === '' && password === '') return undefined
  const pair = { user: decode(username), password: decode(password) }
  const fault = faultOfBasic(pair)
  if (fault !== undefined) throw new InvalidURL('INVALID_TARGET', `in its userinfo, ${fault}`)
  return settingsForPair(pair, 'url', origin)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * The options of a client and of its requests: the table that messages, documentation and tests read, and how options are
 * taken from a caller.
 */

import { nearestName } from '../core/nearest-name.ts'
import {
  hasMethods,
  isAddress,
  isBoolean,
  isFunction,
  isRecord,
  isSignal,
  isSocketPath,
  isText,
  type OptionNames,
  shown,
  takeOptions,
} from '../core/options.ts'
import { LIMITS } from '../h1/limits.ts'
import { isCookieJar } from '../layers/cookies/jar.ts'
import { PROXY_TAKES } from '../proxy/setting.ts'
import { meantOption } from './meant-option.ts'
import type { ClientOptions, ClientRequestOptions } from './option-types.ts'

/** A row of the table. */
export interface ClientOptionRow {
  /** Where it may stand. */
  readonly where: 'both' | 'client' | 'request'
  /** What it takes, in words, for messages and documentation. */
  readonly takes: string
  /** The default, in words. */
  readonly default: string
  /** Whether a value is right; options without it have a check of their own. */
  readonly is?: (value: unknown) => boolean
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0
const isMilliseconds = (value: unknown): boolean => typeof value === 'number' && value >= 0
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isFeature = (value: unknown): boolean => isBoolean(value) || isCount(value) || isRecord(value)

/** The table. */
export const CLIENT_OPTIONS: Readonly<Record<keyof (ClientOptions & ClientRequestOptions), ClientOptionRow>> =
  {
    baseUrl: {
      where: 'both',
      takes: 'an absolute http or https URL',
      default: 'none',
      is: isWebUrl,
    },
    method: { where: 'request', takes: 'a method', default: '`GET`', is: isText },
    headers: {
      where: 'both',
      takes: 'header fields: an object, pairs, Headers; undefined as a value takes a default away',
      default: '`Accept: */*`, `Accept-Encoding: gzip, deflate, br[, zstd]`, `User-Agent: httplib/VERSION`',
      is: isObject,
    },
    query: {
      where: 'both',
      takes: 'an object, pairs or URLSearchParams; lists repeat a name, undefined leaves it out',
      default: 'none',
      is: isObject,
    },
    body: {
      where: 'request',
      takes:
        'a string, bytes, a form, a Blob, an open file, a stream, an iterable, or a function that makes one',
      default: 'none',
    },
    json: { where: 'request', takes: 'a value that JSON.stringify can write', default: 'none' },
    form: {
      where: 'request',
      takes: 'an object, pairs or URLSearchParams; files go into a FormData as body',
      default: 'none',
      is: isObject,
    },
    trailers: {
      where: 'request',
      takes: 'fields, or a function that gives them after the body',
      default: 'none',
      is: (value) => isObject(value) || isFunction(value),
    },
    expectContinue: {
      where: 'request',
      takes: 'true, false, a number of milliseconds, or { timeoutMs }',
      default: '`false`',
      is: (value) => isBoolean(value) || typeof value === 'number' || isRecord(value),
    },
    chunked: { where: 'request', takes: 'true or false', default: '`false`', is: isBoolean },
    timeout: {
      where: 'both',
      takes:
        'a number of milliseconds for the whole, or phases: queue dns connect tls send headers body total minSpeed',
      default: 'dns, connect, tls 30 s; queue 60 s; send, headers, body 300 s; total and minSpeed none',
      is: (value) => typeof value === 'number' || isRecord(value),
    },
    signal: { where: 'both', takes: 'an AbortSignal', default: 'none', is: isSignal },
    redirect: {
      where: 'both',
      takes:
        'false, a whole number of redirects, or { limit, downgrade, keepCredentialsFor, keepHeaders, keepPostAfter }',
      default: 'limit 20, `https` to `http` refused',
      is: isFeature,
    },
    retry: {
      where: 'both',
      takes:
        'false, a whole number of further attempts, or { limit, methods, statuses, backoff, maxRetryAfterMs, idempotencyKey }',
      default:
        '2; GET HEAD PUT DELETE OPTIONS TRACE; 408 429 500 502 503 504; full jitter from 300 ms to 10 s; Retry-After up to 60 s',
      is: isFeature,
    },
    decompress: {
      where: 'both',
      takes: 'false, or { maxBytes, maxRatio, maxChain }',
      default: '1 GiB; 1,000 : 1 above 1 MiB; 3',
      is: (value) => isBoolean(value) || isRecord(value),
    },
    guard: {
      where: 'both',
      takes: "false, 'public-only', a function `(address, url) => boolean`, or { policy, proxies }",
      default: '`false`',
      is: (value) => value === false || value === 'public-only' || isFunction(value) || isRecord(value),
    },
    auth: {
      where: 'both',
      takes:
        "false, { basic: [user, password] }, { bearer: token or function }, { digest: [user, password] }, 'netrc', { netrc: path }, or a list of them",
      default: 'the userinfo of the URL',
      is: (value) => value === false || value === 'netrc' || isRecord(value) || Array.isArray(value),
    },
    proxy: { where: 'both', takes: PROXY_TAKES, default: "`'environment'`" },
    cookies: {
      where: 'both',
      takes: 'false, true, or a CookieJar of tough-cookie',
      default: '`false`',
      is: (value) => isBoolean(value) || isCookieJar(value),
    },
    hsts: {
      where: 'both',
      takes: 'false, true, or a store: { get, set, delete }',
      default: '`false`',
      is: (value) => isBoolean(value) || hasMethods('get', 'set', 'delete')(value),
    },
    throwOnError: {
      where: 'both',
      takes: 'true, false, or a function that decides by the response',
      default: '`true` for the verbs called on the promise, `false` for `await client.get(url)`',
      is: (value) => isBoolean(value) || isFunction(value),
    },
    limits: {
      where: 'both',
      takes: 'an object of limits, body and drain among them',
      default: 'docs/tolerances.md; body 2 GiB, drain 64 KiB',
      is: isRecord,
    },
    tolerances: { where: 'both', takes: 'an object of tolerances', default: 'none', is: isRecord },
    tls: {
      where: 'both',
      takes: 'an object of TLS options',
      default: "the system's authorities",
      is: isRecord,
    },
    context: { where: 'both', takes: 'anything', default: 'none' },
    onInformational: { where: 'both', takes: 'a function', default: 'none', is: isFunction },
    onProgress: { where: 'both', takes: 'a function', default: 'none', is: isFunction },
    hooks: {
      where: 'both',
      takes: 'an object of functions: beforeRequest afterResponse onRetry onRedirect onError',
      default: 'none',
      is: isRecord,
    },
    pool: {
      where: 'client',
      takes: '{ perOrigin, total, idleMs, maxUses, maxAgeMs, pipelining, warnUnreadMs }',
      default: '256, 1,024, 60 s, none, none, 1, 30 s in development',
      is: isRecord,
    },
    dns: {
      where: 'client',
      takes: '{ cache: { maxEntries, ttlMs, staleMs }, lookup, family, attemptDelayMs }',
      default: '256 names for 10 s, `dns.lookup`, both families, 250 ms',
      is: isRecord,
    },
    layers: { where: 'client', takes: 'a list of layers', default: 'none', is: isLayers },
    connect: {
      where: 'client',
      takes: 'a function that opens a ByteStream',
      default: 'sockets',
      is: isFunction,
    },
    clock: {
      where: 'client',
      takes: 'a Clock',
      default: "the machine's monotonic clock",
      is: hasMethods('now', 'after'),
    },
    random: { where: 'client', takes: 'a Random', default: '`Math.random`', is: hasMethods('next') },
    socketPath: { where: 'client', takes: 'the path of a unix socket', default: 'none', is: isSocketPath },
    localAddress: { where: 'client', takes: 'an IP address', default: 'the system chooses', is: isAddress },
    keepAlive: {
      where: 'client',
      takes: 'a number of milliseconds, or false',
      default: '60 s',
      is: (value) => value === false || isMilliseconds(value),
    },
    onWarning: {
      where: 'client',
      takes: 'a function',
      default: 'a warning of the process, in development',
      is: isFunction,
    },
  }

/** A URL of http or https, of any realm, or its text. */
function isWebUrl(value: unknown): boolean {
  const href: unknown = typeof value === 'object' && value !== null ? (value as URL).href : value
  return isText(href) && URL.canParse(href as string) && /^https?:$/.test(new URL(href as string).protocol)
}

function isLayers(value: unknown): boolean {
  return Array.isArray(value) && value.every(isFunction)
}

const LIMIT_NAMES: OptionNames = Object.freeze({
  ...(Object.fromEntries(Object.keys(LIMITS).map((name) => [name, true])) as Record<string, true>),
  body: true,
  drain: true,
})

function namesFor(place: 'client' | 'request'): OptionNames {
  const rows = Object.entries(CLIENT_OPTIONS).filter(([, { where }]) => where === 'both' || where === place)
  return Object.freeze(Object.fromEntries(rows.map(([name]) => [name, true as const])))
}

const NAMES = { client: namesFor('client'), request: namesFor('request') }
const WHAT = { client: 'Client', request: 'The options of a request' }

/** Where a name is an option that is none at the place where it was said. */
function elsewhere(name: string): string | undefined {
  if (!Object.hasOwn(CLIENT_OPTIONS, name)) return undefined
  return CLIENT_OPTIONS[name as keyof typeof CLIENT_OPTIONS].where === 'client'
    ? `${name} is for new Client()`
    : `${name} is for a request`
}

/** A string may be what is wanted, and this one not. */
function shownFor(name: string, value: unknown): string {
  const isOfStrings = name === 'baseUrl' || name === 'localAddress' || name === 'socketPath'
  return isOfStrings && isText(value) ? 'this string' : shown(value)
}

/**
 * Takes options out of a caller's hands: own properties, once, checked by the table.
 * @throws TypeError that names the option, what it takes and what it got; for an unknown name one that lists the known
 */
export function takeClientOptions<T extends ClientOptions | ClientRequestOptions>(
  given: T | undefined,
  place: 'client' | 'request',
): T {
  const meant = (name: string): string | undefined =>
    meantOption(name, elsewhere(name)) ??
    nearestName(name, Object.keys(NAMES[place])) ??
    // As axios takes it: `post(url, value)`.
    (place === 'request' ? 'json: { … }, if this is the body' : undefined)
  const taken = takeOptions(given, NAMES[place], WHAT[place], meant)
  for (const [name, value] of Object.entries(taken) as [keyof typeof CLIENT_OPTIONS, unknown][]) {
    const row: ClientOptionRow = CLIENT_OPTIONS[name]
    const is = Object.hasOwn(row, 'is') ? row.is : undefined
    if (value !== undefined && is !== undefined && !is(value))
      throw new TypeError(`${WHAT[place]}: ${name} takes ${row.takes}, not ${shownFor(name, value)}`)
  }
  // More than one asks for them: taken once, by their own names.
  if (taken.limits !== undefined)
    Object.assign(taken, { limits: takeOptions(taken.limits, LIMIT_NAMES, "The option 'limits'") })
  return taken
}

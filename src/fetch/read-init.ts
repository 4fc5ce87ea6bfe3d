/**
 * The request that a call of `fetch` asks for, out of `input` and `init` (Fetch standard, the constructor of `Request`). A
 * string and a plain `init` are read without making a platform `Request`, which would cost more than the exchange.
 */

import type { Client } from '../client/client.ts'
import type { FieldLine } from '../core/fields.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { equalsIgnoringCase, isToken } from '../core/grammar.ts'
import { closeBody, isMeasured, lengthOf, NO_BODY, type OutgoingBody } from '../core/outgoing-body.ts'
import type { InformationalResponse } from '../core/response.ts'
import { fieldsForCache } from './cache-mode.ts'
import { isNetworkUrl, parseUrl } from './checked-url.ts'
import { networkError } from './errors.ts'
import { asAbortSignal } from './foreign-signal.ts'
import { pageUrl } from './page.ts'
import { readBody } from './read-body.ts'
import { readHeaders } from './read-headers.ts'
import { REFERRER_POLICIES, readReferrer } from './referrer.ts'
import { isRequestLike, type RequestLike, takeRequestBody, writtenDispatcher } from './request-like.ts'
import { Way, type WayOptions } from './way.ts'
import { toText } from './web-idl.ts'

/** A request as `fetch` was asked for it. */
export interface ReadRequest {
  readonly url: URL
  readonly method: string
  /** As the caller gave them; what the standard adds comes after them. */
  readonly fields: readonly FieldLine[]
  readonly body: OutgoingBody | FileHandleLike
  readonly signal: AbortSignal | undefined
  readonly redirect: 'follow' | 'error' | 'manual'
  /** True for `credentials: 'omit'`: neither are cookies sent nor kept. */
  readonly omitsCookies: boolean
  readonly integrity: string
  /** What is said on its way; undefined where nothing is, and it may go anywhere. */
  readonly way: Way | undefined
  /** The client that sends it, where one was named. */
  readonly client: Client | undefined
  readonly onInformational: ((response: InformationalResponse) => void) | undefined
}

/**
 * The members that are read, of whatever is given as `init`; undefined for what is not there. A class, so that each is its
 * own and nothing comes through the prototype.
 */
class Members {
  method: unknown = undefined
  headers: unknown = undefined
  body: unknown = undefined
  referrer: unknown = undefined
  referrerPolicy: unknown = undefined
  mode: unknown = undefined
  credentials: unknown = undefined
  cache: unknown = undefined
  redirect: unknown = undefined
  integrity: unknown = undefined
  keepalive: unknown = undefined
  signal: unknown = undefined
  duplex: unknown = undefined
  priority: unknown = undefined
  window: unknown = undefined
  dispatcher: unknown = undefined
  client: unknown = undefined
  onInformational: unknown = undefined
}

const MEMBERS = Object.keys(new Members()) as readonly (keyof Members)[]

/** Members that take one of a few words. */
const WORDS: readonly (readonly [member: keyof Members, words: readonly string[]])[] = [
  ['referrerPolicy', REFERRER_POLICIES],
  ['mode', ['navigate', 'same-origin', 'no-cors', 'cors']],
  ['credentials', ['omit', 'same-origin', 'include']],
  ['cache', ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached']],
  ['redirect', ['follow', 'manual', 'error']],
  ['duplex', ['half']],
  ['priority', ['high', 'low', 'auto']],
]

const NOTHING_SAID = Object.freeze(new Members())

const NORMALIZED: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
const WITHOUT_CORS_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])

/**
 * Reads a request. Where its body is that of a `Request` whose length was not written down, a promise of it.
 * @throws TypeError as the platform's constructor of `Request` does
 */
export function readRequest(
  input: unknown,
  init: unknown,
  makeBoundary: () => string,
): ReadRequest | Promise<ReadRequest> {
  const source = isRequestLike(input) ? input : undefined
  const page = pageUrl()
  const url = parseUrl(source === undefined ? toText(input) : source.url, page)
  const members = readMembers(init)
  const all = source === undefined ? members : withRequest(members, source)
  checkMembers(all)
  const method = all.method === undefined ? 'GET' : normalizeMethod(all.method)
  const mode = all.mode as string | undefined
  const given = readHeaders(all.headers)
  const fields = mode === 'no-cors' ? safelisted(method, given) : given
  const isWithoutContent = method === 'GET' || method === 'HEAD'
  const hasOwnBody =
    source !== undefined && members.body === undefined && source.body !== null && source.body !== undefined
  if (isWithoutContent && (members.body !== undefined || hasOwnBody))
    throw new TypeError('Request with GET/HEAD method cannot have body.')
  const way = wayOf(all, { page, mode, url, method })
  // Read last of all that may be refused: a body that was taken over has to be given back.
  const rest: Omit<ReadRequest, 'body'> = {
    url,
    method,
    fields: withStandardFields(fields, all, way),
    signal: readSignal(members, source),
    redirect: (all.redirect as ReadRequest['redirect'] | undefined) ?? 'follow',
    omitsCookies: all.credentials === 'omit',
    integrity: textOr(all.integrity, ''),
    way,
    client: members.client as Client | undefined,
    onInformational: readCallback(members.onInformational),
  }
  if (hasOwnBody) {
    const body = takeRequestBody(source, makeBoundary, mode)
    return body instanceof Promise ? body.then((taken) => ({ ...rest, body: taken })) : { ...rest, body }
  }
  const keepalive = Boolean(all.keepalive)
  const isHalfDuplex = members.duplex !== undefined
  const body =
    members.body === undefined
      ? NO_BODY
      : readBody(members.body, { makeBoundary, keepalive, isHalfDuplex, mode, isOfRequest: false })
  return { ...rest, body }
}

/** Most requests say nothing on their way. */
function wayOf(all: Members, facts: Omit<WayOptions, 'referrer' | 'policy'>): Way | undefined {
  const { page, mode } = facts
  const referrer = readReferrer(textOr(all.referrer, 'about:client'), page)
  const policy = textOr(all.referrerPolicy, '')
  if (page === undefined && referrer === undefined && (mode === undefined || mode === 'cors'))
    return undefined
  if (!isNetworkUrl(facts.url)) return undefined
  const way = new Way({ ...facts, referrer, policy })
  // What may not be looked into is followed to its end, or not asked for (Fetch standard, "main fetch", step 12).
  if (way.isOpaque && all.redirect !== undefined && all.redirect !== 'follow')
    throw networkError('the mode is no-cors, and the URL is of another origin: its redirects are followed')
  return way
}

function textOr(value: unknown, otherwise: string): string {
  return value === undefined ? otherwise : toText(value)
}

/** What is there, each read once; `undefined` and `null` are as if nothing was said, but for a signal: null takes it away. */
function readMembers(init: unknown): Members {
  if (init === undefined || init === null) return NOTHING_SAID
  if (typeof init !== 'object' && typeof init !== 'function')
    throw new TypeError(
      `Request constructor: Expected ${toText(init)} to be one of: Null, Undefined, Object.`,
    )
  const members = new Members()
  for (const name of MEMBERS) {
    const value: unknown = Reflect.get(init, name)
    if (value === undefined || (value === null && name !== 'signal')) continue
    // Security: what another package wrote onto `Object.prototype` is no member of anything.
    if (Object.hasOwn(Object.prototype, name) && !Object.hasOwn(init, name)) continue
    members[name] = value
  }
  return members
}

/** What is said, and for the rest what a `Request` says. */
function withRequest(members: Members, source: RequestLike): Members {
  const all = new Members()
  for (const name of FROM_REQUEST) {
    const value: unknown = source[name]
    if (value !== undefined && value !== null) all[name] = value
  }
  all.dispatcher = writtenDispatcher(source) ?? undefined
  // A navigation is made again (Fetch §5.4, step 13).
  if (all.mode === 'navigate') all.mode = undefined
  for (const name of MEMBERS) if (members[name] !== undefined) all[name] = members[name]
  return all
}

const FROM_REQUEST = [
  'method',
  'headers',
  'redirect',
  'credentials',
  'integrity',
  'keepalive',
  'mode',
  'cache',
  'referrer',
  'referrerPolicy',
] as const satisfies readonly (keyof Members & keyof RequestLike)[]

/** @throws TypeError for a member that says what it cannot */
function checkMembers(members: Members): void {
  if (members.dispatcher !== undefined) {
    throw new TypeError(
      "dispatcher is undici's: give a client of httplib instead, made with its own options for connect, tls and pool: fetch(url, { client: new Client({ … }) }), or createFetch(client)",
    )
  }
  if (members.window !== undefined) throw new TypeError("'window' option 'client' must be null")
  for (const [member, words] of WORDS) {
    const value = members[member]
    if (value === undefined || words.includes(toText(value))) continue
    throw new TypeError(
      `Request constructor: ${toText(value)} is not an accepted type. Expected one of ${words.join(', ')}.`,
    )
  }
  if (members.mode === 'navigate') throw new TypeError('Request constructor: invalid request mode navigate.')
  if (members.cache === 'only-if-cached' && members.mode !== 'same-origin')
    throw new TypeError("'only-if-cached' can be set only with 'same-origin' mode")
  const { client } = members
  if (client !== undefined && typeof (client as Partial<Client>).send !== 'function')
    throw new TypeError("fetch: the member 'client' takes a Client")
}

/** @throws TypeError for what is no method, and for those that are forbidden */
function normalizeMethod(given: unknown): string {
  const method = toText(given)
  if (!isToken(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`)
  const upper = method.toUpperCase()
  if (FORBIDDEN.has(upper)) throw new TypeError(`'${method}' HTTP method is unsupported.`)
  return NORMALIZED.has(upper) ? upper : method
}

/** The fields that may be sent in the mode `no-cors`. */
function safelisted(method: string, fields: readonly FieldLine[]): FieldLine[] {
  if (!WITHOUT_CORS_METHODS.has(method)) throw new TypeError(`'${method} is unsupported in no-cors mode.`)
  return fields.filter(([name, value]) => value.length <= 128 && isSafelisted(name.toLowerCase(), value))
}

/** Bytes that parsers fall for (Fetch standard, "CORS-unsafe request-header byte"). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const UNSAFE = /[\0-\x08\x0a-\x1f"():<>?@[\\\]{}\x7f]/

function isSafelisted(name: string, value: string): boolean {
  if (name === 'accept') return !UNSAFE.test(value)
  if (name === 'accept-language' || name === 'content-language') return /^[0-9A-Za-z *,\-.;=]*$/.test(value)
  if (name !== 'content-type' || UNSAFE.test(value)) return false
  return /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(;|$)/i.test(value)
}

/** The fields with those that the standard makes of other members. */
function withStandardFields(
  given: readonly FieldLine[],
  members: Members,
  way: Way | undefined,
): readonly FieldLine[] {
  // It tells a server where a request comes from: nobody but the one that sends it says so (Fetch Metadata §2.2).
  const allowed = given.filter(([name]) => !equalsIgnoringCase(name, 'sec-fetch-mode'))
  const fields = way === undefined ? allowed : way.fieldsWith(allowed)
  if (members.mode !== undefined && members.mode !== 'cors')
    fields.push(['sec-fetch-mode', members.mode as string])
  fields.push(...fieldsForCache(textOr(members.cache, 'default'), fields))
  return fields
}

/** The signal that calls it off: that of `init`, also where it is null, else that of the `Request`. */
function readSignal({ signal: said }: Members, source: RequestLike | undefined): AbortSignal | undefined {
  const signal = said === undefined ? source?.signal : said
  return signal === undefined || signal === null ? undefined : asAbortSignal(signal)
}

function readCallback(value: unknown): ReadRequest['onInformational'] {
  if (value === undefined) return undefined
  if (typeof value !== 'function') throw new TypeError("fetch: the member 'onInformational' takes a function")
  return value as ReadRequest['onInformational']
}

/** How many bytes the body has; undefined where it is not known. */
export function bodyLength(body: OutgoingBody | FileHandleLike): number | undefined {
  return isMeasured(body) ? lengthOf(body) : undefined
}

/** Gives back what will not be sent. */
export function giveBack({ body }: ReadRequest, reason: unknown): void {
  closeBody(body, reason)
}

/** Whether the URL goes over the network. */
export function isOverNetwork({ url }: ReadRequest): boolean {
  return isNetworkUrl(url)
}

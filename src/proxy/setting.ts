/**
 * The option `proxy`, read: which proxies there are, and for what. `choose.ts` asks it. Pure.
 */

import { describe, isRecord, takeOptions } from '../core/options.ts'
import { type NoProxyRule, parseNoProxy } from './no-proxy.ts'
import { isUrl, PROXY_NAMES, type ProxyServer, readProxy, type TakeTls } from './proxy-server.ts'

/** Proxies on the way, the first to be connected to first, and who has said so. */
export interface ProxyEntry {
  readonly proxies: readonly ProxyServer[]
  /** `the option proxy`, `https_proxy of the environment`. */
  readonly from: string
}

/** An entry of the environment that is none: told to the requests that would have used it. */
export interface BadEntry {
  readonly error: TypeError
}

/** Proxies by the scheme of the URL. */
export interface ProxyTable {
  readonly kind: 'table'
  readonly http: ProxyEntry | BadEntry | undefined
  readonly https: ProxyEntry | BadEntry | undefined
  /** Which hosts are reached directly. */
  readonly no: readonly NoProxyRule[]
  /** Who has said `no`. */
  readonly noFrom: string
  /** Why there is no proxy where none is named. */
  readonly without: string
}

/** A function that is asked for each URL. */
export interface ProxyFunction {
  readonly kind: 'function'
  readonly choose: (url: URL) => unknown
}

/** What the option comes to. */
export type ProxySetting = ProxyTable | ProxyFunction

const BY_OPTION = 'the option proxy'
const WHAT = "The option 'proxy'"

/** No proxy at all. */
export const NO_PROXIES: ProxyTable = Object.freeze({
  kind: 'table',
  http: undefined,
  https: undefined,
  no: Object.freeze([]),
  noFrom: BY_OPTION,
  without: 'the option proxy is false',
})

const TABLE_NAMES = { http: true, https: true, no: true } as const

/**
 * Reads the option, but for `'environment'`, which is not its own.
 * @throws TypeError for what it does not take, without showing it
 */
export function readProxySetting(option: unknown, takeTls: TakeTls): ProxySetting {
  if (option === false) return NO_PROXIES
  if (typeof option === 'function') return { kind: 'function', choose: option as (url: URL) => unknown }
  if (!isRecord(option) || Object.hasOwn(option, 'url')) {
    const entry = entryOf(option, takeTls)
    return { ...NO_PROXIES, http: entry, https: entry }
  }
  const { http, https, no } = takeOptions(option as TableOption, TABLE_NAMES, WHAT)
  return {
    kind: 'table',
    http: isNone(http) ? undefined : entryOf(http, takeTls),
    https: isNone(https) ? undefined : entryOf(https, takeTls),
    no: readNo(no),
    noFrom: BY_OPTION,
    without: 'the option proxy names none for this scheme',
  }
}

interface TableOption {
  readonly http?: unknown
  readonly https?: unknown
  readonly no?: unknown
}

/** What a function may answer for "directly". */
export function isNone(value: unknown): boolean {
  return value === undefined || value === null || value === false
}

function entryOf(given: unknown, takeTls: TakeTls): ProxyEntry {
  return { proxies: readChain(given, WHAT, takeTls), from: BY_OPTION }
}

/**
 * Reads a proxy, or a list of them: the first is connected to, and asked for a tunnel to the next.
 * @throws TypeError as `readProxy`; for an empty list
 */
export function readChain(given: unknown, what: string, takeTls: TakeTls): readonly ProxyServer[] {
  const isOne = typeof given === 'string' || isUrl(given) || isRecord(given)
  if (isOne) return Object.freeze([readProxy(given, what, takeTls)])
  if (!Array.isArray(given) || given.length === 0)
    throw new TypeError(`${what} takes ${PROXY_TAKES}, not ${describe(given)}`)
  return Object.freeze(given.map((one: unknown) => readProxy(one, what, takeTls)))
}

/** A form of the option: how it is written, and what it is, for messages and docs/proxies.md. */
interface ProxyForm {
  readonly takes: string
  readonly is: string
}

const membersOf = (names: object): string => `{ ${Object.keys(names).join(', ')} }`

/** The forms of the option, in words. */
export const PROXY_FORMS: readonly ProxyForm[] = Object.freeze([
  { takes: 'false', is: 'no proxy' },
  { takes: "'environment'", is: 'what the variables below say; the default of a client' },
  {
    takes: 'a URL',
    is: 'one proxy for everything, such as `http://proxy.example:3128`; userinfo is who we are to it',
  },
  {
    takes: membersOf(PROXY_NAMES),
    is: 'the same with credentials beside the URL, and TLS options of its own; `tunnel: true` asks for a tunnel for `http` URLs, too; `headers` are told to it, with CONNECT and with a request in absolute form, whose own field of a name stands; none that frame a message or concern one connection (`Host`, `Connection`, `Expect` …)',
  },
  { takes: 'a list of those', is: 'the first is connected to, and asked to lead to the next' },
  {
    takes: membersOf(TABLE_NAMES),
    is: 'proxies by the scheme of the URL, each as the three above, and hosts that are reached directly',
  },
  {
    takes: 'a function of the URL',
    is: 'asked for each request, each redirect and each further attempt; gives a URL, an object with one, a list of those, or undefined for none; a promise is waited for, within `timeout.connect`',
  },
])

/** What the option takes, in words. */
export const PROXY_TAKES: string = `${PROXY_FORMS.slice(0, -1)
  .map(({ takes }) => takes)
  .join(', ')}, or ${PROXY_FORMS.at(-1)!.takes}`

function readNo(no: unknown): readonly NoProxyRule[] {
  if (no === undefined) return []
  const isList = Array.isArray(no) && no.every((one) => typeof one === 'string')
  if (typeof no !== 'string' && !isList)
    throw new TypeError(`${WHAT}: no takes a string or a list of strings, not ${describe(no)}`)
  const rules = parseNoProxy(no)
  // Security: which entry it is, and not what: one that is a URL may have a password in it.
  const bad = rules.findIndex(({ of }) => of.kind === 'nothing')
  if (bad >= 0)
    throw new TypeError(
      `${WHAT}: no has an entry that is no host, network or *: number ${bad + 1} of the list`,
    )
  return rules
}

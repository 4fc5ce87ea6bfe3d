/**
 * Proxies of a client: the option read, the environment looked at, and for each request the route it takes, with what that does
 * to the request.
 *
 * Security: Proxy-Authorization is for the proxy that a request is sent to as it is. Set by the caller or not, it is in no request
 * that goes to a server directly, or through a tunnel (RFC 9110 §11.7.2).
 */

import { takeTlsOptions } from '../connection/options.ts'
import { type FieldLine, hasField } from '../core/fields.ts'
import { isPromiseLike } from '../core/options.ts'
import { type OutgoingRequest, type RequestOrigin, withChanges } from '../core/request.ts'
import { checkTlsOptions, type TlsOptions } from '../core/tls-options.ts'
import { UNSENT } from '../errors/unsent.ts'
import { proxyVariables } from '../io/surroundings.ts'
import { type WaitGround, type WaitTold, whileWanted } from '../layers/while-wanted.ts'
import { digestOf } from '../pool/key.ts'
import { chooseRoute, DIRECT, type Route } from '../proxy/choose.ts'
import { environmentProxies, PROXY_VARIABLES } from '../proxy/environment.ts'
import type { ProxyServer } from '../proxy/proxy-server.ts'
import {
  isNone,
  NO_PROXIES,
  type ProxyFunction,
  type ProxySetting,
  type ProxyTable,
  readChain,
  readProxySetting,
} from '../proxy/setting.ts'
import { ProxyIdentity } from '../transport/proxy-identity.ts'
import type { Place } from './destination.ts'
import type { ClientOptions } from './option-types.ts'

/** The option, read. `'environment'` is what the environment says at this moment. */
export function resolveProxy(option: unknown, base: ProxySetting): ProxySetting {
  // Another one was refused before.
  if (option === undefined || base === SOCKET_PATH) return base
  return option === 'environment' ? proxiesOfEnvironment() : readProxySetting(option, takeTls)
}

/** What the environment says now. */
function proxiesOfEnvironment(): ProxyTable {
  return environmentProxies(proxyVariables(PROXY_VARIABLES))
}

/** What a client begins with that extends no other, before its own option. */
export function startingProxies({ proxy, socketPath }: ClientOptions): ProxySetting {
  refuseBesideSocket(proxy, socketPath)
  if (socketPath !== undefined) return SOCKET_PATH
  return proxy === undefined ? proxiesOfEnvironment() : NO_PROXIES
}

/** A unix socket leads to its server: there is nothing for a proxy to do. */
const SOCKET_PATH: ProxyTable = { ...NO_PROXIES, without: 'the option socketPath' }

/** @throws TypeError for a proxy that was asked for beside a unix socket */
export function refuseBesideSocket(option: unknown, socketPath: string | undefined): void {
  if (socketPath === undefined || option === undefined || option === false || option === 'environment') return
  throw new TypeError('proxy and socketPath cannot be combined: a unix socket leads to its server')
}

function takeTls(given: TlsOptions): TlsOptions {
  const taken = takeTlsOptions(given)
  checkTlsOptions(taken)
  return taken
}

/** True where there is nothing to be chosen. */
export function isAlwaysDirect(setting: ProxySetting): boolean {
  return setting.kind === 'table' && setting.http === undefined && setting.https === undefined
}

/** Of a request, what its route depends on. */
type Asked = Pick<OutgoingRequest, 'origin' | 'url' | 'deadlines'>

const MAX_TEXTS = 64

/** Chooses routes, and remembers them: one way to one origin is one object. */
export class Routes {
  readonly #wait: WaitGround
  readonly #known: WeakMap<ProxyTable, WeakMap<RequestOrigin, Route>> = new WeakMap()
  /** What functions have answered as text, most of them the same again and again. */
  readonly #byText: Map<string, readonly ProxyServer[]> = new Map()

  constructor(wait: WaitGround) {
    this.#wait = wait
  }

  /**
   * The route of a request; a promise where a function gives one.
   * @throws TypeError for a proxy of the environment, or of a function, that cannot be read
   */
  routeFor(request: Asked, setting: ProxySetting, place: () => Place): Route | Promise<Route> {
    return setting.kind === 'table'
      ? this.tableRoute(setting, request.origin, place)
      : this.#askFunction(setting, request)
  }

  /** The route to an origin by a table. */
  tableRoute(table: ProxyTable, origin: RequestOrigin, place: () => Place): Route {
    let byOrigin = this.#known.get(table)
    if (byOrigin === undefined) {
      byOrigin = new WeakMap()
      this.#known.set(table, byOrigin)
    }
    let route = byOrigin.get(origin)
    if (route === undefined) {
      route = chooseRoute(table, place())
      byOrigin.set(origin, route)
    }
    return route
  }

  /** What a function answers for a URL, which has no credentials in it. */
  askNow({ choose }: ProxyFunction, url: string): Route | Promise<Route> {
    const answer: unknown = choose(new URL(url))
    return isPromiseLike(answer)
      ? Promise.resolve(answer).then((later) => this.#read(later))
      : this.#read(answer)
  }

  #askFunction(setting: ProxyFunction, request: Asked): Route | Promise<Route> {
    const answer = this.askNow(setting, request.url)
    if (!(answer instanceof Promise)) return answer
    return whileWanted(answer, request, this.#wait, ASKING)
  }

  #read(answer: unknown): Route {
    const why = 'the function of the option proxy'
    if (isNone(answer)) return { proxies: DIRECT.proxies, why }
    if (typeof answer !== 'string') return { proxies: readChain(answer, FUNCTION, takeTls), why }
    let proxies = this.#byText.get(answer)
    if (proxies === undefined) {
      proxies = readChain(answer, FUNCTION, takeTls)
      this.#byText.set(answer, proxies)
      if (this.#byText.size > MAX_TEXTS) this.#byText.delete(this.#byText.keys().next().value!)
    }
    return { proxies, why }
  }
}

const ASKING: WaitTold = Object.freeze({
  name: 'the function of the option proxy',
  remedy: undefined,
  facts: UNSENT,
})
const FUNCTION = "What the function of the option 'proxy' gives"
const PROXY_AUTHORIZATION = 'proxy-authorization'

/** The request as it goes to a server: nothing in it is meant for a proxy. The same one where that is so. */
export function forServer(request: OutgoingRequest): OutgoingRequest {
  if (!saysProxyAuthorization(request)) return request
  const { fields, defaults } = request
  return withChanges(request, { fields: withoutOwn(fields), defaults: withoutOwn(defaults) })
}

function withoutOwn(fields: readonly FieldLine[]): readonly FieldLine[] {
  return fields.filter(([name]) => name.toLowerCase() !== PROXY_AUTHORIZATION)
}

/** The request as the last proxy is sent it: the whole URL as target, and what this proxy is told besides. */
export function forProxy(request: OutgoingRequest, { headers }: ProxyServer): OutgoingRequest {
  const target = absoluteTarget(request.origin, request.target)
  return withChanges(request, headers.length === 0 ? { target } : { target, ...withTold(request, headers) })
}

/** What a proxy is told, after the fields of the request; what the request says itself stands. */
export function withTold(
  { fields }: OutgoingRequest,
  headers: readonly FieldLine[],
): { readonly fields: readonly FieldLine[] } {
  return { fields: [...fields, ...headers.filter(([name]) => !hasField(fields, name.toLowerCase()))] }
}

/** RFC 9112 §3.2.2; and §3.2.4 for the `*` of OPTIONS. */
function absoluteTarget({ prefix }: RequestOrigin, target: string): string {
  if (target === '*') return prefix
  return target.startsWith('/') ? `${prefix}${target}` : target
}

/** True where the caller says by himself who he is to the proxy. */
export function saysProxyAuthorization({ fields, defaults }: OutgoingRequest): boolean {
  return hasField(fields, PROXY_AUTHORIZATION) || hasField(defaults, PROXY_AUTHORIZATION)
}

/** Those that are remembered by what they say; above, the one that was used the longest ago goes. */
const MAX_IDENTITIES = 64

/** Who we are to the proxies of a client. */
export class Identities {
  /** Security: no key has a password in it that could be read. */
  readonly #keys: WeakMap<ProxyServer, string> = new WeakMap()
  readonly #byKey: Map<string, ProxyIdentity> = new Map()

  /**
   * One object for all that goes to a proxy with the same credentials, however often the option of a request was read, so that
   * the proxy asks once. Undefined where it is told nothing.
   */
  of(proxy: ProxyServer): ProxyIdentity | undefined {
    const { scheme, host, port, credentials, tls } = proxy
    if (credentials === undefined) return undefined
    let key = this.#keys.get(proxy)
    if (key === undefined) {
      // Security: with TLS options of its own, another peer may be trusted to be it.
      key = digestOf([scheme, host, port, credentials, tls])
      this.#keys.set(proxy, key)
    }
    const identity = this.#byKey.get(key) ?? new ProxyIdentity(credentials)
    this.#byKey.delete(key)
    this.#byKey.set(key, identity)
    if (this.#byKey.size > MAX_IDENTITIES) this.#byKey.delete(this.#byKey.keys().next().value!)
    return identity
  }
}

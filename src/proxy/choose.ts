/**
 * Which proxies a request goes through, and why: one function over the setting and where the request goes. Pure.
 */

import { owns } from '../core/owns.ts'
import { matchNoProxy } from './no-proxy.ts'
import type { ProxyServer } from './proxy-server.ts'
import type { ProxyTable } from './setting.ts'

/** The way to an origin. */
export interface Route {
  /** The proxies, the first to be connected to first; none for the direct way. */
  readonly proxies: readonly ProxyServer[]
  /** Why so, in words. */
  readonly why: string
}

/** Where a request goes, as far as that decides. */
export interface Whither {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
}

const NONE: readonly ProxyServer[] = Object.freeze([])

/** The direct way, where nothing was to be chosen. */
export const DIRECT: Route = Object.freeze({ proxies: NONE, why: 'no proxy was asked for' })

/**
 * Decides.
 * @throws TypeError where the environment names a proxy that cannot be read
 */
export function chooseRoute(table: ProxyTable, { scheme, host, port }: Whither): Route {
  const entry = table[scheme]
  if (entry === undefined) return { proxies: NONE, why: table.without }
  const rule = matchNoProxy(table.no, host, port)
  if (rule !== undefined) return { proxies: NONE, why: `'${rule.text}' in ${table.noFrom} matches` }
  if (owns(entry, 'error')) throw entry.error
  return { proxies: entry.proxies, why: entry.from }
}

/**
 * Whether the last proxy is sent the request itself, with the whole URL as target (RFC 9112 §3.2.2): plain http through a
 * proxy that speaks HTTP. Everything else goes through a tunnel.
 */
export function isForwarded({ proxies }: Pick<Route, 'proxies'>, scheme: 'http' | 'https'): boolean {
  const last = proxies.at(-1)
  if (last?.isTunnel === true) return false
  return scheme === 'http' && (last?.scheme === 'http' || last?.scheme === 'https')
}

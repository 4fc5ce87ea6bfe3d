/**
 * The proxies of the environment, as curl reads them: of two cases of a name the lower one wins, an empty value is none. Pure:
 * it is given the variables.
 */

import { parseNoProxy } from './no-proxy.ts'
import { readProxyUrl } from './proxy-server.ts'
import type { BadEntry, ProxyEntry, ProxyTable } from './setting.ts'

/** Variables of the environment, by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** The variables that are looked at. */
export const PROXY_VARIABLES: readonly string[] = Object.freeze([
  'http_proxy',
  'HTTP_PROXY',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'REQUEST_METHOD',
])

/** Reads them. What cannot be read is told to the requests that it is for. */
export function environmentProxies(variables: Variables): ProxyTable {
  const all = ['all_proxy', 'ALL_PROXY']
  // Security: under CGI, HTTP_PROXY is what a client sent in the field Proxy (CVE-2016-5385, "httpoxy").
  const isCgi = said(variables, 'REQUEST_METHOD') !== undefined
  const http = isCgi ? ['http_proxy'] : ['http_proxy', 'HTTP_PROXY']
  const no = firstSaid(variables, ['no_proxy', 'NO_PROXY'])
  return Object.freeze({
    kind: 'table',
    http: entryOf(variables, [...http, ...all]),
    https: entryOf(variables, ['https_proxy', 'HTTPS_PROXY', ...all]),
    no: no === undefined ? [] : parseNoProxy(no.value),
    noFrom: `${no?.name ?? 'no_proxy'} of the environment`,
    without: 'the environment names no proxy for this scheme',
  })
}

function said(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim()
  return value === '' ? undefined : value
}

function firstSaid(
  variables: Variables,
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  for (const name of names) {
    const value = said(variables, name)
    if (value !== undefined) return { name, value }
  }
  return undefined
}

function entryOf(variables: Variables, names: readonly string[]): ProxyEntry | BadEntry | undefined {
  const found = firstSaid(variables, names)
  if (found === undefined) return undefined
  const from = `${found.name} of the environment`
  try {
    return { proxies: Object.freeze([readProxyUrl(found.value, from, 'http')]), from }
  } catch (error) {
    return { error: error as TypeError }
  }
}

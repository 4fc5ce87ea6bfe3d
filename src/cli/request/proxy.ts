/**
 * By way of which proxies: what the options say, else what the environment does, as curl reads both. Pure, but for the
 * files of an https proxy.
 *
 * Security: no message shows a proxy with its credentials.
 */

import type { ClientRequestOptions, ProxyInput, ProxyOptions } from '../../client/option-types.ts'
import type { FieldLine } from '../../core/fields.ts'
import { isToken } from '../../core/grammar.ts'
import type { TlsOptions } from '../../core/tls-options.ts'
import { matchNoProxy, parseNoProxy } from '../../proxy/no-proxy.ts'
import { hideSecrets, usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import type { Env } from './authorities.ts'
import { placeOf, readPlaces } from './places.ts'

/** What curl takes for a proxy without a port. */
const DEFAULT_PORT = 1080
const DEFAULT_TLS_PORT = 443
/** What curl takes for a --preproxy without a scheme. */
const DEFAULT_PRE_SCHEME = 'socks4'
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h'])

/**
 * The option of the client.
 * @param told - fields for a proxy that speaks HTTP, of `--proxy-header`
 * @throws CommandFailure of `usage` or `local-read`
 */
export async function readProxyOption(
  options: Options,
  env: Env,
  told: readonly FieldLine[] = [],
): Promise<ClientRequestOptions['proxy']> {
  const headers = checkTold(told)
  const given = givenProxy(options)
  const { noproxy = firstOf(env, ['no_proxy', 'NO_PROXY']), preproxy, unixSocket } = options
  if (unixSocket !== undefined) {
    if ((given === undefined || given === '') && preproxy === undefined) return undefined
    throw usageFailure('--proxy and --unix-socket exclude each other', 'one of them')
  }
  if ((given === '' && preproxy === undefined) || noproxy?.trim() === '*') return false
  const all = given ?? firstOf(env, ['all_proxy', 'ALL_PROXY'])
  // Security: HTTP_PROXY may be what a client of a CGI program sent; curl reads the small letters alone.
  const http = given ?? firstOf(env, ['http_proxy']) ?? all
  const https = given ?? firstOf(env, ['https_proxy', 'HTTPS_PROXY']) ?? all
  const chains = {
    http: await chainOf(http, options, headers),
    https: await chainOf(https, options, headers),
  }
  if (options.connectTo !== undefined) return bentChains(chains, options, noproxy)
  return {
    http: shortest(chains.http),
    https: shortest(chains.https),
    ...(noproxy !== undefined && { no: noproxy }),
  }
}

/** One proxy is no list. */
function shortest(chain: Chain): ProxyInput | false {
  return chain !== false && chain.length === 1 ? chain[0]! : chain
}

/** The proxies, in the order in which they are passed; false for none. */
type Chain = readonly ProxyOptions[] | false

/** Only a tunnel leads elsewhere than where the URL says: to a place that is bent there is one, for http too, as in curl. */
function bentChains(
  chains: { readonly http: Chain; readonly https: Chain },
  options: Options,
  noproxy = '',
): ClientRequestOptions['proxy'] {
  const places = readPlaces(options)
  const direct = parseNoProxy(noproxy)
  return (url) => {
    const chain = chains[url.protocol === 'https:' ? 'https' : 'http']
    const place = placeOf(url)
    if (chain === false || matchNoProxy(direct, place.host, place.port) !== undefined) return false
    if (places.bend(place) === undefined) return chain
    return [...chain.slice(0, -1), { ...chain.at(-1)!, tunnel: true }]
  }
}

/** What every request says by itself. */
const NOT_TOLD: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding'])

function checkTold(fields: readonly FieldLine[]): readonly FieldLine[] {
  for (const [name] of fields) {
    if (isToken(name) && !NOT_TOLD.has(name.toLowerCase())) continue
    const what = isToken(name) ? `--proxy-header cannot say ${name}` : 'the name in a --proxy-header is none'
    throw usageFailure(what, '--proxy-header "Name: value"')
  }
  return fields
}

/** `-x`, or one of those that say the scheme by their name. */
function givenProxy({ proxy, socks4, socks4a, socks5, socks5Hostname }: Options): string | undefined {
  const named = (
    [
      ['socks4', socks4],
      ['socks4a', socks4a],
      ['socks5', socks5],
      ['socks5h', socks5Hostname],
    ] as const
  ).find(([, value]) => value !== undefined)
  return named === undefined ? proxy : `${named[0]}://${named[1]!.replace(SCHEME, '')}`
}

function firstOf(env: Env, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
}

async function chainOf(
  text: string | undefined,
  options: Options,
  headers: readonly FieldLine[],
): Promise<Chain> {
  const last = text === undefined || text === '' ? undefined : await serverOf(text, options, headers)
  if (options.preproxy === undefined) return last === undefined ? false : [last]
  const first = { url: readUrl(options.preproxy, DEFAULT_PRE_SCHEME) }
  return last === undefined ? [first] : [first, last]
}

async function serverOf(
  text: string,
  options: Options,
  headers: readonly FieldLine[],
): Promise<ProxyOptions> {
  const { proxyUser, proxyDigest, proxytunnel } = options
  const url = readUrl(text)
  const isSecure = url.startsWith('https:')
  // What the URL says comes first, as in curl.
  const who = url.includes('@') ? undefined : proxyUser
  if (who !== undefined && !who.includes(':'))
    throw usageFailure(
      '-U has no password',
      '-U USER:PASSWORD, or USER: for none; on a terminal it is asked for',
    )
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(who ?? '') ?? []
  const isDigest = proxyDigest === true && !url.startsWith('socks')
  return {
    url,
    ...(who !== undefined && { auth: isDigest ? { digest: [user, password] } : [user, password] }),
    ...(isSecure && { tls: await readProxyTls(options) }),
    ...(proxytunnel === true && { tunnel: true }),
    // SOCKS has no place for them, and they are left out, as in curl.
    ...(headers.length > 0 && !url.startsWith('socks') && { headers }),
  }
}

/** What is said of TLS with an https proxy, by options of their own. */
async function readProxyTls(options: Options): Promise<TlsOptions> {
  const own: Options = definedOf({
    cert: options.proxyCert,
    certType: options.proxyCertType,
    ciphers: options.proxyCiphers,
    crlfile: options.proxyCrlfile,
    insecure: options.proxyInsecure,
    key: options.proxyKey,
    keyType: options.proxyKeyType,
    pass: options.proxyPass,
    pinnedpubkey: options.proxyPinnedpubkey,
    tls13Ciphers: options.proxyTls13Ciphers,
  })
  const { proxyCacert: file, proxyCapath: folder } = options
  const authorities = {
    ...(file !== undefined && { file: { path: file, by: '--proxy-cacert' } }),
    ...(folder !== undefined && { folder: { path: folder, by: '--proxy-capath' } }),
  }
  // Loaded where there is something to be read: it needs cryptography.
  const { readTlsOptions } = await import('./tls.ts')
  return readTlsOptions(own, authorities, '--proxy-')
}

function definedOf<T extends object>(given: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { readonly [K in keyof T]?: Exclude<T[K], undefined> }
}

/** With a scheme and a port. */
function readUrl(text: string, defaultScheme = 'http'): string {
  const scheme = (SCHEME.exec(text)?.[1] ?? defaultScheme).toLowerCase()
  if (!SCHEMES.has(scheme))
    throw usageFailure(
      `a proxy with the scheme ${scheme}: cannot be used`,
      '-x http://HOST:PORT, https://, socks5h://',
      undefined,
      'connect',
    )
  const rest = text.replace(SCHEME, '').replace(/\/$/, '')
  const hasPort = /:\d+$/.test(rest.slice(rest.lastIndexOf(']') + 1).replace(/^.*@/s, ''))
  const port = scheme === 'https' ? DEFAULT_TLS_PORT : DEFAULT_PORT
  const url = `${scheme}://${rest}${hasPort ? '' : `:${port}`}`
  if (rest !== '' && URL.canParse(url.replace(SCHEME, 'http://'))) return url
  throw usageFailure(
    `the proxy "${hideSecrets(text)}" cannot be read`,
    'one such as http://proxy.example:3128',
    undefined,
    'proxy-dns',
  )
}

/**
 * What a proxy is, and how one is read: a URL, or an object with its URL, credentials, TLS options and fields. Pure.
 *
 * Security: no message shows a URL of a proxy, for there may be a password in it.
 */

import { faultOfBasic, faultOfPair } from '../auth/basic.ts'
import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import { isFieldValue, isToken } from '../core/grammar.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { shown, takeOptions } from '../core/options.ts'
import { parseHostPort } from '../core/origin.ts'
import { maskMembers } from '../core/redact.ts'
import type { TlsOptions } from '../core/tls-options.ts'

/** How a proxy is spoken to. */
export type ProxyScheme = 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5' | 'socks5h'

/** Who we are to a proxy. */
export interface ProxyCredentials {
  /** `basic` is sent with the first request, `digest` answers a challenge. SOCKS has a way of its own. */
  readonly scheme: 'basic' | 'digest'
  readonly user: string
  readonly password: string
}

/** A proxy, complete. */
export interface ProxyServer {
  readonly scheme: ProxyScheme
  /** A name or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly credentials: ProxyCredentials | undefined
  /** Whom to trust as an `https` proxy; undefined for the defaults. */
  readonly tls: TlsOptions | undefined
  /** Asked for a tunnel for `http` URLs, too. */
  readonly isTunnel: boolean
  /** Fields that it is told, with CONNECT and with requests in absolute form. */
  readonly headers: readonly FieldLine[]
}

/** Checks TLS options and takes them over. */
export type TakeTls = (given: TlsOptions) => TlsOptions

/** The schemes, and the port of each where its URL names none. */
export const DEFAULT_PORTS: Readonly<Record<ProxyScheme, number>> = Object.freeze({
  http: 80,
  https: 443,
  socks4: 1080,
  socks4a: 1080,
  socks5: 1080,
  socks5h: 1080,
})

const KNOWN_SCHEMES = Object.keys(DEFAULT_PORTS).join(', ')
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s

/** The members of a proxy that is an object. */
export const PROXY_NAMES = { url: true, auth: true, tls: true, tunnel: true, headers: true } as const
const AUTH_NAMES = { basic: true, digest: true } as const

/**
 * Reads one proxy: a URL, or `{ url, auth, tls, tunnel, headers }`.
 * @param what - how messages call it: `The option 'proxy'`
 * @throws TypeError that says what is wrong, without the URL
 */
export function readProxy(given: unknown, what: string, takeTls: TakeTls): ProxyServer {
  if (typeof given === 'string') return readProxyUrl(given, what)
  if (isUrl(given)) return readProxyUrl(given.href, what)
  const { url, auth, tls, tunnel = false, headers } = takeOptions(given as ProxyObject, PROXY_NAMES, what)
  if (typeof url !== 'string' && !isUrl(url)) refuse(what, `url takes the URL of a proxy, not ${shown(url)}`)
  if (typeof tunnel !== 'boolean') refuse(what, `tunnel takes true or false, not ${shown(tunnel)}`)
  const server = readProxyUrl(typeof url === 'string' ? url : url.href, what)
  const credentials = auth === undefined ? server.credentials : readAuth(auth, what)
  if (tls !== undefined && server.scheme !== 'https')
    refuse(what, `tls is for a proxy of the scheme https, not of ${server.scheme}`)
  if (credentials?.scheme === 'digest' && server.scheme.startsWith('socks'))
    refuse(what, 'SOCKS knows no digest: auth takes [user, password]')
  checkCredentials(server.scheme, credentials, what)
  const taken = tls === undefined ? undefined : takeTls(tls)
  const fields = headers === undefined ? NO_FIELDS : readFields(headers, server.scheme, what)
  // Security: a field may be a credential.
  const whole = { ...server, credentials, tls: taken, isTunnel: tunnel, headers: fields }
  return Object.freeze(fields.length === 0 ? whole : maskMembers(whole, ['headers']))
}

/** What has a place of its own in every request, or says how that one message goes over that one connection. */
const NOT_SAID: ReadonlySet<string> = new Set(
  'host content-length transfer-encoding connection keep-alive te trailer upgrade expect'.split(' '),
)

/** Checked here: what is wrong with them is told before anything is dialled. */
function readFields(headers: HeadersInput, scheme: ProxyScheme, what: string): readonly FieldLine[] {
  if (!isHttp(scheme)) refuse(what, `headers are for a proxy that speaks HTTP, not for ${scheme}`)
  const fields = toFieldLines(headers)
  for (const [name, value] of fields) {
    if (!isToken(name)) refuse(what, 'the name of one of its headers is no token')
    if (NOT_SAID.has(name.toLowerCase())) refuse(what, `headers cannot say ${name}`)
    if (!isFieldValue(value)) refuse(what, `its header ${name} has a byte that may not be sent`)
  }
  return freezeDeep(fields)
}

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

interface ProxyObject {
  readonly url?: unknown
  readonly auth?: unknown
  readonly tls?: TlsOptions
  readonly tunnel?: unknown
  readonly headers?: HeadersInput
}

/** True for a URL, also of another realm. */
export function isUrl(value: unknown): value is URL {
  return value instanceof URL || Object.prototype.toString.call(value) === '[object URL]'
}

/**
 * Reads the URL of a proxy.
 * @param lacking - the scheme of one without; undefined where there must be one
 * @throws TypeError as `readProxy`
 */
export function readProxyUrl(text: string, what: string, lacking?: ProxyScheme): ProxyServer {
  const [, given = lacking, rest = text] = SCHEME.exec(text) ?? []
  if (given === undefined) refuse(what, 'the URL of a proxy begins with its scheme, such as http://')
  const scheme = given.toLowerCase()
  if (!isProxyScheme(scheme)) refuse(what, `the scheme of a proxy is one of ${KNOWN_SCHEMES}`)
  // Read as http: for another scheme a URL keeps hosts as they were written.
  const url = parse(`http://${rest}`)
  const hint = rest.includes('@') ? '; in a user and a password, / ? # \\ are percent-encoded' : ''
  if (url === undefined || rest === '') refuse(what, `the URL of the proxy is none${hint}`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    refuse(what, `the URL of a proxy has no path and no query${hint}`)
  // A port that is the default of http is left out there, and not here.
  const written = url.port || parse(`https://${rest}`)?.port || ''
  const defaultPort = DEFAULT_PORTS[scheme]
  const { host, port } = hostPortOf(url.hostname, written, defaultPort, what)
  const credentials = credentialsOf(url, what)
  checkCredentials(scheme, credentials, what)
  return Object.freeze({
    scheme,
    host,
    port,
    credentials,
    tls: undefined,
    isTunnel: false,
    headers: NO_FIELDS,
  })
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function isProxyScheme(scheme: string): scheme is ProxyScheme {
  return Object.hasOwn(DEFAULT_PORTS, scheme)
}

function hostPortOf(
  hostname: string,
  port: string,
  defaultPort: number,
  what: string,
): { readonly host: string; readonly port: number } {
  const at = port === '' ? defaultPort : Number(port)
  if (at === 0) refuse(what, 'the port of the proxy is 0')
  try {
    return parseHostPort(hostname, at, defaultPort)
  } catch {
    return refuse(what, 'the host of the proxy is none')
  }
}

function credentialsOf({ username, password }: URL, what: string): ProxyCredentials | undefined {
  if (username === '' && password === '') return undefined
  return hidden({ scheme: 'basic', user: decode(username, what), password: decode(password, what) })
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(what, 'the userinfo is not percent-encoded UTF-8')
  }
}

function readAuth(auth: unknown, what: string): ProxyCredentials {
  if (Array.isArray(auth)) return hidden({ scheme: 'basic', ...readPair(auth, what) })
  const { basic, digest } = takeOptions(
    auth as { basic?: unknown; digest?: unknown },
    AUTH_NAMES,
    `${what}: auth`,
  )
  if ((basic === undefined) === (digest === undefined)) refuse(what, AUTH_TAKES)
  return basic === undefined
    ? hidden({ scheme: 'digest', ...readPair(digest, what) })
    : hidden({ scheme: 'basic', ...readPair(basic, what) })
}

/** Settings that are shown show no password. */
function hidden(credentials: ProxyCredentials): ProxyCredentials {
  return maskMembers(credentials, ['user', 'password'])
}

const AUTH_TAKES = 'auth takes [user, password], { basic: [user, password] } or { digest: [user, password] }'

function readPair(pair: unknown, what: string): { readonly user: string; readonly password: string } {
  if (!Array.isArray(pair) || pair.length !== 2) refuse(what, AUTH_TAKES)
  const [user, password] = pair as [unknown, unknown]
  if (typeof user !== 'string' || typeof password !== 'string') refuse(what, AUTH_TAKES)
  return { user, password }
}

/** Refused before anything is dialled: what the way in which the proxy is asked has no place for. */
function checkCredentials(
  scheme: ProxyScheme,
  credentials: ProxyCredentials | undefined,
  what: string,
): void {
  if (credentials === undefined) return
  const { user, password } = credentials
  const fault =
    credentials.scheme === 'basic' && isHttp(scheme) ? faultOfBasic(credentials) : faultOfPair(credentials)
  if (fault !== undefined) refuse(what, fault)
  if (isHttp(scheme)) return
  if (scheme === 'socks4' || scheme === 'socks4a') {
    if (password !== '') refuse(what, 'SOCKS4 knows a user, and no password')
    if (byteLength(user) > 255) refuse(what, 'the user has 255 bytes at the most')
  } else if (![user, password].every((part) => byteLength(part) >= 1 && byteLength(part) <= 255)) {
    refuse(what, 'for SOCKS5, user and password have 1 to 255 bytes each')
  }
}

function isHttp(scheme: ProxyScheme): boolean {
  return scheme === 'http' || scheme === 'https'
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

function refuse(what: string, why: string): never {
  throw new TypeError(`${what}: ${why}`)
}

/**
 * Where a request goes: reads the URL and the proxy of the command line. Pure.
 *
 * Security: userinfo is taken out of the URL here. It becomes an Authorization or Proxy-Authorization field, and is never in
 * a request target, a Host field or a message.
 */

import { hideSecrets, usageFailure } from './failure.ts'

/** A URL, taken apart. */
export interface Target {
  readonly scheme: 'http' | 'https'
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** The value of the Host field. */
  readonly authority: string
  /** Path and query, as the request line has them. */
  readonly path: string
  /** From the userinfo: the value of an Authorization field. */
  readonly authorization: string | undefined
}

/** A proxy that is asked for tunnels. */
export interface Proxy {
  readonly host: string
  readonly port: number
  readonly authorization: string | undefined
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//
const DEFAULT_PORTS = { http: 80, https: 443 } as const
/** What curl takes for a proxy without a port. */
const DEFAULT_PROXY_PORT = 1080

/**
 * Reads a URL; one without a scheme is http, as in curl.
 * @throws CommandFailure for what is no URL, or has another scheme
 */
export function readTarget(text: string): Target {
  const scheme = (SCHEME.exec(text)?.[1] ?? 'http').toLowerCase()
  if (scheme !== 'http' && scheme !== 'https')
    throw usageFailure(`the scheme ${scheme}: is not known`, 'a URL with http:// or https://')
  const url = parseURL(SCHEME.test(text) ? text : `http://${text}`, 'the URL', text)
  const { username, password } = url
  url.username = ''
  url.password = ''
  url.hash = ''
  return {
    scheme,
    host: withoutBrackets(url.hostname),
    port: url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port),
    authority: url.host,
    path: url.href.slice(url.origin.length),
    authorization: basicFrom(username, password),
  }
}

/**
 * Reads `[http://][user:password@]host[:port]`.
 * @throws CommandFailure for what is no proxy, or one with another scheme
 */
export function readProxy(text: string): Proxy {
  const scheme = (SCHEME.exec(text)?.[1] ?? 'http').toLowerCase()
  if (scheme !== 'http')
    throw usageFailure(`a proxy with the scheme ${scheme}: cannot be used`, '-x http://HOST:PORT')
  // A scheme that the platform does not know keeps its port even where it is 80.
  const url = parseURL(`proxy://${text.replace(SCHEME, '')}`, 'the proxy', text)
  return {
    host: withoutBrackets(url.hostname),
    port: url.port === '' ? DEFAULT_PROXY_PORT : Number(url.port),
    authorization: basicFrom(url.username, url.password),
  }
}

/** The value of an Authorization field, of `user:password`. */
export function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

function basicFrom(username: string, password: string): string | undefined {
  if (username === '' && password === '') return undefined
  return basic(`${decodePercent(username)}:${decodePercent(password)}`)
}

/** The text itself where its percent signs encode nothing. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parseURL(text: string, name: string, given: string): URL {
  try {
    const url = new URL(text)
    if (url.hostname !== '') return url
  } catch {
    // Told below, without the platform's words: they would repeat the whole text.
  }
  throw usageFailure(
    `${name} "${hideSecrets(given)}" cannot be read`,
    'one such as http://example.com:8080/path',
  )
}

function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

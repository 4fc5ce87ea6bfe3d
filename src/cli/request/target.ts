/**
 * Where a request goes: reads the URL of the command line as curl does. Pure.
 *
 * Security: userinfo is taken out of the URL here. It becomes an Authorization field, and is never in a request target, a Host
 * field or a message.
 */

import { hideSecrets, usageFailure } from '../tell/failure.ts'

/** A URL, as a request needs it. */
export interface Target {
  /** Without userinfo and fragment. */
  readonly url: URL
  /** Path and query, as the request line has them: as they were written, and not as WHATWG would write them. */
  readonly path: string
  /** Of the userinfo: `name:password`, decoded. */
  readonly credentials: string | undefined
  /** The end of the path as it was written, for `-O`; empty where it ends in a slash. */
  readonly fileName: string
}

export interface TargetRules {
  /** The scheme of a URL without one. */
  readonly defaultScheme: string
  /** Schemes that are allowed. */
  readonly schemes: readonly string[]
  /** Leaves `/../` and `/./`. */
  readonly isPathAsIs: boolean
}

/** One to three slashes, as in curl. */
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/{1,3}/
const PARTS = /^([^/?#]*)([^?#]*)(\?[^#]*)?/

/**
 * Reads a URL; one without a scheme is http, as in curl.
 * @throws CommandFailure of `url` for what is no URL, of `scheme` for one that is not spoken
 */
export function readTarget(text: string, { defaultScheme, schemes, isPathAsIs }: TargetRules): Target {
  const scheme = (SCHEME.exec(text)?.[1] ?? defaultScheme).toLowerCase()
  if (scheme !== 'http' && scheme !== 'https')
    throw usageFailure(
      `the scheme ${scheme}: is not spoken here`,
      'a URL with http:// or https://',
      undefined,
      'scheme',
    )
  if (!schemes.includes(scheme))
    throw usageFailure(`the scheme ${scheme}: is not allowed`, 'another --proto', undefined, 'scheme')
  if (/[\u0000-\u0020\u007f]/.test(text))
    throw usageFailure(
      'the URL has a blank or a control character in it',
      'the URL in quotation marks, with %20 for a blank',
      undefined,
      'url',
    )
  const rest = text.replace(SCHEME, '')
  // The platform would take the next word of the path for the host.
  if (/^(?:[/?#\\]|https?:$|$)/i.test(rest))
    throw usageFailure('the URL has no host', 'one such as http://example.com/path', undefined, 'url')
  const url = parseUrl(`${scheme}://${rest}`, text)
  const { username, password } = url
  const credentials = `${decode(username)}:${decode(password)}`
  // As in curl: for many servers it is the end of the text.
  if (credentials.includes('\0'))
    throw usageFailure('the credentials in the URL have a NUL in them', 'without %00', undefined, 'url')
  url.username = ''
  url.password = ''
  url.hash = ''
  const [, , path = '', query = ''] = PARTS.exec(rest) ?? []
  const written = isPathAsIs ? path : removeDotSegments(path)
  return {
    url,
    path: encodeBytes(`${written.startsWith('/') ? '' : '/'}${written}${query}`),
    credentials: username === '' && password === '' ? undefined : credentials,
    fileName: path.slice(path.lastIndexOf('/') + 1),
  }
}

/** Of the sixteen bits that it has. */
const MAX_PORT = 65_535

/** The value of an Authorization field, of `user:password`. */
export function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** RFC 3986 §5.2.4, on the text: `%2e` is no dot, as in curl. */
export function removeDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
      if (isLast) kept.push('')
    } else if (segment === '.') {
      if (isLast) kept.push('')
    } else kept.push(segment)
  }
  return kept.join('/')
}

/** What is no ASCII as percent-encoded UTF-8. */
function encodeBytes(text: string): string {
  return text.replace(/[^\u0021-\u007e]+/g, (odd) => encodeURIComponent(odd))
}

/** The text itself where its percent signs encode nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parseUrl(text: string, given: string): URL {
  try {
    const url = new URL(text)
    if (url.hostname !== '') return url
  } catch {
    // Told below, without the platform's words: they would repeat the whole text.
  }
  throw usageFailure(
    `the URL "${hideSecrets(given)}" cannot be read`,
    'one such as http://example.com:8080/path',
    Number(/:(\d+)(?:[/?#]|$)/.exec(given)?.[1] ?? 0) > MAX_PORT
      ? `a port is at most ${MAX_PORT}`
      : undefined,
    'url',
  )
}

/**
 * Cookie files of Netscape, as curl reads and writes them (`-b`, `-c`): a line for each cookie, of seven fields with tabs between
 * them. Text is one character for each byte.
 */

import { Cookie } from 'tough-cookie'
import { canBeSent, capExpiry, MAX_PAIR_BYTES } from './set-cookie.ts'

/** What is asked of a jar: a `CookieJar` of tough-cookie, of any copy, with a store that can list its cookies. */
export interface ListingJar {
  /** The store of the jar. */
  readonly store: {
    /** All cookies. */
    getAllCookies(): Promise<readonly Cookie[]>
    /** Holds a cookie. */
    putCookie(cookie: Cookie): Promise<void>
  }
}

/** What came of reading a file. */
export interface ReadCookieLines {
  /** How many lines the jar has taken a cookie from; one that takes the place of another counts as well. */
  readonly cookies: number
  /** The numbers of the lines that are neither a cookie nor a comment, from 1. */
  readonly skippedLines: readonly number[]
}

const HEADER = `# Netscape HTTP Cookie File
# https://curl.se/docs/http-cookies.html
# This file was written by httplib-ts. Edit it at your own risk.

`
const HTTP_ONLY = '#HttpOnly_'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are looked for
const CONTROLS = /[\x00-\x1f\x7f]/

/**
 * The cookie of a line; `comment` for a comment, an empty line, and a cookie that has ended; undefined for what is none of it.
 * @param nowMs - the time of day, in milliseconds since 1970
 */
export function readNetscapeLine(line: string, nowMs: number): Cookie | 'comment' | undefined {
  const httpOnly = line.startsWith(HTTP_ONLY)
  const text = (httpOnly ? line.slice(HTTP_ONLY.length) : line).replace(/\r$/, '')
  if (!httpOnly && (text.startsWith('#') || text.trim() === '')) return 'comment'
  const [domain = '', tail, path = '', secure, seconds = '', key = '', value = '', ...more] = text.split('\t')
  const host = domain.replace(/^\./, '').toLowerCase()
  if (host === '' || more.length > 0 || !isTruth(tail) || !isTruth(secure) || !path.startsWith('/'))
    return undefined
  if (key === '' || !/^[0-9]+$/.test(seconds) || key.length + value.length > MAX_PAIR_BYTES) return undefined
  if (CONTROLS.test(text.replaceAll('\t', '')) || !canBeSent(key, value)) return undefined
  const isSession = Number(seconds) === 0
  const endsAtMs = isSession ? undefined : capExpiry(Number(seconds) * 1_000, nowMs)
  if (endsAtMs === 0) return 'comment'
  return new Cookie({
    key,
    value,
    domain: host,
    hostOnly: tail?.toUpperCase() === 'FALSE',
    path,
    secure: secure?.toUpperCase() === 'TRUE',
    httpOnly,
    expires: endsAtMs === undefined ? 'Infinity' : new Date(endsAtMs),
    creation: new Date(nowMs),
    lastAccessed: new Date(nowMs),
  })
}

function isTruth(text: string | undefined): boolean {
  return /^(TRUE|FALSE)$/i.test(text ?? '')
}

/** The line of a cookie; undefined for one that has no place in a line. */
export function writeNetscapeLine(cookie: Cookie): string | undefined {
  const { domain, hostOnly, path, secure, httpOnly, key, value } = cookie
  if (domain === null || key === '' || [domain, path ?? '', key, value].some((part) => CONTROLS.test(part)))
    return undefined
  const isHostOnly = hostOnly !== false
  const endsAt = cookie.expiryTime() ?? Infinity
  return [
    `${httpOnly ? HTTP_ONLY : ''}${isHostOnly ? '' : '.'}${domain}`,
    isHostOnly ? 'FALSE' : 'TRUE',
    path ?? '/',
    secure ? 'TRUE' : 'FALSE',
    String(endsAt === Infinity ? 0 : Math.floor(endsAt / 1_000)),
    key,
    value,
  ].join('\t')
}

/**
 * Puts the cookies of a file into a jar, those that have ended left out. The file is trusted: no public suffix
 * and no prefix is looked at.
 * @param text - the content, one character for each byte (`latin1`)
 * @throws what the store of the jar throws
 */
export async function readNetscapeCookies(text: string, jar: ListingJar): Promise<ReadCookieLines> {
  const skippedLines: number[] = []
  const now = Date.now()
  let cookies = 0
  for (const [i, line] of text.split('\n').entries()) {
    const cookie = readNetscapeLine(line, now)
    if (cookie === undefined) skippedLines.push(i + 1)
    else if (cookie !== 'comment') {
      await jar.store.putCookie(cookie)
      cookies++
    }
  }
  return { cookies, skippedLines }
}

/**
 * The content of a file that holds the cookies of a jar, the oldest first, those of the session among them with 0 as their end.
 * @returns one character for each byte (`latin1`)
 * @throws what the store of the jar throws
 */
export async function writeNetscapeCookies(jar: ListingJar): Promise<string> {
  const now = Date.now()
  const cookies = await jar.store.getAllCookies()
  const lines = cookies
    .filter((cookie) => (cookie.expiryTime() ?? Infinity) > now)
    .map(writeNetscapeLine)
    .filter((line) => line !== undefined)
  return HEADER + lines.map((line) => `${line}\n`).join('')
}

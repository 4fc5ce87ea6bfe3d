/**
 * Whether a URL may be fetched over the network (Fetch standard, "block bad port", and the constructor of `Request`). Strings
 * that were looked at before are known again: parsing a URL costs as much as a small request.
 */

import { maskText } from '../core/redact.ts'

const MAX_KNOWN = 512
const MAX_KNOWN_LENGTH = 2_048
const KNOWN = new Map<string, URL>()

/** Ports that other protocols listen at (Fetch standard, "port blocking"). */
const BAD_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1_719, 1_720, 1_723, 2_049,
  3_659, 4_045, 4_190, 5_060, 5_061, 6_000, 6_566, 6_665, 6_666, 6_667, 6_668, 6_669, 6_679, 6_697, 10_080,
])

/** True for a string that was checked: an http or https URL without credentials, at a port that may be. */
export function isKnownUrl(url: string): boolean {
  return KNOWN.has(url)
}

/** Remembers a string that `parseUrl` and `isNetworkUrl` found to be good. */
export function rememberUrl(text: string, url: URL): void {
  if (text.length > MAX_KNOWN_LENGTH) return
  KNOWN.set(text, url)
  if (KNOWN.size > MAX_KNOWN) KNOWN.delete(KNOWN.keys().next().value!)
}

/**
 * The URL of a string; it may not be changed.
 * @param page - that a relative one is resolved against
 * @throws TypeError for what is none, and for one with credentials; the message does not show them
 */
export function parseUrl(text: string, page?: URL): URL {
  const known = page === undefined ? KNOWN.get(text) : undefined
  if (known !== undefined) return known
  let url: URL
  try {
    url = new URL(text, page)
  } catch {
    throw new TypeError(`Failed to parse URL from ${maskText(withoutUserinfo(text))}`, {
      cause: invalidUrl(),
    })
  }
  if (url.username !== '' || url.password !== '') {
    url.username = ''
    url.password = ''
    throw new TypeError(
      `Request cannot be constructed from a URL that includes credentials: ${maskText(url.href)}`,
    )
  }
  return url
}

/**
 * A text that is no URL, as it may be shown. Security: it cannot be said where its userinfo would end, so that nothing up to the
 * last `@` is shown.
 */
export function withoutUserinfo(text: string): string {
  return text.replace(/^((?:https?:)?[/\\]*).*@/is, '$1')
}

/** What `new URL` throws, without the text, which the platform's own shows whole. */
export function invalidUrl(): TypeError {
  return Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' })
}

/** True for a scheme that is fetched over the network. */
export function isNetworkUrl({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:'
}

/** True for a port that is blocked. */
export function hasBadPort({ port }: URL): boolean {
  return port !== '' && BAD_PORTS.has(Number(port))
}

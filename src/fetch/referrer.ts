/** The Referer field of a request that names a referrer (Referrer Policy, "determine request's referrer"). */

import { invalidUrl, withoutUserinfo } from './checked-url.ts'

const POLICIES: ReadonlySet<string> = new Set([
  '',
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
])

/** The names that `referrerPolicy` takes. */
export const REFERRER_POLICIES: readonly string[] = [...POLICIES]

/**
 * The URL that is said to lead to a request, as `referrer` was given; undefined for none.
 * @param referrer - '' for none; `about:client` for the page, which there mostly is none of outside of a browser
 * @param page - the page, where there is one
 * @throws TypeError for what is no URL
 */
export function readReferrer(referrer: string, page: URL | undefined): URL | undefined {
  if (referrer === '') return undefined
  if (referrer === 'about:client') return page
  let from: URL
  try {
    from = new URL(referrer, page)
  } catch {
    const cause = invalidUrl()
    throw new TypeError(`Referrer "${withoutUserinfo(referrer)}" is not a valid URL.`, { cause })
  }
  // Nobody speaks for another page (Fetch §5.4, step 14.3).
  if (page !== undefined && from.origin !== page.origin) return page
  return from
}

/** What Referer says to a URL; undefined for nothing. */
export function referrerFor(from: URL, policy: string, to: URL): URL | undefined {
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return undefined
  const origin = new URL(`${from.origin}/`)
  const whole = stripped(from)
  const shown = whole.href.length > 4_096 ? origin : whole
  const isSame = from.origin === to.origin
  const isDowngrade = isTrustworthy(from) && !isTrustworthy(to)
  switch (policy) {
    case 'no-referrer':
      return undefined
    case 'unsafe-url':
      return shown
    case 'origin':
      return origin
    case 'same-origin':
      return isSame ? shown : undefined
    case 'origin-when-cross-origin':
      return isSame ? shown : origin
    case 'no-referrer-when-downgrade':
      return isDowngrade ? undefined : shown
    case 'strict-origin':
      return isDowngrade ? undefined : origin
    default:
      if (isSame) return shown
      return isDowngrade ? undefined : origin
  }
}

/** Whether nobody on the way can read along: by https, or because there is no way (Secure Contexts §3.1, of http and https). */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || LOCAL_HOST.test(hostname)
}

const LOCAL_HOST = /^(127\.\d+\.\d+\.\d+|\[::1\]|(.*\.)?localhost\.?)$/

/** Without userinfo and fragment. */
function stripped({ origin, pathname, search }: URL): URL {
  return new URL(`${origin}${pathname}${search}`)
}

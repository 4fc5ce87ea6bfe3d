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
 * What Referer says; undefined for nothing.
 * @param referrer - as it was given: '' for none, `about:client` for the default, which is none outside of a browser
 * @throws TypeError for what is no URL
 */
export function decideReferrer(referrer: string, policy: string, to: URL): string | undefined {
  if (referrer === '' || referrer === 'about:client') return undefined
  let from: URL
  try {
    from = new URL(referrer)
  } catch {
    const cause = invalidUrl()
    throw new TypeError(`Referrer "${withoutUserinfo(referrer)}" is not a valid URL.`, { cause })
  }
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return undefined
  const origin = `${from.origin}/`
  const whole = stripped(from)
  const shown = whole.length > 4_096 ? origin : whole
  const isSame = from.origin === to.origin
  const isDowngrade = from.protocol === 'https:' && to.protocol === 'http:'
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

/** Without userinfo and fragment. */
function stripped({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search}`
}

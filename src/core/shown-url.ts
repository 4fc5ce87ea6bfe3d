import { maskText } from './redact.ts'

/** What a path holds that may hold a credential: `;jsessionid=…`, a JSON Web Token, `me:password@host`. */
const MAY_HOLD = /[=@%]|eyJ/

/**
 * A URL as errors, events and reports show it: origin and path. Security: a query, or userinfo, may be a credential; and a path may
 * hold what is known as one.
 */
export function shownUrl(url: string): string {
  const shown = url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1')
  return MAY_HOLD.test(shown) ? maskText(shown) : shown
}

/** Tells of jars and stores that fail to keep what a response has said: no response fails of it, and it would go unnoticed. */

import type { CookieJarLike, HstsStore } from '../core/settings.ts'
import { warn } from '../io/surroundings.ts'

const TOLD: WeakSet<object> = new WeakSet()

/** Warns once of each jar. */
export function warnOfJar(jar: CookieJarLike, error: unknown): void {
  warnOnce(jar, 'The cookie jar failed to keep what a response has set', error, 'HTTPLIB_COOKIES')
}

/** Warns once of each store. */
export function warnOfHsts(store: HstsStore, error: unknown): void {
  warnOnce(store, 'The HSTS store failed to keep what a response has said', error, 'HTTPLIB_HSTS')
}

/** Security: of the error the name and the code, since its message may hold a cookie. */
function warnOnce(of: object, what: string, error: unknown, code: string): void {
  if (TOLD.has(of)) return
  TOLD.add(of)
  const { name = 'an error', code: cause } = Object(error) as { name?: string; code?: string }
  warn(`${what}: ${typeof cause === 'string' ? `${name} (${cause})` : name}. It is told once.`, code)
}

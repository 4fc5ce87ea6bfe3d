/** Tells of a jar that fails to keep cookies: no response fails of it, and nobody would know. */

import type { CookieJarLike } from '../core/settings.ts'
import { warn } from '../io/surroundings.ts'

const TOLD: WeakSet<CookieJarLike> = new WeakSet()

/** Warns once of each jar. Security: of the error the name and the code, since its message may hold a cookie. */
export function warnOfJar(jar: CookieJarLike, error: unknown): void {
  if (TOLD.has(jar)) return
  TOLD.add(jar)
  const { name = 'an error', code } = Object(error) as { name?: string; code?: string }
  const shown = typeof code === 'string' ? `${name} (${code})` : name
  warn(`The cookie jar failed to keep what a response has set: ${shown}. It is told once.`, 'HTTPLIB_COOKIES')
}

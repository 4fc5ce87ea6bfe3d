/**
 * The page of a process: a URL that relative URLs are resolved against, and that requests come from. There is one only where
 * the program has said so, by undici's `setGlobalOrigin(url)`, which is how test runners give Node's fetch one.
 */

import { tagOf } from '../core/brands.ts'

/** Where undici keeps it, for itself and for the one within Node. */
const KEY = Symbol.for('undici.globalOrigin.1')

/** The URL of the page; undefined where there is none. */
export function pageUrl(): URL | undefined {
  const page: unknown = (globalThis as { [KEY]?: unknown })[KEY]
  if (page instanceof URL) return page
  // The class may have been put in the place of the platform's since, as by the environment of a test runner.
  return tagOf(page) === 'URL' ? new URL((page as URL).href) : undefined
}

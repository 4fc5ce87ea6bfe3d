/** HSTS files of curl (`--hsts`), read and written: a line for each host, with a dot before the name for includeSubDomains. */

import type { HstsPolicy, HstsStore } from '../../core/settings.ts'
import { hstsHost } from './policy.ts'

const HEADER = `# Your HSTS cache. https://curl.se/docs/hsts.html
# This file was written by httplib-ts. Edit it at your own risk.
`
const LINE = /^[ \t]*(\.?)([^\s"#]+)[ \t]+"([^"]*)"/
const DATE = /^(\d{4})(\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2})$/
/** What curl writes of a policy without an end; a date beyond its four digits is written so. */
const UNLIMITED = 'unlimited'
const LAST_YEAR = 9_999

/** What a line says; undefined for a comment, an empty line and what is none. */
function readLine(line: string): readonly [host: string, policy: HstsPolicy] | undefined {
  const [, dot, name = '', end = ''] = LINE.exec(line) ?? []
  const host = hstsHost(name)
  const expiresAtMs = readEnd(end)
  if (host === undefined || expiresAtMs === undefined) return undefined
  return [host, { expiresAtMs, includeSubDomains: dot === '.' }]
}

function readEnd(text: string): number | undefined {
  if (text === UNLIMITED) return Infinity
  const [, year, month, day, ...time] = (DATE.exec(text) ?? []).map(Number)
  const at = year === undefined ? Number.NaN : Date.UTC(year, month! - 1, day, ...time)
  return Number.isNaN(at) ? undefined : at
}

/**
 * Puts what a file of curl says into a store, without what has ended. Lines that cannot be read are left out.
 * @throws what the store throws
 */
export async function readHstsFile(text: string, store: HstsStore): Promise<void> {
  const now = Date.now()
  for (const line of text.split('\n')) {
    const read = readLine(line)
    if (read !== undefined && read[1].expiresAtMs > now) await store.set(...read)
  }
}

/** The content of a file of curl. */
export function writeHstsFile(entries: Iterable<readonly [host: string, policy: HstsPolicy]>): string {
  const now = Date.now()
  const lines = [...entries]
    .filter(([, { expiresAtMs }]) => expiresAtMs > now)
    .map(([host, policy]) => `${policy.includeSubDomains ? '.' : ''}${host} "${writeEnd(policy)}"\n`)
  return HEADER + lines.join('')
}

function writeEnd({ expiresAtMs }: HstsPolicy): string {
  const date = new Date(expiresAtMs)
  if (!(date.getUTCFullYear() <= LAST_YEAR)) return UNLIMITED
  const [day = '', time = ''] = date.toISOString().split('T')
  return `${day.replaceAll('-', '')} ${time.slice(0, 8)}`
}

// Compares our decisions with curl's.

import { matchNoProxy, parseNoProxy } from '../../../src/proxy/no-proxy.ts'
import { askCurl } from './curl.ts'
import { plainEntries, rowsFor } from './differences.ts'
import { generateCases, type NoProxyCase } from './generate.ts'

/** What came of it. */
export interface Comparison {
  readonly compared: number
  /** URLs that curl does not take. */
  readonly refused: number
  /** How often each row of the table explained a difference. */
  readonly explained: ReadonlyMap<string, number>
  readonly unexplained: readonly (NoProxyCase & { readonly ours: boolean; readonly curls: boolean })[]
  readonly direct: number
}

const URLS_CURL_READS_OTHERWISE = /^http:\/\/[^[/]*\.\.|\/\/\.+[:/]/

/** Compares `count` cases from a seed. */
export async function compareWithCurl(seed: number, count: number): Promise<Comparison> {
  const cases = generateCases(seed, count).filter(
    ({ url }) => URL.canParse(url) && !URLS_CURL_READS_OTHERWISE.test(url),
  )
  const hosts = cases.map(({ url }) => new URL(url).hostname.replace(/^\[|\]$/g, ''))
  // What the entries that nobody disputes come to is asked as well: with them alone both must agree.
  const undisputed = cases.map(({ list, url }, at) => ({ list: plainEntries(list, hosts[at]!, url), url }))
  const answers = await askCurl([...cases, ...undisputed])
  const explained = new Map<string, number>()
  const unexplained: (NoProxyCase & { ours: boolean; curls: boolean })[] = []
  let refused = 0
  let direct = 0
  for (const [at, one] of [...cases, ...undisputed].entries()) {
    const curls = answers[at]
    if (curls === undefined) {
      refused++
      continue
    }
    const ours = decide(one)
    if (ours) direct++
    if (ours === curls) continue
    const rows = at < cases.length ? rowsFor(one.list, hosts[at]!, one.url) : []
    if (rows.length === 0) unexplained.push({ ...one, ours, curls })
    for (const { id } of rows) explained.set(id, (explained.get(id) ?? 0) + 1)
  }
  return { compared: cases.length, refused, explained, unexplained, direct }
}

function decide({ list, url }: NoProxyCase): boolean {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return matchNoProxy(parseNoProxy(list), host, port === '' ? 80 : Number(port)) !== undefined
}

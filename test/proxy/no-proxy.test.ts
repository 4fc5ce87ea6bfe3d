// NO_PROXY: the table of docs/proxies.md, case by case, and what it says of entries that are none.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isInRange } from '../../src/core/ip-address.ts'
import { readNetwork } from '../../src/proxy/addresses.ts'
import { matchNoProxy, parseNoProxy } from '../../src/proxy/no-proxy.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

/** Whether a URL is reached without a proxy, by a list. */
function isDirect(list: string, url: string): boolean {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const at = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  return matchNoProxy(parseNoProxy(list), host, at) !== undefined
}

interface Case {
  readonly list: string
  readonly url: string
  readonly isDirect: boolean
}

/** The rows between the marks of the page: list, URL, `directly` or `by proxy`. */
function casesOfPage(): Case[] {
  const page = readFileSync(repositoryPath('docs', 'proxies.md'), 'utf8')
  const part = page.slice(page.indexOf('<!-- no-proxy -->'), page.indexOf('<!-- /no-proxy -->'))
  return [...part.matchAll(/^\| `([^`]*)` \| `([^`]*)` \| (directly|by proxy) \|/gm)].map(
    ([, list, url, way]) => ({ list: list!, url: url!, isDirect: way === 'directly' }),
  )
}

describe('NO_PROXY', () => {
  const cases = casesOfPage()

  it('has a table of more than fifty cases [pain 40]', () => {
    assert.ok(cases.length > 50, String(cases.length))
  })

  for (const { list, url, isDirect: wanted } of cases) {
    it(`'${list}': ${url} is reached ${wanted ? 'directly' : 'by proxy'}`, () => {
      assert.equal(isDirect(list, url), wanted)
    })
  }

  it('takes a list of strings as one', () => {
    const rules = parseNoProxy(['a.test, b.test', 'c.test'])
    assert.deepEqual(
      rules.map(({ text }) => text),
      ['a.test', 'b.test', 'c.test'],
    )
  })

  it('names the entry that matches', () => {
    const rules = parseNoProxy('other.test .example.test')
    assert.equal(matchNoProxy(rules, 'www.example.test', 80)?.text, '.example.test')
  })
})

describe('networks', () => {
  // Arithmetic: of n bits, the addresses that differ after them are inside, and those that differ before are not.
  it('are as large as their bits say', () => {
    for (const bits of [0, 1, 7, 8, 9, 15, 24, 31, 32]) {
      const network = readNetwork(`170.170.170.170/${bits}`)!
      for (let at = 0; at < 32; at++) {
        const value = BigInt((0xaaaaaaaa ^ (1 << (31 - at))) >>> 0)
        assert.equal(isInRange({ family: 4, value }, network), at >= bits, `${bits} ${at}`)
      }
    }
  })

  it('with more bits than an address, or none of them in digits, are none', () => {
    for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', '10.0.0.0/-1', '::/129', 'host/8'])
      assert.equal(readNetwork(text), undefined, text)
  })
})

// Which proxies a request goes through, and whether the last one is sent the request itself: as tables.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseRoute, isForwarded } from '../../src/proxy/choose.ts'
import { parseNoProxy } from '../../src/proxy/no-proxy.ts'
import { type ProxyScheme, readProxyUrl } from '../../src/proxy/proxy-server.ts'
import type { ProxyTable } from '../../src/proxy/setting.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const server = (url: string) => readProxyUrl(url, 'the proxy')
const BAD = new TypeError('https_proxy of the environment: none')
const TABLE: ProxyTable = {
  kind: 'table',
  http: { proxies: [server('http://p.test')], from: 'http_proxy' },
  https: { error: BAD },
  no: parseNoProxy('inner.test, 10.0.0.0/8, port.test:81'),
  noFrom: 'no_proxy',
  without: 'none is named',
}

describe('the route', () => {
  for (const [host, port, hosts, why] of [
    ['a.test', 80, ['p.test'], 'http_proxy'],
    ['inner.test', 80, [], "'inner.test' in no_proxy matches"],
    ['10.1.2.3', 80, [], "'10.0.0.0/8' in no_proxy matches"],
    ['port.test', 81, [], "'port.test:81' in no_proxy matches"],
    ['port.test', 80, ['p.test'], 'http_proxy'],
  ] as const)
    it(`to ${host}:${port} is ${hosts[0] ?? 'direct'}, and says why`, () => {
      const route = chooseRoute(TABLE, { scheme: 'http', host, port })
      assert.deepEqual(
        route.proxies.map((one) => one.host),
        hosts,
      )
      assert.equal(route.why, why)
    })

  it('is refused where its proxy cannot be read, unless it is direct', () => {
    assert.throws(() => chooseRoute(TABLE, { scheme: 'https', host: 'a.test', port: 443 }), BAD)
    assert.deepEqual(chooseRoute(TABLE, { scheme: 'https', host: 'inner.test', port: 443 }).proxies, [])
  })

  it('is direct where no proxy is named for the scheme', () => {
    const route = chooseRoute({ ...TABLE, http: undefined }, { scheme: 'http', host: 'a.test', port: 80 })
    assert.deepEqual(route, { proxies: [], why: 'none is named' })
  })
})

describe('the last proxy', () => {
  // RFC 9112 §3.2.2 for http by way of a proxy that speaks HTTP; everything else needs a tunnel.
  const rows: readonly (readonly [scheme: ProxyScheme, forHttp: boolean])[] = [
    ['http', true],
    ['https', true],
    ['socks4', false],
    ['socks4a', false],
    ['socks5', false],
    ['socks5h', false],
  ]
  for (const [scheme, forHttp] of rows)
    it(`of ${scheme} is ${forHttp ? '' : 'not '}sent http requests as they are, and never those of https`, () => {
      const last = server(`${scheme}://p.test`)
      for (const before of [[], [server('socks5h://first.test')]]) {
        const proxies = [...before, last]
        assert.equal(isForwarded({ proxies }, 'http'), forHttp)
        assert.equal(isForwarded({ proxies }, 'https'), false)
        assert.equal(isForwarded({ proxies: [...before, { ...last, isTunnel: true }] }, 'http'), false)
      }
    })

  it('is none on the direct way', () => {
    assert.equal(isForwarded({ proxies: [] }, 'http'), false)
  })
})

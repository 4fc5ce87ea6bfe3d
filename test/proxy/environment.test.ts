// Proxies of the environment: which variable wins, what an empty one is, and what is said of one that is none. Curl's manual
// (ENVIRONMENT) is where the rules are from; for HTTP_PROXY under CGI, CVE-2016-5385.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseRoute } from '../../src/proxy/choose.ts'
import { environmentProxies, PROXY_VARIABLES, type Variables } from '../../src/proxy/environment.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HTTP = { scheme: 'http', host: 'example.test', port: 80 } as const
const HTTPS = { scheme: 'https', host: 'example.test', port: 443 } as const

/** Which variable decides, for http and https. */
function decided(variables: Variables): readonly string[] {
  const table = environmentProxies(variables)
  return [HTTP, HTTPS].map((to) => {
    const { proxies, why } = chooseRoute(table, to)
    return proxies.length === 0 ? why : `${proxies[0]!.host} ${why.split(' ')[0]}`
  })
}

const NONE = 'the environment names no proxy for this scheme'

describe('the environment', () => {
  for (const [variables, http, https] of [
    [{}, NONE, NONE],
    [{ http_proxy: 'http://a:1' }, 'a http_proxy', NONE],
    [{ HTTP_PROXY: 'http://a:1' }, 'a HTTP_PROXY', NONE],
    [{ HTTP_PROXY: 'http://a:1', REQUEST_METHOD: 'GET' }, NONE, NONE],
    [{ http_proxy: 'http://a:1', REQUEST_METHOD: 'GET' }, 'a http_proxy', NONE],
    [{ http_proxy: 'http://a:1', HTTP_PROXY: 'http://b:1' }, 'a http_proxy', NONE],
    [{ http_proxy: '', HTTP_PROXY: 'http://b:1' }, 'b HTTP_PROXY', NONE],
    [{ https_proxy: 'http://a:1' }, NONE, 'a https_proxy'],
    [{ HTTPS_PROXY: 'http://a:1', REQUEST_METHOD: 'GET' }, NONE, 'a HTTPS_PROXY'],
    [{ all_proxy: 'socks5h://a' }, 'a all_proxy', 'a all_proxy'],
    [{ ALL_PROXY: 'socks5h://a', https_proxy: 'b:1' }, 'a ALL_PROXY', 'b https_proxy'],
    [
      { ALL_PROXY: 'a:1', no_proxy: 'example.test' },
      "'example.test' in no_proxy of the environment matches",
      undefined,
    ],
    [{ ALL_PROXY: 'a:1', NO_PROXY: '.test' }, "'.test' in NO_PROXY of the environment matches", undefined],
    [{ ALL_PROXY: 'a:1', no_proxy: 'other', NO_PROXY: '*' }, 'a ALL_PROXY', 'a ALL_PROXY'],
    [
      { ALL_PROXY: 'a:1', no_proxy: '', NO_PROXY: '*' },
      "'*' in NO_PROXY of the environment matches",
      undefined,
    ],
  ] as const) {
    it(`of ${JSON.stringify(variables)}: http by ${http}, https by ${https ?? 'the same'}`, () => {
      assert.deepEqual(decided(variables), [http, https ?? http])
    })
  }

  it('may leave the scheme of a proxy out, which is http then', () => {
    const { proxies } = chooseRoute(environmentProxies({ http_proxy: ' user:word@proxy.test:3128/ ' }), HTTP)
    assert.deepEqual(proxies, [
      {
        scheme: 'http',
        host: 'proxy.test',
        port: 3128,
        credentials: { scheme: 'basic', user: 'user', password: 'word' },
        tls: undefined,
        isTunnel: false,
        headers: [],
      },
    ])
  })

  it('with a proxy that is none says which variable, without its value, to those that would use it', () => {
    for (const value of [
      'ftp://secret:1',
      'http://',
      'http://secret host',
      'http://secret/path',
      'http://a:secret@b:0',
    ]) {
      const table = environmentProxies({ HTTPS_PROXY: value })
      assert.equal(chooseRoute(table, HTTP).proxies.length, 0)
      assert.throws(
        () => chooseRoute(table, HTTPS),
        (error: Error) => {
          assert.equal(error.name, 'TypeError')
          assert.match(error.message, /^HTTPS_PROXY of the environment: /)
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
    }
  })

  it('is asked for no other variables', () => {
    const names = new Set<string>()
    const spy = new Proxy<Variables>(
      {},
      {
        get: (_target, name) => {
          names.add(String(name))
          return undefined
        },
      },
    )
    environmentProxies(spy)
    assert.deepEqual([...names].sort(), [...PROXY_VARIABLES].sort())
  })
})

// The option `proxy`, read: every form that it takes, and a message for every one that it does not, which shows no URL.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import vm from 'node:vm'
import type { TlsOptions } from '../../src/core/tls-options.ts'
import { chooseRoute, isForwarded } from '../../src/proxy/choose.ts'
import type { ProxyServer } from '../../src/proxy/proxy-server.ts'
import { type ProxyTable, readProxySetting } from '../../src/proxy/setting.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const takeTls = (given: TlsOptions): TlsOptions => given
const HTTP = { scheme: 'http', host: 'example.test', port: 80 } as const
const HTTPS = { scheme: 'https', host: 'example.test', port: 443 } as const

function table(option: unknown): ProxyTable {
  const setting = readProxySetting(option, takeTls)
  assert.ok(setting.kind === 'table')
  return setting
}

function proxiesOf(option: unknown, to: typeof HTTP | typeof HTTPS = HTTP): readonly ProxyServer[] {
  return chooseRoute(table(option), to).proxies
}

function only(option: unknown): ProxyServer {
  const proxies = proxiesOf(option)
  assert.equal(proxies.length, 1)
  return proxies[0]!
}

describe('the option proxy', () => {
  for (const [url, scheme, host, port] of [
    ['http://p.test', 'http', 'p.test', 80],
    ['http://p.test:80', 'http', 'p.test', 80],
    ['http://p.test:443/', 'http', 'p.test', 443],
    ['HTTP://P.test:3128', 'http', 'p.test', 3128],
    ['https://p.test', 'https', 'p.test', 443],
    ['https://p.test:80', 'https', 'p.test', 80],
    ['socks4://p.test', 'socks4', 'p.test', 1080],
    ['socks4a://p.test:80', 'socks4a', 'p.test', 80],
    ['socks5://p.test:443', 'socks5', 'p.test', 443],
    ['socks5h://[::1]:9050', 'socks5h', '::1', 9050],
    ['http://0x7f.1:8080', 'http', '127.0.0.1', 8080],
    ['http://b\u00fccher.test', 'http', 'xn--bcher-kva.test', 80],
  ] as const) {
    it(`reads ${url}`, () => {
      const proxy = only(url)
      assert.deepEqual([proxy.scheme, proxy.host, proxy.port], [scheme, host, port])
      assert.deepEqual(only({ url }), proxy)
    })
  }

  it('takes a URL, also of another realm', () => {
    assert.equal(only(new URL('socks5h://p.test')).port, 1080)
    const foreign: unknown = vm.runInNewContext('make("http://p.test:1")', {
      make: (text: string) => new URL(text),
    })
    assert.equal(only(foreign).port, 1)
  })

  it('takes fields for a proxy that speaks HTTP, and shows none', () => {
    const url = 'http://p.test'
    const { headers } = only({ url, headers: { 'X-A': 'secret', 'X-B': ['1', '2'] } })
    assert.deepEqual(headers, [
      ['X-A', 'secret'],
      ['X-B', '1'],
      ['X-B', '2'],
    ])
    assert.deepEqual(only(url).headers, [])
    assert.doesNotMatch(JSON.stringify(only({ url, headers: { 'X-A': 'secret' } })), /secret/)
    for (const [given, why] of [
      [{ 'X A': 'secret' }, /no token$/],
      [{ 'X-A': 'secret\r\nX-B: 1' }, /its header X-A has a byte that may not be sent$/],
      [{ host: 'secret' }, /headers cannot say host$/],
      [{ 'Content-Length': 0 }, /headers cannot say Content-Length$/],
      [{ Expect: '100-continue' }, /headers cannot say Expect$/],
      [{ Connection: 'upgrade', Upgrade: 'websocket' }, /headers cannot say Connection$/],
    ] as const) {
      assert.throws(
        () => only({ url, headers: given }),
        (error: Error) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, why)
          return !error.message.includes('secret')
        },
      )
    }
    assert.throws(
      () => only({ url: 'socks5h://p.test', headers: {} }),
      /headers are for a proxy that speaks HTTP, not for socks5h$/,
    )
  })

  it('takes credentials from the URL, percent-decoded, or from auth, which wins', () => {
    const ofUrl = only('http://user%40a:p%C3%A4ss@p.test').credentials
    assert.deepEqual(ofUrl, { scheme: 'basic', user: 'user@a', password: 'p\u00e4ss' })
    for (const auth of [['a', 'b'], { basic: ['a', 'b'] }])
      assert.deepEqual(only({ url: 'http://x:y@p.test', auth }).credentials, {
        scheme: 'basic',
        user: 'a',
        password: 'b',
      })
    assert.deepEqual(only({ url: 'http://p.test', auth: { digest: ['a:', 'b'] } }).credentials, {
      scheme: 'digest',
      user: 'a:',
      password: 'b',
    })
    assert.equal(only('http://p.test').credentials, undefined)
  })

  it('takes false, a list, and proxies by scheme with exceptions', () => {
    assert.deepEqual(proxiesOf(false), [])
    assert.equal(chooseRoute(table(false), HTTP).why, 'the option proxy is false')
    assert.deepEqual(
      proxiesOf(['http://a.test', { url: 'socks5h://b.test' }]).map(({ host }) => host),
      ['a.test', 'b.test'],
    )
    const byScheme = { http: 'http://a.test', https: false, no: ['other.test', 'www.example.test'] }
    assert.equal(only(byScheme).host, 'a.test')
    assert.deepEqual(proxiesOf(byScheme, HTTPS), [])
    const exception = chooseRoute(table(byScheme), { ...HTTP, host: 'www.example.test' })
    assert.deepEqual(exception, { proxies: [], why: "'www.example.test' in the option proxy matches" })
  })

  it('sends plain http to a last proxy that speaks HTTP, and asks every other one for a tunnel', () => {
    for (const [urls, forHttp] of [
      [['http://a.test'], true],
      [['https://a.test'], true],
      [['socks5h://a.test'], false],
      [['socks5h://a.test', 'http://b.test'], true],
      [['http://a.test', 'socks4a://b.test'], false],
    ] as const) {
      assert.equal(isForwarded({ proxies: proxiesOf(urls) }, 'http'), forHttp)
      assert.equal(isForwarded({ proxies: proxiesOf(urls) }, 'https'), false)
    }
    assert.equal(isForwarded({ proxies: [] }, 'http'), false)
  })

  it('refuses a user or a password for SOCKS5 that is empty, or has more than 255 bytes [1929-2-2]', () => {
    const long = 'é'.repeat(128)
    for (const auth of [
      ['', 'a'],
      ['a', ''],
      [long, 'a'],
      ['a', long],
    ])
      assert.throws(() => readProxySetting({ url: 'socks5h://p.test', auth }, takeTls), /1 to 255 bytes each/)
    assert.equal(only({ url: 'socks5h://p.test', auth: ['a', 'é'.repeat(127)] }).credentials?.user, 'a')
  })

  for (const [option, words] of [
    [true, /takes false, 'environment', a URL/],
    [7, /not a number/],
    [null, /not null/],
    [[], /not an array/],
    [new Map(), /not a Map/],
    ['secret', /begins with its scheme/],
    ['secret:8080', /begins with its scheme/],
    ['socks://secret', /the scheme of a proxy is one of http, https, socks4, socks4a, socks5, socks5h/],
    ['constructor://secret', /the scheme of a proxy is one of/],
    ['http://', /is none/],
    ['http://secret host', /is none/],
    ['http://secret:99999', /is none/],
    ['http://secret..a', /host of the proxy is none/],
    ['http://secret:0', /port of the proxy is 0/],
    ['http://secret/path', /no path/],
    ['http://secret?query', /no path/],
    ['http://secret#fragment', /no path/],
    ['http://%ff:secret@p.test', /percent-encoded UTF-8/],
    ['http://a%3Ab:secret@p.test', /colon/],
    ['http://a:secret%0D%0AX@p.test', /control character/],
    ['socks4://secret:word@p.test', /no password/],
    ['socks5://secret@p.test', /1 to 255 bytes/],
    ['socks5://:secret@p.test', /1 to 255 bytes/],
    [`socks5://secret:${'x'.repeat(256)}@p.test`, /1 to 255 bytes/],
    [`socks4://${'x'.repeat(256)}@p.test`, /255 bytes at the most/],
    [{ url: 7 }, /url takes/],
    [{ url: 'http://p.test', uth: 1 }, /unknown option 'uth'; known: url, auth, tls, tunnel/],
    [{ url: 'http://p.test', tunnel: 'yes' }, /tunnel takes true or false/],
    [{ url: 'http://p.test', auth: 'secret' }, /options are an object/],
    [{ url: 'http://p.test', auth: ['secret'] }, /auth takes/],
    [{ url: 'http://p.test', auth: ['secret', 7] }, /auth takes/],
    [{ url: 'http://p.test', auth: {} }, /auth takes/],
    [{ url: 'http://p.test', auth: { basic: ['a', 'b'], digest: ['a', 'b'] } }, /auth takes/],
    [{ url: 'http://p.test', auth: { digest: 'secret' } }, /auth takes/],
    [{ url: 'http://p.test', auth: { ntlm: 1 } }, /unknown option 'ntlm'/],
    [{ url: 'socks5h://p.test', auth: { digest: ['a', 'secret'] } }, /SOCKS knows no digest/],
    [{ url: 'http://p.test', tls: {} }, /tls is for a proxy of the scheme https/],
    [{ htp: 'http://p.test' }, /unknown option 'htp'; known: http, https, no/],
    [{ http: 'secret' }, /begins with its scheme/],
    [{ http: 'http://p.test', no: 7 }, /no takes a string or a list/],
    [{ http: 'http://p.test', no: ['a', 7] }, /no takes a string or a list/],
    [{ http: 'http://p.test', no: '10.0.0.0/33' }, /no host, network or \*: number 1 of the list$/],
    [{ no: ['a.test', 'http://user:secret@b.test'] }, /no host, network or \*: number 2 of the list$/],
  ] as const) {
    it(`refuses ${JSON.stringify(option)}`.slice(0, 100), () => {
      assert.throws(
        () => readProxySetting(option, takeTls),
        (error: Error) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, words)
          assert.doesNotMatch(error.message, /secret/)
          return true
        },
      )
    })
  }
})

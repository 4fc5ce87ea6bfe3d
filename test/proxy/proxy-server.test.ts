// The URL of a proxy, read: RFC 3986 §3.2 for what stands in it, RFC 7617 §2 and RFC 1929 §2 for what can be said.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { readProxyUrl } from '../../src/proxy/proxy-server.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const read = (url: string, lacking?: 'http') => readProxyUrl(url, 'The option', lacking)

describe('the URL of a proxy', () => {
  for (const [userinfo, user, password] of [
    ['user:word', 'user', 'word'],
    ['user', 'user', ''],
    [':word', '', 'word'],
    // Only the first colon stands between the two (RFC 3986 §3.2.1).
    ['user:a:b', 'user', 'a:b'],
    ['a%40b:c%2Fd%3A%25', 'a@b', 'c/d:%'],
    ['%F0%9F%94%91:%E2%82%AC', '\u{1f511}', '\u20ac'],
    ['a+b:%2B', 'a+b', '+'],
    ['a@b:c', 'a@b', 'c'],
  ] as const)
    it(`has userinfo that is percent-decoded: ${userinfo}`, () => {
      const { credentials } = read(`http://${userinfo}@p.test`)
      assert.deepEqual(credentials, { scheme: 'basic', user, password })
      assert.equal(inspect(credentials), "{ scheme: 'basic', user: '***', password: '***' }")
    })

  for (const [url, why] of [
    ['p.test:3128', /begins with its scheme/],
    ['//p.test', /begins with its scheme/],
    ['', /begins with its scheme/],
    ['ftp://p.test', /one of http, https, socks4, socks4a, socks5, socks5h$/],
    ['socks://p.test', /one of http, https/],
    ['http://', /is none/],
    ['http://p.test:0', /port of the proxy is 0/],
    ['http://p.test:65536', /is none/],
    ['http://p.test:-1', /is none/],
    ['http://p.test/path', /no path/],
    ['http://p.test?q', /no path and no query/],
    ['http://p.test#f', /no path/],
    ['http://a b', /is none/],
    ['http://[::1', /is none/],
    ['http://256.0.0.1', /is none/],
    // What ends the authority (RFC 3986 §3.2) stands in a password in its percent-encoded form alone.
    ['http://user:secret/@p.test', /in a user and a password, \/ \? # \\ are percent-encoded$/],
    ['http://user:80?secret@p.test', /no path and no query; in a user and a password/],
    ['http://user:80#secret@p.test', /no path and no query; in a user and a password/],
    ['http://corp\\user:secret@p.test', /no path and no query; in a user and a password/],
    ['http://us%3Aer:secret@p.test', /a colon in it/],
    ['http://user:sec%0Aret@p.test', /control character/],
    ['http://user:%ffsecret@p.test', /not percent-encoded UTF-8/],
    ['socks5://user@p.test', /1 to 255 bytes each/],
    [`socks5://user:${'s'.repeat(256)}@p.test`, /1 to 255 bytes each/],
    ['socks4://user:secret@p.test', /knows a user, and no password/],
    // RFC 1928's older relative ends the user by a NUL: what came after it would be read as a name.
    ['socks4a://user%00secret@p.test', /control character/],
  ] as const)
    it(`is refused without being shown: ${JSON.stringify(url.slice(0, 40))}`, () => {
      assert.throws(
        () => read(url),
        (error: Error) => {
          assert.ok(error instanceof TypeError)
          assert.match(error.message, /^The option: /)
          assert.match(error.message, why)
          assert.doesNotMatch(error.message, /secret|sss|p\.test/)
          return true
        },
      )
    })

  it('may lack its scheme where one is given for that', () => {
    for (const [url, host, port] of [
      ['p.test:3128', 'p.test', 3128],
      ['user:word@p.test', 'p.test', 80],
      ['[::1]:8080', '::1', 8080],
      ['localhost', 'localhost', 80],
    ] as const) {
      const proxy = read(url, 'http')
      assert.deepEqual([proxy.scheme, proxy.host, proxy.port], ['http', host, port])
    }
  })
})

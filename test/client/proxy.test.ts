// The option `proxy` of a client over real sockets: which way a request goes, what the proxy sees of it and what it does not.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { ConnectError, ProxyError } from '../../src/errors/index.ts'
import { loopback } from '../support/https.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { SocksProxy, TestProxy, type TestProxyOptions } from '../support/test-proxy.ts'
import { ca, expired, selfSigned, server as serverPair, wrongHost } from '../support/tls-fixture.ts'

const BASIC = `Basic ${Buffer.from('user:secret').toString('base64')}`

/** Says which request it got. */
const tell: http.RequestListener = (request, response) => {
  const { method, url, headers } = request
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString() }))
  })
}

interface Told {
  readonly method: string
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string
}

const plain = http.createServer(tell)
const secure = https.createServer(serverPair, tell)
let http80 = ''
let https443 = ''

before(async () => {
  for (const server of [plain, secure]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  http80 = `http://localhost:${(plain.address() as AddressInfo).port}`
  https443 = `https://localhost:${(secure.address() as AddressInfo).port}`
})

after(async () => {
  for (const server of [plain, secure]) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

checkOpenHandles()

const dns = { lookup: loopback }
const tls = { ca }

describe('an http proxy', () => {
  it('is sent http requests in absolute form with Host [9112-3.2.2-1, 9112-3.2.2-2]', async () => {
    await using proxy = await TestProxy.start()
    await using client = new Client({ proxy: proxy.url, dns })
    const told = await client.post(`${http80}/path?query=1`, { body: 'text' }).json<Told>()
    assert.deepEqual(proxy.lines, [`POST ${http80}/path?query=1`])
    assert.equal(proxy.asked[0]!.fields.host, http80.slice('http://'.length))
    assert.equal(told.url, '/path?query=1')
    assert.equal(told.body, 'text')
  })

  it('is asked for a tunnel for https requests, with host and port [9112-3.2.3-1]', async () => {
    await using proxy = await TestProxy.start()
    await using client = new Client({ proxy: proxy.url, dns, tls })
    const response = await client.get(`${https443}/inside`)
    assert.equal((await response.json<Told>()).url, '/inside')
    assert.deepEqual(proxy.lines, [`CONNECT ${https443.slice('https://'.length)}`])
    assert.equal(response.connection?.route, proxy.url)
    assert.equal(response.url, `${https443}/inside`)
  })

  it('serves many origins on one connection for http, and one origin a tunnel for https', async () => {
    await using proxy = await TestProxy.start()
    await using client = new Client({ proxy: proxy.url, dns, tls })
    for (const host of ['a.test', 'b.test', 'c.test'])
      await client.get(http80.replace('localhost', host)).text()
    assert.equal(proxy.connections, 1)
    assert.deepEqual(
      client.pool.inspect().connections.map(({ origin, route, uses }) => ({ origin, route, uses })),
      [{ origin: 'http://*', route: proxy.url, uses: 3 }],
    )
    for (let i = 0; i < 2; i++) await client.get(https443).text()
    assert.equal(proxy.connections, 2)
  })

  it('is told who we are in what is sent to it, and no one else is [9110-11.7.2-1]', async () => {
    await using proxy = await TestProxy.start({ authorization: BASIC })
    await using client = new Client({ proxy: proxy.url.replace('//', '//user:secret@'), dns, tls })
    for (const url of [http80, https443]) {
      const told = await client.get(url).json<Told>()
      assert.equal(told.headers['proxy-authorization'], undefined)
    }
    assert.deepEqual(
      proxy.asked.map(({ fields }) => fields['proxy-authorization']),
      [BASIC, BASIC],
    )
    assert.doesNotMatch(JSON.stringify(client.pool.inspect()), /secret|user:/)
  })

  it("never sends a caller's Proxy-Authorization to a server (9110-11.7.2-1)", async () => {
    await using proxy = await TestProxy.start({ authorization: 'Own words' })
    const headers = { 'Proxy-Authorization': 'Own words' }
    await using client = new Client({ dns, tls, proxy: false, headers })
    const direct = await client.get(http80).json<Told>()
    assert.equal(direct.headers['proxy-authorization'], undefined)
    // To the proxy itself it goes, and takes the place of what the option says.
    const url = proxy.url.replace('//', '//user:secret@')
    assert.equal((await client.get(http80, { proxy: url })).status, 200)
    const refused = await rejectionAs(client.get(https443, { proxy: proxy.url }), ProxyError)
    assert.equal(refused.status, 407)
  })

  it('that refuses a tunnel is a ProxyError with status, fields and body [pain 43]', async () => {
    const refusal =
      'HTTP/1.1 502 Bad Gateway\r\nProxy-Status: p.test; error=dns_timeout\r\nContent-Length: 4\r\n\r\nsays'
    await using proxy = await TestProxy.start({ refusal })
    await using client = new Client({ proxy: proxy.url, dns, tls, retry: false })
    const error = await rejectionAs(client.get(https443), ProxyError)
    assert.equal(error.status, 502)
    assert.equal(error.phase, 'proxy')
    assert.equal(error.headers?.get('proxy-status'), 'p.test; error=dns_timeout')
    assert.equal(error.proxyStatus, 'p.test; error=dns_timeout')
    assert.equal(error.body.toString(), 'says')
    assert.equal(error.proxy, `127.0.0.1:${proxy.port}`)
    assert.match(error.message, /Proxy-Status: p\.test; error=dns_timeout/)
  })

  it('over TLS is spoken to with its own TLS options, for http and for https', async () => {
    await using proxy = await TestProxy.start({ tls: serverPair })
    const url = proxy.url.replace('127.0.0.1', 'localhost')
    await using client = new Client({ proxy: { url, tls: { ca } }, dns, tls })
    assert.equal((await client.get(`${http80}/a`).json<Told>()).url, '/a')
    assert.equal((await client.get(`${https443}/b`).json<Told>()).url, '/b')
    assert.deepEqual(proxy.lines, [`GET ${http80}/a`, `CONNECT ${https443.slice('https://'.length)}`])
  })

  it('that is said to speak TLS, and does not, is told with a way out', async () => {
    await using proxy = await TestProxy.start()
    const url = proxy.url.replace('http:', 'https:')
    await using client = new Client({ proxy: url, dns, tls, retry: false })
    const error = await rejectionAs(client.get(https443), ConnectError)
    assert.deepEqual([error.code, error.proxy], ['TLS_FAILED', `127.0.0.1:${proxy.port}`])
    assert.match(error.message, /it answers something that is not TLS .*Try: .*`http:` in its URL/)
    assert.equal(proxy.asked.length, 0)
  })

  it('over TLS with a certificate that is not its own is told nothing', async () => {
    for (const [pair, code] of [
      [expired, 'CERTIFICATE_EXPIRED'],
      [wrongHost, 'CERTIFICATE_WRONG_HOST'],
      [selfSigned, 'CERTIFICATE_SELF_SIGNED'],
    ] as const) {
      await using proxy = await TestProxy.start({ tls: pair })
      const url = proxy.url.replace('//127.0.0.1', '//user:secret@localhost')
      // What is trusted as a server is not trusted as a proxy.
      await using client = new Client({
        proxy: { url, tls: { ca } },
        dns,
        tls: { verify: false },
        retry: false,
      })
      for (const to of [http80, https443]) {
        const error = await rejectionAs(client.get(to), ConnectError)
        assert.deepEqual([error.code, error.proxy], [code, `localhost:${proxy.port}`])
      }
      assert.equal(proxy.asked.length, 0)
    }
  })

  it('may lead to another one', async () => {
    await using first = await TestProxy.start()
    await using second = await TestProxy.start()
    await using client = new Client({ proxy: [first.url, second.url], dns, tls })
    await client.get(http80).text()
    await client.get(https443).text()
    const toSecond = `CONNECT 127.0.0.1:${second.port}`
    assert.deepEqual(first.lines, [toSecond, toSecond])
    assert.deepEqual(second.lines, [`GET ${http80}/`, `CONNECT ${https443.slice('https://'.length)}`])
  })
})

describe('a SOCKS proxy', () => {
  for (const [scheme, version, by] of [
    ['socks4', 4, 'address'],
    ['socks4a', 4, 'name'],
    ['socks5', 5, 'address'],
    ['socks5h', 5, 'name'],
  ] as const) {
    it(`of ${scheme} is asked with the ${by} of the server`, async () => {
      await using proxy = await SocksProxy.start()
      await using client = new Client({ proxy: `${scheme}://${proxy.host}`, dns, tls })
      for (const url of [http80, https443]) assert.equal((await client.get(url)).status, 200)
      const host = by === 'name' ? 'localhost' : '127.0.0.1'
      const places = [http80, https443].map((url) => `${host}:${new URL(url).port}`)
      assert.deepEqual(
        proxy.asked.map((asked) => [asked.version, asked.by, asked.place]),
        places.map((place) => [version, by, place]),
      )
    })
  }

  it('is told user and password, in UTF-8 [1928-3-5, 1929-2-1]', async () => {
    await using proxy = await SocksProxy.start({ credentials: ['Ada', 'größer'] })
    await using client = new Client({
      dns,
      proxy: { url: `socks5h://${proxy.host}`, auth: ['Ada', 'größer'] },
    })
    assert.equal((await client.get(http80)).status, 200)
    assert.equal(proxy.asked[0]!.password, 'größer')
  })

  it('is told the userinfo of its URL, percent-decoded (RFC 3986 §3.2.1)', async () => {
    const credentials = ['a@b:c', 'p/ä%20'] as const
    await using proxy = await SocksProxy.start({ credentials })
    const userinfo = credentials.map(encodeURIComponent).join(':')
    for (const scheme of ['socks5', 'socks5h']) {
      await using client = new Client({ dns, proxy: `${scheme}://${userinfo}@${proxy.host}` })
      assert.equal((await client.get(http80)).status, 200)
    }
    assert.deepEqual(
      proxy.asked.map(({ user, password }) => [user, password]),
      [credentials, credentials],
    )
    await using open = await SocksProxy.start()
    await using client = new Client({ dns, proxy: `socks4a://a%40b@${open.host}` })
    assert.equal((await client.get(http80)).status, 200)
    assert.equal(open.asked[0]!.user, 'a@b')
  })

  it('that makes no connection is a ProxyError that says why [1928-6-2]', async () => {
    await using proxy = await SocksProxy.start({ reply: 2 })
    await using client = new Client({ proxy: `socks5h://${proxy.host}`, retry: false })
    const error = await rejectionAs(client.get('http://far.test/'), ProxyError)
    assert.equal(error.reply, 2)
    assert.match(error.message, /not allowed by its rules/)
    assert.equal(error.status, undefined)
    assert.equal(error.proxy, proxy.host)
  })
})

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** A proxy that wants Digest, and checks it by arithmetic: RFC 7616 §3.4.1, MD5, `auth`. */
function digestProxy(options: { closes?: boolean | 'silently'; stale?: boolean } = {}): TestProxyOptions {
  const state = { nonce: 0, counts: new Set<string>() }
  const isRight = (method: string, target: string, value: string | undefined): boolean => {
    const params = new Map(
      [...(value ?? '').matchAll(/(\w+)=(?:"([^"]*)"|(\w+))/g)].map(([, name, quoted, token]) => [
        name!,
        quoted ?? token!,
      ]),
    )
    const { nonce, nc, cnonce, uri, response } = Object.fromEntries(params)
    if (nonce !== `n${state.nonce}` || uri !== target || state.counts.has(`${nonce} ${nc}`)) return false
    state.counts.add(`${nonce} ${nc}`)
    const right = md5(`${md5('user:test:secret')}:${nonce}:${nc}:${cnonce}:auth:${md5(`${method}:${uri}`)}`)
    return response === right
  }
  return {
    authorize: (asked) => {
      if (isRight(asked.method, asked.target, asked.fields['proxy-authorization'])) return undefined
      const isStale = options.stale === true && asked.fields['proxy-authorization'] !== undefined
      if (isStale) state.nonce++
      return {
        closes: options.closes ?? false,
        challenge: `Digest realm="test", domain="http://nowhere.test/", qop="auth", nonce="n${state.nonce}"${isStale ? ', stale=true' : ''}`,
      }
    },
  }
}

/** A proxy whose nonces are each good for one request, and given in a 407 alone. */
function oneTimeProxy({ closes }: { closes: boolean }): TestProxyOptions {
  const open = new Set<string>()
  let last = 0
  return {
    authorize: (asked) => {
      const given = asked.fields['proxy-authorization']
      const nonce = /nonce="([^"]*)"/.exec(given ?? '')?.[1]
      if (nonce !== undefined && open.delete(nonce)) return undefined
      open.add(`n${++last}`)
      const stale = given === undefined ? '' : ', stale=true'
      return { closes, challenge: `Digest realm="test", qop="auth", nonce="n${last}"${stale}` }
    },
  }
}

const asDigest = { digest: ['user', 'secret'] } as const

describe('a proxy that wants Digest', () => {
  for (const closes of [false, true]) {
    it(`is answered, for http and for tunnels, where it ${closes ? 'closes' : 'keeps'} the connection [7616-3.3-2, 7616-3.8-1, 9110-15.5.8-1]`, async () => {
      await using proxy = await TestProxy.start(digestProxy({ closes }))
      await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls })
      const text = await client.post(`${http80}/a?b`, { body: 'text' }).json<Told>()
      assert.equal(text.body, 'text')
      assert.equal(text.headers['proxy-authorization'], undefined)
      assert.equal((await client.get(https443)).status, 200)
      // The nonce is used on: only the first request was asked for who it is.
      const [, , tunnel] = proxy.asked
      assert.deepEqual(
        proxy.asked.map(({ method, fields }) => [method, fields['proxy-authorization'] !== undefined]),
        [
          ['POST', false],
          ['POST', true],
          ['CONNECT', true],
        ],
      )
      assert.match(tunnel!.fields['proxy-authorization']!, /nc=00000002/)
    })

    it(`is answered for a tunnel alone, where it ${closes ? 'closes' : 'keeps'} the connection [7616-3.8-1]`, async () => {
      await using proxy = await TestProxy.start(digestProxy({ closes }))
      await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls })
      assert.equal((await client.get(https443)).status, 200)
      assert.equal(proxy.asked.length, 2)
      assert.equal(proxy.connections, closes ? 2 : 1)
    })
  }

  it('and closes after its 407 without saying so loses no request, with or without a body [9112-9.6-1]', async () => {
    for (const url of [http80, https443])
      for (const makeBody of [
        () => undefined,
        () => 'again',
        () => Buffer.alloc(70_000),
        () => Readable.from(['once']),
      ]) {
        await using proxy = await TestProxy.start(digestProxy({ closes: 'silently' }))
        await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls, retry: false })
        const body = makeBody()
        const response = await (body === undefined ? client.get(url) : client.post(url, { body }))
        assert.equal(response.status, 200)
        await response.text()
      }
  })

  it('and closes without saying so loses none of several requests that are asked at once', async () => {
    await using proxy = await TestProxy.start(digestProxy({ closes: 'silently' }))
    await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, retry: false })
    const statuses = Array.from({ length: 12 }, async (_, i) => {
      const response = await (i % 2 === 0 ? client.get(http80) : client.post(http80, { body: 'a' }))
      await response.text()
      return response.status
    })
    assert.deepEqual(new Set(await Promise.all(statuses)), new Set([200]))
  })

  it('is answered once more where the nonce was too old', async () => {
    await using proxy = await TestProxy.start(digestProxy({ stale: true }))
    await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls })
    assert.equal((await client.get(http80)).status, 200)
    assert.equal((await client.get(https443)).status, 200)
  })

  it('is asked no more than twice with a password that is wrong', async () => {
    await using proxy = await TestProxy.start(digestProxy())
    const auth = { digest: ['user', 'wrong'] } as const
    await using client = new Client({ proxy: { url: proxy.url, auth }, dns, tls })
    assert.equal((await client.get(http80)).status, 407)
    const error = await rejectionAs(client.get(https443), ProxyError)
    assert.equal(error.status, 407)
    assert.equal(proxy.asked.length, 4)
  })

  it('is given each count of a nonce once by requests that it asks at the same time [7616-3.4-6]', async () => {
    for (const [url, count] of [
      [http80, 10],
      [https443, 5],
    ] as const) {
      await using proxy = await TestProxy.start(digestProxy())
      await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls, retry: false })
      const responses = await Promise.all(Array.from({ length: count }, () => client.get(url)))
      assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
      await Promise.all(responses.map((response) => response.text()))
    }
  })

  for (const closes of [false, true])
    it(`and takes each nonce once is answered, by requests asked at once too, where it ${closes ? 'closes' : 'keeps'} the connection [7616-3.3-2]`, async () => {
      for (const url of [http80, https443]) {
        await using proxy = await TestProxy.start(oneTimeProxy({ closes }))
        await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls, retry: false })
        const count = 8
        for (let round = 0; round < 2; round++) {
          // A tunnel that closes is asked for again.
          const options = { body: 'a', headers: { Connection: 'close' } }
          const responses = await Promise.all(Array.from({ length: count }, () => client.post(url, options)))
          assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]))
          await Promise.all(responses.map((response) => response.text()))
        }
        // Each was refused once, and answered by a nonce of its own.
        assert.ok(proxy.asked.length <= 2 * 2 * count, String(proxy.asked.length))
        const body = Readable.from(['once only'])
        assert.equal((await client.post(url, { body })).status, 200)
      }
    })

  it('and calls every nonce too old is asked five times for one request, and no more', async () => {
    let asks = 0
    await using proxy = await TestProxy.start({
      authorize: () => ({
        closes: false,
        challenge: `Digest realm="test", qop="auth", nonce="n${++asks}", stale=true`,
      }),
    })
    await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns, tls, retry: false })
    assert.equal((await client.get(http80)).status, 407)
    assert.equal(asks, 5)
    assert.equal((await rejectionAs(client.get(https443), ProxyError)).status, 407)
    assert.equal(asks, 10)
  })

  it('is asked first without the body, where that can be sent once only', async () => {
    await using proxy = await TestProxy.start(digestProxy())
    await using client = new Client({ proxy: { url: proxy.url, auth: asDigest }, dns })
    for (let i = 0; i < 2; i++) {
      const body = Readable.from(['once ', 'only'])
      assert.equal((await client.post(http80, { body }).json<Told>()).body, 'once only')
    }
    assert.deepEqual(
      proxy.asked.map(({ method, body }) => `${method} ${body}`),
      ['OPTIONS ', 'POST once only', 'POST once only'],
    )
  })
})

// The guard of a client whose requests go by way of proxies: a proxy is guarded as anything that is connected to, unless it is
// trusted by name, and it is not asked for what this side may not connect to either.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { GuardError } from '../../src/errors/index.ts'
import { type Connector, type DialTarget, dial } from '../../src/io/dial.ts'
import { Guard } from '../../src/layers/guard/guard.ts'
import { answer } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { SocksProxy, TestProxy } from '../support/test-proxy.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const PRIVATE = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '[::1]', '0x7f.1', 'localhost', 'a.localhost.']

const PLACES: Record<string, string> = {
  'first.test': '192.0.2.1',
  'second.test': '192.0.2.2',
  'server.test': '192.0.2.3',
}

/** Two SOCKS5 proxies, one after the other, and a server: answers each write with what comes next. */
class AnsweringStream extends MemoryStream {
  readonly #replies = [CHOSEN, CONNECTED, CHOSEN, CONNECTED]

  override write(data: string | Uint8Array): boolean {
    const reply = this.#replies.shift() ?? OK
    setImmediate(() => this.receive(reply))
    return super.write(data)
  }
}

/** RFC 1928 §3 and §6. */
const CHOSEN = Uint8Array.of(5, 0)
const CONNECTED = Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
const OK = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

const notNo = (_address: string, url: URL): boolean => url.pathname !== '/no'

function trusting(...proxies: TestProxy[]): { policy: 'public-only'; proxies: string[] } {
  return { policy: 'public-only', proxies: proxies.map(({ port }) => `127.0.0.1:${port}`) }
}

/** A proxy that answers in the place of every server. */
const startForwarding = (): Promise<TestProxy> =>
  TestProxy.start({
    answer: (_, response) => {
      response.end('forwarded')
      return true
    },
  })

describe('a guard and proxies', () => {
  it('guards the proxy itself', async () => {
    await using proxy = await TestProxy.start()
    await using socks = await SocksProxy.start()
    for (const url of [proxy.url, `socks5h://${socks.host}`]) {
      await using client = new Client({ proxy: url, guard: 'public-only' })
      for (const target of ['http://public.test/', 'https://public.test/']) {
        const error = await rejectionAs(client.get(target), GuardError)
        assert.equal(error.mayHaveActed, false)
      }
    }
    assert.deepEqual([proxy.connections, socks.asked], [0, []])
  })

  it('asks a trusted proxy for names, and for no address that is not public', async () => {
    await using proxy = await startForwarding()
    const guard = trusting(proxy)
    await using client = new Client({ proxy: proxy.url, guard, retry: false })
    assert.equal(await client.get('http://public.test/').text(), 'forwarded')
    for (const host of PRIVATE) {
      for (const scheme of ['http', 'https'])
        await assert.rejects(client.get(`${scheme}://${host}:8080/`), GuardError)
    }
    // One connection for all origins: what may go over it is asked for each request.
    assert.equal(await client.get('http://other.test/').text(), 'forwarded')
    assert.equal(proxy.connections, 1)
    assert.deepEqual(proxy.lines, ['GET http://public.test/', 'GET http://other.test/'])
    assert.equal(client.pool.inspect().connections.length, 1)
  })

  it('is not led by a redirect to what the proxy would be asked for', async () => {
    await using proxy = await TestProxy.start({
      answer: (_, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end()
        return true
      },
    })
    const guard = trusting(proxy)
    await using client = new Client({ proxy: proxy.url, guard })
    const error = await rejectionAs(client.get('http://public.test/'), GuardError)
    assert.equal(error.refused, '169.254.169.254')
    assert.deepEqual(proxy.lines, ['GET http://public.test/'])
  })

  it('does not trust a proxy with names that has a public address only', async () => {
    const client = new Client({ proxy: 'http://192.0.33.8:3128', guard: 'public-only' })
    const error = await rejectionAs(client.get('https://public.test/'), GuardError)
    assert.equal(error.phase, 'proxy')
    assert.match(error.message, /looked up by the proxy 192\.0\.33\.8:3128/)
    await client.close()
  })

  it('checks what is looked up here for SOCKS5 and SOCKS4', async () => {
    const here = serve((_, response) => response.end('reached'))
    await using socks = await SocksProxy.start()
    const dns = {
      lookup: (host: string, _options: unknown, done: (error: null, found: object[]) => void) =>
        done(null, [{ address: host === 'private.test' ? '10.0.0.1' : '127.0.0.1', family: 4 }]),
    }
    const guard = {
      policy: (address: string) => address !== '10.0.0.1',
      proxies: [socks.host],
    }
    for (const scheme of ['socks5', 'socks4']) {
      await using client = new Client({
        proxy: `${scheme}://${socks.host}`,
        guard,
        dns: dns as never,
        retry: false,
      })
      const urlOf = (host: string): string => here.origin.replace('127.0.0.1', host)
      const error = await rejectionAs(client.get(urlOf('private.test')), GuardError)
      assert.equal(error.refused, '10.0.0.1')
      assert.deepEqual(socks.asked.splice(0), [])
      assert.equal(await client.get(urlOf('name.test')).text(), 'reached')
      assert.equal(socks.asked.splice(0)[0]?.by, 'address')
    }
  })

  it('guards every proxy of a chain', async () => {
    await using first = await TestProxy.start()
    await using second = await TestProxy.start()
    const chain = [first.url, second.url]
    await using one = new Client({ proxy: chain, guard: trusting(first) })
    await assert.rejects(one.get('https://public.test/'), GuardError)
    await using other = new Client({ proxy: chain, guard: trusting(second) })
    await assert.rejects(other.get('https://public.test/'), GuardError)
    assert.deepEqual([first.connections, second.connections], [0, 0])
  })

  it('asks a function for each request that goes to a trusted proxy', async () => {
    await using proxy = await startForwarding()
    const asked: string[] = []
    const policy = (address: string, url: URL): boolean => {
      asked.push(`${address} ${url.pathname}`)
      return url.pathname !== '/no'
    }
    await using client = new Client({
      proxy: proxy.url,
      guard: { policy, proxies: [`127.0.0.1:${proxy.port}`] },
    })
    assert.equal(await client.get('http://192.0.33.8/yes').text(), 'forwarded')
    await assert.rejects(client.get('http://192.0.33.8/no'), GuardError)
    assert.deepEqual([...new Set(asked)], ['192.0.33.8 /yes', '192.0.33.8 /no'])
    assert.deepEqual(proxy.lines, ['GET http://192.0.33.8/yes'])
  })

  it('asks a function about the address of a proxy again, with the URL of each request', async () => {
    await using proxy = await startForwarding()
    const asked: string[] = []
    const policy = (address: string, url: URL): boolean => {
      asked.push(`${address} ${url.href}`)
      return address !== '127.0.0.1' || url.pathname !== '/no'
    }
    await using client = new Client({ proxy: proxy.url, guard: policy, retry: false })
    assert.equal(await client.get('http://192.0.33.8/yes').text(), 'forwarded')
    asked.length = 0
    assert.equal(await client.get('http://192.0.33.9/yes').text(), 'forwarded')
    assert.deepEqual(asked, ['127.0.0.1 http://192.0.33.9/yes', '192.0.33.9 http://192.0.33.9/yes'])
    const error = await rejectionAs(client.get('http://192.0.33.9/no'), GuardError)
    assert.equal(error.refused, '127.0.0.1')
    assert.equal(client.pool.inspect().connections.length, 1)
  })

  it('gives a function the URL that a connection is opened ahead for', async () => {
    await using proxy = await TestProxy.start()
    const asked = new Set<string>()
    const policy = (address: string, url: URL): boolean => {
      asked.add(`${address} ${url.href}`)
      return true
    }
    await using client = new Client({ proxy: proxy.url, guard: policy })
    await client.preconnect('http://192.0.33.8/some?where', 2)
    assert.deepEqual([...asked], ['192.0.33.8 http://192.0.33.8/', '127.0.0.1 http://192.0.33.8/'])
    await using strict = new Client({ proxy: proxy.url, guard: trusting(proxy) })
    await assert.rejects(strict.preconnect('http://10.0.0.1/'), GuardError)
    assert.deepEqual(
      [client, strict].map(({ pool }) => pool.inspect().connections.length),
      [2, 0],
    )
  })

  it('connects to no proxy for what it would not send, and judges each that waits by itself', async () => {
    await using proxy = await startForwarding()
    for (const guard of [trusting(proxy), 'public-only'] as const) {
      await using client = new Client({ proxy: proxy.url, guard, retry: false })
      for (const host of PRIVATE) await assert.rejects(client.get(`http://${host}/`), GuardError)
    }
    assert.equal(proxy.connections, 0)
    await using client = new Client({ proxy: proxy.url, guard: trusting(proxy), pool: { perOrigin: 1 } })
    const [refused, sent] = await Promise.allSettled([
      client.get('http://10.0.0.1/'),
      client.get('http://public.test/').text(),
    ])
    assert.equal(refused.status === 'rejected' && refused.reason instanceof GuardError, true)
    assert.deepEqual(sent, { status: 'fulfilled', value: 'forwarded' })
    assert.deepEqual(proxy.lines, ['GET http://public.test/'])
  })

  it('asks a function again about each place of a chain', async () => {
    const stream = new AnsweringStream('192.0.2.1:1080')
    let no = ''
    const policy = (address: string, url: URL): boolean => url.pathname !== '/no' || address !== no
    await using client = new Client({
      proxy: ['socks5://first.test', 'socks5://second.test'],
      guard: policy,
      dns: { lookup: (host, _options, done) => done(null, [{ address: PLACES[host]!, family: 4 }]) },
      connect: () => Promise.resolve({ stream, timings: {} }),
      retry: false,
    })
    assert.equal(await client.get('http://server.test/yes').text(), 'ok')
    for (no of Object.values(PLACES)) {
      const error = await rejectionAs(client.get('http://server.test/no'), GuardError)
      assert.equal(error.refused, no)
    }
    assert.equal(await client.get('http://server.test/yes').text(), 'ok')
    assert.equal(client.pool.inspect().connections.length, 1)
  })

  it('is asked about the place that a connector has a proxy lead to, and not about the one of the URL', async () => {
    await using proxy = await startForwarding()
    const options = { proxy: { url: proxy.url, tunnel: true }, guard: trusting(proxy), retry: false } as const
    await using inward = new Client({ ...options, connect: leadingTo('10.0.0.1') })
    const error = await rejectionAs(inward.get('http://public.test/'), GuardError)
    assert.equal(error.refused, '10.0.0.1')
    assert.deepEqual(proxy.lines, [])
    await using outward = new Client({ ...options, connect: leadingTo('other.test') })
    await outward.get('http://public.test:1/').catch(() => {})
    assert.deepEqual(proxy.lines, ['CONNECT other.test:1'])
  })

  it('asks a function again before each request where a SOCKS proxy was given an address', async () => {
    const here = serve((_, response) => response.end('reached'))
    await using socks = await SocksProxy.start()
    const guard = {
      policy: notNo,
      proxies: [socks.host],
    }
    await using client = new Client({ proxy: `socks5://${socks.host}`, guard, retry: false })
    assert.equal(await client.get(`${here.origin}/yes`).text(), 'reached')
    await assert.rejects(client.get(`${here.origin}/no`), GuardError)
    assert.equal(await client.get(`${here.origin}/yes`).text(), 'reached')
    assert.equal(client.pool.inspect().connections.length, 1)
  })

  it('judges requests that wait for a tunnel together each by its own URL', async () => {
    const guard = new Guard([{ policy: notNo, proxies: [] }], 'http://192.0.33.8/', () => [
      'http://192.0.33.8/no',
      'http://192.0.33.8/yes',
    ])
    const to = { host: '192.0.33.8', port: 80 }
    const proxy = { host: '192.0.33.9', port: 3128 }
    guard.checkBeyond(to, proxy)
    assert.ok(guard.refusalBeyond(to, proxy, 'http://192.0.33.8/no') instanceof GuardError)
    assert.equal(guard.refusalBeyond(undefined, proxy, 'http://192.0.33.8/yes'), undefined)
    assert.equal(guard.refusalBeyond(undefined, proxy, 'https://[::1]/no')?.refused, '::1')
  })

  it('is told by explain: refused, left to a trusted proxy, or open until DNS has answered', () => {
    const guard = { policy: 'public-only', proxies: ['proxy.corp:3128'] } as const
    const rows: [proxy: string | string[], url: string, decision: string, why: RegExp][] = [
      ['http://proxy.corp:3128', 'https://a.test/', 'allowed', /^proxy\.corp, a\.test passes public-only$/],
      ['http://proxy.corp:3128', 'http://10.0.0.1/', 'refused', /^10\.0\.0\.1, which is of /],
      ['http://other.test:3128', 'https://a.test/', 'refused', /looked up by the proxy other\.test:3128/],
      ['http://other.test:3128', 'https://8.8.8.8/', 'after DNS', /^each address of other\.test is judged/],
      ['socks5://proxy.corp:3128', 'https://a.test/', 'after DNS', /^each address of a\.test is judged/],
      ['http://10.0.0.1:3128', 'https://8.8.8.8/', 'refused', /^the proxy 10\.0\.0\.1 leads to 10\.0\.0\.1/],
      [['http://proxy.corp:3128', 'http://10.0.0.1:1'], 'https://8.8.8.8/', 'refused', /10\.0\.0\.1/],
    ]
    for (const [proxy, url, decision, why] of rows) {
      const { guard: said } = new Client({ guard, proxy }).explain(url)
      assert.equal(said.decision, decision, `${String(proxy)} ${url}`)
      assert.match(said.why, why)
    }
    const later = new Client({ guard, proxy: () => Promise.resolve(undefined) }).explain('http://a.test/')
    assert.match(later.guard.why, /not known yet/)
  })
})

/** Connects as ever, and has a proxy lead to this host whatever the URL says. */
function leadingTo(host: string): Connector {
  return Object.assign((...given: Parameters<Connector>) => dial(...given), {
    beyond: (target: DialTarget) => ({ ...target, place: host }),
  })
}

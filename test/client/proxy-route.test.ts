// Which way requests of a client go, on a network in memory: what is dialled and written, what `explain` says, what a proxy may
// do wrong at each step, and that all of it is given back.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { afterEach, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { Identities } from '../../src/client/proxying.ts'
import { withChanges } from '../../src/core/request.ts'
import {
  ConnectError,
  ConnectionLost,
  type HTTPException,
  ProxyError,
  TimeoutError,
} from '../../src/errors/index.ts'
import type { Lookup } from '../../src/io/lookup.ts'
import { type ProxyServer, readProxy } from '../../src/proxy/proxy-server.ts'
import type { ProxyIdentity } from '../../src/transport/proxy-identity.ts'
import { showWire } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer } from '../support/memory-connection.ts'
import { MemoryNetwork, type MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const OK = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
const ESTABLISHED = answer('HTTP/1.1 200 Connection established\r\n\r\n')
const PROXY = 'http://user:secret@proxy.test:3128'

interface Setting {
  readonly client: Client
  readonly network: MemoryNetwork
  readonly clock: ManualClock
}

function begin(options: ClientOptions = {}): Setting {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  return { client: new Client({ connect: network.connect, clock, retry: false, ...options }), network, clock }
}

/** Lets everything run that can. */
async function turn(): Promise<void> {
  for (let i = 0; i < 6; i++) await settle()
}

/** The targets that were dialled, as `host:port`. */
function dialled({ targets }: MemoryNetwork): string[] {
  return targets.map(({ host, port }) => `${host}:${port}`)
}

/** Sends a GET, and answers it with 200 once it was written. */
async function get({ client, network }: Setting, url: string): Promise<string> {
  const response = client.get(url).text()
  await turn()
  network.stream.receive(OK)
  return response
}

describe('the environment', () => {
  afterEach(() => {
    for (const name of ['http_proxy', 'no_proxy', 'HTTP_PROXY']) delete process.env[name]
  })

  it('is what a client goes by, as it is when the client is made [pain 42]', async () => {
    process.env['http_proxy'] = 'proxy.test:3128'
    process.env['no_proxy'] = 'inner.test'
    const setting = begin()
    delete process.env['http_proxy']
    await get(setting, 'http://outer.test/')
    await get(setting, 'http://inner.test/')
    assert.deepEqual(dialled(setting.network), ['proxy.test:3128', 'inner.test:80'])
    assert.deepEqual(setting.client.explain('http://outer.test/').route, {
      kind: 'http://proxy.test:3128',
      why: 'http_proxy of the environment',
    })
    assert.deepEqual(setting.client.explain('http://www.inner.test/').route, {
      kind: 'direct',
      why: "'inner.test' in no_proxy of the environment matches",
    })
    const later = setting.client.explain('http://outer.test/', { proxy: 'environment' })
    assert.equal(later.route.kind, 'direct')
    await setting.client.close()
  })

  it('that is wrong fails the requests that it is for, and names the variable', async () => {
    process.env['http_proxy'] = 'ftp://secret'
    const { client } = begin()
    await assert.rejects(client.get('http://a.test/'), (error: Error) => {
      assert.match(error.message, /^http_proxy of the environment: /)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
    assert.equal(client.explain('https://a.test/').route.kind, 'direct')
    await client.close()
  })

  it('is not looked at by a client with proxy: false, or with a unix socket', async () => {
    process.env['http_proxy'] = 'proxy.test:3128'
    const direct = begin({ proxy: false })
    assert.equal(direct.client.explain('http://a.test/').route.why, 'the option proxy is false')
    const socket = begin({ socketPath: '/run/a.sock' })
    assert.deepEqual(socket.client.explain('http://a.test/').route, {
      kind: 'unix:/run/a.sock',
      why: 'the option socketPath',
    })
    const asked = { proxy: 'environment' }
    assert.equal(socket.client.explain('http://a.test/', asked).route.kind, 'unix:/run/a.sock')
    const said = begin({ socketPath: '/run/a.sock', ...asked }).client
    assert.equal(said.explain('http://a.test/').route.kind, 'unix:/run/a.sock')
    for (const make of [
      () => begin({ socketPath: '/run/a.sock', proxy: PROXY }),
      () => socket.client.extend({ proxy: PROXY }),
    ])
      assert.throws(make, /proxy and socketPath cannot be combined/)
    await assert.rejects(
      async () => socket.client.get('http://a.test/', { proxy: PROXY }),
      /cannot be combined/,
    )
    await assert.rejects(socket.client.take('http://a.test/', { proxy: PROXY }), /cannot be combined/)
  })
})

describe('fields for the proxy', () => {
  const proxy = { url: 'http://proxy.test:3128', headers: { 'X-Told': 'secret' } }

  it('go with a request in absolute form, and explain says so', async () => {
    const { client, network } = begin({ proxy })
    const text = client.get('http://a.test/').text()
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^GET http:\/\/a\.test\/ HTTP.*X-Told: secret/s)
    network.stream.receive(OK)
    await text
    const { fields } = client.explain('http://a.test/')
    assert.deepEqual(
      fields.filter(({ from }) => from === 'proxy').map(({ name }) => name),
      ['X-Told'],
    )
    await client.close()
  })

  it('give way to what a request says itself', async () => {
    const { client, network } = begin({ proxy: { ...proxy, headers: { 'User-Agent': 'to-proxy' } } })
    for (const [headers, wanted] of [
      [undefined, 'to-proxy'],
      [{ 'user-agent': 'own' }, 'own'],
    ] as const) {
      const text = client.get('http://a.test/', { headers }).text()
      await turn()
      const asked = showWire(network.stream.takeWritten())
      assert.deepEqual(asked.match(/(?<=user-agent: )[\w-]+/gi), [wanted])
      network.stream.receive(OK)
      await text
    }
    await client.close()
  })

  it('go with CONNECT alone where there is a tunnel', async () => {
    const { client, network } = begin({ proxy: { ...proxy, tunnel: true } })
    const text = client.get('http://a.test/').text()
    await turn()
    const asked = showWire(network.stream.takeWritten())
    assert.match(asked, /^CONNECT a\.test:80 HTTP.*X-Told: secret/s)
    network.stream.receive(ESTABLISHED)
    await turn()
    assert.doesNotMatch(showWire(network.stream.takeWritten()), /X-Told/)
    network.stream.receive(OK)
    await text
    assert.ok(!client.explain('http://a.test/').fields.some(({ from }) => from === 'proxy'))
    await client.close()
  })

  it('part connections: one that was opened with others serves no request with these', async () => {
    const { client, network } = begin({ proxy: { ...proxy, tunnel: true } })
    for (const headers of [proxy.headers, proxy.headers, { 'X-Told': 'other' }]) {
      const text = client.get('http://a.test/', { proxy: { ...proxy, tunnel: true, headers } }).text()
      await turn()
      if (showWire(network.stream.takeWritten()).startsWith('CONNECT')) {
        network.stream.receive(ESTABLISHED)
        await turn()
      }
      network.stream.receive(OK)
      await text
    }
    assert.equal(dialled(network).length, 2)
    await client.close()
  })

  it('win over the credentials of the URL where one is Proxy-Authorization', async () => {
    for (const tunnel of [false, true]) {
      const headers = { 'Proxy-Authorization': 'mine' }
      const { client, network } = begin({ proxy: { url: PROXY, headers, tunnel } })
      const text = client.get('http://a.test/').text()
      await turn()
      const asked = showWire(network.stream.takeWritten())
      assert.deepEqual(asked.match(/proxy-authorization: \w+/gi), ['Proxy-Authorization: mine'])
      if (tunnel) {
        network.stream.receive(ESTABLISHED)
        await turn()
      }
      network.stream.receive(OK)
      await text
      await client.close()
    }
  })
})

describe('a function for the option proxy', () => {
  it('is asked for each redirect, without credentials in the URL', async () => {
    const asked: string[] = []
    const setting = begin({
      proxy: (url) => {
        asked.push(url.href)
        return url.hostname === 'inner.test' ? undefined : 'http://proxy.test:3128'
      },
    })
    const { client, network } = setting
    const text = client.get('http://user:word@outer.test/a').text()
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^GET http:\/\/outer\.test\/a HTTP/)
    network.stream.receive(
      answer('HTTP/1.1 302 Found\r\nLocation: http://inner.test/b\r\nContent-Length: 0\r\n\r\n'),
    )
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^GET \/b HTTP/)
    network.stream.receive(OK)
    assert.equal(await text, 'ok')
    assert.deepEqual(asked, ['http://outer.test/a', 'http://inner.test/b'])
    assert.deepEqual(dialled(network), ['proxy.test:3128', 'inner.test:80'])
    await client.close()
  })

  it('may answer later, and with every form of a proxy', async () => {
    for (const proxy of [
      'http://proxy.test:3128',
      new URL('http://proxy.test:3128'),
      { url: 'http://proxy.test:3128' },
      ['http://proxy.test:3128'],
    ] as const) {
      const setting = begin({ proxy: () => Promise.resolve(proxy) })
      await get(setting, 'http://a.test/')
      assert.deepEqual(dialled(setting.network), ['proxy.test:3128'])
      assert.equal(setting.client.explain('http://a.test/').route.kind, 'not known yet')
      await setting.client.close()
    }
    const none = begin({ proxy: () => null })
    await get(none, 'http://a.test/')
    assert.deepEqual(none.client.explain('http://a.test/').route, {
      kind: 'direct',
      why: 'the function of the option proxy',
    })
    await none.client.close()
  })

  it('that throws, gives what is no proxy, or never answers fails the request, and the body is given back', async () => {
    const reason = new Error('no idea')
    for (const [proxy, matches] of [
      [
        () => {
          throw reason
        },
        reason,
      ],
      [() => Promise.reject(reason), reason],
      [() => 'nonsense', /What the function of the option 'proxy' gives: /],
      [() => Promise.resolve(7 as never), /What the function of the option 'proxy' gives takes/],
    ] as const) {
      const { client } = begin({ proxy })
      let isReturned = false
      const body = new ReadableStream({
        cancel: () => {
          isReturned = true
        },
      })
      await assert.rejects(client.post('http://a.test/', { body }), matches)
      await turn()
      assert.ok(isReturned)
      await client.close()
    }
    const { client, clock, network } = begin({
      proxy: () => new Promise<never>(() => {}),
      timeout: { connect: 5_000 },
    })
    const late = rejectionAs(client.get('http://a.test/'), TimeoutError)
    await turn()
    clock.advance(6_000)
    assert.equal((await late).phase, 'connect')
    const signal = new AbortController()
    const aborted = client.get('http://a.test/', { signal: signal.signal })
    const refused = assert.rejects(aborted, reason)
    signal.abort(reason)
    await refused
    assert.equal(network.targets.length, 0)
    assert.equal(clock.pending, 0)
    await client.close()
  })
})

describe('connections by way of a proxy', () => {
  it('are shared where all is the same, and by none with other credentials', async () => {
    const setting = begin({ proxy: PROXY })
    const { client, network } = setting
    await get(setting, 'http://a.test/')
    await get(setting, 'http://b.test/')
    assert.equal(network.streams.length, 1)
    const other = client.get('http://a.test/', { proxy: PROXY.replace('secret', 'other') }).text()
    await turn()
    assert.equal(network.streams.length, 2)
    network.stream.receive(OK)
    await other
    const shown = JSON.stringify(client.pool.inspect()) + String(client.explain('http://a.test/'))
    assert.doesNotMatch(shown, /secret|other|user:/)
    await client.close()
  })

  it('are opened ahead, and lent as tunnels', async () => {
    const { client, network } = begin({ proxy: PROXY })
    await client.preconnect('http://a.test/')
    assert.deepEqual(dialled(network), ['proxy.test:3128'])
    const lent = client.take('http://a.test/')
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^CONNECT a\.test:80 HTTP/)
    network.stream.receive(ESTABLISHED)
    const connection = await lent
    await connection.request('GET', '/by-hand')
    assert.match(showWire(network.stream.takeWritten()), /^GET \/by-hand HTTP/)
    network.stream.receive(OK)
    assert.equal(await (await connection.getResponse()).text(), 'ok')
    connection.giveBack()
    await client.close()
  })

  it('send OPTIONS * for the whole server with a target without path [9112-3.2.2-1]', async () => {
    const { client, network } = begin({
      proxy: PROXY,
      layers: [(next) => (request) => next(withChanges(request, { target: '*' }))],
    })
    const asked = client.options('http://a.test/').text()
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^OPTIONS http:\/\/a\.test HTTP/)
    network.stream.receive(OK)
    await asked
    await client.close()
  })

  it('are tunnels for a request that asks for another protocol', async () => {
    const headers = { Connection: 'upgrade', Upgrade: 'echo' }
    // The same where its client asks for it by default.
    for (const [ofClient, ofRequest] of [
      [{}, { headers }],
      [{ headers }, {}],
    ]) {
      const { client, network } = begin({ proxy: PROXY, ...ofClient })
      const asked = client.get('http://a.test/', ofRequest)
      await turn()
      assert.match(showWire(network.stream.takeWritten()), /^CONNECT a\.test:80 HTTP/)
      network.stream.receive(ESTABLISHED)
      await turn()
      assert.match(showWire(network.stream.takeWritten()), /^GET \/ HTTP/)
      network.stream.receive(OK)
      assert.equal(await (await asked).text(), 'ok')
      assert.equal(client.explain('http://a.test/', ofRequest).connection.action, 'use')
      await client.close()
    }
  })

  it('are explained with who we are to the proxy, masked, and without what would be taken off', async () => {
    const { client } = begin({ proxy: PROXY })
    const own = { headers: { 'Proxy-Authorization': 'Basic c2VjcmV0' } }
    const fieldOf = (url: string, options = {}) =>
      client.explain(url, options).fields.find(({ name }) => name === 'Proxy-Authorization')
    assert.deepEqual(fieldOf('http://a.test/'), { name: 'Proxy-Authorization', value: '***', from: 'proxy' })
    assert.equal(fieldOf('http://a.test/', own)?.from, 'request')
    assert.equal(fieldOf('https://a.test/', own), undefined)
    assert.equal(fieldOf('http://a.test/', { ...own, proxy: false }), undefined)
    const digest = { proxy: { url: 'http://proxy.test', auth: { digest: ['user', 'secret'] } } }
    assert.equal(fieldOf('http://a.test/', digest), undefined)
    await client.close()
  })

  it('send no field that is meant for the connection to a proxy [9112-C.2.2-1]', async () => {
    const setting = begin({ proxy: PROXY })
    const text = setting.client.get('http://a.test/').text()
    await turn()
    assert.doesNotMatch(showWire(setting.network.stream.written), /^(?:Proxy-)?Connection:/im)
    setting.network.stream.receive(OK)
    await text
    await setting.client.close()
  })
})

/** What a proxy may do with CONNECT, and what is told of it. */
const WRONG: readonly [
  what: string,
  act: (stream: MemoryStream) => void,
  check: (error: HTTPException) => void,
][] = [
  ['closes at once', (stream) => stream.receiveEnd(), isFailed],
  ['breaks', (stream) => stream.break(), isFailed],
  ['speaks no HTTP', (stream) => stream.receive(answer('SSH-2.0-OpenSSH\r\n')), isFailed],
  ['sends a head without end', (stream) => stream.receive(Buffer.alloc(200_000, 'a')), isFailed],
  [
    'sends more fields than the limit',
    (stream) => stream.receive(answer(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(2_000)}`)),
    isFailed,
  ],
  ['sends more after its answer', (stream) => stream.receive(Buffer.concat([ESTABLISHED, OK])), isFailed],
  [
    'sends more after an answer with a length',
    (stream) => stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
    isFailed,
  ],
  [
    'refuses in chunks',
    (stream) =>
      stream.receive(answer('HTTP/1.1 407 Who\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n0\r\n\r\n')),
    (error) => {
      assert.ok(error instanceof ProxyError)
      assert.equal(error.status, 407)
      assert.equal(error.body.toString(), 'who')
    },
  ],
  [
    'redirects',
    (stream) =>
      stream.receive(
        answer('HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\nContent-Length: 0\r\n\r\n'),
      ),
    (error) => {
      assert.ok(error instanceof ProxyError)
      assert.equal(error.status, 302)
    },
  ],
  [
    'refuses without end',
    (stream) => {
      stream.receive(answer('HTTP/1.1 503 Busy\r\n\r\n'))
      for (let i = 0; i < 4; i++) stream.receive(Buffer.alloc(50_000))
    },
    (error) => {
      assert.ok(error instanceof ProxyError)
      assert.equal(error.body.length, 65_536)
    },
  ],
]

function isFailed(error: HTTPException): void {
  assert.ok(error instanceof ConnectError, error.stack)
  assert.equal(error.code, 'PROXY_FAILED')
  assert.equal(error.phase, 'proxy')
}

describe('a proxy that is asked for a tunnel', () => {
  for (const [what, act, check] of WRONG) {
    it(`and ${what} fails the request, and nothing of it was sent [9110-9.3.6-1]`, async () => {
      const { client, network, clock } = begin({ proxy: PROXY })
      const failed = client.get('https://a.test/?secret').then(
        () => assert.fail('it was answered'),
        (error: HTTPException) => error,
      )
      await turn()
      assert.equal(
        showWire(network.stream.takeWritten()),
        'CONNECT a.test:443 HTTP/1.1\nHost: a.test:443\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\n\n',
      )
      act(network.stream)
      const error = await failed
      check(error)
      assert.equal(error.proxy, 'proxy.test:3128')
      assert.equal(error.mayHaveActed, false)
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret|dXNlcj/)
      assert.equal(network.stream.written.length, 0)
      assert.ok(network.stream.isClosed)
      assert.equal(network.streams.length, 1)
      assert.equal(clock.pending, 0)
      assert.deepEqual(client.pool.inspect().connections, [])
      await client.close()
    })
  }

  it('may say 1xx before, sends no content and asks for none [9110-9.3.6-2]', async () => {
    const setting = begin({ proxy: ['http://a.test', 'http://b.test'] })
    const text = setting.client.get('http://c.test/').text()
    await turn()
    const { stream } = setting.network
    assert.equal(showWire(stream.takeWritten()), 'CONNECT b.test:80 HTTP/1.1\nHost: b.test:80\n\n')
    stream.receive(answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'))
    await turn()
    assert.equal(stream.takeWritten().length, 0)
    stream.receive(ESTABLISHED)
    await turn()
    assert.match(showWire(stream.takeWritten()), /^GET http:\/\/c\.test\/ HTTP/)
    stream.receive(OK)
    assert.equal(await text, 'ok')
    await setting.client.close()
  })

  for (const [what, proxy, before] of [
    ['says nothing', PROXY, []],
    ['says half of a head', PROXY, ['HTTP/1.1 200 OK\r\nA: b']],
    ['says nothing, as the second', ['http://first.test', PROXY], [ESTABLISHED.toString()]],
    ['says nothing, after SOCKS', ['socks5h://first.test', PROXY], ['\x05\0', '\x05\0\0\x01\0\0\0\0\0\0']],
    ['says nothing, and speaks SOCKS', 'socks5h://proxy.test:3128', []],
  ] as const) {
    it(`and ${what} is given up after timeout.connect, by an abort, and by destroy()`, async () => {
      const reason = new Error('enough')
      for (const end of ['timeout', 'abort', 'destroy'] as const) {
        const signal = new AbortController()
        const { client, network, clock } = begin({ proxy, timeout: { connect: 5_000 } })
        const failed = rejectionAs(client.get('https://a.test/', { signal: signal.signal }), Error)
        await turn()
        for (const piece of before) {
          network.stream.receive(answer(piece))
          await turn()
        }
        if (end === 'timeout') clock.advance(6_000)
        else if (end === 'abort') signal.abort(reason)
        else client.destroy(reason)
        const error = await failed
        if (end === 'timeout') {
          assert.ok(error instanceof TimeoutError)
          assert.equal(error.phase, 'connect')
          assert.equal(error.proxy, 'proxy.test:3128')
        } else {
          assert.equal(error, reason)
        }
        client.destroy()
        await turn()
        assert.ok(network.stream.isClosed)
        assert.equal(clock.pending, 0)
      }
    })
  }

  it('and refuses without an end is told by its status, after a second of waiting for its body', async () => {
    const { client, network, clock } = begin({ proxy: PROXY, timeout: { connect: 5_000 } })
    const failed = rejectionAs(client.get('https://a.test/'), ProxyError)
    await turn()
    network.stream.receive(answer('HTTP/1.1 403 No\r\n\r\n'))
    for (let i = 0; i < 11; i++) {
      await turn()
      network.stream.receive(answer('x'))
      clock.advance(100)
    }
    const error = await failed
    assert.equal(error.status, 403)
    assert.match(error.body.toString(), /^x{10,11}$/)
    assert.ok(network.stream.isClosed)
    assert.equal(clock.pending, 0)
    await client.close()
  })

  it('and refuses late is told by its status when timeout.connect ends', async () => {
    const { client, network, clock } = begin({ proxy: PROXY, timeout: { connect: 5_000 } })
    const failed = rejectionAs(client.get('https://a.test/'), ProxyError)
    await turn()
    clock.advance(4_900)
    network.stream.receive(answer('HTTP/1.1 403 No\r\n\r\nx'))
    await turn()
    clock.advance(300)
    assert.equal((await failed).status, 403)
    assert.equal(clock.pending, 0)
    await client.close()
  })

  for (const [what, head, piece] of [
    ['a field', 'HTTP/1.1 403 No\r\nX: ', 'x'],
    ['1xx', '', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ] as const)
    it(`and says ${what} bit by bit is given up when timeout.connect ends`, async () => {
      const { client, network, clock } = begin({ proxy: PROXY, timeout: { connect: 2_000 } })
      const failed = rejectionAs(client.get('https://a.test/'), TimeoutError)
      await turn()
      network.stream.receive(answer(head))
      let passedMs = 0
      for (; !network.stream.isClosed && passedMs < 10_000; passedMs += 500) {
        network.stream.receive(answer(piece))
        clock.advance(500)
        await turn()
      }
      const error = await failed
      assert.deepEqual([error.phase, error.timeoutMs], ['connect', 2_000])
      assert.ok(passedMs <= 2_500, String(passedMs))
      assert.equal(clock.pending, 0)
      await client.close()
    })

  it('and closes is told in words of what it was asked for: SOCKS, or CONNECT', async () => {
    for (const [proxy, words] of [
      ['socks5h://proxy.test:1080', /Try: another host or port for the proxy: what is there speaks no SOCKS/],
      ['socks4a://proxy.test:1080', /Try: another host or port for the proxy: what is there speaks no SOCKS/],
      ['http://proxy.test:1080', /Try: another host or port for the proxy: what is there speaks no HTTP/],
    ] as const) {
      const { client, network } = begin({ proxy })
      const failed = rejectionAs(client.get('https://a.test/'), ConnectError)
      await turn()
      network.stream.receiveEnd()
      const { code, message } = await failed
      assert.equal(code, 'PROXY_FAILED')
      assert.match(message, words)
      assert.doesNotMatch(message, /setTunnel/)
      await client.close()
    }
  })

  it('is looked up and connected to in phases of its own, which name it', async () => {
    for (const phase of ['dns', 'connect'] as const) {
      const setting = begin({ proxy: PROXY, timeout: { [phase]: 5_000 } })
      setting.network.hangsIn = phase
      const failed = rejectionAs(setting.client.get('http://a.test/'), TimeoutError)
      await turn()
      setting.clock.advance(6_000)
      const error = await failed
      assert.equal(error.phase, phase)
      assert.equal(error.proxy, 'proxy.test:3128')
      setting.client.destroy()
    }
  })
})

const challenge = (fields: string): Buffer =>
  answer(`HTTP/1.1 407 Who\r\nProxy-Authenticate: ${fields}\r\nContent-Length: 0\r\n\r\n`)
const knowsNobody: Lookup = (_host, _options, done) => done(new Error('unheard of'), [])

/** Digest is loaded when it is first asked for, which takes as long as it takes. */
before(() => import('../../src/auth/digest.ts'))

/** What is written next. */
async function written(network: MemoryNetwork): Promise<string> {
  // On the newest connection, which may be made meanwhile.
  for (let turns = 0; network.stream.writes.length === 0 && turns < 1_000; turns++) await turn()
  return showWire(network.stream.takeWritten())
}

/** The status of a request whose body can be sent once only. */
async function once(client: Client): Promise<number> {
  const response = await client.post('http://a.test/', { body: Readable.from(['abc']), throwOnError: false })
  await response.text()
  return response.status
}

/** A proxy, read again each time. */
function proxyAt(host: string): ProxyServer {
  return readProxy(`http://user:secret@${host}`, 'proxy', (tls) => tls)
}

describe('a proxy that asks who we are by Digest', () => {
  const proxy = { url: 'http://proxy.test', auth: { digest: ['user', 'secret'] } } as const
  const DIGEST = 'Digest realm="r", nonce="first", qop="auth"'

  it('is answered with the nonce that it gives for the next request', async () => {
    const { client, network } = begin({ proxy })
    const first = client.get('http://a.test/').text()
    await turn()
    network.stream.takeWritten()
    network.stream.receive(challenge(DIGEST))
    await turn()
    assert.match(await written(network), /nonce="first".*nc=00000001/)
    network.stream.receive(
      answer(
        'HTTP/1.1 200 OK\r\nProxy-Authentication-Info: nextnonce="second"\r\nContent-Length: 2\r\n\r\nok',
      ),
    )
    await first
    const second = client.get('http://b.test/').text()
    await turn()
    assert.match(await written(network), /nonce="second".*nc=00000001/)
    network.stream.receive(OK)
    await second
    await client.close()
  })

  it('and closes after its 407 without saying so is answered on another connection', async () => {
    const { client, network } = begin({ proxy })
    const text = client.get('https://a.test/').text()
    text.catch(() => {
      // The server speaks no TLS here: it ends with the tunnel.
    })
    await turn()
    network.stream.takeWritten()
    const first = network.stream
    first.receive(challenge(DIGEST))
    assert.match(await written(network), /^CONNECT[^]*nonce="first".*nc=00000001/)
    first.receiveEnd()
    await turn()
    assert.equal(network.streams.length, 2)
    assert.match(await written(network), /^CONNECT[^]*nonce="first".*nc=00000002/)
    // What is not refused is no challenge: it is asked no third time.
    network.stream.receiveEnd()
    const error = await rejectionAs(text, ConnectError)
    assert.equal(error.code, 'PROXY_FAILED')
    assert.equal(network.streams.length, 2)
    await client.close()
  })

  it('is the same to all requests that name it and the same user, each in its own options', async () => {
    const { client, network } = begin({ proxy: false })
    const first = client.get('http://a.test/', { proxy: { ...proxy } }).text()
    await turn()
    network.stream.takeWritten()
    network.stream.receive(challenge(DIGEST))
    assert.match(await written(network), /nonce="first".*nc=00000001/)
    network.stream.receive(OK)
    await first
    const second = client.get('http://b.test/', { proxy: { ...proxy } }).text()
    assert.match(await written(network), /nonce="first".*nc=00000002/)
    network.stream.receive(OK)
    await second
    const options = { proxy: { ...proxy, auth: { digest: ['user', 'other'] } }, throwOnError: false } as const
    const other = client.get('http://c.test/', options)
    await turn()
    assert.doesNotMatch(await written(network), /Proxy-Authorization/)
    network.stream.receive(OK)
    await (await other).text()
    await client.close()
  })

  it('is the same to those who trust it by the same TLS options, and another one to others', () => {
    const identities = new Identities()
    const of = (minVersion: 'TLSv1.2' | 'TLSv1.3', word = 'secret'): ProxyIdentity | undefined => {
      const auth = { digest: ['user', word] }
      const given = { url: 'https://proxy.test', auth, tls: { minVersion } }
      return identities.of(readProxy(given, 'proxy', (tls) => ({ ...tls })))
    }
    const first = of('TLSv1.2')
    assert.ok(first !== undefined)
    assert.equal(of('TLSv1.2'), first)
    assert.notEqual(of('TLSv1.3'), first)
    assert.notEqual(of('TLSv1.2', 'other'), first)
  })

  it('is remembered while it is used, however many others there are', () => {
    const identities = new Identities()
    const own = proxyAt('own.test')
    const first = identities.of(own)
    for (let i = 0; i < 64; i++) {
      identities.of(proxyAt(`p${i}.test`))
      assert.equal(identities.of(own), first)
    }
    assert.equal(identities.of(proxyAt('own.test')), first)
  })

  it('and asks by another scheme alone, or by nothing that can be read, gets no password', async () => {
    for (const fields of ['Basic realm="r"', 'Negotiate', 'Digest realm="r"', 'Digest "']) {
      const { client, network } = begin({ proxy })
      const response = client.get('http://a.test/')
      await turn()
      network.stream.receive(challenge(fields))
      assert.equal((await response).status, 407)
      assert.doesNotMatch(showWire(network.stream.written), /Proxy-Authorization/)
      assert.equal(network.streams.length, 1)
      await client.close()
    }
  })

  it('is asked before a large body is sent, which is given back where that fails', async () => {
    const { client, network } = begin({ proxy })
    const sent = client.post('http://a.test/', { body: Buffer.alloc(70_000) }).text()
    await turn()
    assert.match(await written(network), /^OPTIONS http:\/\/a\.test\/ HTTP[^]*\nMax-Forwards: 0\n/)
    network.stream.receive(challenge(DIGEST))
    await turn()
    // The question is not asked again: what it asks is answered with the body.
    assert.match(await written(network), /^POST[^]*nc=00000001[^]*\nConnection: close\n/)
    network.stream.receive(OK)
    await sent
    await client.close()

    const other = begin({ proxy })
    let isReturned = false
    const body = new ReadableStream({
      cancel: () => {
        isReturned = true
      },
    })
    const failed = rejectionAs(other.client.post('http://a.test/', { body }), ConnectionLost)
    await turn()
    other.network.stream.break()
    await failed
    await turn()
    assert.ok(isReturned)
    await other.client.close()
  })

  it('again while a body is under way that can be sent once only has the next one answered [7616-3.3-2]', async () => {
    const { client, network } = begin({ proxy })
    const get1 = client.get('http://a.test/').text()
    await turn()
    network.stream.takeWritten()
    network.stream.receive(challenge(DIGEST))
    await written(network)
    network.stream.receive(OK)
    await get1
    const refused = once(client)
    assert.match(await written(network), /^POST[^]*nonce="first".*nc=00000002/)
    network.stream.receive(challenge('Digest realm="r", nonce="second", qop="auth", stale=true'))
    assert.equal(await refused, 407)
    const taken = once(client)
    await turn()
    assert.match(await written(network), /^POST[^]*nonce="second".*nc=00000001/)
    network.stream.receive(OK)
    assert.equal(await taken, 200)
    await client.close()
  })

  it('and wants the body hashed gets no answer with a body that is not at hand', async () => {
    const { client, network } = begin({ proxy })
    const first = client.get('http://a.test/').text()
    await turn()
    network.stream.takeWritten()
    network.stream.receive(challenge('Digest realm="r", nonce="first", qop="auth-int"'))
    assert.match(await written(network), /qop=auth-int/)
    network.stream.receive(OK)
    await first
    const refused = once(client)
    assert.doesNotMatch(await written(network), /Proxy-Authorization/)
    network.stream.receive(challenge('Digest realm="r", nonce="second", qop="auth-int"'))
    assert.equal(await refused, 407)
    const hashed = client.post('http://a.test/', { body: 'abc' }).text()
    await turn()
    assert.match(await written(network), /nonce="second".*qop=auth-int, nc=00000001/)
    network.stream.receive(OK)
    await hashed
    await client.close()
  })
})

describe('a name that is looked up here', () => {
  it('and is not found fails the request, and gives the proxy up', async () => {
    const { client, network } = begin({ proxy: 'socks5://proxy.test', dns: { lookup: knowsNobody } })
    const error = await rejectionAs(client.get('http://a.test/'), ConnectError)
    assert.equal(error.code, 'DNS_FAILED')
    // It is the name of the server: the proxy has nothing to do with it.
    assert.equal(error.proxy, undefined)
    assert.match(error.message, /: a\.test .*Try: another spelling of the host, or/)
    assert.doesNotMatch(error.message, /proxy/)
    assert.ok(network.stream.isClosed)
    assert.equal(network.stream.written.length, 0)
    await client.close()
  })

  it('and is that of the next proxy, is told of that one', async () => {
    const proxy = ['socks5://proxy.test', 'socks5h://next.test']
    const { client } = begin({ proxy, dns: { lookup: knowsNobody } })
    const error = await rejectionAs(client.get('http://a.test/'), ConnectError)
    assert.deepEqual([error.code, error.proxy], ['DNS_FAILED', 'next.test:1080'])
    await client.close()
  })

  it('or an IPv6 address, is none for SOCKS4, which is told with a way out', async () => {
    for (const scheme of ['socks4', 'socks4a']) {
      const { client, network } = begin({ proxy: `${scheme}://proxy.test` })
      const error = await rejectionAs(client.get('http://[2001:db8::1]/'), ConnectError)
      assert.deepEqual([error.code, error.proxy], ['PROXY_FAILED', 'proxy.test:1080'])
      assert.match(error.message, /SOCKS4 knows no IPv6 addresses .* Try: socks5:\/\/ or socks5h:\/\//)
      assert.equal(network.stream.written.length, 0)
      assert.ok(network.stream.isClosed)
      await client.close()
    }
  })
})

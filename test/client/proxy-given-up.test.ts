// Each wait on the way through a proxy, ended by an abort, a timeout or the end of the client, in every turn in which it can be:
// what the caller is told, and that nothing of it is left.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { TimeoutError } from '../../src/errors/index.ts'
import { showWire } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const OK = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
const REASON = new Error('enough')
const BASIC = 'http://user:secret@proxy.test:3128'
const DIGEST = { url: 'http://proxy.test:3128', auth: { digest: ['user', 'secret'] } } as const
const WHO = 'Proxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'

interface Setting {
  readonly client: Client
  readonly network: MemoryNetwork
  readonly clock: ManualClock
  readonly signal: AbortController
}

function begin(options: ClientOptions): Setting {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  const client = new Client({ connect: network.connect, clock, retry: false, ...options })
  return { client, network, clock, signal: new AbortController() }
}

async function turn(): Promise<void> {
  for (let i = 0; i < 6; i++) await settle()
}

/** A function for the option proxy that answers when the test says so. */
function slowFunction() {
  let [give, fail] = [(_proxy: string): void => {}, (_reason: Error): void => {}]
  const answered = new Promise<string>((resolve, reject) => {
    give = resolve
    fail = reject
  })
  return { proxy: () => answered, give, fail }
}

/** How much was written, on all connections. */
function bytesSaid({ streams }: MemoryNetwork): number {
  return streams.reduce((sum, { written }) => sum + written.length, 0)
}

const ENDS = ['abort', 'destroy'] as const

function end({ client, signal }: Setting, by: (typeof ENDS)[number]): void {
  if (by === 'abort') signal.abort(REASON)
  else client.destroy(REASON)
}

/** Nothing is open, and nothing waits. What a request does not want any more is opened on, for others, until the client ends. */
async function checkClean({ client, network, clock }: Setting): Promise<void> {
  client.destroy()
  await turn()
  assert.deepEqual(client.pool.inspect().connections, [])
  assert.ok(network.streams.every(({ isClosed }) => isClosed))
  assert.equal(clock.pending, 0)
  await client.close()
}

describe('who we are by Digest, which is loaded for the first challenge,', () => {
  // The first ones load it; it is not there yet in their first turns.
  for (const url of ['https://a.test/', 'http://a.test/'])
    for (const by of ENDS)
      it(`is not said to a proxy that is asked for ${url} once there is ${by === 'abort' ? 'an abort' : 'destroy()'}`, async () => {
        for (let turns = 0; turns < 12; turns++) {
          const setting = begin({ proxy: DIGEST })
          const { client, network, signal } = setting
          const failed = rejectionAs(client.get(url, { signal: signal.signal }), Error)
          await turn()
          network.stream.takeWritten()
          network.stream.receive(answer(`HTTP/1.1 407 Who\r\n${WHO}Content-Length: 0\r\n\r\n`))
          for (let i = 0; i < turns; i++) await settle()
          const said = bytesSaid(network)
          end(setting, by)
          assert.equal(await failed, REASON)
          await turn()
          // After an abort of the one request, a tunnel is opened on, for others.
          if (by === 'destroy' || url.startsWith('http:')) assert.equal(bytesSaid(network), said)
          await checkClean(setting)
        }
      })
})

describe('the body of a refusal of which half has come', () => {
  for (const [what, proxy, head] of [
    ['407 of Basic', BASIC, 'HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="r"\r\n'],
    ['407 of Digest', DIGEST, `HTTP/1.1 407 Who\r\n${WHO}`],
    ['502', BASIC, 'HTTP/1.1 502 Bad Gateway\r\n'],
  ] as const) {
    for (const framing of [
      'Content-Length: 8\r\n\r\nhalf',
      'Transfer-Encoding: chunked\r\n\r\n8\r\nhalf',
      '\r\nhalf',
    ]) {
      const began = `a ${what} with ${framing.split(/[:\r]/)[0] || 'no length'}`
      for (const by of ENDS)
        it(`is no longer waited for after ${by === 'abort' ? 'an abort' : 'destroy()'}: ${began}`, async () => {
          const setting = begin({ proxy })
          const { client, network, signal } = setting
          const failed = rejectionAs(client.get('https://a.test/', { signal: signal.signal }), Error)
          await turn()
          network.stream.receive(answer(head + framing))
          await turn()
          end(setting, by)
          assert.equal(await failed, REASON)
          assert.equal(network.streams.length, 1)
          await checkClean(setting)
        })
    }
  }

  it('is no longer waited for when timeout.total ends', async () => {
    for (const [proxy, head] of [
      [BASIC, 'HTTP/1.1 502 Bad Gateway\r\n'],
      [DIGEST, `HTTP/1.1 407 Who\r\n${WHO}`],
    ] as const) {
      const setting = begin({ proxy, timeout: { connect: 5_000, total: 500 } })
      const { client, network, clock } = setting
      const failed = rejectionAs(client.get('https://a.test/'), TimeoutError)
      await turn()
      network.stream.takeWritten()
      network.stream.receive(answer(`${head}Content-Length: 8\r\n\r\nhalf`))
      await turn()
      clock.advance(600)
      assert.equal((await failed).phase, 'total')
      assert.equal(bytesSaid(network), 0)
      await checkClean(setting)
    }
  })
})

describe('a look-up between connecting to a SOCKS proxy and speaking to it', () => {
  for (const proxy of ['socks5://proxy.test', 'socks4://proxy.test', ['socks5://proxy.test', BASIC]])
    for (const by of [...ENDS, 'timeout'] as const)
      it(`is given up by ${by}, and nothing was said: ${String(proxy)}`, async () => {
        const setting = begin({ proxy, dns: { lookup: () => {} }, timeout: { dns: 1_000 } })
        const { client, network, clock, signal } = setting
        const failed = rejectionAs(client.get('https://a.test/', { signal: signal.signal }), Error)
        await turn()
        assert.equal(network.streams.length, 1)
        if (by === 'timeout') clock.advance(1_100)
        else end(setting, by)
        const error = await failed
        if (by === 'timeout') assert.equal((error as TimeoutError).phase, 'dns')
        else assert.equal(error, REASON)
        assert.equal(network.stream.written.length, 0)
        await checkClean(setting)
      })
})

describe('the function of the option proxy, while it is asked,', () => {
  const verbs = {
    'a request': (client: Client, signal: AbortSignal) => client.get('http://a.test/', { signal }).text(),
    'take()': (client: Client, signal: AbortSignal) => client.take('http://a.test/', { signal }),
    'preconnect()': (client: Client) => client.preconnect('http://a.test/'),
  }
  for (const [name, ask] of Object.entries(verbs)) {
    for (const by of ENDS.slice(name === 'preconnect()' ? 1 : 0))
      it(`is no longer waited for by ${name} after ${by === 'abort' ? 'an abort' : 'destroy()'}, whatever it answers later`, async () => {
        for (const later of ['answers', 'throws'] as const) {
          const { proxy, give, fail } = slowFunction()
          const setting = begin({ proxy })
          const failed = rejectionAs(ask(setting.client, setting.signal.signal), Error)
          await turn()
          end(setting, by)
          assert.equal(await failed, REASON)
          if (later === 'answers') give('http://proxy.test')
          else fail(new Error('too late'))
          await checkClean(setting)
          assert.equal(setting.network.targets.length, 0)
        }
      })
  }

  it('is waited for by close(), for a request that was asked before', async () => {
    const { proxy, give } = slowFunction()
    const setting = begin({ proxy })
    const { client, network } = setting
    const text = client.get('http://a.test/').text()
    await turn()
    let isClosed = false
    const closed = client.close()
    void closed.finally(() => {
      isClosed = true
    })
    await turn()
    assert.equal(isClosed, false)
    give('http://proxy.test')
    await turn()
    assert.match(showWire(network.stream.takeWritten()), /^GET http:\/\/a\.test\/ HTTP/)
    network.stream.receive(OK)
    assert.equal(await text, 'ok')
    await closed
    await checkClean(setting)
  })
})

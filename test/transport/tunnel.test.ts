// CONNECT on a stream in memory: the target in authority-form (RFC 9112 §3.2.3), what counts as an answer (RFC 9110 §9.3.6), and how
// a connection that takes no second request is left (RFC 9112 §9.6).

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import { ConnectError, ProxyError, RemoteProtocolError } from '../../src/errors/index.ts'
import { ProxyIdentity } from '../../src/transport/proxy-identity.ts'
import { AskAgain, Asking, openTunnel, type TunnelQuestion } from '../../src/transport/tunnel.ts'
import { showWire } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { makeWaiting, type WaitingParts } from '../support/wait.ts'

checkOpenHandles()

const TO = { host: 'a.test', port: 443 }
const WHO = 'HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'

function begin(parts: Partial<TunnelQuestion> = {}, bounds: WaitingParts = {}) {
  const stream = new MemoryStream('proxy.test:3128')
  const clock = new ManualClock()
  const options = { engine: {}, clock, observer: undefined, isGathering: false, route: undefined }
  const question = {
    to: TO,
    headers: [],
    onAnswer: undefined,
    identity: undefined,
    asking: new Asking(),
    ...parts,
  }
  const opened = openTunnel(stream, question, options, makeWaiting({ clock, ...bounds }))
  // Each test looks at it when it is over.
  opened.catch(() => undefined)
  return { stream, clock, opened }
}

async function written(stream: MemoryStream): Promise<string> {
  for (let i = 0; stream.writes.length === 0 && i < 1_000; i++) await settle()
  return showWire(stream.takeWritten())
}

/** Digest is loaded when it is first asked for, which takes as long as it takes. */
before(() => import('../../src/auth/digest.ts'))

const identity = (): ProxyIdentity => new ProxyIdentity({ scheme: 'digest', user: 'user', password: 'word' })

describe('CONNECT', () => {
  for (const [host, port, target] of [
    ['a.test', 443, 'a.test:443'],
    ['a.test', 80, 'a.test:80'],
    ['192.0.2.1', 8080, '192.0.2.1:8080'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
  ] as const)
    it(`names host and port alone: ${target} [9112-3.2.3-1, 9110-9.3.6-2]`, async () => {
      const { stream, opened } = begin({ to: { host, port } })
      assert.equal(await written(stream), `CONNECT ${target} HTTP/1.1\nHost: ${target}\n\n`)
      stream.receive(answer('HTTP/1.1 200 OK\r\n\r\n'))
      assert.equal(await opened, stream)
    })

  it('takes further fields, and a Host of the caller in the place of its own', async () => {
    const headers: readonly FieldLine[] = [
      ['X-A', 'b'],
      ['host', 'other.test'],
    ]
    const { stream, opened } = begin({ headers })
    assert.equal(await written(stream), 'CONNECT a.test:443 HTTP/1.1\nX-A: b\nhost: other.test\n\n')
    stream.receive(answer('HTTP/1.1 200 OK\r\n\r\n'))
    await opened
  })

  for (const head of [
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 299 \r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  ])
    it(`is answered by any 2xx, whatever length that says: ${JSON.stringify(head)} [9112-6.3-2]`, async () => {
      const { stream, clock, opened } = begin()
      await written(stream)
      stream.receive(answer(head))
      assert.equal(await opened, stream)
      assert.equal(stream.isClosed, false)
      assert.equal(clock.pending, 0)
    })

  for (const status of [101, 300, 302, 400, 407, 500, 599])
    it(`is refused by ${status}, and the stream is given up [9110-9.3.6-1]`, async () => {
      const { stream, clock, opened } = begin()
      await written(stream)
      stream.receive(answer(`HTTP/1.1 ${status} No\r\nConnection: x\r\nContent-Length: 2\r\n\r\nno`))
      const error = await rejectionAs(opened, ProxyError)
      // No other protocol was offered: 101 is a refusal, and nothing of HTTP comes after it.
      assert.deepEqual([error.status, error.body.toString()], [status, status === 101 ? '' : 'no'])
      assert.ok(stream.isClosed)
      assert.equal(stream.written.length, 0)
      assert.equal(clock.pending, 0)
    })

  it('is followed by nothing of the proxy: what comes with the answer is not of the server', async () => {
    const { stream, opened } = begin()
    await written(stream)
    stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    const error = await rejectionAs(opened, ConnectError)
    assert.equal(error.code, 'PROXY_FAILED')
    // It speaks HTTP, and said too much (RFC 9110 §9.3.6).
    assert.ok(error.cause instanceof RemoteProtocolError && error.cause.code === 'UNEXPECTED_DATA')
    assert.match(error.message, /behind the answer to CONNECT, which has no body/)
    assert.ok(stream.isClosed)
  })
})

describe('CONNECT that is refused by a challenge', () => {
  it('is sent again on the connection, where that takes a second request [9110-15.5.8-1]', async () => {
    const { stream, opened } = begin({ identity: identity() })
    assert.doesNotMatch(await written(stream), /Proxy-Authorization/)
    stream.receive(answer(`${WHO}Content-Length: 3\r\n\r\nwho`))
    assert.match(await written(stream), /^CONNECT a\.test:443 [^]*nonce="n".*uri="a\.test:443".*nc=00000001/)
    stream.receive(answer('HTTP/1.1 200 OK\r\n\r\n'))
    assert.equal(await opened, stream)
  })

  for (const [what, rest] of [
    ['says that it closes', 'Connection: close\r\nContent-Length: 3\r\n\r\nwho'],
    ['is of HTTP/1.0', 'Content-Length: 3\r\n\r\nwho'],
  ] as const)
    it(`is sent on another connection with the same answer, where the refusal ${what}`, async () => {
      const [who, asking] = [identity(), new Asking()]
      const first = begin({ identity: who, asking })
      await written(first.stream)
      const head = what.endsWith('1.0') ? WHO.replace('1.1', '1.0') : WHO
      first.stream.receive(answer(head + rest))
      await rejectionAs(first.opened, AskAgain)
      assert.ok(first.stream.isClosed)
      const second = begin({ identity: who, asking })
      assert.match(await written(second.stream), /nonce="n".*nc=00000001/)
      second.stream.receive(answer('HTTP/1.1 200 OK\r\n\r\n'))
      await second.opened
      // It was said: it is said no second time.
      const third = begin({ identity: who, asking })
      assert.match(await written(third.stream), /nonce="n".*nc=00000002/)
      third.stream.break()
    })

  for (const by of ['abort', 'timeout'] as const)
    it(`is given up by ${by} while there is no answer to it yet, and told as a refusal by a timeout`, async () => {
      const slow = identity()
      slow.answer = () => new Promise(() => {})
      const signal = new AbortController()
      const reason = new Error('enough')
      const { stream, clock, opened } = begin(
        { identity: slow },
        { timeouts: { connect: 5_000 }, signal: signal.signal },
      )
      await written(stream)
      stream.receive(answer(`${WHO}Content-Length: 0\r\n\r\n`))
      for (let i = 0; i < 10; i++) await settle()
      assert.equal(stream.isClosed, false)
      if (by === 'abort') signal.abort(reason)
      else clock.advance(5_200)
      const error = await rejectionAs(opened, Error)
      if (by === 'abort') assert.equal(error, reason)
      else assert.equal((error as ProxyError).status, 407)
      assert.ok(stream.isClosed)
      assert.equal(clock.pending, 0)
    })

  it('is asked no more where what is said is wrong, and tells of it', async () => {
    const { stream, opened } = begin({ identity: identity() })
    for (let i = 0; i < 2; i++) {
      await written(stream)
      stream.receive(answer(`${WHO}Content-Length: 0\r\n\r\n`))
    }
    assert.equal((await rejectionAs(opened, ProxyError)).status, 407)
    assert.equal(stream.written.length, 0)
  })
})

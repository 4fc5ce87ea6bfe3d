// setTunnel(): a connection by way of a proxy that is asked with CONNECT (RFC 9110 §9.3.6), plain and with TLS inside.

import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, it } from 'node:test'
import { ConnectError, type HTTPException, ProxyError } from '../../src/errors/index.ts'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import type { Lookup } from '../../src/io/lookup.ts'
import { showWire, wire } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { answer, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, type Script, startRawServer } from '../support/raw-server.ts'
import { ca, server as serverPair, wrongHost } from '../support/tls-fixture.ts'

checkOpenHandles()

const knowsNobody: Lookup = (_host, _options, done) => done(new Error('unheard of'), [])

const ESTABLISHED = wire`HTTP/1.1 200 Connection established

`

/** Grants the tunnel and carries bytes to a server on loopback. */
const proxyTo =
  (server: RawServer, granted: Buffer = ESTABLISHED): Script =>
  async (peer) => {
    await peer.until('\r\n\r\n')
    const { socket } = peer
    socket.removeAllListeners('data')
    const inner = net.connect(server.port, '127.0.0.1')
    inner.on('error', () => socket.destroy())
    inner.on('close', () => socket.destroy())
    socket.on('close', () => inner.destroy())
    await peer.reply(granted)
    socket.pipe(inner)
    inner.pipe(socket)
  }

const stayClosed: Script = async (peer) => {
  await peer.ended()
  assert.equal(peer.received.toString(), '')
  peer.close()
}

const stayClosedRaw: Script = async (peer) => {
  await peer.ended()
  peer.close()
}

const answerOnce: Script = async (peer) => {
  await peer.until('\r\n\r\n')
  await peer.reply(wire`HTTP/1.1 200 OK
Content-Length: 2

ok`)
}

describe('setTunnel()', () => {
  it('asks the proxy with CONNECT and its own fields, then speaks to the server with none of them', async () => {
    const { connection, network } = memoryConnection()
    connection.setTunnel('inner.test', 8080, { 'Proxy-Authorization': 'Basic c2VjcmV0' })
    const sent = connection.request('GET', '/path')
    await outcomeOf(sent)
    const { stream } = network
    assert.equal(
      showWire(stream.takeWritten()),
      showWire(wire`CONNECT inner.test:8080 HTTP/1.1
Host: inner.test:8080
Proxy-Authorization: Basic c2VjcmV0

`),
    )
    stream.receive(ESTABLISHED)
    await sent
    assert.equal(
      showWire(stream.takeWritten()),
      showWire(wire`GET /path HTTP/1.1
Host: inner.test:8080
Accept-Encoding: identity

`),
    )
    stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    const response = await connection.getResponse()
    assert.equal(await response.text(), 'ok')
    assert.equal(response.url, 'http://inner.test:8080/path')
    assert.equal(network.targets[0]!.host, 'example.test')
    // The tunnel is the connection now: the next request goes through it at once.
    await connection.request('GET', '/again')
    assert.equal(network.streams.length, 1)
    assert.match(showWire(stream.takeWritten()), /^GET \/again /)
    connection.close()
    assert.ok(stream.isClosed)
  })

  it('sends no byte of the request before the tunnel is granted', async () => {
    const { connection, network } = memoryConnection()
    connection.setTunnel('inner.test')
    const sent = connection.request('POST', '/', 'secret body', { Authorization: 'Bearer token' })
    await outcomeOf(sent)
    network.stream.receive(answer('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2'))
    await settle()
    assert.equal(showWire(network.stream.written), 'CONNECT inner.test:80 HTTP/1.1\nHost: inner.test:80\n\n')
    network.stream.receive(answer('00 OK\r\nContent-Length: 5\r\n\r\n'))
    await sent
    assert.match(showWire(network.stream.written), /secret body$/)
    connection.close()
  })

  it('rejects with ProxyError where the proxy refuses: status, fields and body, and nothing is left', async () => {
    for (const [body, cut] of [
      ['Content-Length: 6\r\n\r\nnot me', false],
      ['Content-Length: 60\r\n\r\nnot me', true],
      ['Connection: close\r\n\r\nnot me', true],
      ['Transfer-Encoding: chunked\r\n\r\n6\r\nnot me\r\n0\r\n\r\n', false],
    ] as const) {
      const { connection, network, clock } = memoryConnection()
      connection.setTunnel('inner.test', 443)
      const failed = rejectionOf(connection.request('GET', '/'))
      await settle()
      await settle()
      network.stream.receive(
        answer(`HTTP/1.1 407 Proxy Authentication Required\r\nX-Why: because\r\n${body}`),
      )
      if (cut) network.stream.receiveEnd()
      const error = await failed
      assert.ok(error instanceof ProxyError, error.stack)
      assert.equal(error.status, 407)
      assert.equal(error.reason, 'Proxy Authentication Required')
      assert.deepEqual(error.rawHeaders[0], ['X-Why', 'because'])
      assert.equal(error.body.toString(), 'not me')
      assert.equal(error.phase, 'proxy')
      assert.equal(error.address, 'example.test:80')
      assert.ok(network.stream.isClosed)
      assert.equal(clock.pending, 0)
      assert.equal(connection.state, 'idle')
      assert.equal(connection.isConnected, false)
    }
  })

  it('keeps no more than 64 KiB of the body of a refusal', async () => {
    const { connection, network } = memoryConnection()
    connection.setTunnel('inner.test', 443)
    const failed = rejectionOf(connection.connect())
    await settle()
    await settle()
    network.stream.receive(answer('HTTP/1.1 503 Busy\r\n\r\n'))
    for (let i = 0; i < 5; i++) network.stream.receive(Buffer.alloc(50_000))
    assert.equal(((await failed) as ProxyError).body.length, 65_536)
    assert.ok(network.stream.isClosed)
  })

  it('takes no byte that comes behind the 200 for an answer of the server: it gives the tunnel up', async () => {
    const { connection, network } = memoryConnection()
    connection.setTunnel('inner.test')
    const failed = rejectionOf(connection.request('GET', '/'))
    await settle()
    await settle()
    network.stream.receive(
      Buffer.concat([ESTABLISHED, answer('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')]),
    )
    const error = (await failed) as HTTPException
    assert.equal(error.phase, 'proxy')
    assert.ok(network.stream.isClosed)
    assert.equal(showWire(network.stream.written), 'CONNECT inner.test:80 HTTP/1.1\nHost: inner.test:80\n\n')
  })

  it('says that it was the proxy where nobody is there, or its name is unknown', async () => {
    const server = await startRawServer(() => {})
    const { port } = server
    await server.close()
    for (const Connection of [HTTPConnection, HTTPSConnection]) {
      await using connection = new Connection('127.0.0.1', port)
      connection.setTunnel('far.test')
      const error = await rejectionOf(connection.connect())
      assert.match(error.message, /refused: the proxy 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/)
      await using unknown = new Connection('proxy.test', port, { lookup: knowsNobody })
      unknown.setTunnel('far.test')
      assert.match((await rejectionOf(unknown.connect())).message, /: the proxy proxy\.test \(unheard of\)/)
    }
  })

  it('opens the connection to the proxy as one that TLS will be laid over, for https alone', async () => {
    for (const [Connection, willStartTls] of [
      [HTTPConnection, false],
      [HTTPSConnection, true],
    ] as const) {
      const network = new MemoryNetwork()
      await using connection = new Connection('proxy.test', 3128, { connect: network.connect })
      connection.setTunnel('far.test')
      const connecting = connection.connect().catch(() => {})
      assert.deepEqual(
        network.targets.map((target) => [target.host, target.tls, target.willStartTls, target.role]),
        [['proxy.test', undefined, willStartTls, 'the proxy']],
      )
      connection.close()
      await connecting
    }
  })

  it('rejects with ConnectError of the phase proxy where the proxy goes away or speaks no HTTP', async () => {
    for (const bytes of ['', 'SSH-2.0-x\r\n', 'HTTP/1.1 200']) {
      const { connection, network } = memoryConnection()
      connection.setTunnel('inner.test')
      const failed = rejectionOf(connection.request('GET', '/'))
      await settle()
      await settle()
      network.stream.receive(answer(bytes))
      network.stream.receiveEnd()
      const error = await failed
      assert.ok(error instanceof ConnectError, error.stack)
      assert.equal(error.phase, 'proxy')
      assert.ok(error.cause instanceof Error)
      // The request itself was not sent: it may be tried again.
      assert.equal(error.requestBytesWritten ?? 0, 0)
      assert.ok(network.stream.isClosed)
    }
  })

  it('leaves no connection behind where its own fields cannot be sent', async () => {
    for (const headers of [
      [['Host', 'a'] as const, ['Host', 'b'] as const],
      [['Content-Length', '5'] as const],
      [['TE', 'trailers'] as const],
    ]) {
      const { connection, network } = memoryConnection()
      connection.setTunnel('inner.test', 80, headers)
      const error = (await rejectionOf(connection.request('GET', '/'))) as HTTPException
      assert.ok(/InvalidHeader|LocalProtocolError/.test(error.name), error.stack)
      for (const stream of network.streams) assert.ok(stream.isClosed, 'the connection to the proxy is left')
    }
    const { connection } = memoryConnection()
    assert.throws(() => connection.setTunnel('inner.test', 80, { a: 'b\r\nc: d' }), { name: 'InvalidHeader' })
    assert.throws(() => connection.setTunnel('inner test'), { name: 'InvalidURL' })
  })

  it('is bounded by the timeouts, and by signals', async () => {
    const { connection, clock, network } = memoryConnection({ timeout: { connect: 500 } })
    connection.setTunnel('inner.test')
    const failed = rejectionOf(connection.connect())
    await settle()
    await settle()
    await clock.pass(600)
    assert.equal((await failed).name, 'TimeoutError')
    assert.ok(network.stream.isClosed)

    const controller = new AbortController()
    const reason = new Error('enough')
    const aborted = rejectionOf(connection.connect({ signal: controller.signal }))
    await settle()
    await settle()
    controller.abort(reason)
    assert.equal(await aborted, reason)
    assert.ok(network.stream.isClosed)
    assert.equal(clock.pending, 0)
  })

  it('puts IPv6 addresses into brackets', async () => {
    const { connection, network } = memoryConnection()
    connection.setTunnel('::1', 8443)
    const failed = rejectionOf(connection.connect())
    await settle()
    await settle()
    assert.equal(showWire(network.stream.written), 'CONNECT [::1]:8443 HTTP/1.1\nHost: [::1]:8443\n\n')
    connection.close()
    await failed
  })
})

describe('a tunnel over sockets', () => {
  it('carries a plain exchange', async () => {
    await using server = await startRawServer(answerOnce)
    await using proxy = await startRawServer(proxyTo(server))
    await using connection = new HTTPConnection('127.0.0.1', proxy.port)
    connection.setTunnel('inner.test', 80)
    await connection.request('GET', '/')
    assert.equal(await (await connection.getResponse()).text(), 'ok')
    assert.match(server.peer.received.toString(), /^GET \/ HTTP\/1\.1\r\nHost: inner\.test\r\n/)
  })

  it('has TLS inside, held against the name of the server and not of the proxy [9110-4.3.4-2]', async () => {
    await using server = await startRawServer(answerOnce, { tls: serverPair })
    await using proxy = await startRawServer(proxyTo(server))
    await using connection = new HTTPSConnection('127.0.0.1', proxy.port, { tls: { ca } })
    connection.setTunnel('localhost', 443)
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    assert.equal(await response.text(), 'ok')
    assert.equal(response.url, 'https://localhost/')
    // The proxy sees CONNECT and TLS records, and no HTTP.
    const seen = proxy.peer.received.toString('latin1')
    assert.match(seen, /^CONNECT localhost:443 HTTP\/1\.1\r\nHost: localhost:443\r\n\r\n/)
    assert.doesNotMatch(seen, /GET \//)
  })

  it('refuses a certificate for another name inside the tunnel, and closes the tunnel', async () => {
    await using server = await startRawServer(stayClosed, { tls: wrongHost })
    await using proxy = await startRawServer(proxyTo(server))
    await using connection = new HTTPSConnection('localhost', proxy.port, { tls: { ca }, family: 4 })
    connection.setTunnel('localhost', 443)
    const error = await rejectionOf(connection.request('GET', '/'))
    assert.equal((error as ConnectError).code, 'CERTIFICATE_WRONG_HOST')
    await proxy.allClosed()
    assert.equal(connection.isConnected, false)
  })

  it('never resumes a TLS session of another host through the same connection [9110-4.3.3-1]', async () => {
    await using server = await startRawServer(
      (peer, index) => (index === 0 ? answerOnce : stayClosed)(peer, index),
      {
        tls: serverPair,
      },
    )
    await using proxy = await startRawServer(proxyTo(server))
    await using connection = new HTTPSConnection('127.0.0.1', proxy.port, { tls: { ca } })
    connection.setTunnel('localhost', 443)
    await connection.request('GET', '/')
    assert.equal(await (await connection.getResponse()).text(), 'ok')
    await settle()
    connection.close()
    connection.setTunnel('other.test', 443)
    const error = (await rejectionOf(connection.request('GET', '/'))) as ConnectError
    assert.equal(error.code, 'CERTIFICATE_WRONG_HOST', error.stack)
  })

  it('leaves nothing when it is closed during the handshake inside', async () => {
    await using server = await startRawServer(stayClosedRaw)
    await using proxy = await startRawServer(proxyTo(server))
    await using connection = new HTTPSConnection('127.0.0.1', proxy.port, { tls: { ca } })
    connection.setTunnel('localhost', 443)
    const failed = rejectionOf(connection.connect())
    while (server.peers.length === 0 || server.peer.received.length === 0) await settle()
    connection.close()
    assert.equal(((await failed) as HTTPException).code, 'CONNECTION_CLOSED')
    await proxy.allClosed()
  })
})

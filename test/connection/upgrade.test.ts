// upgrade(): the connection itself, after a 101 or a 2xx to CONNECT (RFC 9110 §7.8, §9.3.6). The bytes behind the head
// belong to the new protocol, none lost, and the connection takes no further request.

import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import { wire } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { answer, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { ca, server as serverPair } from '../support/tls-fixture.ts'

checkOpenHandles()

const OFFER = { Connection: 'Upgrade', Upgrade: 'echo' }
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

describe('upgrade()', () => {
  for (const scheme of ['http', 'https'] as const) {
    it(`gives a Node stream that begins with the bytes behind the 101, over ${scheme} [9110-7.8-4]`, async () => {
      await using server = await startRawServer(
        async (peer) => {
          await peer.until('\r\n\r\n')
          await peer.reply(answer(`${SWITCH}hello `))
          await peer.expect(Buffer.from('ping'))
          await peer.reply(Buffer.from('pong'))
          await peer.expect(Buffer.alloc(500_000, 'x'))
          peer.end()
          await peer.ended()
        },
        scheme === 'https' ? { tls: serverPair } : {},
      )
      await using connection =
        scheme === 'https'
          ? new HTTPSConnection('localhost', server.port, { tls: { ca }, family: 4 })
          : new HTTPConnection('127.0.0.1', server.port)
      await connection.request('GET', '/', undefined, OFFER)
      const response = await connection.getResponse()
      assert.equal(response.status, 101)
      const duplex = response.upgrade()
      assert.equal(connection.isConnected, false)
      assert.equal(connection.state, 'idle')
      duplex.write('ping')
      for (let i = 0; i < 50; i++) duplex.write(Buffer.alloc(10_000, 'x'))
      assert.equal(await text(duplex), 'hello pong')
      duplex.end()
      await server.played()
      duplex.destroy()
      // Closing the connection is no concern of what was taken from it.
      connection.close()
    })
  }

  it('gives the tunnel of a CONNECT that was granted, with the bytes behind the head', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('CONNECT', 'inner.test:443')
    network.stream.receive(
      answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nearly'),
    )
    const response = await connection.getResponse()
    assert.equal(response.isClosed, true)
    assert.equal((await response.read()).length, 0)
    const duplex = response.upgrade()
    network.stream.receive(Buffer.from(' later'))
    network.stream.receiveEnd()
    assert.equal(await text(duplex), 'early later')
    duplex.destroy()
  })

  it('keeps what comes between the 101 and the call, and holds the peer back meanwhile', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, OFFER)
    network.stream.receive(answer(`${SWITCH}a`), [SWITCH.length - 1])
    const response = await connection.getResponse()
    assert.equal(network.stream.isPaused, true)
    network.stream.receive(Buffer.from('b'))
    network.stream.receiveEnd()
    await settle()
    assert.equal(await text(response.upgrade()), 'ab')
  })

  it('can be called once', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, OFFER)
    network.stream.receive(answer(SWITCH))
    const response = await connection.getResponse()
    const duplex = response.upgrade()
    assert.throws(() => response.upgrade(), { name: 'ConnectionLost' })
    duplex.destroy()
    assert.ok(network.stream.isClosed)
  })

  it('is refused after any other response', async () => {
    for (const [method, target, response, headers] of [
      ['GET', '/', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', OFFER],
      ['GET', '/', 'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n', OFFER],
      ['CONNECT', 'a.test:1', 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n', {}],
    ] as const) {
      const { connection, network } = memoryConnection()
      await connection.request(method, target, undefined, headers)
      network.stream.receive(answer(response))
      const got = await connection.getResponse()
      assert.throws(() => got.upgrade(), { name: 'ImproperConnectionState' })
      assert.equal(connection.isConnected, true)
      connection.close()
    }
  })

  it('is refused for a 101 that was not asked for, or to a protocol that was not offered; the connection ends [9110-7.8-3]', async () => {
    for (const [headers, upgrade] of [
      [{}, 'echo'],
      [OFFER, 'other'],
      [{ Connection: 'Upgrade', Upgrade: 'a, b' }, 'a, c'],
    ] as const) {
      const { connection, network } = memoryConnection()
      await connection.request('GET', '/', undefined, headers)
      network.stream.receive(
        answer(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\nbytes`),
      )
      const response = await connection.getResponse()
      assert.equal(response.status, 101)
      assert.deepEqual(response.defects, ['unsolicited-switch'])
      assert.throws(() => response.upgrade(), { name: 'ImproperConnectionState' })
      assert.ok(network.stream.isClosed)
    }
  })

  it('compares protocol names without regard to case', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, { Connection: 'upgrade', Upgrade: 'WebSocket' })
    network.stream.receive(answer(SWITCH.replace('echo', 'websocket')))
    const duplex = (await connection.getResponse()).upgrade()
    duplex.destroy()
  })

  it('is not given before the request is sent completely [9110-7.8-2]', async () => {
    const { connection, network } = memoryConnection()
    network.prepare = (stream) => {
      stream.takes = false
    }
    const sent = connection.request('POST', '/', ['one', 'two'], OFFER)
    await outcomeOf(sent)
    network.stream.receive(answer(`${SWITCH}new protocol`))
    const response = await connection.getResponse()
    assert.equal(response.status, 101)
    assert.throws(() => response.upgrade(), { name: 'ImproperConnectionState' })
    network.stream.drain()
    await sent
    const body = network.stream.written.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')
    assert.equal(body, '3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n')
    const duplex = response.upgrade()
    network.stream.receiveEnd()
    assert.equal(await text(duplex), 'new protocol')
    duplex.destroy()
  })

  it('is no more where the connection breaks, or a timeout ends it, before the rest of the request is out', async () => {
    for (const end of ['break', 'timeout'] as const) {
      const { connection, network, clock } = memoryConnection({ timeout: { send: 500 } })
      network.prepare = (stream) => {
        stream.takes = false
      }
      const sent = connection.request('POST', '/', ['one', 'two'], OFFER)
      await outcomeOf(sent)
      network.stream.receive(answer(SWITCH))
      const response = await connection.getResponse()
      sent.catch(() => {})
      if (end === 'break') network.stream.break()
      else await clock.pass(600)
      if (end === 'timeout') assert.equal((await rejectionOf(sent)).name, 'TimeoutError')
      await settle()
      assert.throws(() => response.upgrade(), { code: 'CONNECTION_CLOSED' })
      assert.equal(clock.pending, 0)
      assert.ok(network.stream.isClosed)
    }
  })

  it('leaves nothing where nobody takes the connection: close() ends it, and so does the next request', async () => {
    for (const next of ['close', 'request'] as const) {
      const { connection, network } = memoryConnection()
      await connection.request('GET', '/', undefined, OFFER)
      network.stream.receive(answer(SWITCH))
      const response = await connection.getResponse()
      const [first] = network.streams
      if (next === 'close') connection.close()
      else await connection.request('GET', '/')
      assert.ok(first!.isClosed)
      assert.throws(() => response.upgrade())
      connection.close()
    }
  })

  it('tells the stream when the connection breaks', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, OFFER)
    network.stream.receive(answer(SWITCH))
    const duplex = (await connection.getResponse()).upgrade()
    const failed = rejectionOf(text(duplex))
    network.stream.break()
    assert.equal((await failed).name, 'ConnectionLost')
  })

  it('holds writers back while the peer does not take, and readers pull', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, OFFER)
    network.stream.receive(answer(SWITCH))
    const duplex = (await connection.getResponse()).upgrade()
    network.stream.takeWritten()
    network.stream.takes = false
    duplex.write('one')
    duplex.write('two')
    await settle()
    assert.equal(network.stream.takeWritten().toString(), 'one')
    network.stream.drain()
    await settle()
    assert.equal(network.stream.takeWritten().toString(), 'two')
    for (let i = 0; i < 20; i++) network.stream.receive(Buffer.alloc(10_000))
    await settle()
    assert.equal(network.stream.isPaused, true)
    assert.ok(network.stream.heldBytes >= 100_000)
    duplex.destroy()
    assert.ok(network.stream.isClosed)
  })

  it('writes the end of the stream when the caller ends it', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(wire`HTTP/1.1 101 Switching Protocols
Connection: Upgrade
Upgrade: echo

`)
      await peer.expect(Buffer.from('last words'))
      await peer.ended()
      assert.equal(peer.ending, 'end')
      await peer.reply(Buffer.from('heard'))
      peer.end()
    })
    await using connection = new HTTPConnection('127.0.0.1', server.port)
    await connection.request('GET', '/', undefined, OFFER)
    const duplex = (await connection.getResponse()).upgrade()
    duplex.end('last words')
    assert.equal(await text(duplex), 'heard')
    await server.played()
  })
})

// TLS laid over a stream that exists: what a tunnel needs.

import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, it } from 'node:test'
import { ConnectError, ConnectionLost, TimeoutError } from '../../../src/errors/index.ts'
import type { ByteStream } from '../../../src/io/byte-stream.ts'
import { dial } from '../../../src/io/dial.ts'
import { settings } from '../../support/https.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { startRawServer } from '../../support/raw-server.ts'
import { RecordingSink } from '../../support/recording-sink.ts'
import { ca, selfSigned, server } from '../../support/tls-fixture.ts'
import { makeWaiting } from '../../support/wait.ts'

checkOpenHandles()

/** A stream without TLS, started by a sink that must not hear anything any more. */
async function plainStream(port: number): Promise<{ stream: ByteStream; sink: RecordingSink }> {
  const { stream } = await dial({ host: '127.0.0.1', port }, makeWaiting())
  const sink = new RecordingSink()
  stream.start(sink)
  return { stream, sink }
}

describe('startTls', () => {
  it('gives a stream inside TLS; the old sink hears nothing more', async () => {
    await using peer = await startRawServer(
      async (one) => {
        await one.expect(Buffer.from('ping'))
        await one.reply(Buffer.alloc(200_000, 'pong'))
        one.end()
      },
      { tls: server },
    )
    const { stream: plain, sink: old } = await plainStream(peer.port)
    assert.equal(plain.tls, undefined)
    const stream = await plain.startTls('localhost', settings({ ca }), makeWaiting())
    assert.equal(stream.address, `127.0.0.1:${peer.port}`)
    assert.match(stream.localAddress!, /^127\.0\.0\.1:[0-9]+$/)
    assert.deepEqual([stream.tls?.isVerified, stream.tls?.isResumed], [true, false])
    const sink = new RecordingSink()
    stream.start(sink)
    stream.write('ping')
    await sink.until('close')
    assert.equal(sink.received.length, 200_000)
    assert.deepEqual(sink.calls, ['data', 'end', 'close'])
    assert.equal(sink.error, undefined)
    assert.deepEqual(old.calls, [])
    await peer.played()
  })

  it('is laid over a socket that nothing reads but Node, where it is known to come: Deno reads no other', async (test) => {
    await using peer = await startRawServer((one) => one.reply(Buffer.from('hello')), { tls: server })
    // What Node is asked for: `onread` is the option that Deno does not bear here.
    const spy = test.mock.method(net.Socket.prototype, 'connect')
    for (const willStartTls of [true, false]) {
      const { stream: plain } = await dial(
        { host: '127.0.0.1', port: peer.port, willStartTls },
        makeWaiting(),
      )
      const old = new RecordingSink()
      plain.start(old)
      const stream = await plain.startTls('localhost', settings({ ca }), makeWaiting())
      const sink = new RecordingSink()
      stream.start(sink)
      await sink.when(() => sink.text === 'hello')
      assert.deepEqual(old.calls, [])
      stream.destroy()
      await sink.until('close')
    }
    assert.deepEqual(
      spy.mock.calls.map((call) => {
        const [options] = (call.arguments as unknown[]).flat(2) as [{ onread?: unknown }]
        return options.onread !== undefined
      }),
      [false, true],
    )
  })

  it('holds the peer back inside TLS while the stream is paused', async () => {
    const size = 32 * 1_048_576
    await using peer = await startRawServer((one) => one.reply(Buffer.alloc(size)), { tls: server })
    const { stream: plain } = await plainStream(peer.port)
    const stream = await plain.startTls('localhost', settings({ ca }), makeWaiting())
    let got = 0
    stream.pause()
    stream.start({
      data: (bytes) => {
        got += bytes.length
      },
      end: () => {},
      drain: () => {},
      closed: () => {},
    })
    for (let turn = 0; turn < 200; turn++) await settle()
    assert.ok(got < size / 2, `${got} bytes came`)
    assert.ok(peer.peer.socket.writableLength > 0)
    stream.resume()
    const isThere = (): boolean => got >= size
    while (!isThere()) await settle()
    stream.destroy()
  })

  it('tells of a connection that breaks', async () => {
    await using peer = await startRawServer((one) => one.reply(Buffer.from('x')), { tls: server })
    const { stream: plain } = await plainStream(peer.port)
    const stream = await plain.startTls('localhost', settings({ ca }), makeWaiting())
    const sink = new RecordingSink()
    stream.start(sink)
    await sink.until('data')
    peer.peer.reset()
    await sink.until('close')
    assert.ok(sink.error instanceof ConnectionLost)
  })

  it('refuses a certificate and closes the connection under it', async () => {
    await using peer = await startRawServer((one) => one.ended(), { tls: selfSigned })
    const { stream } = await plainStream(peer.port)
    const error = await rejectionOf(stream.startTls('localhost', settings({ ca }), makeWaiting()))
    assert.ok(error instanceof ConnectError)
    assert.deepEqual([error.code, error.address], ['CERTIFICATE_SELF_SIGNED', `127.0.0.1:${peer.port}`])
    await peer.allClosed()
    assert.equal(
      peer.peers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
      0,
    )
  })

  it('holds the certificate against the host of the tunnel', async () => {
    await using peer = await startRawServer((one) => one.ended(), { tls: server })
    const { stream } = await plainStream(peer.port)
    const error = await rejectionOf(stream.startTls('other.test', settings({ ca }), makeWaiting()))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'CERTIFICATE_WRONG_HOST')
  })

  it('gives up a handshake that does not end in time', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.ended()
      one.close()
    })
    const { stream } = await plainStream(peer.port)
    const clock = new ManualClock()
    const waiting = makeWaiting({ clock, timeouts: { tls: 100 } })
    const rejected = rejectionOf(stream.startTls('localhost', settings({ ca }), waiting))
    await settle()
    clock.advance(100)
    const error = await rejected
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.code, 'TIMEOUT_TLS')
    await peer.allClosed()
  })

  it('gives up a handshake where the signal says so', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.ended()
      one.close()
    })
    const { stream } = await plainStream(peer.port)
    const controller = new AbortController()
    const waiting = makeWaiting({ signal: controller.signal })
    const rejected = rejectionOf(stream.startTls('localhost', settings({ ca }), waiting))
    await settle()
    controller.abort(new Error('enough'))
    assert.equal(await rejected, controller.signal.reason)
    await peer.allClosed()
  })

  it('fails where the peer goes away in the handshake', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.take(1)
      one.close()
    })
    const { stream } = await plainStream(peer.port)
    const error = await rejectionOf(stream.startTls('localhost', settings({ ca }), makeWaiting()))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'TLS_FAILED')
  })

  it('tells of key material that cannot be used, and closes the connection', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.ended()
      one.close()
    })
    const { stream } = await plainStream(peer.port)
    const unusable = settings({ ca, key: 'no key', cert: server.cert })
    const error = await rejectionOf(stream.startTls('localhost', unusable, makeWaiting()))
    assert.ok(error instanceof ConnectError, String(error))
    assert.equal(error.code, 'TLS_FAILED')
    await peer.allClosed()
  })
})

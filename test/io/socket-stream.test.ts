import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ConnectionLost } from '../../src/errors/index.ts'
import type { ByteStream } from '../../src/io/byte-stream.ts'
import { dial } from '../../src/io/dial.ts'
import { SocketStream } from '../../src/io/socket-stream.ts'
import { settle } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, type Script, startRawServer } from '../support/raw-server.ts'
import { RecordingSink } from '../support/recording-sink.ts'
import * as fixture from '../support/tls-fixture.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

/** More than the buffers of both systems hold. */
const TOO_MUCH = 32 * 1_048_576

async function dialTo(server: RawServer, isSecure = false): Promise<ByteStream> {
  const tls = { options: { ca: fixture.ca }, sessions: { session: undefined, judgedBy: undefined } }
  const target = { host: '127.0.0.1', port: server.port, tls: isSecure ? tls : undefined }
  const { stream } = await dial(target, makeWaiting())
  while (server.peers.length === 0) await settle()
  return stream
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settle()
}

const plainAndSecure = [
  ['TCP', {}, false],
  ['TLS', { tls: fixture.server }, true],
] as const

for (const [kind, options, isSecure] of plainAndSecure) {
  const start = (script: Script): Promise<RawServer> => startRawServer(script, options)

  describe(`a stream over ${kind}`, () => {
    it('carries bytes both ways, and knows how many', async () => {
      await using server = await start(async (peer) => {
        await peer.expect(Buffer.from([0x47, 0xff, 0x00, 0xe9]))
        await peer.reply(Buffer.from([0x00, 0xff, 0x0a]))
        peer.end()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.write(new Uint8Array([0x47, 0xff, 0x00]))
      stream.write('é')
      await sink.until('end')
      await sink.until('close')
      assert.deepEqual([...sink.received], [0x00, 0xff, 0x0a])
      assert.equal(sink.error, undefined)
      if (!isSecure) assert.deepEqual([stream.bytesWritten, stream.bytesRead], [4, 3])
      await server.played()
    })

    it('keeps what came before anybody wanted it, and how it ended', async () => {
      await using server = await start(async (peer) => {
        await peer.reply(Buffer.from('220 '))
        await peer.reply(Buffer.from('ready'))
        peer.end()
      })
      const stream = await dialTo(server, isSecure)
      await until(() => server.openConnections === 0)
      for (let turn = 0; turn < 10; turn++) await settle()
      const sink = new RecordingSink()
      stream.start(sink)
      assert.equal(sink.text, '220 ready')
      assert.deepEqual(sink.calls, ['data', 'end', 'close'])
      assert.equal(sink.error, undefined)
    })

    it('gives the bytes to whoever was named last', async () => {
      await using server = await start(async (peer) => {
        await peer.reply(Buffer.from('one'))
        await peer.until('next')
        await peer.reply(Buffer.from('two'))
      })
      const stream = await dialTo(server, isSecure)
      const [first, second] = [new RecordingSink(), new RecordingSink()]
      stream.start(first)
      await first.when(() => first.text === 'one')
      stream.start(second)
      stream.write('next')
      await second.when(() => second.text === 'two')
      stream.destroy()
      await second.until('close')
      assert.deepEqual(first.calls, ['data'])
    })

    it('holds the peer back while it is paused, and loses nothing', async () => {
      const all = Buffer.alloc(TOO_MUCH, 'abcdefg')
      await using server = await start((peer) => peer.reply(all))
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.pause()
      stream.start(sink)
      for (let turn = 0; turn < 200; turn++) await settle()
      const early = sink.received.length
      const { socket } = server.peer
      assert.ok(socket.writableLength > 0, 'the peer could write everything')
      let got = 0
      stream.start({
        data: (bytes) => {
          got += bytes.length
        },
        end: () => {},
        drain: () => {},
        closed: () => {},
      })
      stream.resume()
      await until(() => early + got === TOO_MUCH)
      stream.destroy()
    })

    it('answers false when the caller should wait, and tells when to go on', async () => {
      await using server = await start((peer) => {
        peer.countOnly()
        peer.pause()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      assert.equal(stream.write(Buffer.alloc(TOO_MUCH)), false)
      assert.deepEqual(sink.calls, [])
      server.peer.resume()
      await sink.until('drain')
      await until(() => server.peer.receivedBytes === TOO_MUCH)
      stream.destroy()
    })

    it('sends the end of the stream behind what was written', async () => {
      await using server = await start(async (peer) => {
        await peer.ended()
        assert.equal(peer.ending, 'end')
        assert.equal(peer.received.toString(), 'whole')
        peer.end()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.write('whole')
      stream.end()
      await sink.until('close')
      assert.deepEqual(sink.calls, ['end', 'close'])
      assert.equal(sink.error, undefined)
      await server.played()
    })

    it('sends what was written before it closes, and then hears nothing more', async () => {
      await using server = await start(async (peer) => {
        await peer.ended()
        assert.equal(peer.ending, 'end')
        assert.equal(peer.received.toString(), 'written')
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.write('written')
      await until(() => server.peer.received.length === 7)
      stream.close()
      stream.close()
      await sink.until('close')
      assert.deepEqual(sink.calls, ['close'])
      assert.equal(sink.error, undefined)
      await server.played()
    })

    it('does not wait to close for a peer that does not take what was written', async () => {
      await using server = await start((peer) => {
        peer.countOnly()
        peer.pause()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.write(Buffer.alloc(TOO_MUCH))
      stream.close()
      await sink.until('close')
      assert.equal(sink.error, undefined)
    })

    it('is given up at once, any number of times, without an error', async () => {
      await using server = await start((peer) => peer.ended())
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.destroy()
      stream.destroy()
      stream.close()
      await sink.until('close')
      assert.deepEqual(sink.calls, ['close'])
      assert.equal(sink.error, undefined)
      await server.played()
    })

    it('tells of a connection that the peer resets', async () => {
      await using server = await start((peer) => peer.reply(Buffer.from('x')))
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      await sink.until('data')
      server.peer.reset()
      await sink.until('close')
      assert.ok(sink.error instanceof ConnectionLost)
      assert.equal(sink.error.address, stream.address)
      assert.match(sink.error.message, /ECONNRESET/)
    })

    it('delivers the answer of a server that has closed, though writing to it fails', async () => {
      await using server = await start(async (peer) => {
        await peer.until('begin')
        await peer.reply(Buffer.from('early answer'))
        // Reads no more: what is sent from now on is answered with a reset.
        peer.close()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.pause()
      stream.write('begin')
      await server.allClosed()
      for (let round = 0; round < 5; round++) {
        stream.write(Buffer.alloc(65_536))
        for (let turn = 0; turn < 5; turn++) await settle()
      }
      assert.equal(sink.text, '')
      stream.resume()
      await sink.until('close')
      assert.equal(sink.text, 'early answer')
      assert.ok(sink.error instanceof ConnectionLost)
    })

    it('can be closed after a write has failed', async () => {
      await using server = await start(async (peer) => {
        await peer.until('begin')
        peer.close()
      })
      const stream = await dialTo(server, isSecure)
      const sink = new RecordingSink()
      stream.start(sink)
      stream.pause()
      stream.write('begin')
      await server.allClosed()
      for (let round = 0; round < 5; round++) {
        stream.write(Buffer.alloc(65_536))
        for (let turn = 0; turn < 5; turn++) await settle()
      }
      stream.close()
      await sink.until('close')
      assert.equal(sink.error, undefined)
    })
  })
}

describe('a stream over a socket whose writing side has ended', () => {
  it('goes on reading', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.ended()
      await peer.reply(Buffer.from('answer'))
      peer.end()
    })
    const stream = await dialTo(server)
    const sink = new RecordingSink()
    stream.start(sink)
    stream.end()
    await sink.until('close')
    assert.equal(sink.text, 'answer')
    assert.deepEqual(sink.calls, ['data', 'end', 'close'])
  })
})

describe('a stream over a socket that was opened elsewhere', () => {
  it('listens for what the socket hands out', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('ping')
      await peer.reply(Buffer.from('pong'))
      peer.end()
    })
    const socket = net.connect({ port: server.port, host: '127.0.0.1' })
    const stream = new SocketStream(socket, 'somewhere:80', undefined)
    assert.equal(stream.address, 'somewhere:80')
    const sink = new RecordingSink()
    stream.start(sink)
    stream.write('ping')
    await sink.until('close')
    assert.equal(sink.text, 'pong')
    assert.deepEqual(sink.calls, ['data', 'end', 'close'])
  })

  it('works over a unix socket, whose end has no local address', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-stream-'))
    const socketPath = path.join(folder, 'socket')
    try {
      await using _ = await startRawServer((peer) => peer.reply(Buffer.from('x')), { path: socketPath })
      const { stream } = await dial({ host: 'name.test', port: 80, socketPath }, makeWaiting())
      const sink = new RecordingSink()
      stream.start(sink)
      await sink.until('data')
      assert.equal(stream.localAddress, undefined)
      stream.destroy()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('the read buffer that all connections share', () => {
  it('does not mix what comes on many of them at once', async () => {
    const size = 300_000
    await using server = await startRawServer((peer, index) =>
      peer.reply(Buffer.alloc(size, String.fromCharCode(65 + index))),
    )
    const streams = await Promise.all(Array.from({ length: 8 }, () => dialTo(server)))
    const sinks = streams.map(() => new RecordingSink())
    streams.forEach((stream, index) => {
      stream.start(sinks[index]!)
    })
    for (const sink of sinks) await sink.when(() => sink.received.length === size)
    for (const sink of sinks) assert.equal(new Set(sink.received).size, 1)
    assert.equal(new Set(sinks.map(({ received }) => received[0])).size, 8)
    for (const stream of streams) stream.destroy()
  })
})

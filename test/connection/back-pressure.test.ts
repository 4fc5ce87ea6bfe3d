// Back-pressure in both directions, over sockets: a caller who stops reading stops the server, a server that does not read
// stops the source of the body, and a body of any size streams in constant memory.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { HTTPException, TimeoutError } from '../../src/errors/index.ts'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import { settle } from '../support/manual-clock.ts'
import { answer, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'
import { ca, server as serverPair } from '../support/tls-fixture.ts'

checkOpenHandles()

const MIB = 1_048_576
const SIZE = 32 * MIB
/** What may lie in the buffers of two sockets, of Node and of the connection; less than the body. */
const MAX_IN_FLIGHT = 24 * MIB

setFlagsFromString('--expose-gc')
/** What is left afterwards is in use. */
const collectGarbage = runInNewContext('gc') as () => void

/** Writes `size` bytes as the client takes them; answers how many it got rid of so far. */
function pour(peer: RawPeer, size: number): { readonly written: () => number; readonly done: Promise<void> } {
  const piece = Buffer.alloc(65_536, 'x')
  let written = 0
  const run = async (): Promise<void> => {
    for (let left = size; left > 0; left -= piece.length) {
      await peer.reply(left < piece.length ? piece.subarray(0, left) : piece)
      written += Math.min(left, piece.length)
    }
  }
  return { written: () => written, done: run() }
}

/** Waits until a count has begun to grow, and then until it no longer does. */
async function stalled(count: () => number): Promise<number> {
  while (count() === 0) await settle()
  let last = -1
  while (count() !== last) {
    last = count()
    for (let i = 0; i < 200; i++) await settle()
  }
  return last
}

for (const scheme of ['http', 'https'] as const) {
  const options = scheme === 'https' ? { tls: serverPair } : {}
  const connect = (port: number): HTTPConnection =>
    scheme === 'https'
      ? new HTTPSConnection('localhost', port, { tls: { ca }, family: 4 })
      : new HTTPConnection('127.0.0.1', port)

  describe(`a large response over ${scheme}`, () => {
    it('stops coming when the caller stops reading, and comes whole when it goes on', async () => {
      let flow: ReturnType<typeof pour> | undefined
      await using server = await startRawServer(async (peer) => {
        await peer.until('\r\n\r\n')
        await peer.reply(answer(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`))
        flow = pour(peer, SIZE)
        await flow.done
      }, options)
      await using connection = connect(server.port)
      await connection.request('GET', '/')
      const response = await connection.getResponse()
      await response.read(1)
      const before = await stalled(() => flow!.written())
      assert.ok(before < MAX_IN_FLIGHT, `${before} bytes were taken from the server`)
      const buffer = Buffer.alloc(65_536)
      let length = 1
      while (true) {
        const count = await response.readInto(buffer)
        if (count === 0) break
        length += count
      }
      assert.equal(length, SIZE)
      assert.equal(connection.isConnected, true)
    })

    it('streams in constant memory by every way of reading in pieces', async () => {
      await using server = await startRawServer(async (peer) => {
        while (true) {
          await peer.until('\r\n\r\n')
          await peer.reply(answer(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`))
          await pour(peer, SIZE).done
        }
      }, options)
      await using connection = connect(server.port)
      for (const way of ['iterate', 'read', 'web', 'node'] as const) {
        await connection.request('GET', '/')
        const response = await connection.getResponse()
        const before = process.memoryUsage()
        let peak = 0
        let length = 0
        const look = (piece: Uint8Array): void => {
          length += piece.length
          if (length % (8 * MIB) >= piece.length) return
          collectGarbage()
          peak = Math.max(peak, process.memoryUsage().arrayBuffers - before.arrayBuffers)
        }
        if (way === 'iterate') for await (const piece of response) look(piece)
        else if (way === 'web') for await (const piece of response.body) look(piece)
        else if (way === 'node') for await (const piece of response.stream()) look(piece as Buffer)
        else
          for (let piece = await response.read(100_000); piece.length > 0; ) {
            look(piece)
            piece = await response.read(100_000)
          }
        assert.equal(length, SIZE)
        assert.ok(peak < MAX_IN_FLIGHT, `${way}: ${Math.round(peak / MIB)} MiB at the peak`)
      }
    })
  })

  describe(`a large request over ${scheme}`, () => {
    it('takes no more from its source than the server takes', async () => {
      await using server = await startRawServer(async (peer) => {
        peer.pause()
        peer.countOnly()
        await peer.ended()
      }, options)
      await using connection = connect(server.port)
      const taken = { bytes: 0 }
      const source = async function* (): AsyncGenerator<Buffer> {
        while (true) {
          taken.bytes += 65_536
          yield await Promise.resolve(Buffer.alloc(65_536))
        }
      }
      const failed = rejectionOf(connection.request('PUT', '/', source()))
      const before = await stalled(() => taken.bytes)
      assert.ok(before < MAX_IN_FLIGHT, `${before} bytes were taken from the source`)
      server.peer.resume()
      while (taken.bytes < 2 * before) await settle()
      connection.close()
      assert.equal(((await failed) as HTTPException).code, 'CONNECTION_CLOSED')
    })

    it('arrives whole, byte for byte, from a source that is slow and irregular', async () => {
      const hash = createHash('sha256')
      let got = ''
      await using server = await startRawServer(async (peer) => {
        const head = (await peer.until('\r\n\r\n')).toString()
        const length = Number(/Content-Length: (\d+)/.exec(head)![1])
        got = createHash('sha256')
          .update(await peer.take(length))
          .digest('hex')
        await peer.reply(answer('HTTP/1.1 204 No Content\r\n\r\n'))
      }, options)
      await using connection = connect(server.port)
      const sizes = [1, 100_000, 0, 17, 65_536, 16_384, 3, 500_000]
      const length = sizes.reduce((sum, size) => sum + size, 0)
      const source = async function* (): AsyncGenerator<Buffer> {
        for (const [index, size] of sizes.entries()) {
          await settle()
          const piece = Buffer.alloc(size, index + 1)
          hash.update(piece)
          yield piece
        }
      }
      await connection.request('PUT', '/', source(), { 'Content-Length': length })
      assert.equal((await connection.getResponse()).status, 204)
      assert.equal(got, hash.digest('hex'))
    })

    it('ends with the send timeout where the server takes nothing', async () => {
      await using server = await startRawServer(async (peer) => {
        peer.pause()
        await peer.ended()
        peer.close()
      }, options)
      for (const body of [Buffer.alloc(SIZE), Array.from({ length: SIZE / MIB }, () => Buffer.alloc(MIB))]) {
        await using connection = connect(server.port)
        const error = (await rejectionOf(
          connection.request('PUT', '/', body, undefined, { timeout: { send: 200 } }),
        )) as TimeoutError
        assert.equal(error.name, 'TimeoutError')
        assert.equal(error.phase, 'send')
        assert.equal(connection.isConnected, false)
      }
      for (const peer of server.peers) {
        peer.countOnly()
        peer.resume()
      }
      await server.allClosed()
    })
  })
}

/** The time to take `count` chunks of one byte, all there before the first is read. */
async function timeFor(count: number): Promise<number> {
  const { connection, network } = memoryConnection()
  await connection.request('GET', '/')
  const chunks = answer(
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`,
  )
  network.stream.receive(chunks)
  const response = await connection.getResponse()
  const started = performance.now()
  let length = 0
  for await (const piece of response) length += piece.length
  assert.equal(length, count)
  connection.close()
  return performance.now() - started
}

describe('a body that comes in very small pieces', () => {
  it('costs time in proportion to its length', async () => {
    await timeFor(20_000)
    const small = Math.min(await timeFor(20_000), await timeFor(20_000))
    const large = await timeFor(200_000)
    assert.ok(
      large < 40 * Math.max(small, 5),
      `${small.toFixed()} ms, ten times as much ${large.toFixed()} ms`,
    )
  })

  it('holds the peer back while the caller does not read', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
    for (let i = 0; i < 100; i++) network.stream.receive(answer(`400\r\n${'x'.repeat(1024)}\r\n`))
    network.stream.receive(answer('0\r\n\r\n'))
    const response = await connection.getResponse()
    assert.equal(network.stream.isPaused, true)
    assert.ok(network.stream.heldBytes > 0)
    assert.equal((await outcomeOf(response.read(1024))).state, 'resolved')
    assert.equal((await response.read()).length, 99 * 1024)
    assert.deepEqual(
      network.stream.calls.filter((call) => call === 'pause').length,
      network.stream.calls.filter((call) => call === 'resume').length,
    )
    assert.equal(connection.isConnected, true)
    connection.close()
  })
})

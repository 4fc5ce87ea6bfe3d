// A final response that comes while the body of the request is still being sent (RFC 9112 §9.5): it is always delivered,
// also where the server closes, or resets, the connection behind it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import { wire } from '../support/bytes.ts'
import { answer, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, type Script, startRawServer } from '../support/raw-server.ts'
import { ca, server as serverPair } from '../support/tls-fixture.ts'

checkOpenHandles()

/** Until somebody is there to be given something. */
const nothing = (): void => {}

const TOO_LARGE = wire`HTTP/1.1 413 Content Too Large
Connection: close
Content-Length: 9

too large`

async function* endless(piece: Buffer = Buffer.alloc(16_384)): AsyncGenerator<Buffer> {
  while (true) yield await Promise.resolve(piece)
}

/** Reads the head, answers, and ends the connection while the body is coming. */
const refuse =
  (response: Buffer, end: (peer: RawPeer) => void): Script =>
  async (peer) => {
    await peer.until('\r\n\r\n')
    peer.pause()
    await peer.reply(response)
    end(peer)
  }

const ENDS: Readonly<Record<string, (peer: RawPeer) => void>> = {
  // Unread data in the server's buffer turns the close into a reset.
  'closes with the body unread': (peer) => peer.socket.destroy(),
  'ends its side and reads no more': (peer) => peer.end(),
  'ends its side and reads on': (peer) => {
    peer.countOnly()
    peer.resume()
    peer.end()
  },
}

describe('an early final response over a socket', () => {
  for (const [what, end] of Object.entries(ENDS)) {
    for (const scheme of ['http', 'https'] as const) {
      it(`is delivered over ${scheme} when the server ${what} [9112-9.5-3]`, async () => {
        await using server = await startRawServer(
          refuse(TOO_LARGE, end),
          scheme === 'https' ? { tls: serverPair } : {},
        )
        const bodies = [
          () => endless(),
          () => endless(Buffer.alloc(1_000)),
          () => Buffer.alloc(8_000_000),
          () => Array.from({ length: 500 }, () => Buffer.alloc(16_384)),
        ]
        for (let round = 0; round < 8; round++) {
          await using connection =
            scheme === 'https'
              ? new HTTPSConnection('localhost', server.port, { tls: { ca }, family: 4 })
              : new HTTPConnection('127.0.0.1', server.port)
          await connection.request('POST', '/upload', bodies[round % bodies.length]!())
          const response = await connection.getResponse()
          assert.equal(response.status, 413)
          assert.equal(await response.text(), 'too large')
          assert.equal(connection.state, 'idle')
          assert.equal(connection.isConnected, false)
        }
        for (const peer of server.peers) {
          peer.countOnly()
          peer.resume()
        }
        await server.allClosed()
      })
    }
  }

  it('is delivered 200 times of 200 when the server closes with unread data, never EPIPE', async () => {
    await using server = await startRawServer(refuse(TOO_LARGE, (peer) => peer.socket.destroy()))
    for (let round = 0; round < 200; round++) {
      await using connection = new HTTPConnection('127.0.0.1', server.port)
      await connection.request('POST', '/', endless())
      const response = await connection.getResponse()
      assert.equal(response.status, 413)
      assert.equal((await response.read()).toString(), 'too large')
    }
  })

  it('is delivered with its head where the reset cuts its body short: the body is IncompleteRead', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(wire`HTTP/1.1 500 Internal Server Error
Content-Length: 100

part`)
      await peer.take(100_000)
      peer.reset()
    })
    await using connection = new HTTPConnection('127.0.0.1', server.port)
    await connection.request('POST', '/', endless())
    const response = await connection.getResponse()
    assert.equal(response.status, 500)
    const error = (await rejectionOf(response.read())) as Error & { partial: Buffer; expected: number }
    assert.equal(error.name, 'IncompleteRead')
    assert.equal(error.partial.toString(), 'part')
    assert.equal(error.expected, 96)
  })

  it('is read whole although it is larger than any buffer', async () => {
    const size = 4_000_000
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      peer.pause()
      await peer.reply(
        answer(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`),
      )
      await peer.reply(Buffer.alloc(size, 'x'))
      peer.end()
    })
    await using connection = new HTTPConnection('127.0.0.1', server.port)
    await connection.request('POST', '/', endless())
    const response = await connection.getResponse()
    assert.equal((await response.read()).length, size)
  })

  it('of success lets the body go on, to its end: both directions at once', async () => {
    const pieces = 256
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      peer.reply(answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).catch(() => {})
      // An echo that takes no more than it can give back.
      for (let i = 0; i < pieces; i++) {
        await peer.until('\r\n')
        const piece = await peer.take(16_384)
        await peer.take(2)
        await peer.reply(answer('4000\r\n'))
        await peer.reply(piece)
        await peer.reply(answer('\r\n'))
      }
      await peer.until('0\r\n\r\n')
      await peer.reply(answer('0\r\n\r\n'))
    })
    await using connection = new HTTPConnection('127.0.0.1', server.port)
    const source = async function* (): AsyncGenerator<Buffer> {
      for (let i = 0; i < pieces; i++) yield await Promise.resolve(Buffer.alloc(16_384, i))
    }
    const sent = connection.request('POST', '/', source())
    const response = await connection.getResponse()
    let length = 0
    for await (const piece of response) length += piece.length
    await sent
    assert.equal(length, pieces * 16_384)
    await server.played()
  })
})

describe('an early final response', () => {
  const early: [string, string, boolean][] = [
    ['an error', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno', true],
    ['a success that closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno', true],
    ['a success in HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nno', true],
    ['a success that persists', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno', false],
  ]
  for (const [what, response, stops] of early) {
    it(`${stops ? 'stops' : 'does not stop'} the upload: ${what}`, async () => {
      const { connection, network } = memoryConnection()
      let give: (piece: string | undefined) => void = nothing
      let isGivenBack = false
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            new Promise<IteratorResult<string>>((resolve) => {
              give = (value) =>
                resolve(value === undefined ? { done: true, value: undefined } : { done: false, value })
            }),
          return: () => {
            isGivenBack = true
            return Promise.resolve({ done: true as const, value: undefined })
          },
        }),
      }
      const sent = connection.request('POST', '/', source)
      await outcomeOf(sent)
      give('one')
      await outcomeOf(sent)
      network.stream.receive(answer(response))
      if (!stops) {
        assert.equal(isGivenBack, false)
        give('two')
        await outcomeOf(sent)
        give(undefined)
      }
      await sent
      const got = await connection.getResponse()
      assert.equal(await got.text(), 'no')
      assert.equal(isGivenBack, stops)
      const body = network.stream.written.toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n')
      assert.equal(body, stops ? '3\r\none\r\n' : '3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n')
      // The peer cannot find the end of a request that was cut off.
      assert.equal(connection.isConnected, !stops)
      assert.equal(connection.state, 'idle')
      connection.close()
    })
  }

  it('that persists is delivered when the server then goes away', async () => {
    for (const goAway of ['receiveEnd', 'break'] as const) {
      const { connection, network } = memoryConnection()
      network.prepare = (stream) => {
        stream.takes = false
      }
      const sent = connection.request('POST', '/', ['one', 'two'])
      await outcomeOf(sent)
      network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
      network.stream[goAway]()
      await sent
      const response = await connection.getResponse()
      assert.equal(await response.text(), 'ok')
      assert.equal(connection.state, 'idle')
    }
  })

  it('is had by getResponse() while the request is still being sent', async () => {
    const { connection, network } = memoryConnection()
    network.prepare = (stream) => {
      stream.takes = false
    }
    const sent = connection.request('POST', '/', ['one', 'two'])
    await outcomeOf(sent)
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'))
    const got = connection.getResponse()
    const outcome = await outcomeOf(got)
    assert.equal(outcome.state, 'resolved')
    network.stream.receive(answer('body'))
    assert.equal(await (await got).text(), 'body')
    network.stream.drain()
    await sent
    assert.equal(connection.state, 'idle')
    connection.close()
  })

  it('stops what is sent by hand: further send() calls resolve, and write nothing', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 6)
    await connection.endHeaders()
    await connection.send('one')
    network.stream.takeWritten()
    network.stream.receive(answer('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno'))
    await connection.send('two')
    assert.equal(network.stream.takeWritten().length, 0)
    const response = await connection.getResponse()
    assert.equal(response.status, 413)
    assert.equal(await response.text(), 'no')
    assert.equal(connection.state, 'idle')
    assert.equal(connection.isConnected, false)
  })
})

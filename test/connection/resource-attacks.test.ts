// Attacks on what a connection holds: memory, time, sockets. Each title says the bound, and the bound is asserted: on the
// bytes that were taken from a real socket, on what was kept, on a clock that the test moves.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HTTPException, TimeoutError } from '../../src/errors/index.ts'
import { HTTPConnection, type HTTPConnectionOptions } from '../../src/index.ts'
import type { ByteStream } from '../../src/io/byte-stream.ts'
import { dial } from '../../src/io/dial.ts'
import { latin1, wire } from '../support/bytes.ts'
import { answer, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const KIB = 1_024
const MIB = 1_048_576
/** What one read of a socket may bring behind the byte that is too many. */
const READ = 64 * KIB
/** What may lie in the buffers of the system on both sides, whatever this side does. */
const MAX_IN_FLIGHT = 24 * MIB

/** A connection over a real socket, and the stream below it, which counts. */
function watched(
  port: number,
  options: HTTPConnectionOptions = {},
): { connection: HTTPConnection; streams: ByteStream[] } {
  const streams: ByteStream[] = []
  const connection = new HTTPConnection('127.0.0.1', port, {
    ...options,
    connect: async (target, waiting) => {
      const dialed = await dial(target, waiting)
      streams.push(dialed.stream)
      return dialed
    },
  })
  return { connection, streams }
}

/** Sends `start`, and then `piece` again and again, for as long as the client takes it. */
function flooding(start: string, piece: string): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    await peer.until('\r\n\r\n')
    peer.countOnly()
    await peer.reply(latin1(start))
    // Some hundred kilobytes at a time, so that the client's limits and not the server's speed decide.
    const many = latin1(piece.repeat(Math.ceil((128 * KIB) / piece.length)))
    while (!peer.socket.destroyed) await peer.reply(many)
  }
}

/** What has come of memory outside the heap of objects: buffers, also those that nobody has written to. */
function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers
}

describe('a response without an end', () => {
  const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const floods: Readonly<
    Record<string, readonly [code: RegExp, start: string, piece: string, maxBytes: number]>
  > = {
    'a status line that never ends costs 64 KiB and a read': [
      /^LIMIT_(?:LINE|HEAD)$/,
      'HTTP/1.1 200 ',
      'x',
      64 * KIB + READ,
    ],
    'a field line that never ends costs 64 KiB and a read': [
      /^LIMIT_(?:LINE|HEAD)$/,
      'HTTP/1.1 200 OK\r\nX: ',
      'x',
      64 * KIB + READ,
    ],
    'a head of long lines that never ends costs 64 KiB and a read': [
      /^LIMIT_HEAD$/,
      'HTTP/1.1 200 OK\r\n',
      `X: ${'x'.repeat(995)}\r\n`,
      64 * KIB + READ,
    ],
    'a head of short lines that never ends costs 1,000 lines and a read': [
      /^LIMIT_FIELDS$/,
      'HTTP/1.1 200 OK\r\n',
      'X: y\r\n',
      1_001 * 6 + READ,
    ],
    'informational responses that never end cost 100 of them and a read': [
      /^LIMIT_INFORMATIONAL$/,
      '',
      'HTTP/1.1 103 Early Hints\r\n\r\n',
      101 * 28 + READ,
    ],
    'a trailer section of long lines that never ends costs 64 KiB and a read': [
      /^LIMIT_TRAILERS$/,
      `${CHUNKED}0\r\n`,
      `X: ${'x'.repeat(995)}\r\n`,
      64 * KIB + READ + CHUNKED.length,
    ],
    'a trailer line that never ends costs 64 KiB and a read': [
      /^LIMIT_(?:LINE|TRAILERS)$/,
      `${CHUNKED}0\r\nX: `,
      'x',
      64 * KIB + READ + CHUNKED.length,
    ],
    'a chunk extension that never ends costs 16 KiB and a read': [
      /^LIMIT_CHUNK_EXTENSIONS$/,
      `${CHUNKED}5;x=`,
      'y',
      16 * KIB + READ + CHUNKED.length,
    ],
    'extensions of ever more chunks cost 16 KiB of them, with their data, and a read': [
      /^LIMIT_CHUNK_EXTENSIONS$/,
      CHUNKED,
      `1;x=${'y'.repeat(95)}\r\nz\r\n`,
      Math.ceil((16 * KIB) / 98) * 104 + READ + CHUNKED.length,
    ],
    'zeros before a chunk size that never end cost 16 KiB and a read': [
      /^LIMIT_CHUNK_EXTENSIONS$/,
      CHUNKED,
      '0',
      16 * KIB + READ + CHUNKED.length,
    ],
  }
  for (const [title, [code, start, piece, maxBytes]] of Object.entries(floods)) {
    it(title, async () => {
      await using server = await startRawServer(flooding(start, piece))
      const { connection, streams } = watched(server.port)
      await connection.request('GET', '/')
      const error = await rejectionOf(connection.getResponse().then((response) => response.read()))
      assert.match((error as HTTPException).code, code)
      assert.equal(connection.isConnected, false)
      const [stream] = streams
      assert.ok(
        stream!.bytesRead <= maxBytes,
        `${stream!.bytesRead} bytes were read, the bound is ${maxBytes}`,
      )
    })
  }
})

describe('a million chunks of one byte', () => {
  const COUNT = 1_000_000
  const script = async (peer: RawPeer): Promise<void> => {
    await peer.request()
    await peer.reply(wire`HTTP/1.1 200 OK
Transfer-Encoding: chunked

`)
    const many = latin1('1\r\nx\r\n'.repeat(10_000))
    for (let sent = 0; sent < COUNT && !peer.socket.destroyed; sent += 10_000) await peer.reply(many)
    await peer.reply(latin1('0\r\n\r\n'))
  }

  it('are a body of a million bytes, which costs less than 8 MiB of buffers and 10 s of processor time', async () => {
    await using server = await startRawServer(script)
    const { connection } = watched(server.port)
    const before = bufferBytes()
    const cpu = process.cpuUsage()
    await connection.request('GET', '/')
    const body = await (await connection.getResponse()).read()
    const { user, system } = process.cpuUsage(cpu)
    assert.equal(body.length, COUNT)
    assert.ok(body.every((byte) => byte === 0x78))
    // Of which one is the body itself, and some the server's, which runs in this process.
    assert.ok(bufferBytes() - before < 8 * MIB, `${bufferBytes() - before} bytes of buffers`)
    assert.ok((user + system) / 1e6 < 10, `${(user + system) / 1e6} s`)
    connection.close()
  })

  it('that nobody reads stop coming: 64 KiB of data in them are kept, and a read', async () => {
    await using server = await startRawServer(script)
    const { connection, streams } = watched(server.port)
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    const [stream] = streams
    let last = -1
    while (stream!.bytesRead !== last) {
      last = stream!.bytesRead
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    // Six bytes on the wire for each byte of the body.
    assert.ok(last <= 6 * 64 * KIB + 2 * READ, `${last} bytes were read`)
    assert.equal((await response.read()).length, COUNT)
    connection.close()
  })
})

describe('a length that is only said', () => {
  it('of 2^53 - 1 bytes costs no memory: less than 1 MiB of buffers, whoever waits for the whole', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(latin1(`HTTP/1.1 200 OK\r\nContent-Length: ${Number.MAX_SAFE_INTEGER}\r\n\r\nabc`))
      await peer.ended()
    })
    const { connection } = watched(server.port, { timeout: { body: 200 } })
    const before = bufferBytes()
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    const body = rejectionOf(response.read())
    assert.equal(await response.readInto(Buffer.alloc(0)).catch(() => 0), 0)
    assert.ok(bufferBytes() - before < MIB, `${bufferBytes() - before} bytes of buffers`)
    const error = (await body) as TimeoutError
    assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT_BODY', 200])
    assert.equal(connection.isConnected, false)
  })

  it('of a chunk of 2^53 - 1 bytes costs no memory either', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(latin1('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1FFFFFFFFFFFFF\r\nabc'))
      peer.end()
    })
    const { connection } = watched(server.port)
    const before = bufferBytes()
    await connection.request('GET', '/')
    const error = await rejectionOf((await connection.getResponse()).read())
    assert.equal((error as HTTPException).code, 'INCOMPLETE_BODY')
    assert.ok(bufferBytes() - before < MIB, `${bufferBytes() - before} bytes of buffers`)
  })
})

function* endless(): Generator<string> {
  while (true) yield 'x'
}

describe('one byte a second', () => {
  const second = 1_000
  /** How far behind its time so long a timeout may be: the grid of the deadlines. */
  const LATE_MS = 1_000
  const HEAD = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(10_000)}`

  it('of a head lasts 300 s, the default timeout of the phase, and not a byte longer', async () => {
    const { connection, network, clock } = memoryConnection()
    await connection.request('GET', '/')
    const response = rejectionOf(connection.getResponse())
    let bytes = 0
    while (!network.stream.isClosed && bytes < 1_000) {
      network.stream.receive(latin1(HEAD[bytes++]!))
      await clock.pass(second)
    }
    const error = (await response) as TimeoutError
    assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT_HEADERS', 300_000])
    assert.ok(bytes === 300 || bytes === 301, `${bytes} bytes came`)
    assert.equal(clock.pending, 0)
  })

  it('of informational responses does not begin the time again: 300 s', async () => {
    const { connection, network, clock } = memoryConnection()
    await connection.request('GET', '/')
    const response = rejectionOf(connection.getResponse())
    const text = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)
    for (let at = 0; at < 290; at++) {
      network.stream.receive(latin1(text[at]!))
      await clock.pass(second)
    }
    assert.equal(network.stream.isClosed, false)
    await clock.pass(10 * second + LATE_MS)
    assert.equal(((await response) as TimeoutError).code, 'TIMEOUT_HEADERS')
  })

  it('of a body is progress to the timeout of its phase, and ends with the total timeout: 3,600 s', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { total: 3_600 * second } })
    await connection.request('GET', '/')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'))
    const body = rejectionOf((await connection.getResponse()).read())
    let bytes = 0
    while (!network.stream.isClosed && bytes < 10_000) {
      network.stream.receive(latin1('x'))
      bytes++
      await clock.pass(second)
    }
    const error = (await body) as TimeoutError
    assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT_TOTAL', 3_600_000])
    assert.ok(bytes === 3_600 || bytes === 3_601, `${bytes} bytes came`)
    assert.equal(clock.pending, 0)
  })

  it('of a body that then falls silent ends 300 s behind its last byte', async () => {
    const { connection, network, clock } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'))
    const body = (await connection.getResponse()).read()
    body.catch(() => {})
    for (let at = 0; at < 9; at++) {
      network.stream.receive(latin1('x'))
      await clock.pass(299 * second)
    }
    assert.equal((await outcomeOf(body)).state, 'pending')
    await clock.pass(second + LATE_MS)
    assert.equal(((await rejectionOf(body)) as TimeoutError).code, 'TIMEOUT_BODY')
  })

  it('taken by a server of a request is progress, and ends with the total timeout: 600 s', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { total: 600 * second } })
    network.prepare = (stream) => {
      stream.takes = false
    }
    const request = rejectionOf(connection.request('POST', '/', endless()))
    await clock.pass(0)
    let taken = 0
    while (network.streams[0]?.isClosed !== true && taken < 10_000) {
      network.streams[0]?.drain()
      if (network.streams[0] !== undefined) network.streams[0].takes = false
      taken++
      await clock.pass(second)
    }
    assert.equal(((await request) as TimeoutError).code, 'TIMEOUT_TOTAL')
    assert.ok(taken <= 602, `${taken} seconds`)
    assert.equal(clock.pending, 0)
  })
})

describe('a server that never reads', () => {
  it('stops the source: what the system buffers is taken from it, below 24 MiB, until the timeout of sending', async () => {
    await using server = await startRawServer(async (peer) => {
      peer.pause()
      await peer.closed
    })
    const { connection } = watched(server.port, { timeout: { send: 300 } })
    let taken = 0
    let isGivenBack = false
    function* source(): Generator<Uint8Array> {
      try {
        while (true) {
          taken += READ
          yield Buffer.alloc(READ)
        }
      } finally {
        isGivenBack = true
      }
    }
    const error = (await rejectionOf(connection.request('POST', '/', source()))) as TimeoutError
    assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT_SEND', 300])
    assert.ok(taken < MAX_IN_FLIGHT, `${taken} bytes were taken`)
    assert.ok(isGivenBack)
    assert.equal(connection.isConnected, false)
  })

  it('and answers early ends the upload: the answer is read, and below 24 MiB were taken from the source', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      peer.pause()
      await peer.reply(wire`HTTP/1.1 413 Content Too Large
Content-Length: 0
Connection: close

`)
      await peer.closed
    })
    const { connection } = watched(server.port)
    let taken = 0
    function* source(): Generator<Uint8Array> {
      while (true) {
        taken += READ
        yield Buffer.alloc(READ)
      }
    }
    await connection.request('POST', '/', source())
    const response = await connection.getResponse()
    assert.equal(response.status, 413)
    assert.ok(taken < MAX_IN_FLIGHT, `${taken} bytes were taken`)
    assert.equal(connection.isConnected, false)
  })
})

describe('a response before its request', () => {
  const EARLY = answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')

  it('that waits when the connection is opened is never taken for an answer: nothing is sent, and the error says why', async () => {
    const { connection, network } = memoryConnection()
    network.prepare = (stream) => stream.receive(EARLY)
    const error = (await rejectionOf(connection.request('GET', '/'))) as HTTPException
    assert.deepEqual([error.code, error.requestBytesWritten], ['CONNECTION_LOST', 0])
    assert.equal((error.cause as HTTPException).code, 'UNEXPECTED_DATA')
    assert.equal(network.stream.bytesWritten, 0)
    assert.ok(network.stream.isClosed)
    network.prepare = () => {}
    await connection.request('GET', '/')
    network.stream.receive(answer('HTTP/1.1 204 N\r\n\r\n'))
    assert.equal((await connection.getResponse()).status, 204)
    connection.close()
  })

  it('that comes to an idle connection ends it, after one read', async () => {
    await using server = await startRawServer(async (peer, index) => {
      await peer.request()
      await peer.reply(wire`HTTP/1.1 200 OK
Content-Length: 2

ok`)
      if (index > 0) return
      const many = latin1('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly'.repeat(10_000))
      while (!peer.socket.destroyed) await peer.reply(many)
    })
    const { connection, streams } = watched(server.port)
    await connection.request('GET', '/1')
    assert.equal((await (await connection.getResponse()).read()).toString(), 'ok')
    while (connection.isConnected) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(streams[0]!.bytesRead <= 2 * READ, `${streams[0]!.bytesRead} bytes were read`)
    await connection.request('GET', '/2')
    assert.equal((await (await connection.getResponse()).read()).toString(), 'ok')
    assert.equal(streams.length, 2)
    connection.close()
  })
})

// When a connection is used again, and when it is not: RFC 9112 §9.2 to §9.6. Each test counts connections.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HeadersInput } from '../../src/core/headers.ts'
import type { HTTPException } from '../../src/errors/index.ts'
import { showWire, wire } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { answer, exchange, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Whether a second request goes out on the same connection, after an exchange with this response. */
async function isReused(
  response: string,
  headers?: HeadersInput,
  method = 'GET',
): Promise<{ reused: boolean; closed: boolean }> {
  const memory = memoryConnection()
  const { connection, network } = memory
  await connection.request(method, '/', undefined, headers)
  const first = network.stream
  first.receive(answer(response))
  const got = await connection.getResponse()
  await got.read()
  const closed = first.isClosed
  await connection.request('GET', '/second')
  const reused = network.streams.length === 1
  connection.close()
  return { reused, closed }
}

describe('after a response was read', () => {
  const persistent: [string, string, string?][] = [
    ['a body of known length', OK],
    ['a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304 with a Content-Length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
    ['HEAD with a Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HEAD'],
    ['an unknown connection option', 'HTTP/1.1 200 OK\r\nConnection: foo\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0 with keep-alive', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok'],
    ['a stray CRLF behind the body', `${OK}\r\n`],
  ]
  for (const [what, response, method] of persistent) {
    it(`the next request uses the same connection: ${what} [9112-9.3-1]`, async () => {
      assert.deepEqual(await isReused(response, undefined, method), { reused: true, closed: false })
    })
  }

  const last: [string, string, HeadersInput?][] = [
    ['close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['close among others', 'HTTP/1.1 200 OK\r\nConnection: foo, CLOSE\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0 without keep-alive', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a request that said close', OK, { Connection: 'close' }],
    [
      'Transfer-Encoding with Content-Length',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['bytes behind the body', `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
    ['one byte behind the body', `${OK}x`],
  ]
  for (const [what, response, headers] of last) {
    it(`this side closes, and the next request opens a new connection: ${what} [9112-9.3-2, 9110-7.6.1-3, 9112-9.6-2, 9112-9.6-3]`, async () => {
      assert.deepEqual(await isReused(response, headers), { reused: false, closed: true })
    })
  }
})

describe('a connection that is idle', () => {
  it('is given up when the server closes it, and the next request opens another [9112-9.5-2]', async () => {
    const memory = memoryConnection()
    await (await exchange(memory, OK)).read()
    const { connection, network } = memory
    network.stream.receiveEnd()
    assert.equal(connection.isConnected, false)
    assert.deepEqual(network.stream.calls, ['close'])
    await connection.request('GET', '/')
    assert.equal(network.streams.length, 2)
    connection.close()
  })

  it('is given up when it breaks', async () => {
    const memory = memoryConnection()
    await (await exchange(memory, OK)).read()
    memory.network.stream.break()
    await settle()
    assert.equal(memory.connection.isConnected, false)
    assert.equal(await (await exchange(memory, OK)).text(), 'ok')
    assert.equal(memory.network.streams.length, 2)
    memory.connection.close()
  })

  it('is given up when bytes come, which are never taken for a response [9112-9.2-2, 9112-9.2-3]', async () => {
    const planted = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
    for (const bytes of [planted, 'H', '\r', '\n', '\r\n\r\n', `\r\n${planted}`, '\0']) {
      const memory = memoryConnection()
      await (await exchange(memory, OK)).read()
      const { connection, network } = memory
      const first = network.stream
      first.receive(answer(bytes))
      if (bytes === '\r') first.receive(answer('x'))
      assert.ok(first.isClosed, JSON.stringify(bytes))
      assert.equal(connection.isConnected, false)
      const response = await exchange(memory, OK)
      assert.equal(await response.text(), 'ok')
      assert.equal(network.streams.length, 2)
      connection.close()
    }
  })

  it('does not mind one stray CRLF', async () => {
    for (const cuts of [[], [1]]) {
      const memory = memoryConnection()
      await (await exchange(memory, OK)).read()
      memory.network.stream.receive(answer('\r\n'), cuts)
      assert.equal(memory.connection.isConnected, true)
      assert.equal(await (await exchange(memory, OK)).text(), 'ok')
      assert.equal(memory.network.streams.length, 1)
      memory.connection.close()
    }
  })

  it('is given up for half a CRLF when the next request is made [9112-9.2-2, 9112-9.2-3]', async () => {
    const memory = memoryConnection()
    await (await exchange(memory, `${OK}\r`)).read()
    const { connection, network } = memory
    const [first] = network.streams
    await connection.request('GET', '/next')
    assert.equal(network.streams.length, 2)
    assert.equal(first?.isClosed, true)
    network.stream.receive(answer(OK))
    const response = await connection.getResponse()
    assert.equal(await response.text(), 'ok')
    connection.close()
  })

  it('is given up also before its first request', async () => {
    const memory = memoryConnection()
    const { connection, network } = memory
    await connection.connect()
    network.stream.receive(answer(OK))
    assert.equal(connection.isConnected, false)
    assert.equal(await (await exchange(memory, OK)).text(), 'ok')
    assert.equal(network.streams.length, 2)
    connection.close()
  })

  it('leaves no timer behind', async () => {
    const memory = memoryConnection()
    await (await exchange(memory, OK)).read()
    assert.equal(memory.clock.pending, 0)
    memory.connection.close()
  })
})

describe('a connection that is reused', () => {
  it('says so in the error when the server closes it before a byte of the response', async () => {
    const memory = memoryConnection()
    await (await exchange(memory, OK)).read()
    const { connection, network } = memory
    network.stream.takeWritten()
    await connection.request('GET', '/second')
    const written = network.stream.written.length
    const response = rejectionOf(connection.getResponse())
    network.stream.receiveEnd()
    const error = (await response) as HTTPException
    assert.equal(error.name, 'RemoteDisconnected')
    assert.equal(error.reused, true)
    assert.equal(error.responseStarted, false)
    assert.equal(error.requestBytesWritten, written)
    assert.equal(error.phase, 'headers')
    assert.equal(error.address, 'example.test:80')
    // The request is not repeated: whether that is safe, the caller knows.
    assert.equal(network.streams.length, 1)
    assert.equal(connection.state, 'idle')
  })

  it('reads the rest of a response before the next request may begin [9112-9.3-4]', async () => {
    const memory = memoryConnection()
    const response = await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok')
    await response.read(2)
    assert.equal((await rejectionOf(memory.connection.request('GET', '/'))).name, 'CannotSendRequest')
    memory.network.stream.receive(answer('ok'))
    assert.equal((await response.read()).toString(), 'ok')
    await memory.connection.request('GET', '/')
    assert.equal(memory.network.streams.length, 1)
    memory.connection.close()
  })

  it('tells what connecting took with the first response only', async () => {
    const memory = memoryConnection()
    const first = await exchange(memory, OK)
    await first.read()
    assert.equal(first.timings.dns, 1)
    assert.equal(first.timings.connect, 2)
    const second = await exchange(memory, OK)
    assert.equal(second.timings.dns, undefined)
    assert.equal(second.timings.connect, undefined)
    assert.equal(second.timings.headers, 0)
    memory.connection.close()
  })
})

const numbered = (n: number): string => `HTTP/1.1 20${n} OK\r\nContent-Length: 1\r\n\r\n${n}`

describe('pipelining', () => {
  it('sends up to the depth at once and gives the responses in the order of the requests [9112-9.2-1]', async () => {
    const { connection, network } = memoryConnection({ pipelining: 3 })
    for (const n of [1, 2, 3]) await connection.request('GET', `/${n}`)
    assert.equal((await rejectionOf(connection.request('GET', '/4'))).name, 'CannotSendRequest')
    await settle()
    assert.deepEqual(showWire(network.stream.written).match(/^GET \/\d/gm), ['GET /1', 'GET /2', 'GET /3'])
    network.stream.receive(answer(numbered(1) + numbered(2) + numbered(3)), [10, 50, 51, 60])
    for (const n of [1, 2, 3]) {
      const response = await connection.getResponse()
      assert.equal(response.status, 200 + n)
      assert.equal(await response.text(), String(n))
    }
    assert.equal(connection.isConnected, true)
    await connection.request('GET', '/5')
    assert.equal(network.streams.length, 1)
    connection.close()
  })

  it('makes room for the next request when a response has been read', async () => {
    const { connection, network } = memoryConnection({ pipelining: 2 })
    await connection.request('GET', '/1')
    await connection.request('GET', '/2')
    network.stream.receive(answer(numbered(1)))
    await (await connection.getResponse()).read()
    await connection.request('GET', '/3')
    network.stream.receive(answer(numbered(2) + numbered(3)))
    assert.equal(await (await connection.getResponse()).text(), '2')
    assert.equal(await (await connection.getResponse()).text(), '3')
    assert.equal(network.streams.length, 1)
    connection.close()
  })

  it('fails the later ones with the connection where one response is broken, each with its own facts', async () => {
    const { connection, network } = memoryConnection({ pipelining: 3 })
    for (const n of [1, 2, 3]) await connection.request('GET', `/${n}`)
    network.stream.receive(answer(`${numbered(1)}nonsense\r\n\r\n`))
    assert.equal(await (await connection.getResponse()).text(), '1')
    const second = (await rejectionOf(connection.getResponse())) as HTTPException
    assert.equal(second.name, 'BadStatusLine')
    assert.equal(second.responseStarted, true)
    const third = (await rejectionOf(connection.getResponse())) as HTTPException
    assert.equal(third.name, 'ConnectionLost')
    assert.equal(third.responseStarted, false)
    assert.equal(third.reused, true)
    assert.equal(third.cause, second)
    assert.equal(connection.state, 'idle')
    assert.ok(network.stream.isClosed)
  })

  it('fails what is outstanding behind a response that closes, at once', async () => {
    const { connection, network } = memoryConnection({ pipelining: 2 })
    await connection.request('GET', '/1')
    await connection.request('GET', '/2')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1'))
    assert.equal(await (await connection.getResponse()).text(), '1')
    const outcome = await outcomeOf(connection.getResponse())
    assert.equal(outcome.state, 'rejected')
    assert.equal((outcome as { error: HTTPException }).error.responseStarted, false)
    assert.ok(network.stream.isClosed)
  })

  it('holds a later response back while an earlier one is unread', async () => {
    const { connection, network } = memoryConnection({ pipelining: 2 })
    await connection.request('GET', '/1')
    await connection.request('GET', '/2')
    const big = Buffer.alloc(200_000, 'x')
    network.stream.receive(
      Buffer.concat([answer(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`), big]),
      [60_000, 120_000, 180_000],
    )
    network.stream.receive(answer(numbered(2)))
    const first = await connection.getResponse()
    assert.equal(network.stream.isPaused, true)
    assert.equal((await rejectionOf(connection.getResponse())).name, 'ResponseNotReady')
    assert.equal((await first.read()).length, big.length)
    assert.equal(await (await connection.getResponse()).text(), '2')
    connection.close()
  })

  it('is refused as an option unless it is a whole number from 1', () => {
    for (const pipelining of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => memoryConnection({ pipelining }), TypeError)
    }
  })

  it('keeps a large response in place of another whole', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 1

1HTTP/1.1 200 OK
Content-Length: 4

evil`)
    assert.equal(await (await connection.getResponse()).text(), '1')
    assert.ok(network.stream.isClosed)
    connection.close()
  })
})

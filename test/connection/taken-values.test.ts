// What a caller hands over may be JavaScript of any kind: objects that turn into text, lists that can be gone through once,
// bytes that lie, code that runs while it is looked at. What is checked is what is sent.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HTTPHeaders } from '../../src/index.ts'
import * as httplib from '../../src/python/index.ts'
import { wire } from '../support/bytes.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { answer, type MemoryConnection, memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A String object, with all that strings can do, which is another text from the second look on. */
function turncoat(first: string, then: string): string {
  let looks = 0
  const toString = (): string => (looks++ === 0 ? first : then)
  return Object.assign(Object(first), { toString, valueOf: toString }) as string
}

const EVIL = 'x\r\nX-Evil: 1'

async function connected(): Promise<MemoryConnection> {
  const memory = memoryConnection()
  await memory.connection.connect()
  return memory
}

describe('texts', () => {
  const calls: Readonly<Record<string, (memory: MemoryConnection) => unknown>> = {
    method: ({ connection }) => connection.request(turncoat('GET', EVIL), '/'),
    target: ({ connection }) => connection.request('GET', turncoat('/', EVIL)),
    'field name': ({ connection }) => connection.request('GET', '/', undefined, [[turncoat('X', EVIL), '1']]),
    'field value': ({ connection }) => connection.request('GET', '/', undefined, { X: turncoat('1', EVIL) }),
    'name of a trailer': ({ connection }) =>
      connection.request('POST', '/', 'x', undefined, { trailers: [[turncoat('X', EVIL), '1']] }),
    'method of putRequest': ({ connection }) => connection.putRequest(turncoat('GET', EVIL), '/'),
    'name for putHeader': ({ connection }) => {
      connection.putRequest('GET', '/')
      connection.putHeader(turncoat('X', EVIL), '1')
    },
    'host of a tunnel': () => memoryConnection().connection.setTunnel(turncoat('a', EVIL), 80),
    'name in HTTPHeaders': () => new HTTPHeaders().append(turncoat('X', EVIL), '1'),
  }
  for (const [what, call] of Object.entries(calls)) {
    it(`are strings and nothing that turns into one: ${what}`, async () => {
      const memory = await connected()
      await assert.rejects(async () => call(memory), TypeError)
      assert.equal(memory.network.stream.bytesWritten, 0)
      memory.connection.close()
    })
  }

  it('of a date with a method of its own are taken once and checked', async () => {
    const { connection, network } = await connected()
    const date = Object.assign(new Date(0), { toUTCString: () => EVIL })
    await assert.rejects(connection.request('GET', '/', undefined, { Date: date }), {
      code: 'INVALID_FIELD_VALUE',
    })
    assert.equal(network.stream.bytesWritten, 0)
    connection.close()
  })
})

describe('bytes', () => {
  it('are as many as there are, whatever their length says', async () => {
    for (const length of [0, 2, 20_000]) {
      const { connection, network } = await connected()
      const liar = Object.defineProperty(Uint8Array.from(Buffer.from('hello')), 'length', { value: length })
      await connection.request('POST', '/', liar)
      assert.deepEqual(
        network.stream.takeWritten(),
        wire`
POST / HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 5

hello`,
      )
      connection.close()
    }
  })
})

describe('trailers', () => {
  it('may be a list that can be gone through only once', async () => {
    const { connection, network } = await connected()
    const trailers = new Map([['X-Sum', '1']]).entries()
    await connection.request('POST', '/', 'a', undefined, { trailers })
    assert.deepEqual(
      network.stream.takeWritten(),
      wire`
POST / HTTP/1.1
Host: example.test
Accept-Encoding: identity
Transfer-Encoding: chunked
Trailer: X-Sum

1
a
0
X-Sum: 1

`,
    )
    connection.close()
  })
})

describe('code of the caller that runs meanwhile', () => {
  it('may close the connection: nothing is sent, and the call says so', async () => {
    const memory = await connected()
    const { connection, network } = memory
    const headers = {
      get X(): string {
        connection.close()
        return '1'
      },
    }
    const error = await rejectionOf(connection.request('GET', '/', undefined, headers))
    assert.equal((error as httplib.HTTPException).code, 'CONNECTION_CLOSED')
    assert.equal(network.stream.bytesWritten, 0)
    assert.equal(connection.state, 'idle')
    await connection.request('GET', '/')
    network.stream.receive(answer('HTTP/1.1 204 N\r\n\r\n'))
    assert.equal((await connection.getResponse()).status, 204)
    connection.close()
  })

  it('may send a request: the one it interrupts is refused, and is not in the way', async () => {
    const { connection, network } = await connected()
    const headers = {
      get X(): string {
        void connection.request('GET', '/inner')
        return '1'
      },
    }
    await assert.rejects(connection.request('GET', '/outer', undefined, headers), {
      name: 'CannotSendRequest',
    })
    assert.match(
      network.stream.takeWritten().toString('latin1'),
      /^GET \/inner HTTP\/1\.1\r\n(?:[^\r]+\r\n)*\r\n$/,
    )
    connection.close()
  })
})

describe('what would be read in another way by somebody', () => {
  const refused: Readonly<Record<string, readonly [code: string, headers: Record<string, string>]>> = {
    'a Host with white space': ['INVALID_HOST_FIELD', { Host: 'a b' }],
    'a Host with userinfo': ['INVALID_HOST_FIELD', { Host: 'me@a' }],
    'a Host with a path': ['INVALID_HOST_FIELD', { Host: 'a/b' }],
    'a Host that is a list': ['INVALID_HOST_FIELD', { Host: 'a,b' }],
    'a Transfer-Encoding with an empty element': [
      'INVALID_TRANSFER_ENCODING',
      { 'Transfer-Encoding': ',chunked' },
    ],
  }
  for (const [what, [code, headers]] of Object.entries(refused)) {
    it(`is refused before anything is written: ${what}`, async () => {
      const { connection, network } = await connected()
      await assert.rejects(connection.request('POST', '/', 'x', headers), { code })
      assert.equal(network.stream.bytesWritten, 0)
      connection.close()
    })
  }

  it('is a body in pieces that the head does not announce: it is refused with the head', async () => {
    const { connection, network } = await connected()
    connection.putRequest('POST', '/')
    await assert.rejects(connection.endHeaders(['GET /evil HTTP/1.1\r\n\r\n']), { code: 'BODY_TOO_LONG' })
    assert.equal(network.stream.bytesWritten, 0)
    assert.equal(connection.state, 'idle')
    connection.close()
  })

  it('is content of a CONNECT, which a proxy may take for the first bytes of the tunnel', async () => {
    for (const headers of [{ 'Transfer-Encoding': 'chunked' }, { 'Content-Length': '5' }]) {
      const { connection, network } = memoryConnection()
      connection.setTunnel('inner.test', 443, headers)
      await assert.rejects(connection.connect(), { code: 'INVALID_CONNECT' })
      assert.equal(network.stream.bytesWritten, 0)
      assert.ok(network.stream.isClosed)
    }
  })
})

function pythonConnection(): { connection: httplib.HTTPConnection; network: MemoryNetwork } {
  const network = new MemoryNetwork()
  const options = { connect: network.connect, clock: new ManualClock() }
  return { connection: new httplib.HTTPConnection('example.test', 80, 0, options), network }
}

describe('httplib-ts/python', () => {
  it('takes strings, and no objects that turn into strings', async () => {
    const { connection, network } = pythonConnection()
    await connection.connect()
    await assert.rejects(connection.request(turncoat('GET', EVIL), '/'), TypeError)
    await assert.rejects(connection.request('GET', turncoat('/', EVIL)), TypeError)
    await assert.rejects(connection.request('GET', '/', null, [[turncoat('X', EVIL), '1']]), TypeError)
    assert.equal(network.stream.bytesWritten, 0)
    connection.close()
  })

  it('writes the versions 10 and 11, whatever stands in _http_vsn', async () => {
    for (const version of [undefined, 9, 12, '11', Number.NaN]) {
      const { connection, network } = pythonConnection()
      connection._http_vsn = version as 11
      await assert.rejects(connection.request('GET', '/'), TypeError)
      assert.equal(network.streams.length, 0)
      connection.close()
    }
  })
})

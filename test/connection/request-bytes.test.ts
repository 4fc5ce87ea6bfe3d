// What a request looks like on the wire, byte by byte. What is added is what the seed adds: Host, Accept-Encoding and the
// length of the body.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HeadersInput } from '../../src/core/headers.ts'
import type { RequestBody } from '../../src/core/outgoing-body.ts'
import type { RequestOptions } from '../../src/core/request-options.ts'
import {
  HTTPConnection,
  HTTPHeaders,
  InvalidHeader,
  InvalidURL,
  LocalProtocolError,
} from '../../src/index.ts'
import { showWire, wire } from '../support/bytes.ts'
import { memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** The bytes of one request, and in how many writes they went out. */
async function sent(
  method: string,
  target: string,
  body?: RequestBody,
  headers?: HeadersInput,
  options?: RequestOptions,
): Promise<{ bytes: string; writes: number }> {
  const { connection, network } = memoryConnection()
  await connection.request(method, target, body, headers, options)
  const { stream } = network
  connection.close()
  return { bytes: showWire(stream.written), writes: stream.writes.length }
}

async function assertSent(expected: Buffer, ...call: Parameters<typeof sent>): Promise<void> {
  assert.equal((await sent(...call)).bytes, showWire(expected))
}

describe('request()', () => {
  it('puts Host first, then Accept-Encoding, and nothing else into a GET', async () => {
    await assertSent(
      wire`GET /index.html HTTP/1.1
Host: example.test
Accept-Encoding: identity

`,
      'GET',
      '/index.html',
    )
  })

  it('sends / for an empty target', async () => {
    assert.match((await sent('GET', '')).bytes, /^GET \/ HTTP\/1\.1\n/)
  })

  it('keeps order, case and duplicates of the fields it is given', async () => {
    await assertSent(
      wire`GET / HTTP/1.1
Host: example.test
Accept-Encoding: identity
x-B: 2
X-a: 1
x-b: 3
ACCEPT: */*

`,
      'GET',
      '/',
      undefined,
      [
        ['x-B', '2'],
        ['X-a', '1'],
        ['x-b', '3'],
        ['ACCEPT', '*/*'],
      ],
    )
  })

  it('leaves Host and Accept-Encoding where and as the caller places them', async () => {
    await assertSent(
      wire`GET / HTTP/1.1
X-First: 1
host: other.test
accept-encoding: gzip

`,
      'GET',
      '/',
      undefined,
      { 'X-First': '1', host: 'other.test', 'accept-encoding': 'gzip' },
    )
  })

  it('takes headers in every form there is, and sends the same bytes', async () => {
    const pairs: [string, string][] = [
      ['a', '1'],
      ['b', '2'],
    ]
    const forms: HeadersInput[] = [
      pairs,
      { a: '1', b: 2 },
      new Map(pairs),
      new Headers(pairs),
      new HTTPHeaders(pairs),
      { a: ['1'], b: '2', c: undefined },
    ]
    for (const form of forms) {
      await assertSent(
        wire`GET / HTTP/1.1
Host: example.test
Accept-Encoding: identity
a: 1
b: 2

`,
        'GET',
        '/',
        undefined,
        form,
      )
    }
  })

  it('sends head and small body in one write', async () => {
    const { bytes, writes } = await sent('POST', '/form', 'spam=1')
    assert.equal(
      bytes,
      showWire(wire`POST /form HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 6

spam=1`),
    )
    assert.equal(writes, 1)
    assert.equal((await sent('POST', '/', Buffer.alloc(8_192))).writes, 1)
  })

  it('says Content-Length: 0 for POST, PUT and PATCH without a body, and nothing for other methods', async () => {
    for (const method of ['POST', 'PUT', 'PATCH']) {
      assert.match((await sent(method, '/')).bytes, /\nContent-Length: 0\n\n$/, method)
    }
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      assert.doesNotMatch((await sent(method, '/')).bytes, /Content-Length|Transfer-Encoding/, method)
    }
  })

  it('sends a body with any method, with its length', async () => {
    await assertSent(
      wire`GET / HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 2

hi`,
      'GET',
      '/',
      'hi',
    )
  })

  it('leaves the framing to the caller who gives it', async () => {
    await assertSent(
      wire`POST / HTTP/1.1
Host: example.test
Accept-Encoding: identity
content-length: 2

hi`,
      'POST',
      '/',
      'hi',
      { 'content-length': 2 },
    )
    await assertSent(
      wire`POST / HTTP/1.1
Host: example.test
Accept-Encoding: identity
Transfer-Encoding: chunked

2
hi
0

`,
      'POST',
      '/',
      'hi',
      { 'Transfer-Encoding': 'chunked' },
    )
  })

  it('sends an absolute target with the Host of its authority [9112-3.2.2-2]', async () => {
    await assertSent(
      wire`GET http://origin.test:8080/a?b HTTP/1.1
Host: origin.test:8080
Accept-Encoding: identity

`,
      'GET',
      'http://origin.test:8080/a?b',
    )
  })

  it('names the port in Host unless it is the default of the scheme', async () => {
    const hosts: [string, number | undefined, string][] = [
      ['example.test', 8080, 'example.test:8080'],
      ['example.test', 80, 'example.test'],
      ['example.test:81', undefined, 'example.test:81'],
      ['::1', 80, '[::1]'],
      ['[::1]:8080', undefined, '[::1]:8080'],
      ['fe80::1%eth0', 80, '[fe80::1]'],
    ]
    for (const [host, port, expected] of hosts) {
      const network = new MemoryNetwork()
      const connection = new HTTPConnection(host, port, { connect: network.connect })
      await connection.request('GET', '/')
      assert.ok(
        network.stream.written.toString('latin1').includes(`\r\nHost: ${expected}\r\n`),
        `${host} ${port}`,
      )
      connection.close()
    }
  })
})

describe('putRequest, putHeader, endHeaders', () => {
  it('send nothing before endHeaders, and then the head in one write', async () => {
    const { connection, network } = memoryConnection()
    await connection.connect()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 5)
    connection.putHeader('X-Many', 'a', 'b')
    assert.equal(network.stream.writes.length, 0)
    await connection.endHeaders()
    assert.equal(network.stream.writes.length, 1)
    await connection.send('he')
    await connection.send(Buffer.from('llo'))
    assert.equal(
      showWire(network.stream.written),
      showWire(wire`POST / HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 5
X-Many: a
X-Many: b

hello`),
    )
    connection.close()
  })

  it('leave out Host and Accept-Encoding where asked', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('GET', '/', { skipHost: true, skipAcceptEncoding: true })
    connection.putHeader('X-Only', '1')
    await connection.endHeaders()
    assert.equal(showWire(network.stream.written), 'GET / HTTP/1.1\nX-Only: 1\n\n')
    connection.close()
  })

  it('send each piece of a chunked body as a chunk, and the end with getResponse()', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/', { skipHost: true, skipAcceptEncoding: true })
    connection.putHeader('Transfer-Encoding', 'chunked')
    await connection.endHeaders()
    await connection.send('one')
    await connection.send(['two', Buffer.from('three')])
    await connection.send('')
    const response = connection.getResponse()
    assert.equal(
      showWire(network.stream.written),
      'POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\none\n3\ntwo\n5\nthree\n0\n\n',
    )
    network.stream.receive(wire`HTTP/1.1 204 No Content

`)
    assert.equal((await response).status, 204)
    connection.close()
  })

  it('send head and body in one write where endHeaders has both, and nothing where they do not fit', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/', { skipHost: true, skipAcceptEncoding: true })
    connection.putHeader('Content-Length', 3)
    await connection.endHeaders('abc')
    assert.equal(showWire(network.stream.written), 'POST / HTTP/1.1\nContent-Length: 3\n\nabc')
    assert.equal(network.stream.writes.length, 1)
    connection.close()

    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 3)
    const error = await rejectionOf(connection.endHeaders('secret'))
    assert.ok(error instanceof LocalProtocolError)
    assert.equal(error.code, 'BODY_TOO_LONG')
    assert.equal(network.stream.written.length, 0)
    connection.close()
  })

  it('take a body at endHeaders, and more by send', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('PUT', '/', { skipHost: true, skipAcceptEncoding: true })
    connection.putHeader('Content-Length', 4)
    await connection.endHeaders('ab')
    await connection.send('cd')
    assert.equal(showWire(network.stream.written), 'PUT / HTTP/1.1\nContent-Length: 4\n\nabcd')
    connection.close()
  })
})

describe('what must not be sent', () => {
  const refused: [string, new (...args: never[]) => Error, Parameters<typeof sent>][] = [
    ['a line end in the method', LocalProtocolError, ['GET\r\nX: 1', '/']],
    ['a space in the target', InvalidURL, ['GET', '/a b']],
    ['a line end in the target', InvalidURL, ['GET', '/\r\nX: 1']],
    ['a fragment in the target', InvalidURL, ['GET', '/#top']],
    ['userinfo in the target', InvalidURL, ['GET', 'http://me:secret@origin.test/']],
    ['a relative target', InvalidURL, ['GET', 'index.html']],
    ['a CONNECT target without a port', InvalidURL, ['CONNECT', 'origin.test']],
    ['* for another method than OPTIONS', InvalidURL, ['GET', '*']],
    ['a line end in a value', InvalidHeader, ['GET', '/', undefined, { a: 'b\r\nX: 1' }]],
    ['a NUL in a value', InvalidHeader, ['GET', '/', undefined, { a: 'b\0' }]],
    ['a character beyond one byte in a value', InvalidHeader, ['GET', '/', undefined, { a: 'ĊX: 1' }]],
    ['a colon in a name', InvalidHeader, ['GET', '/', undefined, { 'a:b': '1' }]],
    ['two Host fields', InvalidHeader, ['GET', '/', undefined, { Host: 'a', host: 'b' }]],
    [
      'Content-Length with Transfer-Encoding',
      LocalProtocolError,
      ['POST', '/', 'hi', { 'Content-Length': 2, 'Transfer-Encoding': 'chunked' }],
    ],
    ['a body longer than declared', LocalProtocolError, ['POST', '/', 'hello', { 'Content-Length': 2 }]],
    ['a body shorter than declared', LocalProtocolError, ['POST', '/', 'hi', { 'Content-Length': 5 }]],
    [
      'a Content-Length that is no number',
      LocalProtocolError,
      ['POST', '/', 'hi', { 'Content-Length': '2x' }],
    ],
    [
      'a trailer that frames',
      InvalidHeader,
      ['POST', '/', 'hi', {}, { trailers: { 'Content-Length': '2' } }],
    ],
    ['a line end in a trailer', InvalidHeader, ['POST', '/', 'hi', {}, { trailers: { a: 'b\r\nc: d' } }]],
    [
      'trailers behind a body of declared length',
      LocalProtocolError,
      ['POST', '/', 'hi', { 'Content-Length': 2 }, { trailers: { a: 'b' } }],
    ],
    ['Expect without content', InvalidHeader, ['POST', '/', '', { Expect: '100-continue' }]],
  ]
  for (const [what, errorClass, call] of refused) {
    it(`is refused before a byte is written: ${what}`, async () => {
      for (const isConnected of [false, true]) {
        const { connection, network } = memoryConnection()
        if (isConnected) await connection.connect()
        const error = await rejectionOf(connection.request(...call))
        assert.ok(error instanceof errorClass, `${error.name}: ${error.message}`)
        assert.deepEqual(
          network.streams.map(({ written }) => written.toString('latin1')),
          network.streams.map(() => ''),
        )
        // The connection is as good as before.
        assert.equal(connection.state, 'idle')
        await connection.request('GET', '/next')
        assert.match(showWire(network.stream.written), /^GET \/next HTTP\/1\.1\n/)
        connection.close()
      }
    })
  }

  it('is refused by putRequest and putHeader at once', () => {
    const { connection } = memoryConnection()
    assert.throws(() => connection.putRequest('GET', '/#top'), InvalidURL)
    connection.putRequest('GET', '/')
    assert.throws(() => connection.putHeader('a', 'b\r\nc'), InvalidHeader)
    assert.throws(() => connection.putHeader('a b', 'c'), InvalidHeader)
    connection.close()
  })

  it('is a TypeError for what is no body and no field value', async () => {
    const { connection } = memoryConnection()
    await assert.rejects(connection.request('POST', '/', 5 as unknown as string), TypeError)
    await assert.rejects(connection.request('POST', '/', { a: 1 } as unknown as string), TypeError)
    const headers = { a: null } as unknown as HeadersInput
    await assert.rejects(connection.request('POST', '/', 'x', headers), TypeError)
    assert.equal(connection.state, 'idle')
  })
})

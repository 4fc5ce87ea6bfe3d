// A request written step by step, where it goes another way than the plain one: files, calls side by side, a body that is
// too short, a server of HTTP/1.0.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileHandleLike } from '../../src/core/file-source.ts'
import type { HTTPException } from '../../src/errors/index.ts'
import { wire } from '../support/bytes.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { answer, exchange, memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Until somebody is there to be told. */
const nothing = (): void => {}

/** A file whose size is told when the test says so. */
function slowFile(content: string): { file: FileHandleLike; tell: () => void } {
  let tell: () => void = nothing
  const asked = new Promise<void>((resolve) => {
    tell = resolve
  })
  return {
    tell: () => tell(),
    file: {
      fd: 1,
      stat: () => asked.then(() => ({ size: content.length, isFile: () => true })),
      read: (buffer, offset, _length, position) => {
        const part = Buffer.from(content).subarray(position ?? 0)
        buffer.set(part, offset)
        return Promise.resolve({ bytesRead: part.length })
      },
    },
  }
}

describe('a request in steps', () => {
  it('is refused before its head is sent where its body is known to be longer than announced', async () => {
    const { connection, network } = memoryConnection()
    await exchange({ connection, network, clock: new ManualClock() }, 'HTTP/1.1 204 No Content\r\n\r\n')
    const before = network.stream.written.length
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', '5')
    // A Blob of another package, which has fewer bytes than it says: all that was announced would be there, and an error.
    const lying = {
      size: 6,
      type: '',
      [Symbol.toStringTag]: 'Blob',
      stream: () => new Blob(['abcde']).stream(),
      arrayBuffer: () => new Blob(['abcde']).arrayBuffer(),
    }
    const error = (await rejectionOf(connection.endHeaders(lying as never))) as HTTPException
    assert.equal(error.code, 'BODY_TOO_LONG')
    assert.equal(network.stream.written.length, before)
    // Bytes that are more than go out with the head.
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', '262144')
    const longer = (await rejectionOf(connection.endHeaders(Buffer.alloc(300_000)))) as HTTPException
    assert.equal(longer.code, 'BODY_TOO_LONG')
    assert.equal(network.stream.written.length, before)
    connection.close()
  })

  it('takes files at endHeaders() and send()', async () => {
    const { connection, network } = memoryConnection()
    const [first, second] = [slowFile('one'), slowFile('two')]
    first.tell()
    second.tell()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 6)
    await connection.endHeaders(first.file)
    await connection.send(second.file)
    await connection.send(null)
    assert.match(network.stream.written.toString(), /\r\n\r\nonetwo$/)
    connection.close()
  })

  it('does not go on behind close() where a file was still being looked at', async () => {
    const { connection, network } = memoryConnection()
    const head = slowFile('one')
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 3)
    const ended = rejectionOf(connection.endHeaders(head.file))
    connection.close()
    head.tell()
    assert.equal(((await ended) as HTTPException).code, 'CONNECTION_CLOSED')
    assert.deepEqual(network.streams, [])

    const body = slowFile('one')
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 3)
    await connection.endHeaders()
    const sent = rejectionOf(connection.send(body.file))
    connection.close()
    body.tell()
    assert.equal(((await sent) as HTTPException).code, 'CONNECTION_CLOSED')
    assert.doesNotMatch(network.stream.written.toString(), /one/)
  })

  it('refuses a send() while another one is under way', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 6)
    await connection.endHeaders()
    network.stream.takes = false
    const first = connection.send(['a', 'bc'])
    assert.equal((await rejectionOf(connection.send('def'))).name, 'ImproperConnectionState')
    network.stream.drain()
    await first
    await connection.send('def')
    assert.match(network.stream.written.toString(), /abcdef$/)
    connection.close()
  })

  it('refuses to end a body that is too short: the connection is given up, and free for a new request', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 6)
    await connection.endHeaders('abc')
    const error = (await rejectionOf(connection.getResponse())) as HTTPException
    assert.equal(error.code, 'BODY_TOO_SHORT')
    assert.ok(network.stream.isClosed)
    assert.equal(connection.state, 'idle')
    await connection.request('GET', '/')
    assert.equal(network.streams.length, 2)
    connection.close()
  })

  it('refuses a piece that is too long before a byte of it is written', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 3)
    await connection.endHeaders('ab')
    const error = (await rejectionOf(connection.send('cd'))) as HTTPException
    assert.equal(error.code, 'BODY_TOO_LONG')
    assert.match(network.stream.written.toString(), /\r\n\r\nab$/)
    assert.ok(network.stream.isClosed)
  })

  it('waits with getResponse() for what is still being sent', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Transfer-Encoding', 'chunked')
    const ended = connection.endHeaders('one')
    const response = connection.getResponse()
    await outcomeOf(ended)
    await outcomeOf(response)
    assert.match(network.stream.written.toString(), /3\r\none\r\n0\r\n\r\n$/)
    network.stream.receive(wire`HTTP/1.1 204 No Content

`)
    assert.equal((await response).status, 204)
    connection.close()
  })
})

describe('a server of HTTP/1.0', () => {
  it('is sent nothing chunked once it has answered [9112-6.1-3]', async () => {
    const memory = memoryConnection()
    const { connection, network } = memory
    for (const persistence of ['', 'Connection: keep-alive\r\n']) {
      const response = await exchange(memory, `HTTP/1.0 200 OK\r\n${persistence}Content-Length: 2\r\n\r\nok`)
      await response.read()
      const error = (await rejectionOf(connection.request('POST', '/', ['piece']))) as HTTPException
      assert.equal(error.code, 'CHUNKED_TO_HTTP10')
      const immediate = connection.request('POST', '/', 'piece', {}, { chunked: true })
      assert.equal(((await rejectionOf(immediate)) as HTTPException).code, 'CHUNKED_TO_HTTP10')
      for (const { written } of network.streams) assert.doesNotMatch(written.toString(), /chunked/)
      assert.equal(connection.state, 'idle')
    }
    await connection.request('POST', '/', 'piece')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    await connection.getResponse()
    await connection.request('POST', '/', ['piece'])
    connection.close()
  })
})

// How a TLS connection ends: RFC 9112, section 9.8.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectionLost, IncompleteRead } from '../../../src/errors/index.ts'
import { wire } from '../../support/bytes.ts'
import { connectionTo, get } from '../../support/https.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { type Script, startRawServer } from '../../support/raw-server.ts'
import { ca, server } from '../../support/tls-fixture.ts'
import { startRecordRelay } from '../../support/tls-records.ts'

checkOpenHandles()

/** Runs an exchange and tells what the last record of the client was, and how the server saw the connection end. */
async function ending(
  act: (connection: ReturnType<typeof connectionTo>, abort: () => void) => Promise<void>,
  script: Script,
): Promise<{ last: string | undefined; ending: string | undefined; error: Error | undefined }> {
  await using peer = await startRawServer(script, { tls: { ...server, maxVersion: 'TLSv1.2' } })
  await using relay = await startRecordRelay(peer.port)
  const controller = new AbortController()
  await using connection = connectionTo('localhost', relay.port, { ca }, { signal: controller.signal })
  await act(connection, () => controller.abort(new Error('enough')))
  await relay.connections[0]!.closed
  const error = await peer.peer.closed
  return { last: relay.connections[0]!.fromClient.kinds.at(-1), ending: peer.peer.ending, error }
}

/** Answers a request, and ends when the client has ended. */
const answerThenWait =
  (answer: Buffer): Script =>
  async (peer) => {
    await peer.until('\r\n\r\n')
    await peer.reply(answer)
    await peer.ended()
    peer.close()
  }

describe('the end of a TLS connection', () => {
  const inOrder = { last: 'alert', ending: 'end', error: undefined }

  const complete = answerThenWait(wire`
HTTP/1.1 200 OK
Content-Length: 2

ok`)
  const last = answerThenWait(wire`
HTTP/1.1 200 OK
Connection: close
Content-Length: 2

ok`)
  const unfinished = answerThenWait(wire`
HTTP/1.1 200 OK
Content-Length: 10

ok`)
  const refusing = answerThenWait(wire`
HTTP/1.1 413 Content Too Large
Content-Length: 2

no`)
  const malformed = answerThenWait(wire`
HTTP/1.1 2x0 OK
Content-Length: 2

no`)
  it('is announced by a closure alert, whichever way it comes about [9112-9.8-3]', async () => {
    const closed = await ending(async (connection) => {
      await get(connection)
      connection.close()
    }, complete)
    assert.deepEqual(closed, inOrder, 'close() of an idle connection')

    const unused = await ending(
      async (connection) => {
        await connection.connect()
        connection.close()
      },
      async (peer) => {
        await peer.ended()
        peer.close()
      },
    )
    assert.deepEqual(unused, inOrder, 'close() before a request')

    const announced = await ending(async (connection) => {
      await get(connection)
    }, last)
    assert.deepEqual(announced, inOrder, 'a response with Connection: close')

    const left = await ending(async (connection) => {
      await connection.request('GET', '/')
      const response = await connection.getResponse()
      response.close()
    }, unfinished)
    assert.deepEqual(left, inOrder, 'a response that is given up')

    const aborted = await ending(async (connection, abort) => {
      await connection.request('GET', '/')
      const response = await connection.getResponse()
      const reading = rejectionOf(response.read())
      abort()
      await reading
    }, unfinished)
    assert.deepEqual(aborted, inOrder, 'an abort')

    const wrong = await ending(async (connection) => {
      await connection.request('GET', '/')
      await rejectionOf(connection.getResponse())
    }, malformed)
    assert.deepEqual(wrong, inOrder, 'a malformed response')

    const refused = await ending(async (connection) => {
      await connection.request('POST', '/', neverEnding(), {})
      await (await connection.getResponse()).read()
    }, refusing)
    assert.deepEqual(refused, inOrder, 'an early response that makes the rest of the body unwanted')
  })

  it('is announced, too, where the server ends it first', async () => {
    const ended = await ending(
      async (connection) => {
        await get(connection)
      },
      async (peer) => {
        await peer.until('\r\n\r\n')
        await peer.reply(wire`
HTTP/1.1 200 OK
Content-Length: 2

ok`)
        peer.end()
        await peer.ended()
      },
    )
    assert.deepEqual(ended, inOrder)
  })
})

/** What reading gives where the connection is cut off behind these bytes. */
async function readCutOff(answer: Buffer): Promise<Buffer> {
  await using peer = await startRawServer(answerThenWait(answer), { tls: server })
  await using relay = await startRecordRelay(peer.port)
  await using connection = connectionTo('localhost', relay.port, { ca })
  await connection.request('GET', '/')
  const response = await connection.getResponse()
  relay.connections[0]!.cutOff()
  await relay.connections[0]!.closed
  return response.read()
}

describe('a TLS connection that ends without a closure alert', { timeout: 60_000 }, () => {
  it('leaves a response whole whose length or last chunk was reached [9112-9.8-1]', async () => {
    const counted = await readCutOff(wire`
HTTP/1.1 200 OK
Content-Length: 5

whole`)
    assert.equal(counted.toString(), 'whole')
    const chunked = await readCutOff(wire`
HTTP/1.1 200 OK
Transfer-Encoding: chunked

5
whole
0

`)
    assert.equal(chunked.toString(), 'whole')
  })

  it('does not make a response whole that is not', async () => {
    const error = await rejectionOf(
      readCutOff(wire`
HTTP/1.1 200 OK
Content-Length: 10

whole`),
    )
    assert.ok(error instanceof IncompleteRead)
    assert.deepEqual([error.partial.toString(), error.expected], ['whole', 5])
  })
})

describe('a TLS connection that fails', { timeout: 60_000 }, () => {
  it('does not end a body that lasts until the end of the connection [9112-8-2]', async () => {
    await using peer = await startRawServer(
      async (one) => {
        await one.until('\r\n\r\n')
        await one.reply(wire`
HTTP/1.1 200 OK

part of`)
        await one.ended()
        one.close()
      },
      { tls: server },
    )
    await using relay = await startRecordRelay(peer.port)
    await using connection = connectionTo('localhost', relay.port, { ca })
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    assert.equal((await response.read(7)).toString(), 'part of')
    // An application record that nobody who knows the keys has made.
    relay.connections[0]!.inject(Buffer.from([23, 3, 3, 0, 20, ...Buffer.alloc(20, 1)]))
    const error = await rejectionOf(response.read())
    assert.ok(error instanceof IncompleteRead, String(error))
    assert.ok(error.cause instanceof ConnectionLost)
    assert.match(error.cause.message, /ERR_SSL_/)
  })
})

/** One piece, and then nothing more. */
async function* neverEnding(): AsyncGenerator<string> {
  yield 'begin'
  await new Promise(() => {})
}

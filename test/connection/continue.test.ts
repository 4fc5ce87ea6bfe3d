// Expect: 100-continue (RFC 9110 §10.1.1): the body waits for a 100, for a limit, or for a final response.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RequestOptions } from '../../src/core/request-options.ts'
import { showWire, wire } from '../support/bytes.ts'
import {
  type MemoryConnection,
  memoryConnection,
  outcomeOf,
  rejectionOf,
} from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HEAD = wire`PUT /file HTTP/1.1
Host: example.test
Accept-Encoding: identity
Content-Length: 4
Expect: 100-continue

`
const CONTINUE = wire`HTTP/1.1 100 Continue

`

async function start(
  options: RequestOptions = { expectContinue: true },
): Promise<MemoryConnection & { sent: Promise<void> }> {
  const memory = memoryConnection()
  const sent = memory.connection.request('PUT', '/file', 'body', {}, options)
  await outcomeOf(sent)
  assert.equal(showWire(memory.network.stream.takeWritten()), showWire(HEAD))
  return { ...memory, sent }
}

describe('Expect: 100-continue', () => {
  it('holds the body back until a 100 comes, then sends it and gives the final response [9110-10.1.1-2]', async () => {
    const { connection, network, sent, clock } = await start()
    network.stream.receive(CONTINUE)
    await sent
    assert.equal(network.stream.takeWritten().toString(), 'body')
    assert.equal(clock.pending, 1, 'only the wait for the head is left')
    network.stream.receive(wire`HTTP/1.1 201 Created
Content-Length: 0

`)
    const response = await connection.getResponse()
    assert.equal(response.status, 201)
    assert.deepEqual(
      response.informational.map(({ status }) => status),
      [100],
    )
    assert.equal(connection.isConnected, true)
    connection.close()
  })

  it('is not asked for before no content, known or listed [9110-10.1.1-1]', async () => {
    for (const body of ['', [], [new Uint8Array(0), ''], () => [], new Blob([])]) {
      const { connection, network } = memoryConnection()
      await connection.request('PUT', '/file', body, {}, { expectContinue: true })
      assert.doesNotMatch(network.stream.takeWritten().toString(), /expect/i)
      connection.close()
    }
    const { connection, network } = memoryConnection()
    const sent = connection.request('PUT', '/file', ['', 'a'], {}, { expectContinue: true })
    await outcomeOf(sent)
    assert.match(network.stream.takeWritten().toString(), /Expect: 100-continue/)
    connection.close()
  })

  it('does not take another informational response for a 100', async () => {
    const { connection, network, sent } = await start()
    network.stream.receive(wire`HTTP/1.1 103 Early Hints
Link: </a>

`)
    assert.equal((await outcomeOf(sent)).state, 'pending')
    assert.equal(network.stream.takeWritten().length, 0)
    network.stream.receive(CONTINUE)
    await sent
    connection.close()
  })

  it('sends the body after the limit where nothing comes [9110-10.1.1-3]', async () => {
    for (const [options, limitMs] of [
      [{ expectContinue: true }, 1_000],
      [{ expectContinue: 200 }, 200],
      [{ expectContinue: { timeoutMs: 300 } }, 300],
    ] as const) {
      const { connection, network, sent, clock } = await start(options)
      await clock.pass(limitMs - 1)
      assert.equal(network.stream.takeWritten().length, 0)
      // Deadlines may be late by one part of their grid.
      await clock.pass(limitMs / 16 + 10)
      await sent
      assert.equal(network.stream.takeWritten().toString(), 'body')
      connection.close()
    }
  })

  it('does not send the body where a final response comes first, delivers it, and ends the connection', async () => {
    for (const status of ['417 Expectation Failed', '401 Unauthorized', '200 OK']) {
      const { connection, network, sent } = await start()
      network.stream.receive(Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`))
      await sent
      const response = await connection.getResponse()
      assert.equal(response.status, Number(status.slice(0, 3)))
      assert.equal(await response.text(), 'no')
      assert.equal(network.stream.takeWritten().length, 0)
      assert.equal(connection.isConnected, false)
      assert.ok(network.stream.isClosed)
    }
  })

  it('ignores a 100 that comes when the body is already sent', async () => {
    const { connection, network, sent, clock } = await start({ expectContinue: 100 })
    await clock.pass(200)
    await sent
    network.stream.receive(
      Buffer.concat([
        CONTINUE,
        wire`HTTP/1.1 200 OK
Content-Length: 0

`,
      ]),
    )
    assert.equal((await connection.getResponse()).status, 200)
    assert.equal(connection.isConnected, true)
    connection.close()
  })

  it('rejects when the connection ends, breaks, is closed or aborted meanwhile', async () => {
    const reason = new Error('no longer wanted')
    const controller = new AbortController()
    const endings: [string, (memory: MemoryConnection) => void, (error: Error) => void][] = [
      [
        'end',
        ({ network }) => network.stream.receiveEnd(),
        (error) => assert.equal(error.name, 'RemoteDisconnected'),
      ],
      [
        'break',
        ({ network }) => network.stream.break(),
        (error) => assert.equal(error.name, 'ConnectionLost'),
      ],
      [
        'close',
        ({ connection }) => connection.close(),
        (error) => assert.equal(error.name, 'ConnectionLost'),
      ],
      ['abort', () => controller.abort(reason), (error) => assert.equal(error, reason)],
    ]
    for (const [, end, check] of endings) {
      const memory = await start({ expectContinue: true, signal: controller.signal })
      end(memory)
      check(await rejectionOf(memory.sent))
      assert.equal(memory.network.stream.takeWritten().length, 0)
      assert.equal(memory.clock.pending, 0)
      assert.ok(memory.network.stream.isClosed)
      assert.equal(memory.connection.state, 'idle')
    }
  })

  it('runs out with the total timeout', async () => {
    const { sent, clock } = await start({ expectContinue: 10_000, timeout: { total: 500 } })
    await clock.pass(600)
    const error = (await rejectionOf(sent)) as Error & { phase: string }
    assert.equal(error.name, 'TimeoutError')
    assert.equal(error.phase, 'total')
    assert.equal(clock.pending, 0)
  })

  it('works for a body that comes in pieces, and step by step', async () => {
    const { connection, network } = memoryConnection()
    connection.putRequest('PUT', '/file', { skipHost: true, skipAcceptEncoding: true })
    connection.putHeader('Transfer-Encoding', 'chunked')
    connection.putHeader('Expect', '100-continue')
    const sent = connection.endHeaders(['pie', 'ce'], { expectContinue: true })
    await outcomeOf(sent)
    assert.doesNotMatch(network.stream.takeWritten().toString(), /pie/)
    network.stream.receive(CONTINUE)
    await sent
    assert.equal(showWire(network.stream.takeWritten()), '3\npie\n2\nce\n')
    connection.close()
  })
})

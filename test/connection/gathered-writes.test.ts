// Pipelined requests that are sent at one time go out in one write; what a caller can see of that is only the number of writes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HTTPException } from '../../src/errors/index.ts'
import { settle } from '../support/manual-clock.ts'
import {
  type MemoryConnection,
  memoryConnection,
  outcomeOf,
  rejectionOf,
} from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

async function connected(pipelining: number): Promise<MemoryConnection> {
  const memory = memoryConnection({ pipelining })
  await memory.connection.connect()
  return memory
}

const head = (method: string, target: string, rest = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: example.test\r\nAccept-Encoding: identity\r\n${rest}\r\n`

describe('requests sent at one time', () => {
  it('go out in one write, in their order', async () => {
    const { connection, network } = await connected(3)
    for (const n of [1, 2, 3]) void connection.request('GET', `/${n}`)
    await settle()
    const all = [1, 2, 3].map((n) => head('GET', `/${n}`)).join('')
    assert.deepEqual(network.stream.writes.map(String), [all])
    connection.close()
  })

  it('go out in one write also where each is awaited before the next', async () => {
    const { connection, network } = await connected(3)
    for (const n of [1, 2, 3]) await connection.request('GET', `/${n}`)
    await settle()
    assert.equal(network.stream.writes.length, 1)
    connection.close()
  })

  it('go out with small bodies in between', async () => {
    const { connection, network } = await connected(2)
    void connection.request('POST', '/1', 'body')
    void connection.request('GET', '/2')
    await settle()
    const all = head('POST', '/1', 'Content-Length: 4\r\n') + `body${head('GET', '/2')}`
    assert.deepEqual(network.stream.writes.map(String), [all])
    connection.close()
  })

  it('are not held back past 64 KiB', async () => {
    const { connection, network } = await connected(100)
    for (let n = 0; n < 10; n++) void connection.request('POST', '/', 'x'.repeat(8_000))
    assert.equal(network.stream.writes.length, 1)
    await settle()
    assert.equal(network.stream.writes.length, 2)
    const message = head('POST', '/', 'Content-Length: 8000\r\n') + 'x'.repeat(8_000)
    assert.equal(network.stream.written.toString('latin1'), message.repeat(10))
    connection.close()
  })

  it('go out before a body that comes in pieces, and before the connection is closed', async () => {
    const { connection, network } = await connected(3)
    void connection.request('GET', '/1')
    void connection.request('PUT', '/2', ['piece'])
    await settle()
    assert.equal(String(network.stream.writes[0]), head('GET', '/1'))
    const last = connection.request('GET', '/3')
    connection.close()
    await last
    assert.ok(String(network.stream.written).endsWith(head('GET', '/3')))
  })

  it('wait for the peer to take them before a body in pieces goes on', async () => {
    const { connection, network } = await connected(2)
    network.stream.takes = false
    void connection.request('GET', '/1')
    await settle()
    const second = connection.request('PUT', '/2', ['a', 'b'])
    assert.equal((await outcomeOf(second)).state, 'pending')
    network.stream.drain()
    await second
    connection.close()
  })

  it('are not counted as written where the connection went before they were', async () => {
    const { connection, network } = await connected(2)
    void connection.request('GET', '/1')
    network.stream.break()
    const error = (await rejectionOf(connection.getResponse())) as HTTPException
    assert.equal(error.requestBytesWritten, 0)
    assert.equal(network.stream.writes.length, 0)
  })
})

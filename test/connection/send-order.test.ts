// Requests that wait for one another: what is given first is sent first, whoever gives up in between.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { settle } from '../support/manual-clock.ts'
import { memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

async function* twoPieces(go: Promise<unknown>): AsyncGenerator<string> {
  yield 'first'
  await go
  yield 'last'
}

describe('a request that gives up while it waits for another', () => {
  it('leaves that one at work, and those behind it waiting', async () => {
    const { connection, network } = memoryConnection({ pipelining: 3 })
    const gate = new EventEmitter()
    const gone = once(gate, 'go')
    const abort = new AbortController()
    const first = connection.request('PUT', '/1', twoPieces(gone))
    const second = connection.request('GET', '/2', undefined, undefined, { signal: abort.signal })
    second.catch(() => {})
    const third = connection.request('GET', '/3')
    await settle()
    abort.abort(new Error('not wanted'))
    assert.match(String(await rejectionOf(second)), /not wanted/)
    assert.equal((await outcomeOf(third)).state, 'pending')
    gate.emit('go')
    await Promise.all([first, third])
    await settle()
    const written = network.stream.written.toString('latin1')
    assert.match(written, /first\r\n4\r\nlast\r\n0\r\n\r\nGET \/3 /)
    assert.doesNotMatch(written, /\/2/)
    connection.close()
  })

  it('leaves that one at work where it was the last, and a later one waits too', async () => {
    const { connection, network } = memoryConnection({ pipelining: 3 })
    const abort = new AbortController()
    const first = connection.request(
      'PUT',
      '/1',
      twoPieces(Promise.resolve(settle()).then(settle).then(settle)),
    )
    const second = connection.request('GET', '/2', undefined, undefined, { signal: abort.signal })
    second.catch(() => {})
    abort.abort(new Error('not wanted'))
    await rejectionOf(second)
    await connection.request('GET', '/3')
    await first
    await settle()
    assert.match(network.stream.written.toString('latin1'), /last\r\n0\r\n\r\nGET \/3 /)
    connection.close()
  })
})

describe('a connection that is open', () => {
  it('is not being opened by connect(): a tunnel may come once it has ended', async () => {
    const { connection, network } = memoryConnection()
    await connection.connect()
    await connection.connect()
    network.stream.receiveEnd()
    await settle()
    assert.equal(connection.isConnected, false)
    connection.setTunnel('inner.test', 80)
    connection.close()
  })
})

describe('an abort', () => {
  it('is heard where another package has written a signal onto Object.prototype', async () => {
    const { connection, network } = memoryConnection()
    network.hangsIn = 'connect'
    const abort = new AbortController()
    // oxlint-disable-next-line no-extend-native -- what a careless package does
    Object.defineProperty(Object.prototype, 'signal', { value: AbortSignal.abort(), configurable: true })
    let request: Promise<void>
    try {
      request = connection.request('GET', '/', undefined, undefined, { signal: abort.signal })
      request.catch(() => {})
    } finally {
      delete (Object.prototype as unknown as Record<string, unknown>)['signal']
    }
    await settle()
    abort.abort(new Error('not wanted'))
    assert.match(String(await rejectionOf(request)), /not wanted/)
    connection.close()
  })
})

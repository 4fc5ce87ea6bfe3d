// Requests that wait for one another: what is given first is sent first, whoever gives up in between.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { settle } from '../support/manual-clock.ts'
import { memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
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

/** Lets promises settle one after the other, as far as `count` of them. */
async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

describe('close() right after a call on a warm connection', () => {
  for (const pipelining of [1, 4]) {
    it(`opens no other one for what was given, however many turns lie between (pipelining ${pipelining})`, async () => {
      for (let turns = 0; turns < 8; turns++) {
        const { connection, network } = memoryConnection({ pipelining })
        await connection.connect()
        const given = outcomeOf(connection.request('POST', '/late', twoPieces(Promise.resolve())))
        await microtasks(turns)
        connection.close()
        await given
        await settle()
        assert.equal(network.streams.length, 1, `${turns} turns`)
        assert.equal(connection.isConnected, false)
      }
    })
  }

  it('ends every request that was given on a cold one, and opens none after it', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const { connection, network } = memoryConnection({ pipelining: 4 })
      const given = ['/1', '/2', '/3'].map((target) => connection.request('GET', target).catch(() => {}))
      await given[0]
      await microtasks(turns)
      connection.close()
      await Promise.all(given)
      await settle()
      assert.equal(network.streams.length, 1, `${turns} turns`)
      assert.equal(connection.isConnected, false)
    }
  })
})

describe('an abort right after a request was sent', () => {
  it('leaves those after it a connection, however many turns lie between', async () => {
    const streams = new Set<number>()
    for (let turns = 0; turns < 12; turns++) {
      const { connection, network } = memoryConnection({ pipelining: 4 })
      const abort = new AbortController()
      const first = connection.request('GET', '/1', undefined, undefined, { signal: abort.signal })
      const others = [connection.request('GET', '/2'), connection.request('GET', '/3')]
      await first
      await microtasks(turns)
      abort.abort(new Error('not wanted'))
      await Promise.all(others)
      const written = network.streams.map((stream) => stream.written.toString('latin1')).join('')
      // What had been given to the first connection, and not written, is lost with it; nothing is written twice.
      for (const target of ['/2', '/3'])
        assert.ok(written.split(`GET ${target} `).length <= 2, `${turns} turns`)
      streams.add(network.streams.length)
      connection.close()
    }
    // Both were met: the moment before they were given to the first one, and the one after.
    assert.deepEqual(streams, new Set([1, 2]))
  })
})

const deaf = (): Promise<never> => new Promise(() => {})

describe('a connector that knows nothing of signals and times', () => {
  it('is left by an abort, by close() and by the total timeout, and the body is given back', async () => {
    const abort = new AbortController()
    const ways: readonly ((connection: ReturnType<typeof memoryConnection>) => void)[] = [
      () => abort.abort(new Error('not wanted')),
      ({ connection }) => connection.close(),
      ({ clock }) => clock.advance(1_100),
    ]
    for (const end of ways) {
      const memory = memoryConnection({ connect: deaf, timeout: { total: 1_000 } })
      let isGivenBack = false
      const body = {
        next: () => Promise.resolve({ done: false as const, value: 'x' }),
        return: () => {
          isGivenBack = true
          return Promise.resolve({ done: true as const, value: undefined })
        },
        [Symbol.asyncIterator]() {
          return this
        },
      }
      const sent = rejectionOf(
        memory.connection.request('POST', '/', body, undefined, { signal: abort.signal }),
      )
      await settle()
      end(memory)
      assert.ok((await sent) instanceof Error)
      assert.equal(isGivenBack, true)
      memory.connection.close()
    }
  })

  it('that is late has its stream closed', async () => {
    const gate = new EventEmitter()
    const gone = once(gate, 'go')
    const network = new MemoryNetwork()
    const late = memoryConnection({
      connect: async (target, waiting) => {
        await gone
        return network.connect(target, { ...waiting, signal: undefined })
      },
    })
    const sent = rejectionOf(late.connection.request('GET', '/'))
    await settle()
    late.connection.close()
    await sent
    gate.emit('go')
    // The network takes a turn of its own to connect.
    await settle()
    await settle()
    assert.equal(network.stream.isClosed, true)
  })
})

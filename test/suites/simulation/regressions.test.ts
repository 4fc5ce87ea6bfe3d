// What the simulation has found, each as the smallest program that shows it. `npm run simulate` looks for more of the kind.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import {
  ConnectionLost,
  ImproperConnectionState,
  IncompleteRead,
  LocalProtocolError,
  TimeoutError,
} from '../../../src/errors/index.ts'
import { settle } from '../../support/manual-clock.ts'
import {
  answer,
  exchange,
  memoryConnection,
  outcomeOf,
  rejectionOf,
} from '../../support/memory-connection.ts'
import { MemoryNetwork } from '../../support/memory-stream.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import type { Schedule } from './choices.ts'
import { run } from './run.ts'

checkOpenHandles()

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)

/** Lets promises settle one behind the other, as far as `count` of them. */
async function microtasks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

describe('the total timeout', () => {
  it('counts from the call of request(), opening the connection included', async () => {
    const network = new MemoryNetwork()
    const gate = new EventTarget()
    const slow = once(gate, 'open')
    const { connection, clock } = memoryConnection({
      timeout: { total: 1_000 },
      connect: async (target, waiting) => {
        await slow
        return network.connect(target, waiting)
      },
    })
    const sent = connection.request('GET', '/')
    clock.advance(900)
    gate.dispatchEvent(new Event('open'))
    await sent
    const response = connection.getResponse()
    clock.advance(150)
    const error = await rejectionOf(response)
    assert.ok(error instanceof TimeoutError)
    assert.equal(error.phase, 'total')
  })
})

describe('an abort in the moment in which a request is sent', () => {
  it('leaves the request after it a connection of its own', async () => {
    // The moment is a turn between two promises: the schedule, as it was cut down, meets it.
    const schedule: Schedule = {
      program: [0, 3, 0, 0, 0, 0, 0, 0, 0, 40, 70, 1, 1, 6, ...zeros(13), 60, 0, 0, 0, 73, 0, 2, 3, 13],
      server: [],
      network: [...zeros(7), 3],
      door: [],
      ending: [],
      turn: [],
    }
    const { violation } = await run(0, { schedule })
    assert.equal(violation, undefined)
  })
})

describe('close()', () => {
  it('in the same moment as request() gives the request up', async () => {
    const { connection, network } = memoryConnection()
    const sent = connection.request('GET', '/')
    connection.close()
    const error = await rejectionOf(sent)
    assert.ok(error instanceof ConnectionLost)
    assert.equal(error.code, 'CONNECTION_CLOSED')
    await settle()
    assert.deepEqual(
      network.streams.map(({ written }) => written.length),
      network.streams.map(() => 0),
    )
  })

  it('at any moment after the connection is there leaves nothing written behind it', async () => {
    for (let count = 0; count < 12; count++) {
      const { connection, network } = memoryConnection()
      network.prepare = () => {
        void microtasks(count).then(() => connection.close())
      }
      const outcome = await outcomeOf(connection.request('GET', '/'))
      if (outcome.state === 'rejected') {
        assert.ok(outcome.error instanceof ConnectionLost, `after ${count}: ${String(outcome.error)}`)
        assert.equal(network.stream.written.length, 0, `after ${count}`)
      } else assert.equal(outcome.state, 'resolved', `after ${count}`)
      const response = await rejectionOf(connection.getResponse())
      assert.ok(response instanceof ImproperConnectionState, `after ${count}: ${String(response)}`)
    }
  })
})

describe('a signal', () => {
  it('that aborts between connecting and asking the proxy for a tunnel is heard at once', async () => {
    for (let count = 0; count < 12; count++) {
      const { connection, network } = memoryConnection()
      connection.setTunnel('behind.test', 80)
      const controller = new AbortController()
      network.prepare = () => {
        void microtasks(count).then(() => controller.abort('enough'))
      }
      const outcome = await outcomeOf(
        connection.request('GET', '/', undefined, {}, { signal: controller.signal }),
      )
      assert.deepEqual(outcome, { state: 'rejected', error: 'enough' }, `after ${count}`)
      assert.ok(network.stream.isClosed, `after ${count}`)
    }
  })
})

describe('pipelined exchanges', () => {
  it('go on where they are when the next request needs a new connection', async () => {
    const memory = memoryConnection({ pipelining: 2 })
    const { connection, network } = memory
    const first = await exchange(
      memory,
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfi',
    )
    const [old] = network.streams
    await connection.request('GET', '/second')
    assert.equal(network.streams.length, 2)
    old?.receive(answer('rst'))
    assert.equal(String(await first.read()), 'first')
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond'))
    assert.equal(await (await connection.getResponse()).text(), 'second')
    assert.equal(connection.state, 'idle')
  })

  it('are closed by close() on whichever connection they are', async () => {
    const memory = memoryConnection({ pipelining: 2 })
    const { connection, network } = memory
    const first = await exchange(
      memory,
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfi',
    )
    await connection.request('GET', '/second')
    connection.close()
    assert.ok((await rejectionOf(first.read())) instanceof ConnectionLost)
    assert.deepEqual(
      network.streams.map(({ isClosed }) => isClosed),
      [true, true],
    )
  })
})

describe('the send timeout', () => {
  for (const [held, bytes] of [
    ['held back', 70_000],
    ['unread', 7_000],
  ] as const) {
    it(`runs for a request that the peer does not take while the response before it is ${held}`, async () => {
      const memory = memoryConnection({ pipelining: 2, timeout: { send: 1_000 } })
      const { connection, network, clock } = memory
      await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
      network.stream.receive(Buffer.alloc(bytes))
      assert.equal(network.stream.isPaused, held === 'held back')
      network.stream.takes = false
      const second = connection.request('POST', '/', ['piece'])
      await settle()
      clock.advance(1_100)
      const error = await rejectionOf(second)
      assert.ok(error instanceof TimeoutError)
      assert.equal(error.phase, 'send')
    })

    it(`runs for one that was written whole while the response before it is ${held}`, async () => {
      const memory = memoryConnection({ pipelining: 2, timeout: { send: 1_000 } })
      const { connection, network, clock } = memory
      const first = await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
      network.stream.receive(Buffer.alloc(bytes))
      network.stream.takes = false
      await connection.request('POST', '/', 'body')
      await settle()
      clock.advance(1_100)
      const error = await rejectionOf(first.read())
      assert.ok(error instanceof IncompleteRead)
      assert.ok(network.stream.isClosed)
    })
  }
})

describe('the state after an error', () => {
  it('of send() is idle', async () => {
    const { connection } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Transfer-Encoding', 'chunked')
    await connection.endHeaders()
    const failing = (function* () {
      yield 'a'
      throw new RangeError('the source has failed')
    })()
    assert.ok((await rejectionOf(connection.send(failing))) instanceof RangeError)
    assert.equal(connection.state, 'idle')
    assert.equal(connection.isConnected, false)
  })

  it('of getResponse() on a body that is too short is idle', async () => {
    const { connection } = memoryConnection()
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 5)
    await connection.endHeaders()
    await connection.send('two')
    assert.ok((await rejectionOf(connection.getResponse())) instanceof LocalProtocolError)
    assert.equal(connection.state, 'idle')
  })
})

describe('a response that was closed before it was read', () => {
  it('never looks complete to a later read, though all of it had come', async () => {
    const response = await exchange(memoryConnection(), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole')
    response.close()
    assert.ok((await rejectionOf(response.read())) instanceof ImproperConnectionState)
    assert.ok((await rejectionOf(response.readInto(new Uint8Array(1)))) instanceof ImproperConnectionState)
    assert.ok((await rejectionOf(response.readLine())) instanceof ImproperConnectionState)
  })

  it('nor where a line of it had been read', async () => {
    const response = await exchange(memoryConnection(), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na\nbcd')
    assert.equal(String(await response.readLine()), 'a\n')
    response.close()
    assert.ok((await rejectionOf(response.read(3))) instanceof ImproperConnectionState)
  })

  it('is at its end where it had been read to its end', async () => {
    const response = await exchange(memoryConnection(), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole')
    assert.equal(String(await response.read()), 'whole')
    response.close()
    assert.equal((await response.read()).length, 0)
  })
})

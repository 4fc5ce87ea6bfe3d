// An abort, or close(), in each phase of an exchange: the promise rejects with the right reason, and nothing is left.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { HTTPConnection } from '../../src/connection/http-connection.ts'
import { ConnectionLost, type HTTPException } from '../../src/errors/index.ts'
import { wire } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import {
  type MemoryConnection,
  memoryConnection,
  outcomeOf,
  rejectionOf,
} from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Until somebody is there to be answered. */
const nothing = (): void => {}

interface Phase {
  /** Brings the exchange into the phase and answers what is then waited for, in a list so that it is not awaited. */
  readonly arrive: (memory: MemoryConnection, signal: AbortSignal | undefined) => Promise<[Promise<unknown>]>
  readonly isConnected: boolean
}

const hanging = (phase: 'dns' | 'connect' | 'tls'): Phase => ({
  isConnected: false,
  arrive: async ({ connection, network }, signal) => {
    network.hangsIn = phase
    const request = connection.request('GET', '/', undefined, undefined, { signal })
    await outcomeOf(request)
    return [request]
  },
})

const PHASES: Readonly<Record<string, Phase>> = {
  'the look-up of the name': hanging('dns'),
  connecting: hanging('connect'),
  'the TLS handshake': hanging('tls'),
  'connecting for connect()': {
    isConnected: false,
    arrive: async ({ connection, network }, signal) => {
      network.hangsIn = 'connect'
      const connecting = connection.connect(signal === undefined ? {} : { signal })
      await outcomeOf(connecting)
      return [connecting]
    },
  },
  'the wait for a source of the body': {
    isConnected: true,
    arrive: async ({ connection }, signal) => {
      const body = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
      const request = connection.request('POST', '/', body, undefined, { signal })
      await outcomeOf(request)
      return [request]
    },
  },
  'the wait for the peer to take the body': {
    isConnected: true,
    arrive: async ({ connection, network }, signal) => {
      network.prepare = (stream) => {
        stream.takes = false
      }
      const request = connection.request('POST', '/', ['one', 'two'], undefined, { signal })
      await outcomeOf(request)
      return [request]
    },
  },
  'the wait for the peer to take a body that is there as a whole': {
    isConnected: true,
    arrive: async ({ connection, network }, signal) => {
      network.prepare = (stream) => {
        stream.takes = false
      }
      const request = connection.request('POST', '/', Buffer.alloc(1_000_000), undefined, { signal })
      await outcomeOf(request)
      return [request]
    },
  },
  'the wait for the head': {
    isConnected: true,
    arrive: async ({ connection }, signal) => {
      await connection.request('GET', '/', undefined, undefined, { signal })
      const response = connection.getResponse()
      await outcomeOf(response)
      return [response]
    },
  },
  'the time between request() and getResponse()': {
    isConnected: true,
    arrive: async ({ connection }, signal) => {
      await connection.request('GET', '/', undefined, undefined, { signal })
      // getResponse() is called when it is over.
      return [settle().then(() => connection.getResponse())]
    },
  },
  'the wait for the body of the response': {
    isConnected: true,
    arrive: async ({ connection, network }, signal) => {
      await connection.request('GET', '/', undefined, undefined, { signal })
      network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 9

`)
      const response = await connection.getResponse()
      const body = response.read()
      await outcomeOf(body)
      return [body]
    },
  },
}

describe('an abort by a signal', () => {
  for (const [name, { arrive, isConnected }] of Object.entries(PHASES)) {
    it(`rejects with the reason itself and leaves nothing, in ${name}`, async () => {
      // Whatever the reason is, also an error of this package, it is the caller's and stays as it is.
      for (const reason of [new Error('enough'), 'a string', new ConnectionLost('mine')]) {
        const controller = new AbortController()
        const memory = memoryConnection()
        const [waiting] = await arrive(memory, controller.signal)
        const before = JSON.stringify(reason)
        controller.abort(reason)
        const outcome = await outcomeOf(waiting)
        assert.equal(outcome.state, 'rejected')
        assert.equal((outcome as { error: unknown }).error, reason)
        assert.equal(JSON.stringify(reason), before, 'the reason was written on')
        assertNothingLeft(memory, isConnected)
      }
    })
  }

  it('rejects before anything is done where the signal is aborted already', async () => {
    const reason = new Error('too late')
    for (const isConnected of [false, true]) {
      const memory = memoryConnection()
      if (isConnected) await memory.connection.connect()
      const signal = AbortSignal.abort(reason)
      assert.equal(
        await rejectionOf(memory.connection.request('GET', '/', undefined, undefined, { signal })),
        reason,
      )
      assert.equal(memory.network.targets.length, isConnected ? 1 : 0)
      for (const stream of memory.network.streams) assert.equal(stream.writes.length, 0)
      assert.equal(memory.connection.state, 'idle')
      assert.equal(memory.connection.isConnected, isConnected)
      memory.connection.close()
    }
  })

  it('comes from the option of the connection as well, beside one of the request', async () => {
    const reason = new Error('all of it')
    for (const perRequest of [undefined, new AbortController().signal]) {
      const controller = new AbortController()
      const memory = memoryConnection({ signal: controller.signal })
      const [waiting] = await PHASES['the wait for the head']!.arrive(memory, perRequest)
      controller.abort(reason)
      assert.equal(await rejectionOf(waiting), reason)
      assert.equal(await rejectionOf(memory.connection.request('GET', '/')), reason)
    }
  })

  it('does nothing when the exchange is over, and leaves no listener on the signal', async () => {
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...all: Parameters<typeof add>) => {
      listeners++
      add(...all)
    }
    signal.removeEventListener = (...all: Parameters<typeof remove>) => {
      listeners--
      remove(...all)
    }
    const { connection, network } = memoryConnection()
    await connection.connect()
    for (let i = 0; i < 3; i++) {
      await connection.request('GET', '/', undefined, undefined, { signal })
      network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 2

ok`)
      const response = await connection.getResponse()
      assert.equal(await response.text(), 'ok')
    }
    assert.equal(listeners, 0)
    controller.abort()
    assert.equal(connection.isConnected, true)
    connection.close()
  })

  it('lets what had come be read, then rejects', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/', undefined, undefined, { signal: controller.signal })
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 9

four`)
    const response = await connection.getResponse()
    controller.abort(reason)
    assert.equal((await response.read(4)).toString(), 'four')
    assert.equal(await rejectionOf(response.read()), reason)
    assert.equal(response.isClosed, true)
    assert.equal(connection.state, 'idle')
  })
})

describe('close()', () => {
  for (const [name, { arrive, isConnected }] of Object.entries(PHASES)) {
    // Nobody waits then: a getResponse() that comes later is a call in the wrong state.
    if (name === 'the time between request() and getResponse()') continue
    it(`rejects what is under way with CONNECTION_CLOSED and leaves nothing, in ${name}`, async () => {
      const memory = memoryConnection()
      const [waiting] = await arrive(memory, undefined)
      memory.connection.close()
      assert.equal(memory.connection.state, 'idle')
      const outcome = await outcomeOf(waiting)
      assert.equal(outcome.state, 'rejected')
      const error = (outcome as { error: HTTPException }).error
      assert.equal(error.code, 'CONNECTION_CLOSED', error.stack)
      assertNothingLeft(memory, isConnected)
    })
  }

  it('does not open a connection for a body that was still being looked at', async () => {
    const { connection, network } = memoryConnection()
    let answer: (stat: { size: number; isFile(): boolean }) => void = nothing
    const file = {
      fd: 1,
      stat: () =>
        new Promise<{ size: number; isFile(): boolean }>((resolve) => {
          answer = resolve
        }),
      read: () => Promise.resolve({ bytesRead: 0 }),
    }
    const request = connection.request('POST', '/', file)
    connection.close()
    answer({ size: 1, isFile: () => true })
    assert.equal(((await rejectionOf(request)) as HTTPException).code, 'CONNECTION_CLOSED')
    assert.deepEqual(network.streams, [])
  })
})

describe('closing a response', () => {
  it('closes the connection unless the body has ended', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 9

part`)
    const response = await connection.getResponse()
    response.close()
    response.close()
    assert.equal(response.isClosed, true)
    assert.equal(connection.isConnected, false)
    assert.ok(network.stream.isClosed)
    await assert.rejects(response.read(), { name: 'ImproperConnectionState' })
    await connection.request('GET', '/')
    assert.equal(network.streams.length, 2)
    connection.close()
  })

  it('keeps the connection where the body has come as a whole, read or not', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 4

full`)
    {
      await using response = await connection.getResponse()
      assert.equal(response.isClosed, false)
    }
    await connection.request('GET', '/')
    assert.equal(network.streams.length, 1)
    connection.close()
  })

  it('rejects a read that waits', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 4

`)
    const response = await connection.getResponse()
    const read = response.read()
    response.close()
    assert.equal((await rejectionOf(read)).name, 'ImproperConnectionState')
  })
})

function assertNothingLeft({ connection, network, clock }: MemoryConnection, wasConnected: boolean): void {
  assert.equal(clock.pending, 0, 'a timer is left')
  if (wasConnected) assert.ok(network.stream.isClosed, 'the stream is left')
  else assert.equal(network.givenUp, 1, 'connecting goes on')
  assert.equal(connection.isConnected, false)
  assert.equal(connection.state, 'idle')
}

describe('a connector of the caller', () => {
  const asks: Readonly<Record<string, (asked: Asked) => unknown>> = {
    'the signal of the request': ({ own }) => own.abort(),
    'the signal of the connection': ({ shared }) => shared.abort(),
    'the total timeout': ({ clock }) => clock.advance(1_000),
    'close()': ({ connection }) => connection.close(),
  }
  interface Asked {
    readonly own: AbortController
    readonly shared: AbortController
    readonly clock: ManualClock
    readonly connection: HTTPConnection
  }

  for (const [what, act] of Object.entries(asks))
    it(`hears by its own listener that it is not waited for any more: ${what}`, async () => {
      const clock = new ManualClock()
      const [own, shared] = [new AbortController(), new AbortController()]
      let heard = 0
      const connection = new HTTPConnection('example.test', 80, {
        clock,
        signal: shared.signal,
        timeout: { total: 500 },
        connect: (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal!.addEventListener('abort', () => {
              heard++
              reject(new Error('given up'))
            })
          }),
      })
      const failed = rejectionOf(connection.request('GET', '/', undefined, {}, { signal: own.signal }))
      await settle()
      act({ own, shared, clock, connection })
      await failed
      assert.equal(heard, 1)
      assert.deepEqual(
        [own, shared].map(({ signal }) => getEventListeners(signal, 'abort').length),
        [0, 0],
      )
      connection.close()
    })
})

describe('close(), at each moment of opening', () => {
  /** More than an opening has; the last rows come after it. */
  const MOMENTS = 40

  for (let moment = 0; moment < MOMENTS; moment++) {
    it(`ends a request whose file is still to be measured, ${moment} turns after the one before`, async () => {
      const { connection, network } = memoryConnection({ pipelining: 2 })
      // Its size never comes.
      const file = {
        fd: 3,
        stat: () => new Promise<never>(() => {}),
        read: () => new Promise<never>(() => {}),
      }
      const first = connection.request('GET', '/')
      const second = rejectionOf(connection.request('PUT', '/', file))
      await first
      for (let turn = 0; turn < moment; turn++) await Promise.resolve()
      connection.close()
      assert.equal(((await second) as HTTPException).code, 'CONNECTION_CLOSED')
      for (const stream of network.streams) assert.ok(stream.isClosed)
    })
  }

  for (let moment = 0; moment < MOMENTS; moment++) {
    it(`leaves no transport open after ${moment} turns of the microtask queue`, async () => {
      const { connection, network } = memoryConnection()
      const opening = [connection.connect(), connection.request('GET', '/')].map(outcomeOf)
      for (let turn = 0; turn < moment; turn++) await Promise.resolve()
      connection.close()
      await Promise.all(opening)
      await settle()
      assert.deepEqual(
        network.streams.map(({ isClosed }) => isClosed),
        network.streams.map(() => true),
      )
      assert.equal(connection.isConnected, false)
      // What comes later begins again.
      await connection.connect()
      assert.equal(connection.isConnected, true)
      connection.close()
    })
  }
})

describe('a connector that asks for the connection that it opens', () => {
  for (const closesFirst of [true, false])
    it(`leaves nothing behind after close()${closesFirst ? ', where it had closed it before' : ''}`, async () => {
      const signals: (AbortSignal | undefined)[] = []
      const asked: Promise<unknown>[] = []
      const connection: HTTPConnection = new HTTPConnection('example.test', 80, {
        clock: new ManualClock(),
        connect: (_, { signal }) => {
          signals.push(signal)
          if (signals.length === 1) {
            if (closesFirst) connection.close()
            asked.push(rejectionOf(connection.connect()))
          }
          return new Promise(() => {})
        },
      })
      asked.push(rejectionOf(connection.connect()))
      await settle()
      connection.close()
      for (const error of await Promise.all(asked))
        assert.equal((error as HTTPException).code, 'CONNECTION_CLOSED')
      assert.ok(signals.every((signal) => signal?.aborted === true))
      assert.equal(connection.state, 'idle')
    })
})

describe('an abort while the head is written', () => {
  it('ends a request whose response was asked for before it was sent, and the next one goes on', async () => {
    const aborting = new AbortController()
    const network = new MemoryNetwork()
    const connection = new HTTPConnection('example.test', 80, {
      clock: new ManualClock(),
      connect: async (...given) => {
        const opened = await network.connect(...given)
        const { stream } = network
        const write = stream.write.bind(stream)
        stream.write = (data) => {
          const isTaken = write(data)
          aborting.abort()
          return isTaken
        }
        return opened
      },
    })
    const { signal } = aborting
    const requested = rejectionOf(
      connection.request('GET', '/', undefined, undefined, { signal }).then(() => signal.throwIfAborted()),
    )
    const answered = rejectionOf(connection.getResponse())
    assert.equal(await requested, signal.reason)
    assert.equal(await answered, signal.reason)
    assert.equal(connection.state, 'idle')
    await connection.request('GET', '/next')
    assert.match(network.stream.written.toString('latin1'), /^GET \/next /)
    connection.close()
  })
})

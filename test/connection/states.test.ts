// Every call in every state of the diagram at the head of src/connection/http-connection.ts. What is legal comes from
// the seed's document; what an illegal call raises, from its list of exceptions.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionState } from '../../src/connection/call-states.ts'
import { ImproperConnectionState } from '../../src/errors/index.ts'
import { wire } from '../support/bytes.ts'
import { exchange, type MemoryConnection, memoryConnection, outcomeOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

type Call =
  | 'request'
  | 'putRequest'
  | 'putHeader'
  | 'endHeaders'
  | 'send'
  | 'getResponse'
  | 'connect'
  | 'setTunnel'
  | 'setDebugLevel'
  | 'close'

/** How to come into each situation; several are one state of the diagram. */
const SITUATIONS: Readonly<
  Record<string, { state: ConnectionState; arrive: (memory: MemoryConnection) => Promise<void> | void }>
> = {
  'before anything': { state: 'idle', arrive: () => {} },
  'after connect()': { state: 'idle', arrive: ({ connection }) => connection.connect() },
  'while connect() is connecting': {
    state: 'idle',
    arrive: ({ connection, network }) => {
      network.hangsIn = 'connect'
      connection.connect().catch(() => {})
    },
  },
  'while request() is connecting': {
    state: 'request-sent',
    arrive: async ({ connection, network }) => {
      network.hangsIn = 'tls'
      connection.request('GET', '/').catch(() => {})
      await outcomeOf(Promise.resolve())
    },
  },
  'while endHeaders() is connecting': {
    state: 'request-sent',
    arrive: ({ connection, network }) => {
      network.hangsIn = 'dns'
      connection.putRequest('POST', '/')
      connection.putHeader('Transfer-Encoding', 'chunked')
      connection.endHeaders().catch(() => {})
    },
  },
  'after the server ended the idle connection': {
    state: 'idle',
    arrive: async (memory) => {
      await (await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab')).read()
      memory.network.stream.receiveEnd()
      await outcomeOf(Promise.resolve())
    },
  },
  'after putRequest()': {
    state: 'request-started',
    arrive: ({ connection }) => connection.putRequest('GET', '/'),
  },
  'after putHeader()': {
    state: 'request-started',
    arrive: ({ connection }) => {
      connection.putRequest('GET', '/')
      connection.putHeader('X-A', '1')
    },
  },
  'after endHeaders() with a body to come': {
    state: 'request-sent',
    arrive: async ({ connection }) => {
      connection.putRequest('POST', '/')
      connection.putHeader('Transfer-Encoding', 'chunked')
      await connection.endHeaders()
    },
  },
  'after endHeaders() without a body': {
    state: 'request-sent',
    arrive: async ({ connection }) => {
      connection.putRequest('GET', '/')
      await connection.endHeaders()
    },
  },
  'after request()': { state: 'request-sent', arrive: ({ connection }) => connection.request('GET', '/') },
  'while request() is sending': {
    state: 'request-sent',
    arrive: async ({ connection, network }) => {
      network.prepare = (stream) => {
        stream.takes = false
      }
      connection.request('POST', '/', [Buffer.alloc(9), Buffer.alloc(9)]).catch(() => {})
      await outcomeOf(Promise.resolve())
    },
  },
  'while getResponse() waits': {
    state: 'request-sent',
    arrive: async ({ connection }) => {
      await connection.request('GET', '/')
      connection.getResponse().catch(() => {})
      await outcomeOf(Promise.resolve())
    },
  },
  'with a response unread': {
    state: 'unread-response',
    arrive: async (memory) => {
      await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')
    },
  },
  'after the response was read': {
    state: 'idle',
    arrive: async (memory) => {
      await (await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab')).read()
    },
  },
  'after the response was closed': {
    state: 'idle',
    arrive: async (memory) => {
      ;(await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')).close()
    },
  },
  'after a response without a body': {
    state: 'idle',
    arrive: async (memory) => {
      await exchange(memory, 'HTTP/1.1 204 No Content\r\n\r\n')
    },
  },
  'after close()': {
    state: 'idle',
    arrive: async (memory) => {
      await exchange(memory, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab')
      memory.connection.close()
    },
  },
}

const ALL_SENT = ['after endHeaders() without a body', 'after request()']
const CONNECTED = [
  'while connect() is connecting',
  'after connect()',
  ...ALL_SENT,
  'after endHeaders() with a body to come',
  'while request() is sending',
  'while getResponse() waits',
  'with a response unread',
  'after the response was read',
  'after a response without a body',
]

/** The error a call raises in a situation; undefined where it is legal. */
function expectedError(call: Call, situation: string): string | undefined {
  const { state } = SITUATIONS[situation]!
  switch (call) {
    case 'request':
    case 'putRequest':
      return state === 'idle' ? undefined : 'CannotSendRequest'
    case 'putHeader':
    case 'endHeaders':
      return state === 'request-started' ? undefined : 'CannotSendHeader'
    case 'send':
      return situation === 'after endHeaders() with a body to come' ? undefined : 'ImproperConnectionState'
    case 'getResponse':
      if (situation === 'while getResponse() waits') return 'ResponseNotReady'
      return state === 'request-sent' ? undefined : 'ResponseNotReady'
    case 'setTunnel':
      return CONNECTED.includes(situation) || state !== 'idle' ? 'ImproperConnectionState' : undefined
    case 'connect':
    case 'setDebugLevel':
    case 'close':
      return undefined
  }
}

const CALLS: Readonly<Record<Call, (memory: MemoryConnection) => unknown>> = {
  request: ({ connection }) => connection.request('GET', '/'),
  putRequest: ({ connection }) => connection.putRequest('GET', '/'),
  putHeader: ({ connection }) => connection.putHeader('X-B', '2'),
  endHeaders: ({ connection }) => connection.endHeaders(),
  send: ({ connection }) => connection.send('12345678'),
  getResponse: ({ connection }) => connection.getResponse(),
  connect: ({ connection }) => connection.connect(),
  setTunnel: ({ connection }) => connection.setTunnel('inner.test', 443),
  setDebugLevel: ({ connection }) => connection.setDebugLevel(0),
  close: ({ connection }) => connection.close(),
}

/** What a call raises of its own accord, at once or in a promise. */
async function raise(call: Call, memory: MemoryConnection): Promise<unknown> {
  try {
    const outcome = await outcomeOf(Promise.resolve(CALLS[call](memory)))
    return outcome.state === 'rejected' ? outcome.error : undefined
  } catch (error) {
    return error
  }
}

describe('the states of a connection', () => {
  for (const [situation, { state, arrive }] of Object.entries(SITUATIONS)) {
    it(`is ${state} ${situation}`, async () => {
      const memory = memoryConnection()
      await arrive(memory)
      assert.equal(memory.connection.state, state)
      memory.connection.close()
    })

    for (const call of Object.keys(CALLS) as Call[]) {
      const expected = expectedError(call, situation)
      it(`${expected === undefined ? 'allows' : `answers with ${expected}`} ${call}() ${situation}`, async () => {
        const memory = memoryConnection()
        await arrive(memory)
        const error = await raise(call, memory)
        if (expected === undefined) {
          assert.equal(error, undefined)
        } else {
          assert.ok(error instanceof ImproperConnectionState, String(error))
          assert.equal(error.name, expected)
          // What is wrong with setTunnel may be the open connection, in whatever state it is.
          if (call !== 'setTunnel') assertExplains(error, call, state)
          assert.equal(memory.connection.state, state, 'the refused call changed the state')
        }
        memory.connection.close()
        assert.equal(memory.connection.state, 'idle')
      })
    }
  }

  it('names in the message of a refused call only calls that are legal then', async () => {
    for (const [situation, { arrive }] of Object.entries(SITUATIONS)) {
      for (const refused of ['getResponse', 'putHeader', 'request', 'send'] as const) {
        const memory = memoryConnection()
        await arrive(memory)
        const error = await raise(refused, memory)
        memory.connection.close()
        if (!(error instanceof ImproperConnectionState)) continue
        const legal = error.message.slice(error.message.lastIndexOf('legal now:'))
        for (const [, call] of legal.matchAll(/(?<![.\w])(\w+)\(\)/g)) {
          const again = memoryConnection()
          await arrive(again)
          assert.equal(
            await raise(call as Call, again),
            undefined,
            `${situation}: "${error.message}" names ${call}()`,
          )
          again.connection.close()
        }
      }
    }
  })

  it('sends nothing for a refused call', async () => {
    for (const [situation, { arrive }] of Object.entries(SITUATIONS)) {
      for (const call of Object.keys(CALLS) as Call[]) {
        if (expectedError(call, situation) === undefined) continue
        const memory = memoryConnection()
        await arrive(memory)
        const before = memory.network.streams.map(({ written }) => written.toString('latin1'))
        await raise(call, memory)
        assert.deepEqual(
          memory.network.streams.map(({ written }) => written.toString('latin1')),
          before,
          `${call}() ${situation}`,
        )
        memory.connection.close()
      }
    }
  })

  // One that was not lent is closed by giveBack(), too.
  for (const end of ['close', 'giveBack'] as const) {
    it(`comes back to idle by ${end}() from everywhere, and takes a new request at once`, async () => {
      for (const [situation, { arrive }] of Object.entries(SITUATIONS)) {
        const memory = memoryConnection()
        await arrive(memory)
        memory.connection[end]()
        assert.equal(memory.connection.state, 'idle', situation)
        assert.equal(memory.connection.isConnected, false, situation)
        memory.network.prepare = () => {}
        memory.network.hangsIn = undefined
        await memory.connection.request('GET', '/again')
        assert.match(memory.network.stream.written.toString('latin1'), /^GET \/again /, situation)
        for (const stream of memory.network.streams.slice(0, -1)) assert.ok(stream.isClosed, situation)
        memory.connection.close()
      }
    })
  }
})

describe('a connection in use', () => {
  it('is connected from the first send until close()', async () => {
    const memory = memoryConnection()
    assert.equal(memory.connection.isConnected, false)
    await memory.connection.request('GET', '/')
    assert.equal(memory.connection.isConnected, true)
    memory.network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 0

`)
    await memory.connection.getResponse()
    assert.equal(memory.connection.isConnected, true)
    memory.connection.close()
    assert.equal(memory.connection.isConnected, false)
  })

  it('opens one connection for calls of connect() side by side', async () => {
    const { connection, network } = memoryConnection()
    await Promise.all([connection.connect(), connection.connect()])
    await connection.request('GET', '/')
    assert.equal(network.streams.filter((stream) => !stream.isClosed).length, 1)
    connection.close()
    assert.deepEqual(
      network.streams.map((stream) => stream.isClosed),
      network.streams.map(() => true),
    )
  })

  it('does nothing at a second connect() and a second close()', async () => {
    const { connection, network } = memoryConnection()
    await connection.connect()
    await connection.connect()
    assert.equal(network.streams.length, 1)
    connection.close()
    connection.close()
    assert.deepEqual(network.stream.calls, ['close'])
  })

  it('closes at the end of an `await using` block', async () => {
    const { connection, network } = memoryConnection()
    {
      await using used = connection
      await used.request('GET', '/')
    }
    assert.ok(network.stream.isClosed)
    assert.equal(connection.state, 'idle')
  })
})

function assertExplains(error: ImproperConnectionState, call: Call, state: ConnectionState): void {
  assert.ok(error.message.includes(`${call}() was called in state '${state}'`), error.message)
  const legal = error.message.slice(error.message.lastIndexOf('legal now:'))
  assert.ok(error.message.includes('legal now:'), error.message)
  assert.ok(!new RegExp(`(?<![.\\w])${call}\\(\\)`).test(legal), `names the refused call: ${error.message}`)
}

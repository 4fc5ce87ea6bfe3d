// What goes wrong in the callback of a socket shows the line of the program that waited for it, and costs nothing where it goes well.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HTTPConnection as Connection, type HTTPResponse } from '../../src/index.ts'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { memoryConnection } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, type Script, startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const HERE = /caller-lines\.test\.[jt]s/

/** The stack of what `call` rejects with: its first line, and the lines of functions. */
async function failureOf(call: () => Promise<unknown>): Promise<Error> {
  try {
    await call()
  } catch (error) {
    assert.ok(error instanceof Error)
    return error
  }
  throw new assert.AssertionError({ message: 'it did not fail' })
}

/** Fails unless the stack of the error names the function that waited, and begins with its message. */
async function assertShowsCaller(named: string, wait: () => Promise<unknown>): Promise<void> {
  const error = await failureOf(wait)
  const lines = (error.stack ?? '').slice(error.message.length).split('\n')
  assert.ok(error.stack?.includes(error.message) === true, error.stack)
  assert.ok(
    lines.some((line) => HERE.test(line) && line.includes(named)),
    error.stack,
  )
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'

/** What a server does to each connection once the request has come. */
const SERVERS: Readonly<Record<string, Script>> = {
  reset: (peer) => void peer.socket.resetAndDestroy(),
  'closed without a response': (peer) => peer.close(),
  malformed: async (peer) => {
    await peer.reply(latin1('HTTP/1.1 200 OK\r\nno colon\r\n\r\n'))
  },
  'a silent server': () => {},
}
const BODIES: Readonly<Record<string, Script>> = {
  truncated: async (peer) => {
    await peer.reply(latin1(`${HEAD}half`))
    peer.close()
  },
  'reset inside the body': async (peer) => {
    await peer.reply(latin1(`${HEAD}half`))
    setImmediate(() => peer.socket.resetAndDestroy())
  },
  'malformed chunks': async (peer) => {
    await peer.reply(latin1('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'))
  },
  'a server that stops': async (peer) => {
    await peer.reply(latin1(`${HEAD}half`))
  },
}
const READS: Readonly<Record<string, (response: HTTPResponse) => Promise<unknown>>> = {
  'read()': (response) => response.read(),
  'read(n)': (response) => response.read(8),
  'text()': (response) => response.text(),
  'json()': (response) => response.json(),
  'bytes()': (response) => response.bytes(),
  'readLine()': (response) => response.readLine(),
  'readInto()': async (response) => {
    const memory = Buffer.alloc(8)
    while (true) await response.readInto(memory)
  },
  iteration: async (response) => {
    for await (const piece of response) assert.ok(piece.length > 0)
  },
}

function serve(script: Script): Promise<RawServer> {
  return startRawServer(async (peer, index) => {
    await peer.until('\r\n\r\n')
    await script(peer, index)
  })
}

const TIMEOUT = { timeout: { headers: 40, body: 40 } }
/** A busy machine may take its time for the head. */
const BODY_TIMEOUT = { timeout: { headers: 10_000, body: 40 } }

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  await using server = await startRawServer(() => {})
  return server.port
}

describe('the stack of an error shows the line that waited', () => {
  it('for a refused connection, by request() and by connect()', async () => {
    const port = await freePort()
    await using connection = new Connection('127.0.0.1', port)
    await assertShowsCaller('requests', async function requests() {
      await connection.request('GET', '/')
    })
    await assertShowsCaller('connects', async function connects() {
      await connection.connect()
    })
    await assertShowsCaller('asks', async function asks() {
      connection.request('GET', '/').catch(() => {})
      await connection.getResponse()
    })
    await assertShowsCaller('steps', async function steps() {
      connection.putRequest('GET', '/')
      connection.endHeaders().catch(() => {})
      await connection.getResponse()
    })
  })

  for (const [what, script] of Object.entries(SERVERS)) {
    it(`for ${what}, by getResponse() and by getresponse()`, async () => {
      await using server = await serve(script)
      await using connection = new Connection('127.0.0.1', server.port, TIMEOUT)
      await connection.request('GET', '/')
      await assertShowsCaller('waits', async function waits() {
        await connection.getResponse()
      })
      const ported = new httplib.HTTPConnection('127.0.0.1', server.port, { timeout: 0.04 })
      await ported.request('GET', '/')
      await assertShowsCaller('waits', async function waits() {
        await ported.getresponse()
      })
      ported.close()
    })
  }

  for (const [what, script] of Object.entries(BODIES)) {
    it(`for ${what}, by every way of reading`, async () => {
      await using server = await serve(script)
      for (const [how, read] of Object.entries(READS)) {
        await using connection = new Connection('127.0.0.1', server.port, BODY_TIMEOUT)
        await connection.request('GET', '/')
        const response = await connection.getResponse()
        await assertShowsCaller('reads', async function reads() {
          await read(response)
          assert.fail(`${how} did not fail`)
        })
      }
      const ported = new httplib.HTTPConnection('127.0.0.1', server.port, { timeout: 0.4 })
      await ported.request('GET', '/')
      const response = await ported.getresponse()
      await assertShowsCaller('reads', async function reads() {
        await response.read()
      })
      ported.close()
    })
  }

  it('for a body that is read after it broke off', async () => {
    const memory = memoryConnection()
    await memory.connection.request('GET', '/')
    memory.network.stream.receive(Buffer.from(`${HEAD}half`))
    const response = await memory.connection.getResponse()
    memory.network.stream.receiveEnd()
    await assertShowsCaller('reads', async function reads() {
      await response.read()
    })
  })
})

describe('an exchange that goes well', () => {
  it('captures no stack', async (test) => {
    const captured = test.mock.method(Error, 'captureStackTrace')
    const { connection, network } = memoryConnection()
    await connection.connect()
    for (const read of Object.values(READS)) {
      if (read === READS['readInto()']) continue
      await connection.request('POST', '/', 'body')
      network.stream.receive(Buffer.from(HEAD))
      const response = await connection.getResponse()
      const reading = read(response)
      network.stream.receive(Buffer.from('1234567890'))
      await reading
      response.close()
      if (connection.state !== 'idle' || !connection.isConnected) {
        connection.close()
        await connection.connect()
      }
    }
    assert.equal(captured.mock.callCount(), 0)
  })
})

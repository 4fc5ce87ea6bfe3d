// The timeout of each phase, on a clock that the test moves. A timeout is never early, and late by no more than a part of
// its grid.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveTimeouts, type TimeoutOption } from '../../src/core/timeouts.ts'
import type { TimeoutError } from '../../src/errors/index.ts'
import { wire } from '../support/bytes.ts'
import { memoryConnection, outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const LATE_MS = 40
/** Until somebody is there to be given something. */
const nothing = (): void => {}
const HEAD = wire`HTTP/1.1 200 OK
Content-Length: 10

`

async function timeoutOf(promise: Promise<unknown>): Promise<TimeoutError> {
  const error = await rejectionOf(promise)
  assert.equal(error.name, 'TimeoutError', error.stack)
  return error as TimeoutError
}

describe('the timeouts of connecting', () => {
  for (const phase of ['dns', 'connect', 'tls'] as const) {
    it(`end the phase ${phase}, and leave nothing`, async () => {
      const { connection, network, clock } = memoryConnection({ timeout: { [phase]: 500 } })
      network.hangsIn = phase
      const request = connection.request('GET', '/')
      await outcomeOf(request)
      await clock.pass(499)
      assert.equal((await outcomeOf(request)).state, 'pending')
      await clock.pass(LATE_MS)
      const error = await timeoutOf(request)
      assert.equal(error.phase, phase)
      assert.equal(error.timeoutMs, 500)
      assert.equal(error.code, `TIMEOUT_${phase.toUpperCase()}`)
      assert.equal(network.givenUp, 1)
      assert.equal(clock.pending, 0)
      assert.equal(connection.state, 'idle')
    })
  }

  it('bound connect() as well', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: 300 })
    network.hangsIn = 'connect'
    const error = timeoutOf(connection.connect())
    await clock.pass(300 + LATE_MS)
    assert.equal((await error).phase, 'connect')
  })
})

describe('the timeout of the phase headers', () => {
  it('runs from the end of the request to the head of the response', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { headers: 500 } })
    await connection.request('GET', '/')
    const response = connection.getResponse()
    await clock.pass(499)
    assert.equal((await outcomeOf(response)).state, 'pending')
    await clock.pass(LATE_MS)
    const error = await timeoutOf(response)
    assert.equal(error.phase, 'headers')
    assert.equal(error.reused, false)
    assert.equal(error.responseStarted, false)
    assert.ok(network.stream.isClosed)
    assert.equal(clock.pending, 0)
    assert.equal(connection.state, 'idle')
  })

  it('is not put off by a head that comes byte by byte', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { headers: 500 } })
    await connection.request('GET', '/')
    const error = timeoutOf(connection.getResponse())
    for (const byte of 'HTTP/1.1 200 OK\r\n') {
      network.stream.receive(Buffer.from(byte))
      await clock.pass(100)
    }
    assert.equal(connection.isConnected, false)
    assert.equal((await error).phase, 'headers')
    assert.equal((await error).timeoutMs, 500)
  })

  it('is not put off by informational responses', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { headers: 500 } })
    await connection.request('GET', '/')
    const error = timeoutOf(connection.getResponse())
    for (let i = 0; i < 10; i++) {
      network.stream.receive(wire`HTTP/1.1 102 Processing

`)
      await clock.pass(100)
    }
    assert.equal(connection.isConnected, false)
    assert.equal((await error).phase, 'headers')
  })

  it('does not run while the caller is still sending', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { headers: 500 } })
    connection.putRequest('POST', '/')
    connection.putHeader('Content-Length', 2)
    await connection.endHeaders()
    await clock.pass(5_000)
    await connection.send('ab')
    const response = connection.getResponse()
    await clock.pass(400)
    network.stream.receive(HEAD)
    assert.equal((await response).status, 200)
    connection.close()
  })

  it('begins for a pipelined request when the response before it has ended', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { headers: 500 }, pipelining: 2 })
    await connection.request('GET', '/1')
    await connection.request('GET', '/2')
    await clock.pass(400)
    network.stream.receive(wire`HTTP/1.1 204 No Content

`)
    assert.equal((await connection.getResponse()).status, 204)
    await clock.pass(400)
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 0

`)
    assert.equal((await connection.getResponse()).status, 200)
    connection.close()
  })
})

describe('the timeout of the phase body', () => {
  it('runs while nothing comes, again at each byte', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { body: 500 } })
    await connection.request('GET', '/')
    network.stream.receive(HEAD)
    const response = await connection.getResponse()
    const body = response.read()
    for (let i = 0; i < 9; i++) {
      await clock.pass(400)
      network.stream.receive(Buffer.from('x'))
    }
    await clock.pass(499)
    assert.equal((await outcomeOf(body)).state, 'pending')
    await clock.pass(LATE_MS)
    const error = await timeoutOf(body)
    assert.equal(error.phase, 'body')
    assert.equal(error.responseStarted, true)
    assert.ok(network.stream.isClosed)
    assert.equal(clock.pending, 0)
    assert.equal(connection.state, 'idle')
  })

  it('does not run while the caller leaves the bytes unread', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { body: 500 } })
    await connection.request('GET', '/')
    network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 100000

${Buffer.alloc(99_999)}`)
    const response = await connection.getResponse()
    assert.equal(network.stream.isPaused, true)
    await clock.pass(10_000)
    assert.equal((await response.read(99_999)).length, 99_999)
    const last = response.read()
    network.stream.receive(Buffer.from('x'))
    assert.equal((await last).length, 1)
    assert.equal(clock.pending, 0)
    connection.close()
  })
})

describe('the timeout of the phase send', () => {
  it('runs while the peer takes nothing, again when it takes something', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { send: 500 } })
    network.prepare = (stream) => {
      stream.takes = false
    }
    const pieces = Array.from({ length: 4 }, () => Buffer.alloc(10))
    const request = connection.request('POST', '/', pieces)
    await outcomeOf(request)
    await clock.pass(400)
    network.stream.drain()
    network.stream.takes = false
    await outcomeOf(request)
    await clock.pass(499)
    assert.equal((await outcomeOf(request)).state, 'pending')
    await clock.pass(LATE_MS)
    const error = await timeoutOf(request)
    assert.equal(error.phase, 'send')
    assert.ok(network.stream.isClosed)
    assert.equal(clock.pending, 0)
    assert.equal(connection.state, 'idle')
  })

  it('does not run while a source of the body has nothing to give', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { send: 500, headers: 500 } })
    let give: (piece: string) => void = nothing
    const source = async function* (): AsyncGenerator<string> {
      yield await new Promise<string>((resolve) => {
        give = resolve
      })
    }
    const request = connection.request('POST', '/', source())
    await outcomeOf(request)
    await clock.pass(60_000)
    assert.equal((await outcomeOf(request)).state, 'pending')
    give('late')
    await request
    assert.match(network.stream.written.toString(), /4\r\nlate\r\n0\r\n\r\n$/)
    connection.close()
  })

  it('runs for a body that is there as a whole, too', async () => {
    const { connection, network, clock } = memoryConnection({ timeout: { send: 500 } })
    network.prepare = (stream) => {
      stream.takes = false
    }
    const exchange = connection
      .request('POST', '/', Buffer.alloc(1_000_000))
      .then(() => connection.getResponse())
    const outcome = outcomeOf(exchange)
    await outcome
    await clock.pass(500 + LATE_MS)
    assert.equal((await timeoutOf(exchange)).phase, 'send')
    assert.equal(clock.pending, 0)
  })
})

describe('the total timeout', () => {
  it('ends whatever phase it meets', async () => {
    const total: TimeoutOption = { total: 500 }
    const met: Record<string, (given: ReturnType<typeof memoryConnection>) => Promise<unknown>> = {
      connecting: async ({ connection, network }) => {
        network.hangsIn = 'connect'
        await connection.request('GET', '/')
      },
      'a source that never gives': ({ connection }) =>
        connection.request('POST', '/', {
          [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
        }),
      'the wait for the peer to take bytes': ({ connection, network }) => {
        network.prepare = (stream) => {
          stream.takes = false
        }
        return connection.request('POST', '/', [Buffer.alloc(9), Buffer.alloc(9)])
      },
      'the wait for the head': async ({ connection }) => {
        await connection.request('GET', '/')
        await connection.getResponse()
      },
      'the wait for the body': async ({ connection, network }) => {
        await connection.request('GET', '/')
        network.stream.receive(HEAD)
        await (await connection.getResponse()).read()
      },
      'a body nobody reads': async ({ connection, network }) => {
        await connection.request('GET', '/')
        network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 100000

${Buffer.alloc(70_000)}`)
        const response = await connection.getResponse()
        await new Promise((resolve) => setImmediate(resolve))
        await response.read(70_000)
        await response.read()
      },
      'a body to be sent by hand': async ({ connection }) => {
        connection.putRequest('POST', '/')
        connection.putHeader('Content-Length', 4)
        await connection.endHeaders()
        try {
          while (true) {
            await new Promise((resolve) => setImmediate(resolve))
            await connection.send('')
          }
        } finally {
          connection.close()
        }
      },
    }
    for (const [phase, run] of Object.entries(met)) {
      const given = memoryConnection({ timeout: total })
      const running = run(given)
      await outcomeOf(running)
      await given.clock.pass(499)
      assert.equal((await outcomeOf(running)).state, 'pending', phase)
      await given.clock.pass(LATE_MS)
      const outcome = await outcomeOf(running)
      assert.equal(outcome.state, 'rejected', phase)
      const error = await timeoutOf(running)
      assert.equal(error.phase, 'total', phase)
      assert.equal(error.timeoutMs, 500, phase)
      assert.equal(given.clock.pending, 0, phase)
      assert.equal(given.connection.state, 'idle', phase)
    }
  })

  it('of a pipelined request ends the connection, although another one is before it', async () => {
    const { connection, clock } = memoryConnection({ pipelining: 2 })
    await connection.request('GET', '/1')
    await connection.request('GET', '/2', undefined, undefined, { timeout: { total: 500 } })
    await clock.pass(500 + LATE_MS)
    assert.equal((await rejectionOf(connection.getResponse())).name, 'ConnectionLost')
    assert.equal((await timeoutOf(connection.getResponse())).phase, 'total')
    assert.equal(clock.pending, 0)
  })

  it('of one request counts from its call, and not for the next one', async () => {
    const { connection, network, clock } = memoryConnection()
    for (let i = 0; i < 3; i++) {
      await connection.request('GET', '/', undefined, undefined, { timeout: { total: 500 } })
      await clock.pass(400)
      network.stream.receive(wire`HTTP/1.1 200 OK
Content-Length: 0

`)
      assert.equal((await connection.getResponse()).status, 200)
    }
    await clock.pass(10_000)
    assert.equal(connection.isConnected, true)
    assert.equal(clock.pending, 0)
    connection.close()
  })
})

describe('the option timeout', () => {
  it('is a number for each phase by itself, or phases by name, over the defaults', () => {
    const defaults = {
      dns: 30_000,
      connect: 30_000,
      tls: 30_000,
      send: 300_000,
      headers: 300_000,
      body: 300_000,
      total: Infinity,
    }
    assert.deepEqual(resolveTimeouts(undefined), defaults)
    assert.deepEqual(resolveTimeouts({ body: 5, total: undefined }), { ...defaults, body: 5 })
    assert.deepEqual(resolveTimeouts(7), {
      dns: 7,
      connect: 7,
      tls: 7,
      send: 7,
      headers: 7,
      body: 7,
      total: Infinity,
    })
    assert.equal(resolveTimeouts({ send: 9 }, resolveTimeouts(7)).headers, 7)
  })

  it('may be longer than a timer of the platform can wait', async () => {
    const { connection, clock } = memoryConnection({ timeout: 3_000_000_000 })
    await connection.request('GET', '/')
    assert.ok(clock.delays.every((delayMs) => delayMs < 2 ** 31))
    await clock.pass(2 ** 31)
    assert.equal(connection.isConnected, true)
    const error = timeoutOf(connection.getResponse())
    await clock.pass(1_000_000_000)
    assert.equal((await error).phase, 'headers')
  })

  it('is a TypeError where it is unknown, or no number above 0', () => {
    for (const wrong of [0, -1, Number.NaN, '5', { body: 0 }, { body: '5' }, { idle: 5 }, { toString: 5 }]) {
      assert.throws(
        () => resolveTimeouts(wrong as unknown as TimeoutOption),
        TypeError,
        JSON.stringify(wrong),
      )
    }
  })
})

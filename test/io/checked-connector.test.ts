// What a connector of the caller's gives by mistake is told with the name of the option, at each height that takes it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client, type Connector, HTTPConnection, TimeoutError } from '../../src/index.ts'
import type { DialedStream } from '../../src/io/byte-stream.ts'
import { waitFor } from '../../src/time/wait.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const MISTAKES: readonly unknown[] = [
  undefined,
  null,
  'a stream',
  {},
  { stream: null, timings: {} },
  { stream: {}, timings: {} },
  { stream: { start: () => {} } },
  { stream: { start: () => {} }, timings: null },
]

/** A connector that gives this, whatever its type says. */
function giving(mistake: unknown): Connector {
  return () => Promise.resolve(mistake as never)
}

describe('the option connect', () => {
  it('closes the stream of what it refuses: nobody else can', async () => {
    let destroyed = 0
    const stream = { start: () => {}, destroy: () => destroyed++ }
    const connection = new HTTPConnection('a.test', 80, { connect: giving({ stream }) })
    assert.ok((await rejectionOf(connection.request('GET', '/'))) instanceof TypeError)
    assert.equal(destroyed, 1)
    connection.close()
    const throwing = {
      destroy: () => {
        throw new Error('boom')
      },
    }
    const other = new HTTPConnection('a.test', 80, { connect: giving({ stream: throwing, timings: {} }) })
    assert.match((await rejectionOf(other.request('GET', '/'))).message, /^the option connect gave/)
    other.close()
  })

  for (const mistake of MISTAKES) {
    it(`says what it gave where that is no stream: ${JSON.stringify(mistake)}`, async () => {
      const connect = giving(mistake)
      const connection = new HTTPConnection('a.test', 80, { connect })
      const client = new Client({ connect, retry: false })
      for (const failing of [connection.request('GET', '/'), client.get('http://a.test/')]) {
        const error = await rejectionOf(failing)
        assert.ok(error instanceof TypeError)
        assert.match(error.message, /^the option connect gave .*; it gives \{ stream, timings \}/)
      }
      connection.close()
      await client.close()
    })
  }
})

const never = (): Promise<never> => new Promise(() => {})
const waitsForTls: Connector = (_, waiting) => waitFor(waiting, 'tls', 'a.test', () => () => {})

describe('a connector of the caller that takes its time', () => {
  const timeout = { dns: 1_000, connect: 200, tls: 1_000 }
  const doors: readonly (readonly [string, (connect: Connector, clock: ManualClock) => Promise<unknown>])[] =
    [
      [
        'request()',
        (connect, clock) => new HTTPConnection('a.test', 80, { connect, clock, timeout }).request('GET', '/'),
      ],
      [
        'connect()',
        (connect, clock) => new HTTPConnection('a.test', 80, { connect, clock, timeout }).connect(),
      ],
      [
        'get()',
        (connect, clock) => new Client({ connect, clock, timeout, retry: false }).get('http://a.test/'),
      ],
      ['take()', (connect, clock) => new Client({ connect, clock, timeout }).take('http://a.test/')],
      [
        'preconnect()',
        (connect, clock) => new Client({ connect, clock, timeout }).preconnect('http://a.test/'),
      ],
    ]

  for (const [door, open] of doors) {
    it(`has as long as timeout.connect for it, by ${door}, and what comes too late is closed`, async () => {
      const clock = new ManualClock()
      const late: ((dialed: DialedStream) => void)[] = []
      const signals: (AbortSignal | undefined)[] = []
      const connect: Connector = (_, { signal }) =>
        new Promise((resolve) => {
          late.push(resolve)
          signals.push(signal)
        })
      const failing = rejectionOf(open(connect, clock))
      await clock.pass(190, 10)
      assert.equal(late.length, 1)
      await clock.pass(30, 10)
      const error = await failing
      assert.ok(error instanceof TimeoutError)
      assert.deepEqual([error.code, error.timeoutMs, error.address], ['TIMEOUT_CONNECT', 200, 'a.test:80'])
      assert.equal(signals[0]?.aborted, true)
      const stream = new MemoryStream()
      late[0]!({ stream, timings: {} })
      await settle()
      assert.deepEqual(stream.calls, ['destroy'])
      assert.equal(clock.pending, 0)
    })
  }

  it('is waited for no longer when the request is called off, or its time is over: no timer is left', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const { signal } = controller
    const options = { connect: never, clock }
    const client = new Client(options)
    const askings = [
      new HTTPConnection('a.test', 80, options).request('GET', '/', undefined, undefined, { signal }),
      client.get('http://a.test/', { signal }),
      client.take('http://b.test/', { signal }),
    ].map(rejectionOf)
    let told: AbortSignal | undefined
    const connect: Connector = (_, waiting) => {
      told = waiting.signal
      return never()
    }
    const late = rejectionOf(
      new HTTPConnection('c.test', 80, { ...options, connect, timeout: { total: 50 } }).request('GET', '/'),
    )
    await settle()
    controller.abort()
    for (const asking of askings) assert.equal(await asking, signal.reason)
    // A second later nobody wants what a client had begun to open.
    await clock.pass(1_100, 10)
    assert.equal(Object(await late).code, 'TIMEOUT_TOTAL')
    assert.equal(Object(told?.reason).code, 'TIMEOUT_TOTAL')
    assert.equal(clock.pending, 0)
    client.destroy()
  })

  it('is not begun for what was given up meanwhile, as by a guard', async () => {
    const clock = new ManualClock()
    let calls = 0
    const client: Client = new Client({
      clock,
      retry: false,
      guard: () => {
        client.destroy()
        return true
      },
      connect: () => {
        calls++
        return never()
      },
    })
    assert.equal(Object(await rejectionOf(client.get('http://192.0.2.1/'))).code, 'CONNECTION_CLOSED')
    await settle()
    assert.deepEqual([calls, clock.pending], [0, 0])
  })

  it('is not cut off while a wait of this package is under way in it, which has the timeout of its phase', async () => {
    const clock = new ManualClock()
    const connection = new HTTPConnection('a.test', 80, { connect: waitsForTls, clock, timeout })
    const failing = rejectionOf(connection.request('GET', '/'))
    await clock.pass(1_100, 10)
    assert.deepEqual(Object(await failing).code, 'TIMEOUT_TLS')
    assert.equal(clock.pending, 0)
  })
})

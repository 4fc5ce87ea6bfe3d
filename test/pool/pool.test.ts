import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { withChanges } from '../../src/core/request.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { ConnectError, type HTTPException, RemoteDisconnected, TimeoutError } from '../../src/errors/index.ts'
import { Pool } from '../../src/pool/pool.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { assertEmpty, deadlinesOf, makeRequest, memoryPool, onceBody } from './memory-pool.ts'
import { MemoryTransport } from './memory-transport.ts'

checkOpenHandles()

/** A pool with one idle connection that has served a request. */
async function withIdle(): Promise<{ memory: ReturnType<typeof memoryPool>; idle: MemoryTransport }> {
  const memory = memoryPool()
  const first = memory.pool.exchange(makeRequest(), memory.plan())
  const idle = memory.dials[0]!.succeed()
  await settle()
  idle.answer()
  await first
  return { memory, idle }
}

/** A request that waits so long for a handshake. */
const within = (tls: number, signal?: AbortSignal): ReturnType<typeof makeRequest> =>
  withChanges(makeRequest(), {
    deadlines: {
      ...deadlinesOf(signal === undefined ? {} : { signal }),
      timeouts: { ...DEFAULT_TIMEOUTS, tls },
    },
  })

/** What is under way on a connection. */
function methodsOf({ open }: MemoryTransport): string[] {
  return open.map(({ request }) => request.method)
}

describe('exchange', () => {
  it('opens a connection, sends, and uses the same connection for the next request', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const first = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    transport.answer('one')
    assert.equal(await (await first).text(), 'one')
    const second = pool.exchange(makeRequest(), plan())
    transport.answer('two')
    assert.equal(await (await second).text(), 'two')
    assert.equal(dials.length, 1)
    await pool.close()
    assertEmpty(memory)
  })

  it('opens no more connections than perOrigin allows and serves the rest in the order in which they came', async () => {
    const memory = memoryPool({ limits: { perOrigin: 2 } })
    const { pool, dials, plan } = memory
    const order: string[] = []
    const all = ['/1', '/2', '/3', '/4', '/5'].map(async (target) => {
      const response = await pool.exchange(makeRequest({ target }), plan())
      order.push(await response.text())
    })
    assert.equal(dials.length, 2)
    const [a, b] = [dials[0]!.succeed(), dials[1]!.succeed()]
    await settle()
    for (const transport of [b, a, a, b, a]) {
      const [exchange] = transport.open
      transport.answer(exchange!.request.target)
      await settle()
    }
    await Promise.all(all)
    assert.deepEqual(order, ['/2', '/1', '/4', '/3', '/5'])
    await pool.close()
    assertEmpty(memory)
  })

  it('closes the longest idle connection to another origin where the total cap is full', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { total: 2 } })
    const transports: MemoryTransport[] = []
    for (const host of ['a.test', 'b.test']) {
      const answered = pool.exchange(makeRequest({ host }), plan(host))
      const transport = dials.at(-1)!.succeed()
      await settle()
      transport.answer()
      await answered
      transports.push(transport)
      clock.advance(10)
    }
    void pool.exchange(makeRequest({ host: 'c.test' }), plan('c.test')).catch(() => {})
    assert.deepEqual(
      transports.map(({ state }) => state),
      ['closed', 'open'],
    )
    assert.equal(dials.at(-1)!.host, 'c.test')
    pool.destroy()
  })

  it('does not starve an origin without a connection by one that always has work', async () => {
    const { pool, dials, plan, transports } = memoryPool({ limits: { total: 1 } })
    const order: string[] = []
    const ask = async (host: string): Promise<void> => {
      order.push(await (await pool.exchange(makeRequest({ host }), plan(host))).text())
    }
    const all = [ask('a.test'), ask('a.test'), ask('b.test'), ask('a.test')]
    for (let i = 0; i < 12; i++) {
      for (const dial of dials) if (!dial.isOver) dial.succeed()
      await settle()
      for (const transport of transports) {
        const [exchange] = transport.open
        if (exchange !== undefined) transport.answer(exchange.request.origin.prefix)
      }
      await settle()
    }
    await Promise.all(all)
    assert.deepEqual(order, ['http://a.test', 'http://a.test', 'http://b.test', 'http://a.test'])
    pool.destroy()
  })

  it('gives several exchanges to one connection that can take them', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } }, 3)
    const { pool, dials, plan } = memory
    const all = [1, 2, 3, 4].map(() => pool.exchange(makeRequest(), plan()))
    const transport = dials[0]!.succeed()
    await settle()
    assert.equal(transport.outstanding, 3)
    for (let i = 0; i < 4; i++) {
      transport.answer(String(i))
      await settle()
    }
    const texts = await Promise.all(all.map(async (one) => (await one).text()))
    assert.deepEqual(texts, ['0', '1', '2', '3'])
    await pool.close()
    assertEmpty(memory)
  })

  it('sends nothing behind what may not be sent twice, and that behind nothing', async () => {
    const memory = memoryPool({ limits: { perOrigin: 2 } }, 3)
    const { pool, dials, plan } = memory
    const all = ['GET', 'POST', 'GET', 'GET'].map((method) => pool.exchange(makeRequest({ method }), plan()))
    const [a, b] = [dials[0]!.succeed(), dials[1]!.succeed()]
    await settle()
    // First come, first served: the POST needs a connection of its own, and the others come behind it.
    assert.deepEqual([methodsOf(a), methodsOf(b)], [['GET', 'GET', 'GET'], ['POST']])
    const again = pool.exchange(makeRequest({ method: 'PATCH' }), plan())
    const once = pool.exchange(makeRequest({ method: 'PUT', body: onceBody() }), plan())
    assert.deepEqual([a.outstanding, b.outstanding], [3, 1])
    b.answer()
    await settle()
    assert.deepEqual(methodsOf(b), ['PATCH'])
    b.answer()
    await settle()
    assert.deepEqual(methodsOf(b), ['PUT'])
    for (const transport of [a, a, a, b]) transport.answer()
    for (const one of [...all, again, once]) assert.equal((await one).status, 200)
    await pool.close()
    assertEmpty(memory)
  })

  it('does not use a connection within a second of the end of Keep-Alive: timeout', async () => {
    const { pool, dials, plan, clock } = memoryPool()
    const first = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    transport.keepAliveMs = 5_000
    transport.answer()
    await first
    clock.advance(4_000)
    const second = pool.exchange(makeRequest(), plan())
    assert.equal(transport.outstanding, 1)
    transport.answer()
    await second
    clock.advance(4_001)
    void pool.exchange(makeRequest(), plan()).catch(() => {})
    assert.equal(dials.length, 2)
    pool.destroy()
  })

  it('closes idle connections after idleMs, with a timer that keeps no process alive', async () => {
    const memory = memoryPool({ limits: { idleMs: 1_000 } })
    const { pool, dials, plan, clock } = memory
    const first = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    assert.equal(transport.isRef, true)
    transport.answer()
    await first
    assert.equal(transport.isRef, false)
    assert.equal(clock.pending, 0)
    clock.advance(1_000)
    assert.equal(transport.state, 'open')
    clock.advance(1_000)
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
  })

  it('retires a connection after maxUses requests, and one older than maxAgeMs', async () => {
    const { pool, dials, plan, clock, transports } = memoryPool({ limits: { maxUses: 2, maxAgeMs: 100 } })
    const one = async (): Promise<void> => {
      const answered = pool.exchange(makeRequest(), plan())
      for (const dial of dials) if (!dial.isOver) dial.succeed()
      await settle()
      transports.at(-1)!.answer()
      await answered
    }
    await one()
    await one()
    assert.equal(transports[0]!.state, 'closed')
    await one()
    clock.advance(101)
    await one()
    assert.equal(dials.length, 3)
    pool.destroy()
  })
})

describe('waiting', () => {
  it('that ends in the moment in which a connection comes ends all the same: nothing is written after the total timeout', async () => {
    const { pool, dials, plan, clock } = memoryPool()
    const parts = { endsAt: clock.now() + 700, totalMs: 700 }
    const late = rejectionOf(pool.exchange(makeRequest(parts), plan()))
    // The timer fires at 721.875 ms.
    clock.advance(710)
    const transport = dials[0]!.succeed()
    const error = (await late) as TimeoutError
    assert.equal(error.phase, 'total')
    assert.equal(error.requestBytesWritten, 0)
    assert.equal(transport.open.length, 0)
    const next = pool.exchange(makeRequest(), plan())
    await settle()
    transport.answer('next')
    assert.equal(await (await next).text(), 'next')
    assert.equal(dials.length, 1)
    pool.destroy()
  })

  it('does not begin where the time of the whole is over: the request fails at once, and nothing is opened for it', async () => {
    const { pool, dials, plan, clock } = memoryPool()
    clock.advance(5_000)
    const before = clock.pending
    const error = (await rejectionOf(
      pool.exchange(makeRequest({ endsAt: clock.now(), totalMs: 700 }), plan()),
    )) as TimeoutError
    assert.deepEqual([error.phase, error.timeoutMs, error.requestBytesWritten], ['total', 700, 0])
    assert.deepEqual([dials.length, clock.pending], [0, before])
    const lease = await rejectionOf(
      pool.acquire(plan(), { ...makeRequest().deadlines, endsAt: clock.now() - 1, totalMs: 20 }),
    )
    assert.equal((lease as TimeoutError).timeoutMs, 20)
    assert.deepEqual([dials.length, pool.inspect().waiters.length], [0, 0])
    // Nothing of its origin is kept: the next one is opened by its own plan, not by what the first had brought.
    const own = plan()
    let opened = 0
    const open: typeof own.open = (waiting, urls) => {
      opened++
      return own.open(waiting, urls)
    }
    const next = rejectionOf(pool.exchange(makeRequest(), { ...own, open }))
    assert.equal(opened, 1)
    pool.destroy()
    await next
  })

  it('is told in the timings of the response', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1 } })
    const first = pool.exchange(makeRequest(), plan())
    const second = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    clock.advance(70)
    transport.answer('one')
    assert.equal((await first).timings.queue, undefined)
    await (await first).text()
    await settle()
    transport.answer('two')
    assert.equal((await second).timings.queue, 70)
    await (await second).text()
    pool.destroy()
  })

  it('ends after the queue timeout with an error that says which cap is exhausted', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1, queueMs: 5_000 } })
    const held = pool.exchange(makeRequest(), plan())
    dials[0]!.succeed()
    await settle()
    const late = rejectionOf(pool.exchange(makeRequest(), plan()))
    clock.advance(5_200)
    const error = (await late) as TimeoutError
    assert.equal(error.code, 'TIMEOUT_QUEUE')
    assert.match(error.message, /5000 ms/)
    assert.match(error.message, /all 1 connections to http:\/\/example\.test:80.*raise pool\.perOrigin/)
    assert.equal(error.requestBytesWritten, 0)
    assert.deepEqual(pool.inspect().waiters, [])
    pool.destroy()
    await rejectionOf(held)
  })

  it('says the same where the total timeout ends first', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1 } })
    const held = pool.exchange(makeRequest(), plan())
    dials[0]!.succeed()
    await settle()
    const deadlines = { ...makeRequest().deadlines, endsAt: clock.now() + 100, totalMs: 100 }
    const late = rejectionOf(pool.exchange(withChanges(makeRequest(), { deadlines }), plan()))
    clock.advance(110)
    const error = (await late) as TimeoutError
    assert.equal(error.code, 'TIMEOUT_TOTAL')
    assert.equal(error.mayHaveActed, false)
    assert.match(
      error.message,
      /the total timeout is 100 ms.* waiting for a connection; .*raise pool\.perOrigin/,
    )
    pool.destroy()
    await rejectionOf(held)
  })

  it('names the total cap where that is the one', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { total: 1 } })
    const held = pool.exchange(makeRequest({ host: 'a.test' }), plan('a.test'))
    dials[0]!.succeed()
    await settle()
    const late = rejectionOf(pool.exchange(makeRequest(), plan(), { queueMs: 100 }))
    clock.advance(110)
    assert.match((await late).message, /all 1 connections that pool\.total allows.*raise pool\.total/)
    pool.destroy()
    await rejectionOf(held)
  })

  it('is not bounded by the queue timeout while a connection is being opened for it', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1, queueMs: 100 } })
    const first = pool.exchange(makeRequest(), plan())
    const second = rejectionOf(pool.exchange(makeRequest(), plan()))
    clock.advance(150)
    assert.match((await second).message, /pool\.perOrigin/)
    assert.equal((await outcomeOf(first)).state, 'pending')
    dials[0]!.fail(new ConnectError('CONNECT_FAILED', 'tcp', 'example.test:80'))
    assert.equal(((await rejectionOf(first)) as HTTPException).code, 'CONNECT_FAILED')
    pool.destroy()
  })

  it('ends with the queue timeout where the dial that it was excused for serves another one', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 2, queueMs: 100 } })
    const all = [1, 2].map(() => pool.exchange(makeRequest(), plan()))
    clock.advance(150)
    dials[1]!.fail(new Error('refused'))
    assert.equal((await rejectionOf(all[0]!)).message, 'refused')
    assert.equal((await outcomeOf(all[1]!)).state, 'pending')
    pool.destroy()
    await rejectionOf(all[1]!)
  })

  it('ends with the total timeout, in the queue and during a dial', async () => {
    const { pool, plan, clock, dials } = memoryPool({ limits: { queueMs: 10 } })
    const request = makeRequest({ endsAt: clock.now() + 50, totalMs: 50 })
    const late = rejectionOf(pool.exchange(request, plan()))
    clock.advance(60)
    assert.equal(((await late) as TimeoutError).code, 'TIMEOUT_TOTAL')
    assert.equal(dials[0]!.isOver, false)
    pool.destroy()
  })

  it('rejects with the reason of an abort and leaves no trace', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const held = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    const abort = new AbortController()
    const waiting = pool.exchange(makeRequest({ signal: abort.signal, body: onceBody() }), plan())
    const next = pool.exchange(makeRequest({ target: '/next' }), plan())
    const reason = new Error('changed my mind')
    abort.abort(reason)
    assert.equal(await rejectionOf(waiting), reason)
    assert.equal(pool.inspect().waiters.length, 1)
    transport.answer()
    await held
    assert.equal(transport.open[0]!.request.target, '/next')
    transport.answer()
    await next
    await pool.close()
    assertEmpty(memory)
  })

  it('never begins where the signal is aborted already', async () => {
    const memory = memoryPool()
    const reason = new Error('before')
    const request = makeRequest({ signal: AbortSignal.abort(reason), body: onceBody() })
    assert.equal(await rejectionOf(memory.pool.exchange(request, memory.plan())), reason)
    assertEmpty(memory)
  })
})

describe('a dial', () => {
  it('of an aborted request serves the next one', async () => {
    const { pool, dials, plan } = memoryPool()
    const abort = new AbortController()
    const first = rejectionOf(pool.exchange(makeRequest({ signal: abort.signal }), plan()))
    abort.abort()
    await first
    const second = pool.exchange(makeRequest(), plan())
    assert.equal(dials.length, 1)
    const transport = dials[0]!.succeed()
    await settle()
    transport.answer()
    assert.equal((await second).status, 200)
    pool.destroy()
  })

  it('that nobody waits for is given up after a second', async () => {
    const memory = memoryPool()
    const { pool, dials, plan, clock } = memory
    const abort = new AbortController()
    const first = rejectionOf(pool.exchange(makeRequest({ signal: abort.signal }), plan()))
    abort.abort()
    await first
    clock.advance(900)
    assert.equal(dials[0]!.isOver, false)
    clock.advance(200)
    assert.equal(dials[0]!.waiting.signal?.aborted, true)
    await settle()
    assertEmpty(memory)
    pool.destroy()
  })

  it('is given up a second after its request got another connection', async () => {
    const memory = memoryPool()
    const { pool, dials, plan, clock } = memory
    const [first, second] = [1, 2].map(() => pool.exchange(makeRequest(), plan()))
    const transport = dials[0]!.succeed()
    await settle()
    transport.answer()
    await first
    transport.answer()
    await second
    assert.equal(dials.length, 2)
    clock.advance(900)
    assert.equal(dials[1]!.waiting.signal?.aborted, false)
    clock.advance(200)
    assert.equal(dials[1]!.waiting.signal?.aborted, true)
    await pool.close()
    assertEmpty(memory)
  })

  it('that runs out of the time of one who is gone is begun again for one who waits longer', async () => {
    const { pool, dials, plan } = memoryPool()
    const abort = new AbortController()
    const short = { ...deadlinesOf({ signal: abort.signal }), timeouts: { ...DEFAULT_TIMEOUTS, connect: 20 } }
    const first = rejectionOf(pool.exchange(withChanges(makeRequest(), { deadlines: short }), plan()))
    abort.abort()
    await first
    const second = pool.exchange(makeRequest(), plan())
    assert.equal(dials.length, 1)
    dials[0]!.fail(new TimeoutError('connect', 20))
    await settle()
    assert.equal(dials.length, 2)
    const own = new TimeoutError('connect', DEFAULT_TIMEOUTS.connect)
    dials[1]!.fail(own)
    assert.equal(await rejectionOf(second), own)
    pool.destroy()
  })

  it('that a connector takes less time for than it was given is not begun again', async () => {
    const { pool, dials, plan } = memoryPool()
    const only = rejectionOf(pool.exchange(makeRequest(), plan()))
    const less = new TimeoutError('tls', 1)
    dials[0]!.fail(less)
    assert.equal(await only, less)
    assert.equal(dials.length, 1)
    pool.destroy()
  })

  // Pains 13 and 15: each phase has a timeout, and that of a request always wins.
  it('that goes on for nobody is not waited for by one who is less patient: another one is begun', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const abort = new AbortController()
    const first = rejectionOf(pool.exchange(makeRequest({ signal: abort.signal }), plan()))
    abort.abort()
    await first
    const short = { ...deadlinesOf(), timeouts: { ...DEFAULT_TIMEOUTS, tls: 20 } }
    const second = rejectionOf(pool.exchange(withChanges(makeRequest(), { deadlines: short }), plan()))
    assert.equal(dials[0]!.waiting.signal?.aborted, true)
    assert.equal(dials[1]!.waiting.timeouts.tls, 20)
    const own = new TimeoutError('tls', 20)
    dials[1]!.fail(own)
    assert.equal(await second, own)
    await pool.close()
    assertEmpty(memory)
  })

  // Pains 13 and 15 again: whoever was before it in the line, and however that has gone.
  for (const [perOrigin, title] of [
    [1, 'inherited by one who is less patient is begun again for that one'],
    [2, 'of one who is gone is given up, and not the own one of who is left and less patient'],
  ] as const)
    it(title, async () => {
      const memory = memoryPool({ limits: { perOrigin } })
      const { pool, dials, plan } = memory
      const abort = new AbortController()
      const patient = rejectionOf(pool.exchange(within(4_000, abort.signal), plan()))
      const hasty = rejectionOf(pool.exchange(within(300), plan()))
      assert.equal(dials.length, perOrigin)
      abort.abort()
      await patient
      memory.clock.advance(1_001)
      await settle()
      assert.deepEqual(
        dials.map(({ waiting }) => [waiting.timeouts.tls, waiting.signal?.aborted]),
        [
          [4_000, true],
          [300, false],
        ],
      )
      const own = new TimeoutError('tls', 300)
      dials[1]!.fail(own)
      assert.equal(await hasty, own)
      await pool.close()
      assertEmpty(memory)
    })

  it('whose connection went to one who is more patient is begun again for the one it was for', async () => {
    const { pool, dials, plan } = memoryPool()
    const patient = pool.exchange(within(4_000), plan())
    const hasty = rejectionOf(pool.exchange(within(300), plan()))
    const transport = dials[1]!.succeed()
    await settle()
    assert.equal(dials[0]!.waiting.signal?.aborted, true)
    assert.equal(dials[2]!.waiting.timeouts.tls, 300)
    transport.answer()
    await patient
    pool.destroy()
    await hasty
  })

  it('that was asked for by itself is left to those who asked, whoever is less patient', async () => {
    const { pool, dials, plan } = memoryPool()
    const asked = pool.preconnect(plan(), 3)
    const hasty = pool.exchange(within(300), plan())
    assert.deepEqual(
      dials.map(({ waiting }) => waiting.signal?.aborted),
      [false, false, false],
    )
    const [first] = dials.map((dial) => dial.succeed())
    await asked
    assert.equal(pool.inspect().connections.length, 3)
    first!.answer()
    await hasty
    pool.destroy()
  })

  it('is begun in the place of one alone where several are too long for somebody', async () => {
    const { pool, dials, plan } = memoryPool()
    const aborts = [1, 2, 3].map(() => new AbortController())
    const gone = aborts.map(({ signal }) => rejectionOf(pool.exchange(within(4_000, signal), plan())))
    for (const abort of aborts) abort.abort()
    await Promise.all(gone)
    // They go on for a second: the next request mostly comes soon.
    const hasty = rejectionOf(pool.exchange(within(300), plan()))
    assert.deepEqual(
      dials.map(({ waiting }) => [waiting.timeouts.tls, waiting.signal?.aborted]),
      [
        [4_000, true],
        [4_000, false],
        [4_000, false],
        [300, false],
      ],
    )
    pool.destroy()
    await hasty
  })

  it('for the third of a line takes as long as that one allows', async () => {
    const memory = memoryPool({ limits: { perOrigin: 3, total: 3 } })
    const { pool, dials, plan } = memory
    const held = ['a', 'b', 'c'].map((host) => rejectionOf(pool.exchange(makeRequest({ host }), plan(host))))
    const settings = withChanges(makeRequest(), {})
    const all = [settings, within(20), settings].map((request) => rejectionOf(pool.exchange(request, plan())))
    assert.equal(dials.length, 3)
    for (const dial of dials.slice(0, 3)) dial.fail(new Error('refused'))
    await Promise.all(held)
    await settle()
    assert.deepEqual(
      dials.slice(3).map(({ waiting }) => waiting.timeouts.tls),
      [DEFAULT_TIMEOUTS.tls, 20, DEFAULT_TIMEOUTS.tls],
    )
    pool.destroy()
    await Promise.all(all)
  })

  it('is new for the next one where the time of the one it was for is over just then', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan, clock } = memory
    const late = rejectionOf(pool.exchange(makeRequest({ endsAt: clock.now() + 700, totalMs: 700 }), plan()))
    const next = rejectionOf(pool.exchange(makeRequest(), plan()))
    // The timer fires at 721.875 ms.
    clock.advance(710)
    const transport = dials[0]!.succeed()
    await settle()
    assert.ok((await late) instanceof TimeoutError)
    // RFC 9112 §9.3.1: only a connection that was used before may have been closed by the peer for that.
    transport.die()
    assert.ok((await next) instanceof RemoteDisconnected)
    assert.equal(dials.length, 1)
    pool.destroy()
  })

  it('takes as long as the one it is for allows, whoever else waits', async () => {
    const { pool, dials, plan } = memoryPool()
    const ask = (tls: number): Promise<unknown> => {
      const deadlines = { ...deadlinesOf(), timeouts: { ...DEFAULT_TIMEOUTS, tls } }
      return rejectionOf(pool.exchange(withChanges(makeRequest(), { deadlines }), plan()))
    }
    const [patient, hasty, last] = [ask(500), ask(20), ask(300)]
    assert.deepEqual(
      dials.map(({ waiting }) => waiting.timeouts.tls),
      [500, 20, 300],
    )
    const timeout = new TimeoutError('tls', 20)
    dials[1]!.fail(timeout)
    assert.equal(await hasty, timeout)
    const end = new Error('the end')
    pool.destroy(end)
    assert.deepEqual([await patient, await last], [end, end])
  })

  it('that succeeds first serves the one who came first', async () => {
    const { pool, dials, plan } = memoryPool()
    void pool.exchange(makeRequest({ target: '/1' }), plan()).catch(() => {})
    void pool.exchange(makeRequest({ target: '/2' }), plan()).catch(() => {})
    const transport = dials[1]!.succeed()
    await settle()
    assert.equal(transport.open[0]!.request.target, '/1')
    pool.destroy()
  })

  it('that fails is told to the one who waits longest, with the error of every address', async () => {
    const { pool, dials, plan } = memoryPool()
    const first = pool.exchange(makeRequest(), plan())
    const second = pool.exchange(makeRequest(), plan())
    const attempts = [
      { address: '192.0.2.1:80', error: new Error('ECONNREFUSED') },
      { address: '[2001:db8::1]:80', error: new Error('ENETUNREACH') },
    ]
    const failure = new ConnectError('CONNECT_FAILED', 'tcp', 'example.test:80', { attempts })
    dials[1]!.fail(failure)
    assert.equal(await rejectionOf(first), failure)
    const transport = dials[0]!.succeed()
    await settle()
    transport.answer()
    assert.equal((await second).status, 200)
    pool.destroy()
  })

  it('that fails is begun again for those who still wait, within the caps', async () => {
    const { pool, dials, plan } = memoryPool({ limits: { perOrigin: 1 } })
    const all = [1, 2, 3].map(() => rejectionOf(pool.exchange(makeRequest(), plan())))
    for (let i = 0; i < 3; i++) {
      assert.equal(dials.length, i + 1)
      dials[i]!.fail(new Error(`no ${i}`))
      await settle()
    }
    const messages = (await Promise.all(all)).map(({ message }) => message)
    assert.deepEqual(messages, ['no 0', 'no 1', 'no 2'])
    pool.destroy()
  })

  it('to a peer that closes at once fails a request instead of going on for ever', async () => {
    const memory = memoryPool()
    const { pool, dials, plan, clock } = memory
    const asked = rejectionOf(pool.exchange(makeRequest(), plan()))
    const transport = new MemoryTransport(clock)
    transport.state = 'closed'
    dials[0]!.succeed(transport)
    assert.equal(((await asked) as HTTPException).code, 'CONNECTION_LOST')
    assert.equal(dials.length, 1)
    assertEmpty(memory)
  })

  it('that throws at once is a failed dial', async () => {
    const memory = memoryPool()
    const { key } = memory.plan()
    const broken = {
      key,
      open: () => {
        throw new TypeError('no such address')
      },
    }
    assert.equal((await rejectionOf(memory.pool.exchange(makeRequest(), broken))).message, 'no such address')
    assertEmpty(memory)
  })
})

describe('a reused connection that dies before the first byte of the answer', () => {
  it('is replaced by a new one, and an idempotent request sent again', async () => {
    const { memory, idle } = await withIdle()
    const { pool, dials, plan } = memory
    const asked = pool.exchange(makeRequest(), plan())
    idle.die()
    await settle()
    assert.equal(dials.length, 2)
    const fresh = dials[1]!.succeed()
    await settle()
    fresh.answer('again')
    const response = await asked
    assert.equal(await response.text(), 'again')
    const [first, second, ...more] = response.attempts
    assert.equal((first!.error as HTTPException).code, 'REMOTE_DISCONNECTED')
    assert.equal(first!.decision, 'again, on a new connection: GET is idempotent')
    assert.equal(second!.status, 200)
    assert.deepEqual(more, [])
    pool.destroy()
  })

  it('tells of both attempts where the second one fails, too', async () => {
    const { memory, idle } = await withIdle()
    const asked = rejectionOf(memory.pool.exchange(makeRequest(), memory.plan()))
    idle.die()
    await settle()
    memory.dials[1]!.fail(new ConnectError('CONNECT_REFUSED', 'tcp', 'a.test:80'))
    const failure = (await asked) as HTTPException
    const { attempts } = failure
    // What prints an error that was not caught goes through all that is enumerable.
    assert.equal(Object.keys(attempts![0]!).includes('error'), false)
    // The second one was never sent; the first one was.
    assert.deepEqual([failure.phase, failure.mayHaveActed], ['tcp', true])
    assert.deepEqual(
      attempts!.map(({ phase, error, decision }) => [phase, (error as HTTPException)?.code, decision]),
      [
        [undefined, 'REMOTE_DISCONNECTED', 'again, on a new connection: GET is idempotent'],
        ['tcp', undefined, undefined],
      ],
    )
    assertEmpty(memory)
  })

  it('is not sent again with POST once a byte was written', async () => {
    const { memory, idle } = await withIdle()
    const asked = rejectionOf(memory.pool.exchange(makeRequest({ method: 'POST' }), memory.plan()))
    idle.die()
    assert.equal(((await asked) as HTTPException).code, 'REMOTE_DISCONNECTED')
    assert.equal(memory.dials.length, 1)
    assertEmpty(memory)
  })

  it('is sent again with POST where nothing was written', async () => {
    const { memory, idle } = await withIdle()
    const asked = memory.pool.exchange(makeRequest({ method: 'POST' }), memory.plan())
    idle.open[0]!.written = 0
    idle.die()
    await settle()
    const fresh = memory.dials[1]!.succeed()
    await settle()
    fresh.answer()
    assert.equal((await asked).status, 200)
    memory.pool.destroy()
  })

  it('is not sent again with a body that can be sent once', async () => {
    const { memory, idle } = await withIdle()
    const request = makeRequest({ method: 'PUT', body: onceBody() })
    const asked = rejectionOf(memory.pool.exchange(request, memory.plan()))
    idle.die()
    assert.equal(((await asked) as HTTPException).code, 'REMOTE_DISCONNECTED')
    assertEmpty(memory)
  })

  it('is never tried on a second reused connection, and only once', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const two = [pool.exchange(makeRequest(), plan()), pool.exchange(makeRequest(), plan())]
    const idle = [dials[0]!.succeed(), dials[1]!.succeed()]
    await settle()
    for (const transport of idle) transport.answer()
    await Promise.all(two)
    const asked = rejectionOf(pool.exchange(makeRequest(), plan()))
    idle[1]!.die()
    await settle()
    // The other idle connection is not used, although it is free.
    assert.equal(idle[0]!.outstanding, 0)
    assert.equal(dials.length, 3)
    const fresh = dials[2]!.succeed()
    await settle()
    fresh.die()
    assert.equal(((await asked) as HTTPException).reused, false)
    assert.equal(dials.length, 3)
    pool.destroy()
  })

  it('has its successor opened although the cap is full of idle connections', async () => {
    const memory = memoryPool({ limits: { perOrigin: 2 } })
    const { pool, dials, plan } = memory
    const two = [pool.exchange(makeRequest(), plan()), pool.exchange(makeRequest(), plan())]
    const both = [dials[0]!.succeed(), dials[1]!.succeed()]
    await settle()
    for (const transport of both) transport.answer()
    await Promise.all(two)
    const asked = pool.exchange(makeRequest(), plan())
    both[1]!.die()
    await settle()
    // One place was left by the dead one.
    dials[2]!.succeed()
    await settle()
    memory.transports.at(-1)!.answer()
    assert.equal((await asked).status, 200)
    pool.destroy()
  })
})

describe('acquire', () => {
  it('lends a connection that nobody else uses until it is given back', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const lent = pool.acquire(plan(), deadlinesOf())
    const transport = dials[0]!.succeed()
    const lease = await lent
    assert.equal(lease.transport, transport)
    assert.equal(pool.inspect().connections[0]!.state, 'lent')
    const asked = pool.exchange(makeRequest(), plan())
    await settle()
    assert.equal(transport.outstanding, 0)
    lease.giveBack()
    lease.giveBack()
    assert.equal(transport.outstanding, 1)
    transport.answer()
    await asked
    await pool.close()
    assertEmpty(memory)
  })

  it('lends one that is free at once, and closes what comes back in the middle of something', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    void pool.preconnect(plan())
    const transport = dials[0]!.succeed()
    await settle()
    const lease = await pool.acquire(plan(), deadlinesOf())
    assert.equal(lease.transport, transport)
    const inside = rejectionOf(transport.exchange(makeRequest()))
    lease.giveBack()
    assert.equal(transport.state, 'closed')
    await inside
    assertEmpty(memory)
  })

  it('takes a lease back once: giving it back again later takes nothing away from the next holder', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const lent = pool.acquire(plan(), deadlinesOf())
    const transport = dials[0]!.succeed()
    const stale = await lent
    stale.giveBack()
    const lease = await pool.acquire(plan(), deadlinesOf())
    const inside = transport.exchange(makeRequest())
    stale.giveBack()
    assert.equal(pool.inspect().connections[0]!.state, 'lent')
    assert.equal(transport.state, 'open')
    transport.answer()
    await inside
    lease.giveBack()
    await pool.close()
    assertEmpty(memory)
  })

  it('hears its signal, and its connection may end while it is lent', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const abort = new AbortController()
    const given = rejectionOf(pool.acquire(plan(), deadlinesOf({ signal: abort.signal })))
    abort.abort(new Error('no'))
    assert.equal((await given).message, 'no')
    const lent = pool.acquire(plan(), deadlinesOf())
    dials[0]!.succeed()
    const lease = await lent
    memory.transports[0]!.die()
    lease.giveBack()
    assertEmpty(memory)
    const aborted = deadlinesOf({ signal: AbortSignal.abort(new Error('before')) })
    assert.equal((await rejectionOf(pool.acquire(plan(), aborted))).message, 'before')
  })
})

describe('preconnect', () => {
  it('opens as many connections as are missing, within the caps', async () => {
    const { pool, dials, plan } = memoryPool({ limits: { perOrigin: 3 } })
    const opened = pool.preconnect(plan(), 5)
    assert.equal(dials.length, 3)
    for (const dial of dials) dial.succeed()
    await opened
    assert.deepEqual(
      pool.inspect().connections.map(({ state, uses }) => [state, uses]),
      [
        ['idle', 0],
        ['idle', 0],
        ['idle', 0],
      ],
    )
    await pool.preconnect(plan(), 2)
    assert.equal(dials.length, 3)
    await pool.close()
  })

  it('rejects with what opening threw', async () => {
    const memory = memoryPool()
    const opened = rejectionOf(memory.pool.preconnect(memory.plan()))
    memory.dials[0]!.fail(new Error('refused'))
    assert.equal((await opened).message, 'refused')
    await assert.rejects(memory.pool.preconnect(memory.plan(), 0), TypeError)
    assertEmpty(memory)
  })

  it('rejects with the first failure, whatever the others do', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const opened = rejectionOf(pool.preconnect(plan(), 3))
    dials[1]!.fail(new Error('refused'))
    assert.equal((await opened).message, 'refused')
    assert.deepEqual(
      [dials[0], dials[2]].map((dial) => dial!.waiting.signal?.aborted),
      [true, true],
    )
    assertEmpty(memory)
    dials[0]!.succeed()
    dials[2]!.succeed()
    await settle()
    assertEmpty(memory)
  })

  it('begins its own where a call that has begun one gives it up, though nothing hears of that', async () => {
    for (const count of [1, 2, 3]) {
      const memory = memoryPool({}, 1, false)
      const { pool, dials, plan } = memory
      const first = rejectionOf(pool.preconnect(plan(), 2))
      const second = pool.preconnect(plan(), count)
      dials[0]!.fail(new Error('refused'))
      assert.equal((await first).message, 'refused')
      assert.equal(dials[1]!.waiting.signal?.aborted, true)
      for (let begun = 2; begun < 2 + count; begun++) {
        await settle()
        dials[begun]!.succeed()
      }
      await second
      assert.equal(dials.length, 2 + count)
      assert.equal(pool.inspect().connections.length, count)
      await pool.close()
      assertEmpty(memory)
    }
  })

  it('does not count the dials that requests wait for', async () => {
    const { pool, dials, plan } = memoryPool()
    const requests = [1, 2].map(() => rejectionOf(pool.exchange(makeRequest(), plan())))
    const opened = pool.preconnect(plan())
    assert.equal(dials.length, 3)
    for (const dial of dials.slice(0, 2)) dial.fail(new Error('refused'))
    for (const request of requests) assert.equal((await request).message, 'refused')
    assert.equal((await outcomeOf(opened)).state, 'pending')
    dials[2]!.succeed()
    await opened
    assert.deepEqual(
      pool.inspect().connections.map(({ state }) => state),
      ['idle'],
    )
    await pool.close()
  })

  it('waits for a dial that another call has begun, and begins its own where that fails', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const first = rejectionOf(pool.preconnect(plan()))
    const second = pool.preconnect(plan())
    const third = pool.preconnect(plan())
    assert.equal(dials.length, 1)
    assert.equal((await outcomeOf(second)).state, 'pending')
    dials[0]!.fail(new Error('refused'))
    assert.equal((await first).message, 'refused')
    await settle()
    assert.equal(dials.length, 2)
    dials[1]!.succeed()
    await second
    await third
    assert.equal(pool.inspect().connections.length, 1)
    await pool.close()
    assertEmpty(memory)
  })

  it('opens one in the place of one that has been idle too long to be used', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1 } })
    const first = pool.preconnect(plan())
    const transport = dials[0]!.succeed()
    await first
    transport.keepAliveMs = 2_000
    clock.advance(1_500)
    const second = pool.preconnect(plan())
    assert.equal(dials.length, 2)
    assert.equal(transport.state, 'closed')
    dials[1]!.succeed()
    await second
    await pool.close()
  })

  it('begins no more than it was asked for, where requests take what it opens', async () => {
    const { pool, dials, plan } = memoryPool()
    const opened = pool.preconnect(plan(), 2)
    const answers = [pool.exchange(makeRequest(), plan()), pool.exchange(makeRequest(), plan())]
    const transports = dials.map((dial) => dial.succeed())
    await opened
    assert.equal(dials.length, 2)
    for (const transport of transports) transport.answer()
    for (const answer of answers) await (await answer).read()
    await pool.close()
  })

  it('gives up what is not open yet, and begins nothing more', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const over = new AbortController()
    const opened = pool.preconnect(plan(), 2, undefined, undefined, over.signal)
    over.abort()
    await opened
    assert.deepEqual(
      dials.map(({ waiting }) => waiting.signal?.aborted),
      [true, true],
    )
    assertEmpty(memory)
    await pool.preconnect(plan(), 2, undefined, undefined, over.signal)
    assert.equal(dials.length, 2)
  })

  it('leaves those that requests wait for, and what is open', async () => {
    const memory = memoryPool()
    const { pool, dials, plan, transports } = memory
    const over = new AbortController()
    void pool.preconnect(plan(), 3, undefined, undefined, over.signal)
    dials[0]!.succeed()
    await settle()
    const answers = [pool.exchange(makeRequest(), plan()), pool.exchange(makeRequest(), plan())]
    over.abort()
    const [, second, third] = dials
    assert.deepEqual([second, third].filter((dial) => dial!.waiting.signal?.aborted === true).length, 1)
    const left = second!.waiting.signal?.aborted === true ? third! : second!
    left.succeed()
    await settle()
    for (const transport of transports) transport.answer()
    for (const answer of answers) await (await answer).read()
    assert.equal(dials.length, 3)
    await pool.close()
    assertEmpty(memory)
  })

  it('makes room for others by what is given up', async () => {
    const memory = memoryPool({ limits: { total: 1 } })
    const { pool, dials, plan } = memory
    const over = new AbortController()
    void pool.preconnect(plan(), 1, undefined, undefined, over.signal)
    const other = pool.exchange(makeRequest({ host: 'b.test' }), plan('b.test'))
    assert.equal(dials.length, 1)
    over.abort()
    assert.equal(dials.length, 2)
    const transport = dials[1]!.succeed()
    await settle()
    transport.answer()
    await (await other).read()
    await pool.close()
    assertEmpty(memory)
  })
})

describe('the end of a pool', () => {
  it('waits for what is under way and for those who wait', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const first = pool.exchange(makeRequest(), plan())
    const second = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    const closed = pool.close()
    assert.equal(pool.inspect().state, 'closing')
    const refused = (await rejectionOf(pool.exchange(makeRequest(), plan()))) as HTTPException
    assert.equal(refused.code, 'NOT_CONNECTED')
    await assert.rejects(pool.preconnect(plan()), { code: 'NOT_CONNECTED' })
    transport.answer()
    await first
    assert.equal((await outcomeOf(closed)).state, 'pending')
    transport.answer()
    await second
    await closed
    assert.equal(transport.state, 'closed')
    assert.equal(pool.inspect().state, 'closed')
    assertEmpty(memory)
    await pool[Symbol.asyncDispose]()
  })

  it('gives up dials that nobody waits for, and closes idle connections', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    void pool.preconnect(plan())
    dials[0]!.succeed()
    await settle()
    void pool.preconnect(plan('other.test'))
    await pool.close()
    assert.equal(dials[1]!.waiting.signal?.aborted, true)
    assert.equal(memory.transports[0]!.state, 'closed')
    assertEmpty(memory)
  })

  it('by destroy fails everything at once with the error given', async () => {
    const memory = memoryPool({ limits: { perOrigin: 1 } })
    const { pool, dials, plan } = memory
    const first = pool.exchange(makeRequest(), plan())
    const second = pool.exchange(makeRequest(), plan())
    const third = pool.exchange(makeRequest({ host: 'b.test' }), plan('b.test'))
    dials[0]!.succeed()
    await settle()
    const error = new Error('shutting down')
    pool.destroy(error)
    pool.destroy()
    for (const one of [first, second, third]) assert.equal(await rejectionOf(one), error)
    assert.equal(await rejectionOf(pool.exchange(makeRequest(), plan())), error)
    assertEmpty(memory)
    await pool.close()
  })

  it('by destroy without an error is CONNECTION_CLOSED, and closes a dial that ends later', async () => {
    const memory = memoryPool()
    const { pool, plan, clock } = memory
    let opened: ((transport: MemoryTransport) => void) | undefined
    const stubborn = {
      key: plan().key,
      open: () =>
        new Promise<MemoryTransport>((resolve) => {
          opened = resolve
        }),
    }
    const asked = rejectionOf(pool.exchange(makeRequest(), stubborn))
    pool.destroy()
    assert.equal(((await asked) as HTTPException).code, 'CONNECTION_CLOSED')
    const late = new MemoryTransport(clock)
    opened?.(late)
    await settle()
    assert.equal(late.state, 'closed')
    assertEmpty(memory)
  })
})

describe('inspect', () => {
  it('shows connections, dials and those who wait, without queries and credentials, frozen', async () => {
    const { pool, dials, plan, clock } = memoryPool({ limits: { perOrigin: 1 } })
    void pool.exchange(makeRequest({ target: '/a?token=s3cret' }), plan()).catch(() => {})
    void pool.exchange(makeRequest({ target: '/b?token=s3cret' }), plan()).catch(() => {})
    void pool.exchange(makeRequest({ host: 'b.test' }), plan('b.test')).catch(() => {})
    dials[0]!.succeed()
    await settle()
    clock.advance(20)
    const report = pool.inspect()
    assert.deepEqual(report.connections, [
      {
        id: 1,
        origin: 'http://example.test:80',
        route: 'direct',
        state: 'busy',
        address: 'example.test:80',
        protocol: 'http/1.1',
        owner: 'GET http://example.test/a',
        ageMs: 20,
        idleMs: undefined,
        uses: 1,
        outstanding: 1,
      },
    ])
    assert.deepEqual(report.dials, [{ origin: 'http://b.test:80', route: 'direct', ageMs: 20 }])
    assert.deepEqual(
      report.waiters.map(({ origin, waitedMs }) => [origin, waitedMs]),
      [
        ['http://example.test:80', 20],
        ['http://b.test:80', 20],
      ],
    )
    assert.equal(inspect(report, { depth: 9 }).includes('s3cret'), false)
    assert.ok(Object.isFrozen(report) && Object.isFrozen(report.connections[0]))
    pool.destroy()
  })
})

describe('a connection in doubt', () => {
  it('that takes nothing more and has nothing under way is closed', async () => {
    const memory = memoryPool()
    void memory.pool.preconnect(memory.plan())
    const transport = memory.dials[0]!.succeed()
    await settle()
    transport.change(() => {
      transport.state = 'draining'
    })
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
  })

  it('is kept for whoever takes it after a switch of protocols, until the response is closed', async () => {
    const memory = memoryPool()
    const { pool, dials, plan } = memory
    const asked = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    await settle()
    transport.head({ status: 101, framing: { kind: 'switch' } })
    const response = await asked
    transport.change(() => {})
    assert.equal(transport.state, 'draining')
    assert.equal(pool.inspect().connections[0]!.state, 'switched')
    response.close()
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
  })
})

it('refuses limits that cannot be', () => {
  const clock = new ManualClock()
  for (const limits of [{ perOrigin: 0 }, { total: 1.5 }, { idleMs: -1 }, { nonsense: 1 }])
    assert.throws(() => new Pool({ clock, limits }), TypeError)
  assert.ok(new Pool({ limits: { perOrigin: Infinity, idleMs: undefined } }))
})

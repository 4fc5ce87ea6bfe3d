// The timer of a connection by itself: exchanges that a test moves from phase to phase, on a clock that it moves, too. Which
// phase a wait is in, and when it is over, is arithmetic on the table in docs/connection.md. The shared timer may be late by a
// part of the timeout, never early.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_TIMEOUTS } from '../../../src/core/timeouts.ts'
import type { TimeoutError } from '../../../src/errors/index.ts'
import { Exchange } from '../../../src/transport/exchange.ts'
import { ExchangeQueue } from '../../../src/transport/h1/exchange-queue.ts'
import { ExchangeTimer } from '../../../src/transport/h1/exchange-timer.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const SEND_MS = 1_000
const HEADERS_MS = 2_000
const BODY_MS = 3_000
/** How late the shared timer may be: a thirty-second part. */
const LATE_PART = 32

const HEAD = { version: 11, status: 200, reason: 'OK', fields: [], codings: [], defects: [] } as const

/** A timeout as it was told: which, how long it was set to, whose, and when. */
type Told = readonly [phase: string, timeoutMs: number, exchange: Exchange, atMs: number]

/** A connection as its timer sees it. */
class Bench {
  readonly clock = new ManualClock()
  readonly queue = new ExchangeQueue(0)
  isWritable = true
  isPaused = false
  readonly told: Told[] = []
  readonly timer = new ExchangeTimer(this)

  abort(exchange: Exchange, { phase, timeoutMs }: TimeoutError): void {
    this.told.push([phase, timeoutMs, exchange, this.clock.now()])
    this.timer.stop()
  }

  /** Begins an exchange, after the others. */
  begin(totalMs = Infinity): Exchange {
    const options = {
      deadlines: {
        timeouts: { ...DEFAULT_TIMEOUTS, send: SEND_MS, headers: HEADERS_MS, body: BODY_MS },
        endsAt: this.clock.now() + totalMs,
        totalMs,
        signal: undefined,
      },
      method: 'GET',
      url: 'http://example.test/',
      settings: undefined,
      listener: undefined,
      nowMs: undefined,
    }
    const host = {
      address: 'example.test:80',
      tls: undefined,
      pause() {},
      resume() {},
      awaited: () => this.timer.watch(),
      cancel() {},
      giveUpRequest() {},
      aborted() {},
      takeOver: () => assert.fail(),
    }
    const exchange = new Exchange(host, options, this.clock.now(), false, undefined)
    this.queue.add(exchange)
    this.timer.watch()
    return exchange
  }

  /** Begins an exchange whose request is out. */
  beginSent(totalMs?: number): Exchange {
    const exchange = this.begin(totalMs)
    exchange.requestEnded()
    this.timer.watch()
    return exchange
  }

  /** Begins an exchange whose head has come. */
  beginReading(totalMs?: number): Exchange {
    const exchange = this.beginSent(totalMs)
    exchange.headReceived(HEAD, this.clock.now(), false, false)
    exchange.response!.read().catch(() => {})
    this.timer.watch()
    return exchange
  }

  /** The peer sends something. */
  receive(): void {
    this.timer.received(this.clock.now())
  }

  /** The peer takes something, and then nothing again. */
  take(): void {
    this.isWritable = true
    this.timer.taken()
    this.isWritable = false
    this.timer.watch()
  }

  /** Lets time pass in which nothing may be told. */
  passQuietly(ms: number): void {
    this.clock.advance(ms)
    assert.deepEqual(this.told, [])
  }

  /** The timeout that is told in `ms`, neither earlier nor later than it may be. */
  expect(phase: string, timeoutMs: number, exchange: Exchange, ms: number): void {
    this.passQuietly(ms - 1)
    const due = this.clock.now() + 1
    this.clock.advance(1 + Math.ceil(timeoutMs / LATE_PART))
    assert.deepEqual(
      this.told.map((told) => told.slice(0, 3)),
      [[phase, timeoutMs, exchange]],
    )
    assert.ok(this.told[0]![3] >= due)
  }
}

/** Begins an exchange whose head has come, and whose body nobody reads. */
const unread = (bench: Bench): Exchange => {
  const exchange = bench.beginSent()
  exchange.headReceived(HEAD, bench.clock.now(), false, false)
  bench.timer.watch()
  return exchange
}

describe('the timer of a connection', () => {
  it('sets no timer while nothing is under way', () => {
    const bench = new Bench()
    bench.timer.watch()
    assert.equal(bench.clock.pending, 0)
    bench.passQuietly(1_000_000)
  })

  describe('in the phase send', () => {
    it('runs while the peer does not take the request', () => {
      const bench = new Bench()
      bench.isWritable = false
      bench.expect('send', SEND_MS, bench.begin(), SEND_MS)
    })

    it('begins again at each progress', () => {
      const bench = new Bench()
      bench.isWritable = false
      const exchange = bench.begin()
      for (let step = 0; step < 5; step++) {
        bench.passQuietly(SEND_MS - 100)
        bench.take()
      }
      bench.expect('send', SEND_MS, exchange, SEND_MS)
    })

    it('stands still while the peer takes everything and the caller gives nothing', () => {
      const bench = new Bench()
      bench.begin()
      bench.passQuietly(100 * SEND_MS)
      assert.equal(bench.clock.pending, 0)
    })

    it('runs for a request that is written whole and not taken', () => {
      const bench = new Bench()
      bench.isWritable = false
      bench.expect('send', SEND_MS, bench.beginSent(), SEND_MS)
    })

    for (const isPaused of [true, false]) {
      for (const how of ['begin', 'beginSent'] as const) {
        const held = isPaused ? 'held back' : 'unread'
        it(`runs for the newest request (${how}) while a response before it is ${held}`, () => {
          const bench = new Bench()
          unread(bench)
          const newest = bench[how]()
          bench.isPaused = isPaused
          bench.isWritable = false
          bench.timer.watch()
          bench.expect('send', SEND_MS, newest, SEND_MS)
        })
      }
    }

    it('goes on whatever comes of a response before it, and whoever reads that', () => {
      const bench = new Bench()
      const first = bench.beginReading()
      const newest = bench.begin()
      bench.isWritable = false
      bench.timer.watch()
      bench.passQuietly(SEND_MS / 2)
      first.bodyReceived(Buffer.from('a'))
      bench.receive()
      bench.isPaused = true
      bench.timer.watch()
      bench.expect('send', SEND_MS, newest, SEND_MS / 2)
    })

    it('begins again where the response to the request itself makes progress', () => {
      const bench = new Bench()
      const exchange = bench.begin()
      exchange.headReceived(HEAD, bench.clock.now(), false, false)
      bench.isWritable = false
      bench.timer.watch()
      bench.passQuietly(SEND_MS / 2)
      bench.receive()
      bench.expect('send', SEND_MS, exchange, SEND_MS)
    })

    it('is not shorter for a request that is begun while the peer takes nothing', () => {
      const bench = new Bench()
      unread(bench)
      bench.isWritable = false
      bench.timer.watch()
      bench.passQuietly(SEND_MS / 2)
      bench.expect('send', SEND_MS, bench.begin(), SEND_MS)
    })

    it('has its whole time again when the peer has taken everything in between', () => {
      const bench = new Bench()
      const exchange = bench.begin()
      bench.isWritable = false
      bench.timer.watch()
      bench.passQuietly(SEND_MS / 2)
      bench.isWritable = true
      bench.timer.watch()
      bench.passQuietly(SEND_MS / 2)
      bench.isWritable = false
      bench.timer.watch()
      bench.expect('send', SEND_MS, exchange, SEND_MS)
    })
  })

  describe('in the phase headers', () => {
    it('runs from the end of the request', () => {
      const bench = new Bench()
      bench.expect('headers', HEADERS_MS, bench.beginSent(), HEADERS_MS)
    })

    it('does not run while the request is still being uploaded', () => {
      const bench = new Bench()
      const exchange = bench.begin()
      bench.passQuietly(10 * HEADERS_MS)
      exchange.requestEnded()
      bench.timer.watch()
      bench.expect('headers', HEADERS_MS, exchange, HEADERS_MS)
    })

    it('is one time for the whole head, however it trickles in', () => {
      const bench = new Bench()
      const exchange = bench.beginSent()
      bench.passQuietly(HEADERS_MS / 2)
      exchange.byteCame()
      bench.receive()
      bench.passQuietly(HEADERS_MS / 4)
      exchange.informed(103, 'Early Hints', [])
      bench.receive()
      bench.expect('headers', HEADERS_MS, exchange, HEADERS_MS / 4)
    })

    it('begins for the next exchange when the one before it is over', () => {
      const bench = new Bench()
      const first = bench.beginReading()
      const second = bench.beginSent()
      bench.passQuietly(BODY_MS - 100)
      first.ended([], bench.clock.now())
      assert.equal(bench.queue.takeOver(bench.clock), first)
      bench.timer.watch()
      bench.expect('headers', HEADERS_MS, second, HEADERS_MS)
    })
  })

  describe('in the phase body', () => {
    it('runs after the head, and begins again at each progress', () => {
      const bench = new Bench()
      const exchange = bench.beginReading()
      for (let step = 0; step < 5; step++) {
        bench.passQuietly(BODY_MS - 100)
        bench.receive()
      }
      bench.expect('body', BODY_MS, exchange, BODY_MS)
    })

    it('stands still while nobody reads, and begins again when somebody does', () => {
      const bench = new Bench()
      const exchange = bench.beginReading()
      bench.passQuietly(BODY_MS - 100)
      bench.isPaused = true
      bench.timer.watch()
      assert.equal(bench.clock.pending, 0)
      bench.passQuietly(100 * BODY_MS)
      bench.isPaused = false
      bench.timer.watch()
      bench.expect('body', BODY_MS, exchange, BODY_MS)
    })
  })

  describe('where nobody waits for the body', () => {
    it('stands still, and begins with the first read', () => {
      const bench = new Bench()
      const exchange = unread(bench)
      bench.passQuietly(100 * BODY_MS)
      exchange.response!.read().catch(() => {})
      bench.expect('body', BODY_MS, exchange, BODY_MS)
    })

    it('stands still between two reads', async () => {
      const bench = new Bench()
      const exchange = unread(bench)
      const target = new Uint8Array(1)
      const first = exchange.response!.readInto(target)
      exchange.bodyReceived(Buffer.from('a'))
      bench.timer.watch()
      assert.equal(await first, 1)
      bench.passQuietly(100 * BODY_MS)
      exchange.response!.readInto(target).catch(() => {})
      bench.expect('body', BODY_MS, exchange, BODY_MS)
    })

    it('runs where somebody waits for the head that comes after it', () => {
      const bench = new Bench()
      const first = unread(bench)
      const second = bench.beginSent()
      bench.passQuietly(100 * BODY_MS)
      void second.whenResponse()
      bench.expect('body', BODY_MS, first, BODY_MS)
    })

    it('runs where somebody waits for a later request to be taken, and the peer takes it', () => {
      const bench = new Bench()
      const first = unread(bench)
      bench.beginSent()
      const third = bench.begin()
      void third.whenDrained()
      bench.timer.watch()
      bench.expect('body', BODY_MS, first, BODY_MS)
    })

    it('does not begin again because another request is made', () => {
      const bench = new Bench()
      const first = bench.beginReading()
      bench.passQuietly(BODY_MS / 2)
      bench.beginSent()
      bench.expect('body', BODY_MS, first, BODY_MS / 2)
    })

    it('stands still while it is held back, whoever waits for what comes after it', () => {
      const bench = new Bench()
      unread(bench)
      const second = bench.beginSent()
      bench.isPaused = true
      void second.whenResponse()
      bench.passQuietly(100 * BODY_MS)
    })

    it('stands still while it is read ahead', () => {
      const bench = new Bench()
      const exchange = unread(bench)
      exchange.readAhead(true)
      exchange.response!.read().catch(() => {})
      bench.passQuietly(100 * BODY_MS)
      exchange.readAhead(false)
      bench.expect('body', BODY_MS, exchange, BODY_MS)
    })
  })

  it('tells the one who is not answered, where the peer takes neither its request nor that of an answered one', () => {
    const bench = new Bench()
    const answered = bench.beginReading()
    answered.ended([], bench.clock.now())
    const next = bench.beginSent()
    bench.isWritable = false
    bench.timer.watch()
    bench.expect('send', SEND_MS, next, SEND_MS)
  })

  describe('with a total timeout', () => {
    const TOTAL_MS = 5_000

    it('tells it where nobody reads, which is no other timeout', () => {
      const bench = new Bench()
      const exchange = bench.beginReading(TOTAL_MS)
      bench.isPaused = true
      bench.timer.watch()
      bench.expect('total', TOTAL_MS, exchange, TOTAL_MS)
    })

    it('tells it where the caller does not go on with the body', () => {
      const bench = new Bench()
      bench.expect('total', TOTAL_MS, bench.begin(TOTAL_MS), TOTAL_MS)
    })

    it('counts it from the beginning, whatever progress there is', () => {
      const bench = new Bench()
      const exchange = bench.beginReading(TOTAL_MS)
      for (let step = 0; step < 4; step++) {
        bench.passQuietly(TOTAL_MS / 5)
        bench.receive()
      }
      bench.expect('total', TOTAL_MS, exchange, TOTAL_MS / 5)
    })

    it('tells another one that is over before', () => {
      const bench = new Bench()
      bench.expect('headers', HEADERS_MS, bench.beginSent(TOTAL_MS), HEADERS_MS)
    })

    it('tells whose it was, though an older exchange is being waited for', () => {
      const bench = new Bench()
      bench.beginReading()
      const second = bench.beginSent(500)
      bench.expect('total', 500, second, 500)
    })

    it('forgets the one of an exchange that is over', () => {
      const bench = new Bench()
      const first = bench.beginReading(500)
      const second = bench.beginSent(TOTAL_MS)
      first.ended([], bench.clock.now())
      bench.queue.takeOver(bench.clock)
      bench.timer.watch()
      bench.expect('headers', HEADERS_MS, second, HEADERS_MS)
    })
  })

  it('tells nothing after stop', () => {
    const bench = new Bench()
    bench.beginSent(1_000)
    bench.timer.stop()
    assert.equal(bench.clock.pending, 0)
    bench.passQuietly(1_000_000)
  })
})

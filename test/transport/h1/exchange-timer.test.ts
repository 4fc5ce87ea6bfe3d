// The timer of a connection by itself: exchanges that a test moves from phase to phase, on a clock that it moves, too. Which
// phase a wait is in, and when it is over, is arithmetic on the table in docs/connection.md. The shared timer may be late by a
// part of the timeout, never early.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_TIMEOUTS } from '../../../src/core/timeouts.ts'
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
  readonly timer = new ExchangeTimer(this.clock, this, (phase, timeoutMs, exchange) => {
    this.told.push([phase, timeoutMs, exchange, this.clock.now()])
    this.timer.stop()
  })

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
    }
    const host = {
      address: 'example.test:80',
      tls: undefined,
      pause() {},
      resume() {},
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
    this.timer.watch()
    return exchange
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
        bench.timer.watch()
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

    it('runs for the newest request while a response before it is held back', () => {
      const bench = new Bench()
      bench.beginReading()
      const newest = bench.begin()
      bench.isPaused = true
      bench.isWritable = false
      bench.timer.watch()
      bench.expect('send', SEND_MS, newest, SEND_MS)
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
      bench.timer.watch()
      bench.passQuietly(HEADERS_MS / 4)
      exchange.informed(103, 'Early Hints', [])
      bench.timer.watch()
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
        bench.timer.watch()
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
        bench.timer.watch()
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

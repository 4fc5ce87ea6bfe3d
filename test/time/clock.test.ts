import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, longTimer, systemClock } from '../../src/time/clock.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const timersOpen = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

describe('systemClock', () => {
  it('fires once, and not before the delay has passed', async () => {
    const startedAt = systemClock.now()
    let fired = 0
    await new Promise<void>((resolve) => {
      systemClock.after(5, () => {
        fired++
        resolve()
      })
    })
    assert.equal(fired, 1)
    // setTimeout counts whole milliseconds, now() parts of them.
    assert.ok(systemClock.now() - startedAt >= 4)
  })

  it('never runs backwards', () => {
    let last = systemClock.now()
    for (let i = 0; i < 1_000; i++) {
      const now = systemClock.now()
      assert.ok(now >= last)
      last = now
    }
  })

  it('takes a timer back', () => {
    const before = timersOpen()
    const timer = systemClock.after(60_000, () => assert.fail('it fired'))
    assert.equal(timersOpen(), before + 1)
    timer.cancel()
    assert.equal(timersOpen(), before)
  })

  it('lets a timer keep the process alive, or not', () => {
    const before = timersOpen()
    const timer = systemClock.after(60_000, () => assert.fail('it fired'))
    timer.keepAlive(false)
    assert.equal(timersOpen(), before)
    timer.keepAlive(true)
    assert.equal(timersOpen(), before + 1)
    timer.cancel()
  })
})

/** What Node's timers can wait at most; with more they fire at once, with a TimeoutOverflowWarning. */
const LONGEST_MS = 2 ** 31 - 1

describe('a timer that is longer than those of Node', () => {
  it('does not fire at once', async () => {
    const timer = systemClock.after(LONGEST_MS + 1, () => assert.fail('it fired'))
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
    timer.cancel()
  })

  it('fires when it is due, by timers that are not too long', () => {
    const manual = new ManualClock()
    const clock: Clock = {
      now: () => manual.now(),
      after: (delayMs, fire) => {
        assert.ok(delayMs <= LONGEST_MS)
        return manual.after(delayMs, fire)
      },
    }
    let fired = 0
    const delayMs = 2.5 * LONGEST_MS
    longTimer(clock, delayMs, () => void fired++)
    for (let step = 0; step < 2; step++) manual.advance(LONGEST_MS)
    manual.advance(LONGEST_MS / 2 - 1)
    assert.equal(fired, 0)
    manual.advance(1)
    assert.deepEqual([fired, manual.pending], [1, 0])
  })

  it('is taken back in any part of it, and keeps the process alive or not through all of them', () => {
    const manual = new ManualClock()
    const timer = longTimer(manual, 2.5 * LONGEST_MS, () => assert.fail('it fired'))
    assert.equal(manual.pending, 1)
    timer.keepAlive(false)
    assert.equal(manual.pending, 0)
    manual.advance(LONGEST_MS)
    assert.equal(manual.pending, 0)
    timer.keepAlive(true)
    assert.equal(manual.pending, 1)
    timer.cancel()
    manual.advance(5 * LONGEST_MS)
    assert.equal(manual.pending, 0)
  })
})

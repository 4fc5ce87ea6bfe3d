import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/time/clock.ts'
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

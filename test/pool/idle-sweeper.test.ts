import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionFacts } from '../../src/pool/assign.ts'
import { IdleSweeper } from '../../src/pool/idle-sweeper.ts'
import { resolvePoolLimits } from '../../src/pool/limits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const idleSince = (idleSinceMs: number): ConnectionFacts => ({
  capacity: 1,
  exchanges: 1,
  openedAtMs: 0,
  idleSinceMs,
  keepAliveMs: undefined,
})

describe('the look for connections that have been idle too long', () => {
  it('has one timer for all that become idle one after another, however close together', () => {
    const clock = new ManualClock()
    let timers = 0
    const counting = {
      now: () => clock.now(),
      after: (delayMs: number, fire: () => void) => {
        timers++
        return clock.after(delayMs, fire)
      },
    }
    let looks = 0
    const sweeper = new IdleSweeper(counting, resolvePoolLimits({ idleMs: 60_000 }), () => looks++)
    for (let i = 0; i < 1_000; i++) {
      sweeper.watch(idleSince(clock.now()))
      clock.advance(0.01)
    }
    assert.deepEqual([timers, looks], [1, 0])
    // The first has been idle for 60 s, and one second more at most.
    clock.advance(61_001)
    assert.equal(looks, 1)
    sweeper.stop()
  })

  it('looks earlier for one that its server keeps for a shorter time', () => {
    const clock = new ManualClock()
    let looks = 0
    const sweeper = new IdleSweeper(clock, resolvePoolLimits({ idleMs: 60_000 }), () => looks++)
    sweeper.watch(idleSince(0))
    sweeper.watch({ ...idleSince(0), keepAliveMs: 5_000 })
    clock.advance(4_000)
    assert.equal(looks, 0)
    clock.advance(1_001)
    assert.equal(looks, 1)
    sweeper.stop()
  })
})

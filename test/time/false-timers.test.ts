// Tests put false timers in the place of the platform's, and take them away again.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { atEndOfTurn, nextTurn } from '../../src/io/turn.ts'
import { systemClock } from '../../src/time/clock.ts'
import { makeDeadline } from '../../src/time/deadline.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const never = (): object => ({})

/** Runs `act` while nothing of the platform's own tells time or waits. */
function underFalseTimers<T>(act: () => T): T {
  const { clearTimeout, setImmediate, setTimeout } = globalThis
  const nextTick = Object.getOwnPropertyDescriptor(process, 'nextTick')!
  Object.assign(globalThis, { clearTimeout: never, setImmediate: never, setTimeout: never })
  Object.defineProperty(process, 'nextTick', { ...nextTick, value: never })
  Object.defineProperty(performance, 'now', { value: () => 1, configurable: true })
  try {
    return act()
  } finally {
    Object.assign(globalThis, { clearTimeout, setImmediate, setTimeout })
    Object.defineProperty(process, 'nextTick', nextTick)
    Reflect.deleteProperty(performance, 'now')
  }
}

function runsOut(): Promise<void> {
  return new Promise((resolve) => {
    makeDeadline(systemClock, () => resolve()).set(5)
  })
}

describe('under false timers', () => {
  it('time goes on', () => {
    const before = systemClock.now()
    assert.ok(underFalseTimers(() => systemClock.now()) >= before)
  })

  it('a turn ends, and the next one comes', async () => {
    await underFalseTimers(() => new Promise<void>((resolve) => atEndOfTurn(resolve)))
    await underFalseTimers(() => nextTurn())
  })

  it('a deadline runs out, and so does one that is set after them', async () => {
    await underFalseTimers(runsOut)
    await runsOut()
  })
})

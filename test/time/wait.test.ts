import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { TimeoutError } from '../../src/errors/index.ts'
import { CallOff } from '../../src/time/call-off.ts'
import { type Outcome, waitFor } from '../../src/time/wait.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { makeWaiting, type WaitingParts } from '../support/wait.ts'

checkOpenHandles()

/** A wait on a clock of its own, with a signal, that a test brings to its end. */
function begin(parts: Omit<WaitingParts, 'clock' | 'signal'> = {}) {
  const clock = new ManualClock()
  const controller = new AbortController()
  const { signal } = controller
  let givenUp = 0
  let outcome: Outcome<string> | undefined
  const promise = waitFor<string>(makeWaiting({ clock, signal, ...parts }), 'connect', 'there:80', (told) => {
    outcome = told
    return () => givenUp++
  })
  return {
    clock,
    controller,
    promise,
    outcome: outcome!,
    givenUp: () => givenUp,
    /** Nothing is left of a wait that has ended. */
    assertGone: () => {
      assert.equal(clock.pending, 0, 'a timer is left')
      assert.equal(getEventListeners(signal, 'abort').length, 0, 'a listener is left')
    },
  }
}

const facts = (error: Error): unknown => {
  assert.ok(error instanceof TimeoutError)
  const { code, phase, timeoutMs, address } = error
  return { code, phase, timeoutMs, address }
}

describe('waitFor', () => {
  it('gives the value that comes in time, and gives nothing up', async () => {
    const wait = begin({ timeouts: { connect: 100 }, totalMs: 1_000 })
    assert.equal(wait.clock.pending, 1)
    wait.outcome.resolve('value')
    assert.equal(await wait.promise, 'value')
    wait.assertGone()
    wait.clock.advance(10_000)
    wait.controller.abort()
    assert.equal(wait.givenUp(), 0)
  })

  it('gives the error that comes in time', async () => {
    const wait = begin({ timeouts: { connect: 100 } })
    const error = new Error('no')
    wait.outcome.reject(error)
    assert.equal(await rejectionOf(wait.promise), error)
    wait.assertGone()
    assert.equal(wait.givenUp(), 0)
  })

  it('takes an outcome that is there at once', async () => {
    const clock = new ManualClock()
    const promise = waitFor<string>(
      makeWaiting({ clock, timeouts: { dns: 5 } }),
      'dns',
      'there',
      (outcome) => {
        outcome.resolve('now')
        return () => assert.fail('given up')
      },
    )
    assert.equal(await promise, 'now')
    assert.equal(clock.pending, 0)
  })

  it('ends with the timeout of the phase, and gives up what was begun', async () => {
    const wait = begin({ timeouts: { dns: 1, connect: 100, tls: 1 } })
    wait.clock.advance(99)
    assert.equal((await outcomeOf(wait.promise)).state, 'pending')
    wait.clock.advance(1)
    assert.deepEqual(facts(await rejectionOf(wait.promise)), {
      code: 'TIMEOUT_CONNECT',
      phase: 'connect',
      timeoutMs: 100,
      address: 'there:80',
    })
    assert.equal(wait.givenUp(), 1)
    wait.assertGone()
  })

  it('ends with the total timeout where that runs out first', async () => {
    const wait = begin({ timeouts: { connect: 100 }, totalMs: 50 })
    wait.clock.advance(50)
    assert.deepEqual(facts(await rejectionOf(wait.promise)), {
      code: 'TIMEOUT_TOTAL',
      phase: 'total',
      timeoutMs: 50,
      address: 'there:80',
    })
    assert.equal(wait.givenUp(), 1)
    wait.assertGone()
  })

  it('ends at once where the total timeout is over already', async () => {
    const clock = new ManualClock()
    const waiting = makeWaiting({ clock, totalMs: 50 })
    clock.advance(80)
    const promise = waitFor<never>(waiting, 'tls', 'there:443', () => () => {})
    clock.advance(5)
    assert.deepEqual(facts(await rejectionOf(promise)), {
      code: 'TIMEOUT_TOTAL',
      phase: 'total',
      timeoutMs: 50,
      address: 'there:443',
    })
  })

  it('rejects with the reason of the signal, untouched, and gives up what was begun', async () => {
    const wait = begin({ timeouts: { connect: 100 } })
    const reason = { any: 'thing' }
    wait.controller.abort(reason)
    assert.deepEqual(await outcomeOf(wait.promise), { state: 'rejected', error: reason })
    assert.equal(wait.givenUp(), 1)
    wait.assertGone()
  })

  it('begins nothing where the signal was aborted before', async () => {
    const clock = new ManualClock()
    const signal = AbortSignal.abort(new Error('before'))
    const promise = waitFor<never>(makeWaiting({ clock, signal }), 'dns', 'there', () => assert.fail('begun'))
    assert.equal(await rejectionOf(promise), signal.reason)
    assert.equal(clock.pending, 0)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('gives up what is begun while the signal is aborted', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    let givenUp = 0
    const promise = waitFor<never>(makeWaiting({ clock, signal: controller.signal }), 'dns', 'there', () => {
      controller.abort(new Error('meanwhile'))
      return () => givenUp++
    })
    assert.equal(await rejectionOf(promise), controller.signal.reason)
    assert.equal(givenUp, 1)
    assert.equal(clock.pending, 0)
  })

  for (const ending of ['a timeout', 'an abort'] as const) {
    it(`hears nothing of an outcome that comes after ${ending}`, async () => {
      const wait = begin({ timeouts: { connect: 100 } })
      if (ending === 'a timeout') wait.clock.advance(100)
      else wait.controller.abort(new Error('aborted'))
      const error = await rejectionOf(wait.promise)
      wait.outcome.resolve('late')
      wait.outcome.reject(new Error('late'))
      assert.equal(await rejectionOf(wait.promise), error)
      assert.equal(wait.givenUp(), 1)
      wait.assertGone()
    })
  }

  it('counts the first outcome only', async () => {
    const wait = begin()
    wait.outcome.resolve('first')
    wait.outcome.resolve('second')
    wait.outcome.reject(new Error('third'))
    assert.equal(await wait.promise, 'first')
  })

  it('rejects with what `begin` throws, and leaves nothing behind', async () => {
    const clock = new ManualClock()
    const { signal } = new AbortController()
    const error = new Error('cannot begin')
    const promise = waitFor<never>(
      makeWaiting({ clock, signal, timeouts: { tls: 100 } }),
      'tls',
      'there',
      () => {
        throw error
      },
    )
    assert.equal(await rejectionOf(promise), error)
    assert.equal(clock.pending, 0)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

function beginUnder(callOff: CallOff) {
  const clock = new ManualClock()
  const told: Outcome<string>[] = []
  const givenUp: string[] = []
  const promise = waitFor<string>(
    { ...makeWaiting({ clock }), callOff },
    'connect',
    'there:80',
    (outcome) => {
      told.push(outcome)
      return () => givenUp.push('given up')
    },
  )
  return { clock, promise, told, givenUp }
}

describe('waitFor under a call-off', () => {
  it('gives up what is under way, once, with the reason of the first call', async () => {
    const callOff = new CallOff()
    const wait = beginUnder(callOff)
    const reason = new Error('first')
    callOff.call(reason)
    callOff.call(new Error('second'))
    assert.equal(await rejectionOf(wait.promise), reason)
    assert.deepEqual(wait.givenUp, ['given up'])
    assert.equal(wait.clock.pending, 0)
    assert.equal(callOff.end?.reason, reason)
  })

  it('begins nothing after the call', async () => {
    const callOff = new CallOff()
    const reason = new Error('before')
    callOff.call(reason)
    const wait = beginUnder(callOff)
    assert.equal(await rejectionOf(wait.promise), reason)
    assert.deepEqual([wait.told, wait.givenUp], [[], []])
  })

  it('does nothing to a wait that is over, and ends the one after it', async () => {
    const callOff = new CallOff()
    const first = beginUnder(callOff)
    first.told[0]!.resolve('value')
    assert.equal(await first.promise, 'value')
    const second = beginUnder(callOff)
    callOff.call(new Error('now'))
    assert.equal((await rejectionOf(second.promise)).message, 'now')
    assert.deepEqual([first.givenUp, second.givenUp], [[], ['given up']])
  })

  it('is a signal for code that knows nothing else, whether it is called before or after', () => {
    const callOff = new CallOff()
    const during = callOff.asSignal()
    assert.equal(during.aborted, false)
    const reason = new Error('now')
    callOff.call(reason)
    assert.equal(during.reason, reason)
    assert.equal(callOff.asSignal().reason, reason)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeDeadline } from '../../src/time/deadline.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A deadline that notes when it fires, in milliseconds since the clock was made. */
function noting(clock: ManualClock): { deadline: ReturnType<typeof makeDeadline>; firedAt: number[] } {
  const startedAt = clock.now()
  const firedAt: number[] = []
  return { deadline: makeDeadline(clock, () => firedAt.push(clock.now() - startedAt)), firedAt }
}

describe('makeDeadline', () => {
  // The grid is a 32nd of the timeout, no finer than 5 ms and no coarser than 1 s.
  const grids = [
    [1, 5],
    [100, 5],
    [320, 10],
    [3_200, 100],
    [32_000, 1_000],
    [300_000, 1_000],
  ] as const
  for (const [timeoutMs, stepMs] of grids) {
    it(`fires once after ${timeoutMs} ms: not early, and less than ${stepMs} ms late`, () => {
      for (const startMs of [0, 1, 999, 12_345.678]) {
        const clock = new ManualClock(startMs)
        const { deadline, firedAt } = noting(clock)
        deadline.set(timeoutMs)
        clock.advance(10 * timeoutMs + 10_000)
        assert.equal(firedAt.length, 1)
        assert.ok(firedAt[0]! >= timeoutMs && firedAt[0]! < timeoutMs + stepMs, `after ${firedAt[0]} ms`)
        assert.equal(clock.pending, 0)
      }
    })
  }

  it('does not fire before it is set, nor after it was cleared', () => {
    const clock = new ManualClock()
    const { deadline, firedAt } = noting(clock)
    clock.advance(1_000)
    deadline.set(100)
    clock.advance(50)
    deadline.clear()
    clock.advance(1_000)
    assert.deepEqual(firedAt, [])
    assert.equal(clock.pending, 0)
  })

  it('counts from the last time it was set, to an earlier or a later moment', () => {
    const clock = new ManualClock()
    const { deadline, firedAt } = noting(clock)
    deadline.set(100)
    clock.advance(50)
    deadline.set(100)
    clock.advance(99)
    assert.deepEqual(firedAt, [])
    clock.advance(1)
    assert.deepEqual(firedAt, [150])
    deadline.set(10_000)
    deadline.set(100)
    clock.advance(100)
    assert.deepEqual(firedAt, [150, 250])
  })

  it('is cleared by an infinite timeout', () => {
    const clock = new ManualClock()
    const { deadline, firedAt } = noting(clock)
    deadline.set(100)
    deadline.set(Infinity)
    assert.equal(clock.pending, 0)
    clock.advance(1_000_000)
    assert.deepEqual(firedAt, [])
  })

  it('is due at once with no time left', () => {
    const clock = new ManualClock()
    const { deadline, firedAt } = noting(clock)
    deadline.set(0)
    assert.deepEqual(firedAt, [])
    clock.advance(5)
    assert.equal(firedAt.length, 1)
  })

  it('can be set again from the call that it makes', () => {
    const clock = new ManualClock()
    const firedAt: number[] = []
    const deadline = makeDeadline(clock, () => {
      firedAt.push(clock.now())
      if (firedAt.length < 3) deadline.set(100)
    })
    deadline.set(100)
    clock.advance(10_000)
    assert.deepEqual(firedAt, [1_100, 1_200, 1_300])
  })

  it('does not fire where another one, due at the same moment, clears it or sets it again', () => {
    const clock = new ManualClock()
    const fired: string[] = []
    const first = makeDeadline(clock, () => {
      fired.push('first')
      cleared.clear()
      later.set(500)
    })
    const cleared = makeDeadline(clock, () => fired.push('cleared'))
    const later = makeDeadline(clock, () => fired.push('later'))
    for (const deadline of [first, cleared, later]) deadline.set(100)
    clock.advance(100)
    assert.deepEqual(fired, ['first'])
    clock.advance(520)
    assert.deepEqual(fired, ['first', 'later'])
    assert.equal(clock.pending, 0)
  })

  it('lets the process end where the call that it makes clears all that is left', () => {
    const clock = new ManualClock()
    const far = makeDeadline(clock, () => assert.fail('it fired'))
    const [one, two] = [makeDeadline(clock, () => far.clear()), makeDeadline(clock, () => {})]
    one.set(100)
    two.set(100)
    far.set(1_000)
    clock.advance(100)
    assert.equal(clock.pending, 0)
  })
})

describe('the timer of a clock', () => {
  it('is one for any number of deadlines, and set for the nearest', () => {
    const clock = new ManualClock(0)
    let fired = 0
    const deadlines = Array.from({ length: 1_000 }, () => makeDeadline(clock, () => fired++))
    deadlines.forEach((deadline, index) => {
      deadline.set(300_000 - index * 100)
    })
    assert.equal(clock.delays.length, 1)
    assert.ok(clock.delays[0]! <= 201_100)
    clock.advance(302_000)
    assert.equal(fired, 1_000)
    assert.equal(clock.delays.length, 0)
  })

  it('keeps the process alive only while a deadline is set', () => {
    const clock = new ManualClock()
    const deadlines = [makeDeadline(clock, () => {}), makeDeadline(clock, () => {})]
    for (const deadline of deadlines) deadline.set(1_000)
    assert.equal(clock.pending, 1)
    deadlines[0]!.clear()
    assert.equal(clock.pending, 1)
    deadlines[1]!.clear()
    assert.equal(clock.pending, 0)
    deadlines[1]!.clear()
    deadlines[0]!.set(2_000)
    assert.equal(clock.pending, 1)
    clock.advance(3_000)
    assert.equal(clock.pending, 0)
  })

  it('is another one for another clock', () => {
    const clocks = [new ManualClock(), new ManualClock()]
    const fired: number[] = []
    clocks.forEach((clock, index) => {
      makeDeadline(clock, () => fired.push(index)).set(100)
    })
    clocks[1]!.advance(100)
    assert.deepEqual(fired, [1])
    clocks[0]!.advance(100)
    assert.deepEqual(fired, [1, 0])
  })
})

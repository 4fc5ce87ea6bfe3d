// The numbers are those of docs/decisions/0014: what is worth a wait, and when nothing waits.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../../src/time/clock.ts'
import { TurnWrites } from '../../../src/transport/h1/turn-writes.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

interface Turns {
  /** Begins so many writes, and answers which of them were held back. */
  readonly begin: (count: number) => number
  readonly endTurn: () => void
  readonly clock: ManualClock
  /** What was written, by numbers. */
  readonly written: number[]
}

function make(): Turns {
  const due: (() => void)[] = []
  const clock = new ManualClock()
  const turn = new TurnWrites(clock, (act) => due.push(act))
  const written: number[] = []
  let number = 0
  const begin = (count: number): number => {
    let held = 0
    for (let i = 0; i < count; i++) {
      const own = ++number
      if (turn.holds) {
        held++
        turn.add({ endTurn: () => void written.push(own) }, clock.now())
      } else {
        written.push(own)
      }
    }
    return held
  }
  return { begin, endTurn: () => due.splice(0).forEach((act) => act()), clock, written }
}

describe('the requests of one turn', () => {
  it('leave at its end, in their order', () => {
    const { begin, endTurn, written } = make()
    assert.equal(begin(20), 20)
    assert.deepEqual(written, [])
    endTurn()
    assert.deepEqual(
      written,
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
  })

  it('do not wait where more than 32 are there: the peer can begin', () => {
    const { begin, endTurn, written } = make()
    begin(31)
    assert.equal(written.length, 0)
    begin(1)
    assert.equal(written.length, 32)
    begin(5)
    assert.equal(written.length, 32)
    endTurn()
    assert.equal(written.length, 37)
  })

  it('wait in the next turn too, where there were sixteen or more', () => {
    const { begin, endTurn } = make()
    for (const count of [16, 50, 16]) {
      assert.equal(begin(count), count)
      endTurn()
    }
    assert.equal(begin(1), 1)
  })

  it('leave at once for the next 256, where there were fewer than sixteen', () => {
    const { begin, endTurn } = make()
    assert.equal(begin(15), 15)
    endTurn()
    assert.equal(begin(256), 0)
    assert.equal(begin(1), 1)
  })

  it('leave at once for the next 256, where the turn was long: somebody had much to do with a response', () => {
    const { begin, endTurn, clock, written } = make()
    begin(8)
    clock.advance(2.1)
    // Those that wait leave with the first that shows it, and nothing waits for the rest of that turn.
    assert.equal(begin(8), 1)
    assert.equal(written.length, 16)
    endTurn()
    assert.equal(begin(256), 0)
    assert.equal(begin(20), 20)
    clock.advance(2.1)
    endTurn()
    assert.equal(begin(256), 0)
    // Each is counted from when it began to wait.
    begin(32)
    clock.advance(2)
    begin(16)
    clock.advance(2)
    endTurn()
    assert.equal(begin(1), 1)
  })

  it('do not wait on a clock that knows no turns, whatever an object inherits', () => {
    assert.equal(TurnWrites.of(new ManualClock()), undefined)
    assert.ok(TurnWrites.of(systemClock) instanceof TurnWrites)
    const inherited = Object.prototype as { afterTurn?: () => void }
    inherited.afterTurn = () => assert.fail('called')
    try {
      assert.equal(TurnWrites.of(new ManualClock()), undefined)
    } finally {
      delete inherited.afterTurn
    }
  })

  it("end by the machine's clock when all that was read in this turn was told", async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        systemClock.afterTurn!(() => {
          order.push('end')
          resolve()
        })
        process.nextTick(() => order.push('tick'))
        void Promise.resolve().then(() => order.push('promise'))
      })
    })
    assert.deepEqual(order, ['tick', 'promise', 'end'])
  })
})

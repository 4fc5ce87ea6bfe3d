// The numbers are those of docs/decisions/0014: what is worth a wait, and when nothing waits.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../src/time/clock.ts'
import { TurnWrites } from '../../../src/transport/h1/turn-writes.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

interface Turns {
  /** Begins so many writes, and answers which of them were held back. */
  readonly begin: (count: number) => number
  readonly endTurn: () => void
  readonly turn: TurnWrites
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
      if (turn.holds(clock.now())) {
        held++
        turn.add({ endTurn: () => void written.push(own) })
      } else {
        written.push(own)
      }
    }
    return held
  }
  return { begin, endTurn: () => due.splice(0).forEach((act) => act()), turn, clock, written }
}

/** After a turn that was worth it. */
function makeBusy(): Turns {
  const turns = make()
  assert.equal(turns.begin(16), 0)
  assert.equal(turns.written.splice(0).length, 16)
  turns.endTurn()
  return turns
}

describe('the requests of one turn', () => {
  it('leave at its end, in their order, where there were sixteen or more in the one before', () => {
    const { begin, endTurn, written } = makeBusy()
    assert.equal(begin(20), 20)
    assert.deepEqual(written, [])
    endTurn()
    assert.deepEqual(
      written,
      Array.from({ length: 20 }, (_, index) => index + 17),
    )
  })

  it('do not wait where more than 32 are there: the peer can begin', () => {
    const { begin, endTurn, written } = makeBusy()
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
    const { begin, endTurn } = makeBusy()
    for (const count of [16, 50, 16]) {
      assert.equal(begin(count), count)
      endTurn()
    }
    assert.equal(begin(1), 1)
  })

  it('leave at once for the next 256, where there were fewer than sixteen, and in the turn that is watched then', () => {
    const { begin, endTurn } = makeBusy()
    assert.equal(begin(15), 15)
    endTurn()
    assert.equal(begin(256 + 15), 0)
    endTurn()
    assert.equal(begin(256 + 16), 0)
    endTurn()
    assert.equal(begin(1), 1)
  })

  it('leave at once for the next 256, where the turn was long: somebody had much to do with a response', () => {
    const { begin, endTurn, clock, written } = makeBusy()
    begin(8)
    clock.advance(2.1)
    // Those that wait leave with the first that shows it, and nothing waits for the rest of that turn.
    assert.equal(begin(8), 0)
    assert.equal(written.length, 16)
    endTurn()
    assert.equal(begin(256 + 16), 0)
    endTurn()
    assert.equal(begin(20), 20)
    clock.advance(2.1)
    endTurn()
    // Nor is a long turn worth it that was only watched.
    assert.equal(begin(256 + 20), 0)
    clock.advance(2.1)
    endTurn()
    assert.equal(begin(256 + 16), 0)
    endTurn()
    // Each 32 are counted from when the first of them was begun.
    assert.equal(begin(32), 32)
    clock.advance(2)
    assert.equal(begin(16), 16)
    clock.advance(2)
    endTurn()
    assert.equal(begin(1), 1)
  })

  it('leave at once where the end of a turn is never told', () => {
    const { begin } = make()
    assert.equal(begin(1_000), 0)
  })

  it('leave one after the other where one is begun while another is written', () => {
    const { turn, endTurn, clock } = makeBusy()
    let written = 0
    const begin = (): void => {
      if (turn.holds(clock.now())) turn.add({ endTurn: write })
      else write()
    }
    const write = (): void => {
      if (++written % 20 !== 0) begin()
    }
    for (let round = 1; round < 10; round++) {
      begin()
      for (let turns = 0; turns < 25; turns++) endTurn()
      assert.equal(written, round * 20)
    }
  })

  it('wait for nothing on a clock that calls back at once, or throws', () => {
    const clock = new ManualClock()
    const atOnce = new TurnWrites(clock, (act) => act())
    for (let n = 0; n < 1_000; n++) assert.equal(atOnce.holds(clock.now()), false)
    const broken = new TurnWrites(clock, () => {
      throw new Error('no turns')
    })
    for (let n = 0; n < 100; n++) assert.throws(() => broken.holds(clock.now()), /no turns/)
  })

  it('do not wait on a clock that knows no turns, whatever an object inherits', () => {
    for (const afterTurn of [undefined, null, 7])
      assert.equal(
        TurnWrites.of(Object.assign(new ManualClock(), { afterTurn }) as unknown as Clock),
        undefined,
      )
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

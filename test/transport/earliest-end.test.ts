// The least of a moving queue, held against a look through all of it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EarliestEnd } from '../../src/transport/h1/earliest-end.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the earliest end', () => {
  it('is the least of the times in the queue, whatever was added and removed', () => {
    const time = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Infinity))
    const step = fc.oneof(
      { weight: 3, arbitrary: time },
      { weight: 2, arbitrary: fc.constant('remove' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const earliest = new EarliestEnd()
        const queue: number[] = []
        for (const taken of steps) {
          if (taken !== 'remove') {
            queue.push(taken)
            earliest.add(taken)
          } else if (queue.length > 0) earliest.remove(queue.shift()!)
          assert.equal(earliest.value, Math.min(...queue))
        }
        earliest.clear()
        assert.equal(earliest.value, Infinity)
      }),
    )
  })
})

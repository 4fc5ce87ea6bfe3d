// What a few rounds say. Expectations are arithmetic.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  findKnee,
  growthExponent,
  judge,
  MAX_NOISE,
  median,
  noiseOf,
  percentile,
  roundRatios,
  spread,
} from '../src/statistics.ts'

describe('percentile', () => {
  it('interpolates between neighbours, whatever the order of the values', () => {
    assert.equal(percentile([40, 10, 30, 20], 0.5), 25)
    assert.equal(percentile([40, 10, 30, 20], 0), 10)
    assert.equal(percentile([40, 10, 30, 20], 1), 40)
    assert.equal(percentile([0, 100], 0.99), 99)
  })

  it('sorts numbers as numbers', () => {
    assert.equal(median([100, 9, 20]), 20)
  })

  it('is not a number where there are no values', () => {
    assert.ok(Number.isNaN(median([])))
  })
})

describe('spread', () => {
  it('is what the middle half spans, as a share of the median', () => {
    // Quartiles of 8, 9, 10, 11, 12 are 9 and 11.
    assert.equal(spread([12, 8, 10, 11, 9]), 0.2)
    assert.equal(spread([5, 5, 5]), 0)
  })

  it('is not moved by one round that was disturbed', () => {
    assert.ok(spread([10, 10, 10, 10, 90]) < 0.01)
  })
})

describe('the ratio of rounds', () => {
  it('compares rounds of the same number, and no more of them than both sides have', () => {
    assert.deepEqual(roundRatios([10, 30, 50], [5, 10]), [2, 3])
  })
})

describe('noise', () => {
  it('is how far a contender is from itself', () => {
    assert.ok(Math.abs(noiseOf([1.1, 1.1, 1.1]) - 0.1) < 1e-9)
  })

  it('is half of what the middle half of the rounds spans where the median is right', () => {
    // Quartiles of 0.8, 0.9, 1, 1.1, 1.2 are 0.9 and 1.1.
    assert.ok(Math.abs(noiseOf([1.2, 0.8, 1, 1.1, 0.9]) - 0.1) < 1e-9)
  })

  it('is nothing where nothing was measured', () => {
    assert.equal(noiseOf([]), 0)
  })
})

describe('the verdict', () => {
  it('reaches a lower bound from the bound on, and an upper bound up to it', () => {
    assert.equal(judge(1.8, { atLeast: 1.8 }, 0), 'reached')
    assert.equal(judge(1.79, { atLeast: 1.8 }, 0), 'missed')
    assert.equal(judge(0.5, { atMost: 0.5 }, 0), 'reached')
    assert.equal(judge(0.51, { atMost: 0.5 }, 0), 'missed')
  })

  it('blames the noise of the run only for what that noise could do', () => {
    assert.equal(judge(1.72, { atLeast: 1.8 }, 0.05), 'within noise')
    assert.equal(judge(1.7, { atLeast: 1.8 }, 0.05), 'missed')
    assert.equal(judge(0.52, { atMost: 0.5 }, 0.05), 'within noise')
    assert.equal(judge(0.53, { atMost: 0.5 }, 0.05), 'missed')
  })

  it('does not take noise that could excuse anything for an excuse', () => {
    assert.equal(judge(1.7, { atLeast: 1.8 }, MAX_NOISE + 0.01), 'too noisy')
    assert.equal(judge(1.9, { atLeast: 1.8 }, MAX_NOISE + 0.01), 'reached')
    assert.equal(judge(0.2, { atLeast: 1.8 }, MAX_NOISE + 0.01), 'missed')
  })
})

describe('growth', () => {
  it('has the exponent 1 where cost grows with its work, 2 where it grows with its square', () => {
    assert.ok(Math.abs(growthExponent([10, 7], [1000, 700]) - 1) < 1e-9)
    assert.ok(Math.abs(growthExponent([10, 3], [100, 300]) - 2) < 1e-9)
    assert.ok(Math.abs(growthExponent([10, 5], [100, 5])) < 1e-9)
  })

  it('has its knee where a unit of work first costs clearly more than at best before', () => {
    const points: [number, number][] = [
      [1, 10],
      [10, 40],
      [100, 300],
      [1000, 6000],
    ]
    // A unit costs 10, 4, 3, 6: twice the least.
    assert.equal(findKnee(points), 3)
    assert.equal(findKnee(points.slice(0, 3)), undefined)
  })
})

// The scales of the charts: honest axes. Expectations are arithmetic.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  element,
  formatBytes,
  formatCount,
  formatMicros,
  label,
  linearScale,
  logScale,
} from '../src/chart.ts'

describe('a linear scale', () => {
  it('begins at zero and ends at a round number above the largest value', () => {
    const { at, ticks } = linearScale(134_000, [100, 400])
    assert.deepEqual(ticks, [0, 50_000, 100_000, 150_000])
    assert.equal(at(0), 100)
    assert.equal(at(150_000), 400)
    assert.equal(at(75_000), 250)
  })

  it('draws a value twice as large twice as long', () => {
    const { at } = linearScale(700, [0, 240])
    assert.equal(at(600), 2 * at(300))
  })

  it('counts in the unit it is given', () => {
    assert.deepEqual(linearScale(16 * 1024, [0, 100], 1024).ticks, [0, 5120, 10_240, 15_360, 20_480])
  })

  it('has room for nothing but zeros', () => {
    const { at } = linearScale(0, [0, 100])
    assert.equal(at(0), 0)
  })
})

describe('a logarithmic scale', () => {
  it('gives every power of the base the same room', () => {
    const { at, ticks } = logScale([1, 10_000], [0, 400])
    assert.deepEqual(ticks, [1, 10, 100, 1000, 10_000])
    assert.deepEqual(ticks.map(at).map(Math.round), [0, 100, 200, 300, 400])
  })

  it('takes in the smallest and the largest value', () => {
    const { at, ticks } = logScale([3, 44_000], [0, 500])
    assert.deepEqual([ticks[0], ticks.at(-1)], [1, 100_000])
    assert.ok(at(3) > 0 && at(44_000) < 500)
  })

  it('leaves ticks out rather than letting them touch', () => {
    assert.deepEqual(
      logScale([1, 4 ** 15], [0, 100], 4, 8).ticks,
      [0, 2, 4, 6, 8, 10, 12, 14].map((power) => 4 ** power),
    )
  })

  it('has two ends where all values are one', () => {
    assert.deepEqual(logScale([10, 10], [0, 100]).ticks, [10, 100])
  })
})

describe('numbers', () => {
  it('have three digits at most and the largest unit that fits', () => {
    assert.deepEqual([0, 532, 9130, 69_321, 134_000, 1_500_000].map(formatCount), [
      '0',
      '532',
      '9.13k',
      '69.3k',
      '134k',
      '1.5M',
    ])
    assert.deepEqual([0, 13, 1024, 16_384, 2 ** 30].map(formatBytes), [
      '0 B',
      '13 B',
      '1 KiB',
      '16 KiB',
      '1 GiB',
    ])
    assert.deepEqual([1.93, 437_000, 1_250_000].map(formatMicros), ['1.93 µs', '437 ms', '1.25 s'])
  })

  it('go over to the next unit before they show four digits', () => {
    assert.equal(formatCount(999.7), '1k')
    assert.equal(formatMicros(999_900), '1 s')
  })
})

describe('elements', () => {
  it('cannot be broken out of by what they show', () => {
    assert.equal(label(1, 2.04, "<Bun's> & co"), '<text x="1" y="2">&lt;Bun\'s> &amp; co</text>')
    assert.equal(element('a', { b: '"<', c: undefined }), '<a b="&quot;&lt;"/>')
  })
})

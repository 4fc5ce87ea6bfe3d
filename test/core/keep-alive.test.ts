import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keepAliveSeconds } from '../../src/core/keep-alive.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the option keepAlive', () => {
  it('is 60 s by default, as in curl, and never where it is false', () => {
    assert.equal(keepAliveSeconds(undefined), 60)
    assert.equal(keepAliveSeconds(false), undefined)
  })

  it('is rounded up to whole seconds, in which systems count', () => {
    const seconds = [1, 999, 1_000, 1_001, 60_000, 32_767_000].map((ms) => keepAliveSeconds(ms))
    assert.deepEqual(seconds, [1, 1, 1, 2, 60, 32_767])
  })

  it('is a TypeError for anything else', () => {
    for (const wrong of [true, 0, -1, 32_767_001, Number.NaN, Infinity, '60', null, {}])
      assert.throws(() => keepAliveSeconds(wrong as number), { name: 'TypeError', message: /keepAlive/ })
  })
})

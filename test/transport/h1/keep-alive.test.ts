import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readKeepAlive } from '../../../src/transport/h1/keep-alive.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

describe('readKeepAlive', () => {
  const rows: [values: string[], timeoutMs: number | undefined, max: number | undefined][] = [
    [['timeout=5, max=100'], 5_000, 100],
    [['timeout=5'], 5_000, undefined],
    [['max=0'], undefined, 0],
    [['Timeout = 15 , MAX = 3'], 15_000, 3],
    [['timeout="60"'], 60_000, undefined],
    [['timeout=5;max=7'], 5_000, 7],
    [['timeout=5', 'max=2'], 5_000, 2],
    // The first one counts.
    [['timeout=5, timeout=9'], 5_000, undefined],
    // A name that ends in one of them is another name.
    [['x-timeout=5, max-age=3, foo'], undefined, undefined],
    [['timeout=-5, max=x'], undefined, undefined],
    [['timeout'], undefined, undefined],
  ]
  for (const [values, timeoutMs, max] of rows) {
    it(`reads ${JSON.stringify(values)}`, () => {
      const hint = readKeepAlive(values.map((value) => ['keep-alive', value]))
      assert.deepEqual(hint, timeoutMs === undefined && max === undefined ? undefined : { timeoutMs, max })
    })
  }

  it('is nothing where the field is not there', () => {
    assert.equal(readKeepAlive([['Connection', 'keep-alive, timeout=5']]), undefined)
  })
})

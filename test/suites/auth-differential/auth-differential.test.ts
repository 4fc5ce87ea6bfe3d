// Answers of Digest to generated challenges, beside those of curl.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { need } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { makeCases } from './generate.ts'
import { runCases } from './run.ts'

checkOpenHandles()

describe('Digest beside curl', { skip: need('curl') }, () => {
  it('is right for 300 generated challenges, and differs from curl where a class says why', async () => {
    const { cases, faults } = await runCases(makeCases(300, 1))
    assert.deepEqual(faults, [])
    assert.equal(cases, 300)
  })
})

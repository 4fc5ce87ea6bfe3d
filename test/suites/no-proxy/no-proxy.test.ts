// NO_PROXY beside curl, in a small number; `npm run no-proxy` has the long form.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { need } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { compareWithCurl } from './run.ts'

checkOpenHandles()

describe('NO_PROXY beside curl', { skip: need('curl') }, () => {
  it('differs only as the table of differences says', async () => {
    const { compared, unexplained, direct } = await compareWithCurl(1, 200)
    assert.deepEqual(unexplained, [])
    assert.ok(compared > 150)
    assert.ok(direct > 30)
  })
})

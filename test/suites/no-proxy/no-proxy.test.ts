// NO_PROXY beside curl, in a small number; `npm run no-proxy` has the long form.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unless } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { findCurl } from './curl.ts'
import { compareWithCurl } from './run.ts'

checkOpenHandles()

const version = findCurl()
const skip = unless(version !== undefined, 'there is no curl on this machine')

describe('NO_PROXY beside curl', { skip }, () => {
  it('differs only as the table of differences says', async () => {
    const { compared, unexplained, direct } = await compareWithCurl(1, 200)
    assert.deepEqual(unexplained, [])
    assert.ok(compared > 150)
    assert.ok(direct > 30)
  })
})

// What goes wrong for new users most often: each error says what happened, to which request, when, and what to try next.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { HTTPException } from '../../src/index.ts'
import { FAILURES, provoke, SECRET } from '../support/failures.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const ALL = Object.values(FAILURES).flat()

describe('what a new user is told', () => {
  it('covers the 26 failures that new users met, and more', () => {
    assert.ok(ALL.length >= 26, String(ALL.length))
    assert.equal(new Set(ALL.map(({ title }) => title)).size, ALL.length)
  })

  for (const failure of ALL) {
    it(`when this goes wrong: ${failure.title}`, async () => {
      const error = await provoke(failure)
      assert.ok(!inspect(error, { depth: 8 }).includes(SECRET), inspect(error))
      // The line of the program that waited.
      assert.match(error.stack ?? '', /support\/failures\.[jt]s/)
      if (!failure.isExchange) return
      assert.ok(HTTPException.isHTTPException(error), String(error))
      assert.match(
        error.message,
        /^[A-Z].* \((?:GET |POST )?https?:\/\/[\w.-]+(?::\d+)?(?:\/items)?; .+; after \d+ ms\)\. Try: .+[^.]\.$/,
      )
      assert.match(error.url ?? '', /^https?:\/\/[\w.-]+(?::\d+)?(?:\/items)?$/)
      assert.ok(typeof error.elapsedMs === 'number' && error.elapsedMs >= 0)
      assert.equal(error.message.split('Try: ').length, 2)
    })
  }
})

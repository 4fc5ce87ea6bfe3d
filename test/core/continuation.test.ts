// What follows an answer: done by a handler that knows of it as by one that does not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Continuation, continued, continuingOf, handlerOf } from '../../src/core/continuation.ts'
import type { Handler } from '../../src/core/handler.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { answerWith, requestWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'

checkOpenHandles()

const response = (status: number): HTTPResponse => answerWith(new PieceBody([]), { head: { status } })
const request = requestWith(undefined)

const TELLING: Continuation = {
  answered: ({ status }) => response(status + 1),
  failed: (cause) => {
    throw new Error(`told of: ${(cause as Error).message}`)
  },
}
const THROWING: Continuation = {
  answered: () => {
    throw new Error('thrown')
  },
  failed: () => response(299),
}
const UNCALLED: Continuation = {
  answered: () => assert.fail('called'),
  failed: () => assert.fail('called'),
}

const failing: Handler = () => Promise.reject(new Error('no'))
const throwingAtOnce: Handler = () => {
  throw new Error('at once')
}

describe('what follows an answer', () => {
  const ends: Readonly<Record<string, Handler>> = {
    'a plain handler': () => Promise.resolve(response(200)),
    'one that does itself what follows': handlerOf((_, after) =>
      continued(Promise.resolve(response(200)), after),
    ),
  }
  for (const [what, end] of Object.entries(ends)) {
    it(`is done once, by ${what}, and not where nothing was said`, async () => {
      assert.equal((await continuingOf(end)(request, TELLING)).status, 201)
      assert.equal((await continuingOf(end)(request, undefined)).status, 200)
      assert.equal((await end(request)).status, 200)
    })
  }

  it('is told of an error, and what it throws is a rejection', async () => {
    await assert.rejects(continuingOf(failing)(request, TELLING), /^Error: told of: no$/)
    await assert.rejects(continued(Promise.resolve(response(200)), THROWING), /^Error: thrown$/)
    assert.equal((await continuingOf(failing)(request, THROWING)).status, 299)
  })

  it('is not called for what a handler throws at once', () => {
    assert.throws(() => continuingOf(throwingAtOnce)(request, UNCALLED), /^Error: at once$/)
  })
})

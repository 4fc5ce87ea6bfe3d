import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { withChanges } from '../../src/core/request.ts'
import { requestWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('a request that is shown', () => {
  const request = withChanges(requestWith({}), {
    target: '/path?access_token=SECRET1&page=2',
    defaults: [
      ['Accept', '*/*'],
      ['Cookie', 'SECRET2'],
    ],
    fields: [
      ['Authorization', 'Bearer SECRET3'],
      ['accept', 'text/html'],
    ],
    body: 'SECRET4',
  })

  it('has its fields with credentials masked, and nothing of its query and of its body', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(request)), {
      method: 'GET',
      url: 'http://a.test/path',
      fields: [
        ['Cookie', '***'],
        ['Authorization', '***'],
        ['accept', 'text/html'],
      ],
      body: { kind: 'bytes', length: 7 },
      attempt: 1,
    })
  })

  it('is shown so by console.log, at any depth', () => {
    for (const shown of [inspect(request), inspect({ request }, { depth: 8 }), inspect([[[request]]])])
      assert.ok(shown.includes('OutgoingRequest') && !shown.includes('SECRET'), shown)
    assert.match(inspect(request), /^OutgoingRequest \{\n {2}method: 'GET'/)
  })
})

describe('a request with changes', () => {
  it('is refused one for a part that it does not have: it would be without effect', () => {
    assert.throws(() => withChanges(requestWith({}), { url: 'http://b.test/' } as object), {
      name: 'TypeError',
      message: /unknown part 'url'; known: method, origin, target/,
    })
  })
})

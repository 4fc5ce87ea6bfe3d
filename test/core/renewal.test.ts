import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renewed, withRenewal } from '../../src/core/renewal.ts'
import { requestTo, settingsOf } from '../support/memory-handler.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const A = ['A', 'a1'] as const
const B = ['B', 'b1'] as const

/** Gives `a2`, `a3` and so on. */
function counted(letter: string): () => string {
  let count = 1
  return () => `${letter}${++count}`
}

describe('withRenewal', () => {
  it('makes its field once more for each further sending, and leaves the others as they are', () => {
    const request = requestTo('http://a.test/', {
      fields: [A, B, ['A', 'of the caller']],
      settings: settingsOf(),
    })
    const again = renewed(withRenewal(request, A, counted('a')))
    assert.deepEqual(again.fields, [['A', 'a2'], B, ['A', 'of the caller']])
    assert.deepEqual(renewed(again).fields, [['A', 'a3'], B, ['A', 'of the caller']])
  })

  it('leaves the field of another layer to that layer', () => {
    const request = requestTo('http://a.test/', { fields: [A, B], settings: settingsOf() })
    const both = withRenewal(withRenewal(request, A, counted('a')), B, counted('b'))
    const again = renewed(both)
    assert.deepEqual(again.fields, [
      ['A', 'a2'],
      ['B', 'b2'],
    ])
    assert.deepEqual(renewed(again).fields, [
      ['A', 'a3'],
      ['B', 'b3'],
    ])
  })

  it('leaves a request alone that no client has made: it is not sent again', () => {
    const request = requestTo('http://a.test/', { fields: [A], settings: undefined })
    assert.equal(withRenewal(request, A, counted('a')), request)
    assert.equal(renewed(request), request)
  })
})

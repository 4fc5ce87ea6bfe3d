import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freezeDeep } from '../../src/core/freeze.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const act = (): void => {}

describe('freezeDeep', () => {
  it('freezes a tree of records and lists, and answers it', () => {
    const tree = { list: [{ name: 'a' }, ['b']], none: null, nothing: undefined, text: 'c' }
    assert.equal(freezeDeep(tree), tree)
    for (const part of [tree, tree.list, tree.list[0], tree.list[1]]) assert.ok(Object.isFrozen(part))
    assert.throws(() => tree.list.push([]), TypeError)
  })

  it('freezes what lies in a part that was frozen already', () => {
    const inner = ['a']
    freezeDeep(Object.freeze([inner]))
    assert.ok(Object.isFrozen(inner))
  })

  it('leaves values and functions as they are', () => {
    for (const value of ['a', 1, true, null, undefined, act]) assert.equal(freezeDeep(value), value)
    assert.ok(!Object.isFrozen(act))
  })
})

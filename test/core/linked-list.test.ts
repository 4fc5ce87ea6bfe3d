import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Linked, LinkedList } from '../../src/core/linked-list.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

class Member implements Linked<Member> {
  readonly name: number
  before: Member | undefined
  after: Member | undefined
  list: LinkedList<Member> | undefined

  constructor(name: number) {
    this.name = name
  }
}

describe('a linked list', () => {
  it('holds what an array holds, whoever joins and leaves', () => {
    const steps = fc.array(fc.record({ joins: fc.boolean(), at: fc.nat(20) }), { maxLength: 60 })
    fc.assert(
      fc.property(steps, (all) => {
        const list = new LinkedList<Member>()
        const plain: Member[] = []
        for (const [name, { joins, at }] of all.entries()) {
          if (joins) {
            const member = new Member(name)
            list.join(member)
            plain.push(member)
          } else {
            const [member] = plain.splice(at % Math.max(1, plain.length), 1)
            if (member !== undefined) assert.equal(list.leave(member), true)
            if (member !== undefined) assert.equal(list.leave(member), false)
          }
          assert.deepEqual([...list], plain)
          assert.deepEqual([list.length, list.first, list.last], [plain.length, plain[0], plain.at(-1)])
        }
      }),
    )
  })

  it('goes on where the one that was handed out last has left', () => {
    const list = new LinkedList<Member>()
    for (const name of [1, 2, 3]) list.join(new Member(name))
    const seen: number[] = []
    for (const member of list) {
      seen.push(member.name)
      list.leave(member)
    }
    assert.deepEqual(seen, [1, 2, 3])
    assert.equal(list.length, 0)
  })

  it('does not give away the member of another one', () => {
    const [mine, other] = [new LinkedList<Member>(), new LinkedList<Member>()]
    const member = new Member(1)
    other.join(member)
    assert.equal(mine.leave(member), false)
    assert.deepEqual([...other], [member])
  })
})

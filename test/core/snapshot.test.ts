// What a caller's values are taken for: not what they say of themselves, but what they are.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertString, plainView } from '../../src/core/snapshot.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('assertString', () => {
  it('takes primitive strings alone', () => {
    assertString('', 'x')
    for (const value of [Object('x'), 1, undefined, null, Symbol('x'), ['x'], { toString: () => 'x' }])
      assert.throws(() => assertString(value, 'The thing'), {
        name: 'TypeError',
        message: /^The thing must be a string, not (?:a|an|null|undefined)\b/,
      })
  })
})

describe('plainView', () => {
  it('is refused for what are no bytes', () => {
    for (const value of ['x', [1], new ArrayBuffer(1), { length: 1 }])
      assert.throws(() => plainView(value as unknown as Uint8Array), TypeError)
  })

  it('is the same memory', () => {
    const memory = Uint8Array.of(1, 2, 3, 4, 5)
    const view = plainView(memory.subarray(1, 4))
    memory[2] = 9
    assert.deepEqual([...view], [2, 9, 4])
    assert.equal(plainView(Buffer.from('abc')).length, 3)
  })

  it('does not believe what bytes say of themselves', () => {
    class Liar extends Uint8Array {
      override get length(): number {
        return 1
      }
      override get byteLength(): number {
        return 1_000
      }
    }
    const own = Object.defineProperty(Uint8Array.of(1, 2), 'length', {
      value: { toString: () => '5\r\nhello' },
    })
    assert.equal(plainView(new Liar(3)).length, 3)
    assert.equal(plainView(own).length, 2)
  })

  it('refuses what are no bytes', () => {
    const proxy = new Proxy(Uint8Array.of(1), {})
    for (const value of ['x', { length: 2 }, [1, 2], proxy, undefined, new DataView(new ArrayBuffer(2))])
      assert.throws(() => plainView(value as Uint8Array), {
        name: 'TypeError',
        message: 'A piece of a body must be a string or bytes',
      })
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import vm from 'node:vm'
import {
  isArrayBuffer,
  isBytes,
  isDate,
  isError,
  isMemory,
  isSetOrMap,
  tagOf,
} from '../../src/core/brands.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

interface Kind {
  readonly is: (value: unknown) => boolean
  /** Expressions of values that are of the kind, here and in another realm. */
  readonly these: readonly string[]
  readonly others: readonly string[]
}

/** Says of itself what it is not. */
const liar = (tag: string): string =>
  `({ [Symbol.toStringTag]: '${tag}', length: 1, byteLength: 1, size: 1 })`

const KINDS: Readonly<Record<string, Kind>> = {
  isBytes: {
    is: isBytes,
    these: ['new Uint8Array(2)', '(class extends Uint8Array {}).of(1)'],
    others: ['[1]', '"a"', 'null', 'new ArrayBuffer(1)', 'new Int8Array(1)', liar('Uint8Array')],
  },
  isArrayBuffer: {
    is: isArrayBuffer,
    these: ['new ArrayBuffer(0)', 'new ArrayBuffer(2)'],
    others: ['new SharedArrayBuffer(1)', 'new Uint8Array(1)', '1', liar('ArrayBuffer')],
  },
  isMemory: {
    is: isMemory,
    these: ['new ArrayBuffer(2)', 'new SharedArrayBuffer(1)'],
    others: ['new Uint8Array(1)', 'undefined', liar('ArrayBuffer'), liar('SharedArrayBuffer')],
  },
  isDate: {
    is: isDate,
    these: ['new Date(0)', 'new Date(NaN)'],
    others: ['0', '({ getTime: () => 0 })', liar('Date')],
  },
  isSetOrMap: {
    is: isSetOrMap,
    these: ['new Set()', 'new Map([[1, 2]])'],
    others: ['[]', 'new WeakSet()', 'null', liar('Set'), liar('Map')],
  },
  isError: {
    is: isError,
    these: ['new Error("a")', 'new (class extends TypeError {})()'],
    others: ['"Error"', '({ message: "a" })', 'null'],
  },
}

describe('what a value is', () => {
  for (const [name, { is, these, others }] of Object.entries(KINDS)) {
    it(`is told in its own realm and in others: ${name}`, () => {
      for (const say of [(code: string): unknown => vm.runInThisContext(code), fromOtherRealm]) {
        assert.deepEqual(
          these.filter((code) => !is(say(code))),
          [],
        )
        assert.deepEqual(
          others.filter((code) => is(say(code))),
          [],
        )
      }
    })
  }

  it('takes an exception of the platform for an error, whatever its realm has for a prototype', () => {
    assert.ok(isError(new DOMException('a')))
    assert.ok(isError(Object.setPrototypeOf({ [Symbol.toStringTag]: 'DOMException' }, null)))
  })

  it('is said by kinds of the platform alone', () => {
    assert.deepEqual([new Blob([]), new URLSearchParams(), null, 'a'].map(tagOf), [
      'Blob',
      'URLSearchParams',
      'Null',
      'String',
    ])
  })
})

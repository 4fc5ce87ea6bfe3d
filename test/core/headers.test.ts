import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { FieldLine } from '../../src/core/fields.ts'
import { type HeadersInput, HTTPHeaders, toFieldLines } from '../../src/core/headers.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const LINES: readonly FieldLine[] = [
  ['B', '1'],
  ['a', '2'],
  ['b', '3'],
  ['Set-Cookie', 'x=1'],
  ['set-cookie', 'y=2, z'],
]

describe('HTTPHeaders', () => {
  it('keeps order, case and duplicates', () => {
    const headers = new HTTPHeaders(LINES)
    assert.deepEqual([...headers], LINES)
    assert.deepEqual([...headers.entries()], LINES)
    assert.deepEqual(headers.raw, LINES)
    assert.deepEqual([...headers.keys()], ['B', 'a', 'b', 'Set-Cookie', 'set-cookie'])
    assert.deepEqual([...headers.values()], ['1', '2', '3', 'x=1', 'y=2, z'])
    assert.equal(headers.size, 5)
    const seen: [string, string, boolean][] = []
    headers.forEach((value, name, all) => seen.push([name, value, all === headers]))
    assert.deepEqual(
      seen,
      LINES.map(([name, value]) => [name, value, true]),
    )
  })

  it('finds names without regard to case, and joins repeated lines in order [9110-5.1-1]', () => {
    const headers = new HTTPHeaders(LINES)
    assert.equal(headers.get('b'), '1, 3')
    assert.equal(headers.get('A'), '2')
    assert.equal(headers.get('c'), null)
    assert.deepEqual(headers.getAll('B'), ['1', '3'])
    assert.deepEqual(headers.getAll('c'), [])
    assert.deepEqual(headers.getSetCookie(), ['x=1', 'y=2, z'])
    assert.equal(headers.has('SET-COOKIE'), true)
    assert.equal(headers.has('c'), false)
  })

  it('set replaces the first line of the name and removes further ones', () => {
    const headers = new HTTPHeaders(LINES.slice(0, 3))
    headers.set('b', 9)
    headers.set('New', 'n')
    assert.deepEqual(
      [...headers],
      [
        ['b', '9'],
        ['a', '2'],
        ['New', 'n'],
      ],
    )
  })

  it('append adds a line, delete removes all of a name', () => {
    const headers = new HTTPHeaders()
    headers.append('A', '1')
    headers.append('a', 2)
    headers.append('B', '3')
    assert.equal(headers.get('a'), '1, 2')
    headers.delete('A')
    headers.delete('nothing')
    assert.deepEqual([...headers], [['B', '3']])
  })

  it('over borrows the lines, and copies them before the first change', () => {
    for (const change of [
      (headers: HTTPHeaders) => headers.append('x', '1'),
      (headers: HTTPHeaders) => headers.set('a', '9'),
      (headers: HTTPHeaders) => headers.delete('a'),
    ]) {
      const lines: FieldLine[] = [['a', '1']]
      const headers = HTTPHeaders.over(lines)
      change(headers)
      headers.append('y', '2')
      assert.deepEqual(lines, [['a', '1']])
      assert.equal(headers.get('y'), '2')
    }
  })

  it('fits where the platform takes headers, and takes what the platform gives', () => {
    const headers = new HTTPHeaders(LINES)
    const platform = new Headers(headers)
    assert.equal(platform.get('b'), '1, 3')
    assert.deepEqual(platform.getSetCookie(), ['x=1', 'y=2, z'])
    assert.deepEqual(
      [...new HTTPHeaders(new Headers({ b: '2', a: '1' }))],
      [
        ['a', '1'],
        ['b', '2'],
      ],
    )
    assert.deepEqual([...new HTTPHeaders(headers)], LINES)
  })

  it('answers as the platform does for names and values that both can hold', () => {
    const platform = new Headers()
    const headers = new HTTPHeaders()
    for (const both of [platform, headers]) {
      both.append('X-A', '1')
      both.append('x-a', '2')
      both.set('x-b', '3')
      both.append('X-B', '4')
      both.set('X-A', '5')
      both.append('gone', 'x')
      both.delete('GONE')
    }
    for (const name of ['x-a', 'X-B', 'gone', 'other']) {
      assert.equal(headers.get(name), platform.get(name))
      assert.equal(headers.has(name), platform.has(name))
    }
  })
})

describe('toFieldLines', () => {
  it('takes objects with strings, numbers, dates, lists and undefined', () => {
    assert.deepEqual(toFieldLines(undefined), [])
    assert.deepEqual(toFieldLines({ a: '1', b: 2, c: ['x', 3], d: undefined, e: [] }), [
      ['a', '1'],
      ['b', '2'],
      ['c', 'x'],
      ['c', '3'],
    ])
    // RFC 9110 §5.6.7.
    assert.deepEqual(toFieldLines({ Date: new Date(784_111_777_000) }), [
      ['Date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ])
  })

  it('raises TypeError for any other value, without showing it', () => {
    for (const value of [null, true, {}, 5n, Symbol('secret'), [null], new Date(Number.NaN)]) {
      for (const input of [{ a: value }, [['a', value]]]) {
        assert.throws(() => toFieldLines(input as unknown as HeadersInput), TypeError)
      }
    }
  })

  it('says what headers may be, and what it was given instead', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [null, 'null'],
      ['a: b', 'a string'],
      [1, 'a number'],
      [() => [], 'a function'],
    ]
    for (const [input, what] of cases) {
      assert.throws(() => toFieldLines(input as HeadersInput), {
        name: 'TypeError',
        message: `Headers are an object of names and values, pairs, or a Headers, not ${what}; leave them out for none`,
      })
    }
  })

  it('takes pairs only where headers are listed, as the platform does', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [['a', 'b', 'c'], 'a list of 3'],
      [['a'], 'a list of 1'],
      [[], 'a list of 0'],
      ['ab', 'a string'],
      [null, 'null'],
      [1, 'a number'],
    ]
    for (const [pair, what] of cases) {
      assert.throws(() => new Headers([pair] as never), TypeError)
      assert.throws(() => toFieldLines([['x', 'y'], pair] as never), {
        name: 'TypeError',
        message: `Headers that are listed are pairs of a name and a value, and one is ${what}`,
      })
    }
  })
})

describe('what console.log shows of headers', () => {
  it('is their lines in order, without a credential', () => {
    const shown = inspect(
      new HTTPHeaders([
        ['B', '1'],
        ['Set-Cookie', 'a=S3CRET'],
        ['b', '2'],
      ]),
    )
    assert.match(shown, /^HTTPHeaders \[ \[ 'B', '1' \], \[ 'Set-Cookie', '[^']+' \], \[ 'b', '2' \] \]$/)
    assert.doesNotMatch(shown, /S3CRET/)
    assert.equal(inspect({ headers: new HTTPHeaders() }, { depth: 0 }), '{ headers: [HTTPHeaders] }')
  })
})

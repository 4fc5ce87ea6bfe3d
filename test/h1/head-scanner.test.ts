import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeadScanner, type Scan } from '../../src/h1/head-scanner.ts'
import { type LimitOptions, resolveLimits } from '../../src/h1/limits.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const PADDING = 3

interface Scanned {
  readonly scan: Scan
  readonly firstLine: number
}

/** The scan of `text` at once, and byte by byte; both must agree. Indexes count from the beginning of the head. */
function scan(text: string, limits: LimitOptions = {}, part: 'head' | 'trailers' = 'head'): Scanned {
  const bytes = latin1(`${'\n'.repeat(PADDING)}${text}`)
  const once = new HeadScanner(resolveLimits(limits), part)
  const whole = relative(once.scan(bytes, PADDING, bytes.length))
  const slow = new HeadScanner(resolveLimits(limits), part)
  let last: Scan = { kind: 'more' }
  for (let end = PADDING; end <= bytes.length && last.kind === 'more'; end++) {
    last = relative(slow.scan(bytes, PADDING, end))
  }
  assert.deepEqual(last, whole)
  if (whole.kind !== 'limit') assert.equal(slow.firstLine, once.firstLine)
  return { scan: whole, firstLine: once.firstLine }
}

function relative(found: Scan): Scan {
  if (found.kind === 'end') return { kind: 'end', end: found.end - PADDING }
  return found.kind === 'limit' ? { ...found, at: found.at - PADDING } : found
}

const MORE: Scan = { kind: 'more' }
const endAt = (end: number): Scan => ({ kind: 'end', end })

const fieldLimitAt = (at: number): Scan => ({ kind: 'limit', limit: 'maxFields', at })

describe('HeadScanner', () => {
  it('finds the first empty line, ended by CR LF or by LF', () => {
    const heads = [
      'a\r\n\r\n',
      'ab\r\nc: d\r\n\r\n',
      'a\n\n',
      'a\n\r\n',
      'a\r\n\n',
      '\r\n',
      '\n',
      'a\r\r\n\r\n',
    ]
    for (const head of heads) assert.deepEqual(scan(`${head}rest\r\n\r\n`).scan, endAt(head.length))
  })

  it('asks for more before it', () => {
    const heads = ['', 'a', 'a\r\n', 'a\r\n\r', 'a\r\n \r\n', 'a\r\n\t\r\n', 'a\r\n\r\r\n', '\ra\r\n']
    for (const head of heads) assert.deepEqual(scan(head).scan, MORE)
  })

  it('tells where the first line ends', () => {
    assert.equal(scan('ab').firstLine, -1)
    assert.equal(scan('ab\r\ncdefg\r\n').firstLine, 3)
    assert.equal(scan('ab\ncdefg\n').firstLine, 2)
  })

  it('stops at the first byte past the longest line, its line end not counted [9110-2.3-1]', () => {
    const limits = { maxLineBytes: 4 }
    assert.deepEqual(scan('abcd\r\nabcd\n\n', limits).scan, endAt(12))
    assert.deepEqual(scan('abcd\r', limits).scan, MORE)
    for (const line of ['abcde\r\n\r\n', 'abcde\n\n', 'abcdef', 'abcd\r\r\n\r\n']) {
      const limit: Scan = { kind: 'limit', limit: 'maxLineBytes', at: 7 }
      assert.deepEqual(scan(`x\r\n${line}`, limits).scan, limit)
    }
  })

  it('stops at the first byte past the largest head [9110-2.3-1]', () => {
    const limit: Scan = { kind: 'limit', limit: 'maxHeadBytes', at: 6 }
    assert.deepEqual(scan('abc\r\n\r\n', { maxHeadBytes: 7 }).scan, endAt(7))
    assert.deepEqual(scan('abc\r\n\r\n', { maxHeadBytes: 6 }).scan, limit)
    assert.deepEqual(scan('abcdef', { maxHeadBytes: 6 }).scan, MORE)
    assert.deepEqual(scan('abcdefg', { maxHeadBytes: 6 }).scan, limit)
    assert.deepEqual(scan('abcdefg', { maxLineBytes: 4, maxHeadBytes: 6 }).scan, {
      kind: 'limit',
      limit: 'maxLineBytes',
      at: 4,
    })
  })

  it('stops at the first field line past their number, folds not counted [9110-2.3-1]', () => {
    const limits = { maxFields: 2 }
    assert.deepEqual(scan('start\r\na:\r\n b\r\n\tc\r\nd:\r\n\r\n', limits).scan, endAt(25))
    assert.deepEqual(scan('start\r\na:\r\nb:\r\nc:\r\n', limits).scan, fieldLimitAt(15))
    assert.deepEqual(scan('start\r\na:\r\nb:\r\nc:', limits).scan, MORE)
    assert.deepEqual(scan('a:\r\nb:\r\n\r\n', limits, 'trailers').scan, endAt(10))
    assert.deepEqual(scan('a:\r\nb:\r\nc:\r\n', limits, 'trailers').scan, fieldLimitAt(8))
  })

  it('does not count the empty line behind a trailer section [9110-2.3-1]', () => {
    const limits = { maxTrailerBytes: 4 }
    const limit: Scan = { kind: 'limit', limit: 'maxTrailerBytes', at: 4 }
    assert.deepEqual(scan('a:\r\n\r\n', limits, 'trailers').scan, endAt(6))
    assert.deepEqual(scan('a:\r\n\n', limits, 'trailers').scan, endAt(5))
    assert.deepEqual(scan('a:\r\n\r', limits, 'trailers').scan, MORE)
    for (const rest of ['b', '\rb', ' ', '\r\r\n']) {
      assert.deepEqual(scan(`a:\r\n${rest}`, limits, 'trailers').scan, limit)
    }
    assert.deepEqual(scan('a:b\r\n', limits, 'trailers').scan, limit)
    assert.deepEqual(scan('\r\n', { maxTrailerBytes: 1 }, 'trailers').scan, endAt(2))
  })
})

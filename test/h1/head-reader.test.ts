// The reader of heads by itself; what an engine makes of it is in engine-reading.test.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HeadReader } from '../../src/h1/head-reader.ts'
import { type LimitOptions, resolveLimits } from '../../src/h1/limits.ts'
import { ReceiveBuffer } from '../../src/h1/receive-buffer.ts'
import type { Role } from '../../src/h1/states.ts'
import { resolveTolerances, type ToleranceOptions } from '../../src/h1/tolerances.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function readerOf(role: Role, tolerances: ToleranceOptions = {}, limits: LimitOptions = {}) {
  const buffer = new ReceiveBuffer()
  const rules = { tolerances: resolveTolerances(tolerances), limits: resolveLimits(limits), isHead: true }
  const reader = new HeadReader(role, rules, buffer)
  const read = (text: string, hasEnded = false) => {
    if (text !== '') buffer.receive(latin1(text))
    return reader.read(hasEnded)
  }
  return { buffer, reader, read }
}

describe('HeadReader', () => {
  it('answers a head from its start line to its empty line, and where it began', () => {
    const { buffer, read } = readerOf('client')
    assert.equal(read('HTTP/1.1 200'), 'more')
    assert.equal(read(' OK\r\nA: b\r\n'), 'more')
    assert.deepEqual(read('\r\nHTTP/1.1 100\r\n\r\nrest'), {
      text: 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n',
      offset: 0,
    })
    assert.deepEqual(read(''), { text: 'HTTP/1.1 100\r\n\r\n', offset: 25 })
    assert.equal(buffer.text(buffer.start, buffer.end), 'rest')
  })

  it('tells an end before any byte from an end within a head', () => {
    assert.equal(readerOf('client').read('', true), 'none')
    assert.throws(() => readerOf('client').read('HTTP', true), { code: 'INCOMPLETE_HEAD' })
  })

  it('skips one empty line where it may, but not its half', () => {
    const { reader, read } = readerOf('server')
    assert.equal(reader.maySkipEmptyLine, true)
    assert.equal(reader.isHalfEmptyLine, false)
    assert.equal(read('\r'), 'more')
    assert.equal(reader.isHalfEmptyLine, true)
    assert.deepEqual(read('\nGET / HTTP/1.1\r\n\r\n'), { text: 'GET / HTTP/1.1\r\n\r\n', offset: 2 })
    assert.equal(reader.maySkipEmptyLine, false)
    assert.equal(read('\r'), 'more')
    assert.equal(reader.isHalfEmptyLine, false)
    assert.equal(readerOf('client').reader.maySkipEmptyLine, false)
  })

  it('looks at a first line once, as soon as it is there', () => {
    const { read } = readerOf('client')
    assert.equal(read('HTTP/1.1 200 OK\r\n'), 'more')
    assert.equal(read('A: b\r\n'), 'more')
    assert.throws(() => readerOf('client').read('HTTP/1.1 20\r\n'), { code: 'BAD_STATUS_LINE' })
    assert.throws(() => readerOf('server').read('GET\r\n'), { code: 'BAD_REQUEST_LINE' })
    assert.throws(() => readerOf('server').read(`(${'x'.repeat(255)}`), { code: 'BAD_REQUEST_LINE' })
    assert.equal(readerOf('server').read(`(${'x'.repeat(254)}`), 'more')
    assert.throws(() => readerOf('server').read('(', true), { code: 'BAD_REQUEST_LINE' })
  })

  it('takes what has no head for HTTP/0.9 only where that is tolerated, from the first byte of a client', () => {
    const tolerant = { http09: true }
    assert.equal(readerOf('client', tolerant).read('<p>\n'), 'http09')
    assert.equal(readerOf('client', tolerant).read('<p>', true), 'http09')
    assert.equal(readerOf('client', tolerant).read('<p>'), 'more')
    assert.equal(readerOf('client', tolerant, { maxHeadBytes: 2 }).read('<p>'), 'http09')
    assert.throws(() => readerOf('client').read('<p>\n'), { code: 'BAD_STATUS_LINE' })
    assert.throws(() => readerOf('server', tolerant).read('<p>\n'), { code: 'BAD_REQUEST_LINE' })
    const later = readerOf('client', tolerant)
    later.read('HTTP/1.1 100\r\n\r\n')
    assert.throws(() => later.read('<p>\n'), { code: 'BAD_STATUS_LINE' })
  })
})

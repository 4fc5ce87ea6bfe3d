import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BadStatusLine,
  LimitExceeded,
  LineTooLong,
  RemoteProtocolError,
  UnknownProtocol,
} from '../../src/errors/index.ts'
import { type LimitName, resolveLimits } from '../../src/h1/limits.ts'
import { limitExceeded, violation } from '../../src/h1/violation.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('violation', () => {
  it('names rule, place and bytes, escaped', () => {
    const error = violation('BARE_CR', 12, '\r\xff', 'detail')
    assert.equal(error.constructor, RemoteProtocolError)
    assert.deepEqual([error.code, error.offset, error.bytes], ['BARE_CR', 12, '\\r\\xff'])
    assert.equal(
      error.message,
      'A CR is not followed by LF: detail (RFC 9112 §2.2; at byte 12 of the stream: "\\r\\xff")',
    )
    assert.equal(error.rule, 'A CR is not followed by LF (RFC 9112 §2.2)')
  })

  it('leaves the bytes away where none are at fault', () => {
    const error = violation('BAD_HOST_FIELD', 3)
    assert.equal(error.bytes, undefined)
    assert.match(error.message, /at byte 3 of the stream\)$/)
  })

  it('keeps the first line on the two errors that are about it', () => {
    const bad = violation('BAD_STATUS_LINE', 0, 'a\tb')
    assert.ok(bad instanceof BadStatusLine)
    assert.equal(bad.line, 'a\\tb')
    const unknown = violation('UNKNOWN_PROTOCOL', 0, 'ICY')
    assert.ok(unknown instanceof UnknownProtocol)
    assert.equal(unknown.line, 'ICY')
    assert.deepEqual(
      [violation('BAD_STATUS_LINE', 0), violation('UNKNOWN_PROTOCOL', 0)].map((error) => [
        (error as BadStatusLine).line,
        error.bytes,
      ]),
      [
        ['', undefined],
        ['', undefined],
      ],
    )
  })
})

describe('limitExceeded', () => {
  it('names the limit and its value', () => {
    const limits = resolveLimits({ maxFields: 7, maxLineBytes: 9 })
    for (const [name, code] of [
      ['maxLineBytes', 'LIMIT_LINE'],
      ['maxHeadBytes', 'LIMIT_HEAD'],
      ['maxFields', 'LIMIT_FIELDS'],
      ['maxTrailerBytes', 'LIMIT_TRAILERS'],
      ['maxChunkExtensionBytes', 'LIMIT_CHUNK_EXTENSIONS'],
      ['maxInformational', 'LIMIT_INFORMATIONAL'],
    ] as [LimitName, string][]) {
      const error = limitExceeded(name, limits, 5)
      assert.ok(error instanceof LimitExceeded)
      assert.equal(error instanceof LineTooLong, name === 'maxLineBytes')
      assert.deepEqual([error.code, error.limit, error.maximum, error.offset], [code, name, limits[name], 5])
    }
  })
})

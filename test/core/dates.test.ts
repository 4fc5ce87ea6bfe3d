import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatHTTPDate, parseHTTPDate } from '../../src/core/dates.ts'
import { toFieldLines } from '../../src/core/headers.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** The moment of the examples in RFC 9110 §5.6.7. */
const EXAMPLE = new Date(Date.UTC(1994, 10, 6, 8, 49, 37))

describe('dates, RFC 9110 §5.6.7', () => {
  it('are read in the three forms of the RFC [9110-5.6.7-1]', () => {
    const forms = [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]
    for (const form of forms) assert.deepEqual(parseHTTPDate(form), EXAMPLE, form)
  })

  it('are written as IMF-fixdate, also where a field value is given as a Date [9110-5.6.7-2]', () => {
    assert.equal(formatHTTPDate(EXAMPLE), 'Sun, 06 Nov 1994 08:49:37 GMT')
    assert.deepEqual(toFieldLines({ 'If-Modified-Since': EXAMPLE }), [
      ['If-Modified-Since', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ])
    assert.throws(() => formatHTTPDate(new Date(Number.NaN)), TypeError)
    assert.throws(() => formatHTTPDate(new Date(Date.UTC(10_000, 0))), TypeError)
  })

  it('with a two-digit year are at most 50 years ahead [9110-5.6.7-3]', () => {
    const now = new Date(Date.UTC(2026, 0, 1))
    const yearOf = (digits: string) =>
      parseHTTPDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, now)?.getUTCFullYear()
    assert.equal(yearOf('76'), 2076)
    assert.equal(yearOf('77'), 1977)
    assert.equal(yearOf('26'), 2026)
    assert.equal(yearOf('00'), 2000)
  })

  it('that do not exist, or have another form, are none', () => {
    const wrong = [
      '',
      '0',
      'Sun, 6 Nov 1994 08:49:37 GMT',
      'Sun, 06 Nov 1994 08:49:37 UTC',
      'Sun, 06 Nov 1994 24:00:00 GMT',
      'Sun, 06 Nov 1994 08:60:00 GMT',
      'Sun, 06 Nov 1994 08:49:61 GMT',
      'Wed, 30 Feb 1994 08:49:37 GMT',
      'Sun, 06 Foo 1994 08:49:37 GMT',
      'Sun, 00 Nov 1994 08:49:37 GMT',
      ' Sun, 06 Nov 1994 08:49:37 GMT',
      '1994-11-06T08:49:37Z',
    ]
    for (const text of wrong) assert.equal(parseHTTPDate(text), undefined, text)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LIMITS, type LimitName, type LimitOptions, resolveLimits } from '../../src/h1/limits.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

// DESIGN: head 64 KiB, 1,000 fields, a line 64 KiB, trailers 64 KiB, chunk extensions 16 KiB, 100 informational responses.
const DEFAULTS = {
  maxLineBytes: 64 * 1024,
  maxHeadBytes: 64 * 1024,
  maxFields: 1000,
  maxTrailerBytes: 64 * 1024,
  maxChunkExtensionBytes: 16 * 1024,
  maxInformational: 100,
}

describe('resolveLimits', () => {
  it('gives one record to all who ask for nothing else', () => {
    assert.equal(resolveLimits({}), resolveLimits())
    assert.equal(resolveLimits({ maxFields: LIMITS.maxFields.default }), resolveLimits())
  })

  it('completes what is given with the defaults of the table', () => {
    assert.deepEqual(resolveLimits(), DEFAULTS)
    assert.deepEqual(resolveLimits({ maxFields: 3, maxHeadBytes: undefined, maxLineBytes: Infinity }), {
      ...DEFAULTS,
      maxFields: 3,
      maxLineBytes: Infinity,
    })
  })

  it('refuses unknown names and names the known ones', () => {
    assert.throws(() => resolveLimits({ maxCookies: 3 } as LimitOptions), {
      name: 'TypeError',
      message: `Unknown limit 'maxCookies'; known: ${Object.keys(DEFAULTS).join(', ')}`,
    })
    assert.throws(() => resolveLimits({ toString: 3 } as unknown as LimitOptions), TypeError)
  })

  it('refuses what is no whole number from 1', () => {
    for (const value of [0, -1, 1.5, Number.NaN, -Infinity, '5', null, true]) {
      assert.throws(() => resolveLimits({ maxFields: value } as LimitOptions), {
        name: 'TypeError',
        message: `Limit 'maxFields' must be a whole number from 1, or Infinity, not ${typeof value === 'string' ? 'a string' : value}`,
      })
    }
  })
})

describe('LIMITS', () => {
  it('says of each limit its unit, what it bounds and what others allow', () => {
    for (const name of Object.keys(LIMITS) as LimitName[]) {
      const { unit, bounds, precedent } = LIMITS[name]
      assert.ok(name.endsWith('Bytes') ? unit === 'bytes' : unit.length > 0)
      assert.match(bounds, /\.$/)
      assert.notEqual(precedent, '')
    }
  })
})

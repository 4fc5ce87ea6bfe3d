import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  resolveTolerances,
  TOLERANCES,
  type ToleranceName,
  type ToleranceOptions,
} from '../../src/h1/tolerances.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const NAMES = [
  'http09',
  'bareLf',
  'controlInValue',
  'spaceBeforeColon',
  'skipBadFields',
  'chunkSizePadding',
  'identityWithLength',
  'foldedValues',
]

describe('resolveTolerances', () => {
  it('gives one record to all who ask for nothing else', () => {
    assert.equal(resolveTolerances({}), resolveTolerances())
    assert.equal(resolveTolerances({ bareLf: false, http09: undefined }), resolveTolerances())
  })

  it('gives one record, that nobody can change, to all who ask for the same', () => {
    const lenient = resolveTolerances({ bareLf: true, http09: true })
    assert.equal(resolveTolerances({ http09: true, bareLf: true, foldedValues: false }), lenient)
    assert.equal(resolveTolerances(lenient), lenient)
    assert.ok(Object.isFrozen(lenient))
    assert.notEqual(resolveTolerances({ bareLf: true }), lenient)
  })

  it('is strict by default', () => {
    assert.deepEqual(resolveTolerances(), Object.fromEntries(NAMES.map((name) => [name, false])))
  })

  it('switches on what is asked for and nothing else', () => {
    const { bareLf, ...others } = resolveTolerances({ bareLf: true, http09: false, foldedValues: undefined })
    assert.equal(bareLf, true)
    assert.deepEqual(new Set(Object.values(others)), new Set([false]))
  })

  it('refuses unknown names, and values that are not boolean', () => {
    assert.throws(() => resolveTolerances({ lenient: true } as ToleranceOptions), {
      name: 'TypeError',
      message: `Unknown tolerance 'lenient'; known: ${NAMES.join(', ')}`,
    })
    assert.throws(() => resolveTolerances({ valueOf: true } as unknown as ToleranceOptions), TypeError)
    for (const value of [1, 'yes', null]) {
      assert.throws(() => resolveTolerances({ bareLf: value } as unknown as ToleranceOptions), {
        name: 'TypeError',
        message: `Tolerance 'bareLf' must be true or false, not ${typeof value === 'string' ? 'a string' : value}`,
      })
    }
  })
})

describe('TOLERANCES', () => {
  it('says of each tolerance what it accepts, who needs it and what it opens', () => {
    assert.deepEqual(Object.keys(TOLERANCES), NAMES)
    for (const name of NAMES as ToleranceName[]) {
      const { accepts, reason, risk } = TOLERANCES[name]
      for (const text of [accepts, reason, risk]) assert.match(text, /^[A-Z].*\.$/)
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as errors from '../../src/errors/index.ts'
import * as engine from '../../src/h1/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('httplib-ts/h1', () => {
  it('offers the engine, its tables and every error class, and nothing else', () => {
    assert.deepEqual(
      Object.keys(engine).sort(),
      [...Object.keys(errors), 'H1Engine', 'JOINT_TRANSITIONS', 'LIMITS', 'TOLERANCES', 'TRANSITIONS'].sort(),
    )
  })
})

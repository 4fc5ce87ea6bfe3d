import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { needBuild } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { FAULTS } from './table.ts'

checkOpenHandles()

describe('deliberate faults of authentication', () => {
  it('are at least 30, each of its own', () => {
    assert.ok(FAULTS.length >= 30)
    assert.equal(new Set(FAULTS.map(({ does }) => does)).size, FAULTS.length)
  })

  // Faults are put into a copy of what was compiled.
  const skip = needBuild(import.meta)
  it('are caught: one of them, as a sample of `npm run auth:faults`', { skip }, () => {
    const script = path.join(import.meta.dirname, 'main.js')
    const { status, stdout } = spawnSync(process.execPath, [script, 'a comma in a quoted string'], {
      encoding: 'utf8',
    })
    assert.match(stdout, /caught .*takes a comma in a quoted string for the end of a parameter/)
    assert.equal(status, 0)
  })
})

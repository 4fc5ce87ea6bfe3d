import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wrapText } from '../../src/cli/tell/wrap.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('wrapText', () => {
  it('cuts at blanks, and keeps every word', () => {
    assert.deepEqual(wrapText('one two three', 7), ['one two', 'three'])
    assert.deepEqual(wrapText('', 7), [''])
  })

  it('cuts a fingerprint behind a colon, and leaves another long word whole', () => {
    const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':')
    const lines = wrapText(`with SHA-256 ${fingerprint}: no`, 40)
    assert.ok(
      lines.every((line) => line.length <= 40),
      lines.join('\n'),
    )
    assert.equal(lines.join('').replaceAll(' ', ''), `withSHA-256${fingerprint}:no`)
    assert.deepEqual(wrapText('a'.repeat(50), 40), ['a'.repeat(50)])
  })
})

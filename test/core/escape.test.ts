import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { escapeText, MAX_SHOWN_BYTES } from '../../src/core/escape.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('escapeText', () => {
  it('shows printable ASCII as it is, but for quotation mark and backslash', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('')
    const shown = printable.replace('\\', '\\\\').replace('"', '\\"')
    assert.equal(escapeText(printable, 95), shown)
  })

  it('shows every other byte as an escape', () => {
    assert.equal(escapeText('\t\n\r'), '\\t\\n\\r')
    assert.equal(escapeText('\0\x1b\x7f\x80\xff'), '\\x00\\x1b\\x7f\\x80\\xff')
  })

  it('cuts what is too long, and says so', () => {
    const longest = 'x'.repeat(MAX_SHOWN_BYTES)
    assert.equal(escapeText(longest), longest)
    assert.equal(escapeText(`${longest}y`), `${longest}...`)
    assert.equal(escapeText('abc', 2), 'ab...')
    assert.equal(escapeText('', 0), '')
  })
})

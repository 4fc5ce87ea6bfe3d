import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { latin1, showWire, wire } from './bytes.ts'
import { checkOpenHandles } from './open-handles.ts'

checkOpenHandles()

describe('wire', () => {
  it('turns line ends of the source into CRLF', () => {
    const bytes = wire`
GET / HTTP/1.1
Host: a

`
    assert.equal(bytes.toString('latin1'), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  })

  it('honours escapes for single bytes', () => {
    assert.deepEqual([...wire`\r\n\t\0\\\`\$\xff\x80`], [13, 10, 9, 0, 92, 96, 36, 255, 128])
  })

  it('joins lines at a backslash', () => {
    assert.equal(
      wire`a\
b`.toString('latin1'),
      'ab',
    )
  })

  it('takes values as they are', () => {
    assert.equal(wire`a${'\n'}b${12}${Buffer.from([255])}`.toString('latin1'), 'a\nb12\xff')
  })

  it('refuses what is not one byte and escapes it does not know', () => {
    assert.throws(() => wire`€`, RangeError)
    assert.throws(() => wire`\q`, RangeError)
    assert.throws(() => latin1('\u0100'), RangeError)
  })

  it('is shown as it would be written', () => {
    assert.equal(showWire(wire`a\xff\\\r\0\r\nb`), 'a\\xff\\\\\\r\\0\nb')
  })
})

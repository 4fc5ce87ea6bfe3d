import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReceiveBuffer } from '../../src/h1/receive-buffer.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const unread = (buffer: ReceiveBuffer): string => buffer.text(buffer.start, buffer.end)

describe('ReceiveBuffer', () => {
  it('looks at what it was given, and copies the rest only when the owner takes it back', () => {
    const buffer = new ReceiveBuffer()
    const input = latin1('abcdef')
    buffer.receive(input)
    assert.equal(buffer.bytes, input)
    buffer.consumeTo(2)
    buffer.settle()
    input.fill(0)
    assert.equal(unread(buffer), 'cdef')
    assert.equal(buffer.length, 4)
    assert.equal(buffer.offsetOf(buffer.start), 2)
  })

  it('keeps nothing of an input that was used up', () => {
    const buffer = new ReceiveBuffer()
    buffer.receive(latin1('abc'))
    buffer.consumeTo(3)
    buffer.settle()
    assert.equal(buffer.bytes.length, 0)
    assert.equal(buffer.length, 0)
    assert.equal(buffer.offsetOf(buffer.start), 3)
  })

  it('counts every byte of the stream once, whatever is taken when', () => {
    const buffer = new ReceiveBuffer()
    const stream = Array.from({ length: 5000 }, (_, index) => String.fromCharCode(index % 251)).join('')
    let read = ''
    for (let at = 0, step = 0; at < stream.length; step++) {
      const input = latin1(stream.slice(at, at + 1 + (step % 37)))
      at += input.length
      buffer.receive(input)
      // Sometimes nothing, sometimes a little, sometimes all of it.
      const take = step % 50 === 49 ? buffer.length : Math.min(buffer.length, step % 11)
      assert.equal(buffer.offsetOf(buffer.start), read.length)
      read += buffer.text(buffer.start, buffer.start + take)
      buffer.consumeTo(buffer.start + take)
      if (step % 3 === 0) buffer.settle()
    }
    assert.equal(read + unread(buffer), stream)
  })

  it('appends without being settled first', () => {
    const buffer = new ReceiveBuffer()
    buffer.receive(latin1('ab'))
    buffer.receive(latin1('cd'))
    assert.equal(unread(buffer), 'abcd')
    buffer.receive(new Uint8Array(3000).fill(0x78))
    assert.equal(unread(buffer), `abcd${'x'.repeat(3000)}`)
    assert.equal(buffer.offsetOf(buffer.start), 0)
  })

  it('gives everything out as a copy, once', () => {
    const buffer = new ReceiveBuffer()
    const input = latin1('abc')
    buffer.receive(input)
    buffer.consumeTo(1)
    const taken = buffer.takeAll()
    input.fill(0)
    assert.deepEqual(taken, latin1('bc'))
    assert.deepEqual(buffer.takeAll(), Buffer.alloc(0))
    buffer.receive(latin1('d'))
    assert.equal(unread(buffer), 'd')
    assert.equal(buffer.offsetOf(buffer.start), 3)
  })

  it('reads bytes of any kind of array as latin1', () => {
    const buffer = new ReceiveBuffer()
    buffer.receive(new Uint8Array([0x78, 0x80, 0x93, 0xff, 0x78]).subarray(1, 4))
    assert.equal(unread(buffer), '\x80\x93\xff')
  })

  it('does not grow with what was read already', () => {
    const buffer = new ReceiveBuffer()
    buffer.receive(latin1('x'))
    buffer.settle()
    for (let round = 0; round < 10_000; round++) {
      buffer.receive(latin1('0123456789'))
      buffer.consumeTo(buffer.start + 10)
    }
    assert.equal(unread(buffer), '9')
    assert.ok(buffer.bytes.length <= 4096, `${buffer.bytes.length} bytes are held for one`)
  })
})

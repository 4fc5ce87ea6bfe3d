import assert from 'node:assert/strict'
import { Blob } from 'node:buffer'
import { describe, it } from 'node:test'
import { MemoryBody } from '../../src/core/memory-body.ts'
import { BlobBody } from '../../src/fetch/blob-body.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

for (const [title, make] of [
  ['bytes as a body', (text: string) => new MemoryBody(Buffer.from(text))],
  ['a Blob as a body', (text: string) => new BlobBody(new Blob([text]))],
] as const) {
  describe(title, () => {
    it('is read to its end, by whatever way', async () => {
      const body = make('abcdef')
      const target = new Uint8Array(2)
      assert.equal(await body.readInto(target), 2)
      assert.equal(Buffer.from(target).toString(), 'ab')
      assert.equal(body.isDone, false)
      assert.equal(String(await body.readChunk()), 'cdef')
      assert.equal(body.isDone, true)
      assert.equal(await body.readChunk(), undefined)
      assert.equal(await body.readInto(target), 0)
      assert.equal((await body.readAll()).length, 0)
      assert.equal(String(await make('all').readAll()), 'all')
      assert.deepEqual(body.trailers, [])
    })

    it('is empty from the beginning, or once it is given up', async () => {
      assert.equal(make('').isDone, true)
      const body = make('abc')
      body.cancel()
      assert.equal(body.isDone, true)
      assert.equal(await body.readChunk(), undefined)
    })
  })
}

describe('what is there', () => {
  it('of bytes is all of them, of a Blob nothing', () => {
    assert.equal(String(new MemoryBody(Buffer.from('abc')).takeAll()), 'abc')
    assert.equal(new BlobBody(new Blob(['abc'])).takeAll(), undefined)
  })
})

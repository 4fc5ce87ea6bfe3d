// A source is given back at once, also while it owes a chunk that never comes.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { BlobLike } from '../../src/core/form-data.ts'
import { destroyStream, openStream, SegmentReader } from '../../src/core/open-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

interface Source {
  readonly stream: object
  isGivenBack: boolean
}

/** Sources that give one chunk, and then none for ever. */
const SOURCES: Readonly<Record<string, () => Source>> = {
  'a web stream': () => {
    let count = 0
    const source: Source = {
      isGivenBack: false,
      stream: new ReadableStream(
        {
          pull: (controller) => {
            if (count++ > 0) return new Promise(() => {})
            controller.enqueue(Buffer.from('a'))
            return undefined
          },
          cancel: () => {
            source.isGivenBack = true
          },
        },
        { highWaterMark: 0 },
      ),
    }
    return source
  },
  'a Node stream': () => {
    const stream = new Readable({ read() {} })
    stream.push('a')
    const source = { stream, isGivenBack: false }
    stream.on('close', () => {
      source.isGivenBack = true
    })
    return source
  },
  'an iterator': () => {
    let count = 0
    const source: Source = {
      isGivenBack: false,
      stream: {
        [Symbol.asyncIterator]: () => ({
          next: () =>
            count++ === 0
              ? Promise.resolve({ done: false, value: Buffer.from('a') })
              : new Promise<never>(() => {}),
          return: () => {
            source.isGivenBack = true
            return Promise.resolve({ done: true, value: undefined })
          },
        }),
      },
    }
    return source
  },
}

const blobOf = (stream: object): BlobLike =>
  ({ size: 5, type: '', stream: () => stream, [Symbol.toStringTag]: 'Blob' }) as BlobLike

/** What is asked for, and never comes, or fails. */
function unheard(next: unknown): void {
  Promise.resolve(next).catch(() => {})
}

describe('a source that owes a chunk', () => {
  for (const [what, make] of Object.entries(SOURCES)) {
    it(`is given back: ${what}`, async () => {
      const source = make()
      const iterator = openStream(source.stream)
      assert.equal(String((await iterator.next()).value), 'a')
      unheard(iterator.next())
      assert.deepEqual(await iterator.return?.(), { done: true, value: undefined })
      await new Promise(setImmediate)
      assert.ok(source.isGivenBack)
    })

    it(`is given back as the stream of a Blob: ${what}`, async () => {
      const source = make()
      const reader = new SegmentReader([Buffer.from('head'), blobOf(source.stream), Buffer.from('tail')])
      assert.equal(String((await reader.next()).value), 'head')
      assert.equal(String((await reader.next()).value), 'a')
      unheard(reader.next())
      assert.equal((await reader.return()).done, true)
      await new Promise(setImmediate)
      assert.ok(source.isGivenBack)
    })
  }

  it('is not there before it was begun, and not after its end', async () => {
    assert.equal((await new SegmentReader([Buffer.from('a')]).return()).done, true)
    const reader = new SegmentReader([new Blob(['a']), blobOf([Buffer.from('b')])])
    const all: string[] = []
    for (let next = await reader.next(); next.done !== true; next = await reader.next())
      all.push(String(Buffer.from(next.value as Uint8Array)))
    assert.deepEqual(all, ['a', 'b'])
    assert.equal((await reader.return()).done, true)
    assert.equal((await reader.next()).done, true)
  })
})

describe('destroyStream', () => {
  it('asks once, and hears what the stream says then', async () => {
    let asked = 0
    class Refusing extends Readable {
      override _read(): void {}

      override destroy(): this {
        asked++
        super.destroy(new Error('late'))
        throw new Error('no')
      }
    }
    const stream = new Refusing()
    destroyStream(stream)
    destroyStream(stream)
    await new Promise(setImmediate)
    assert.equal(asked, 1)
  })
})

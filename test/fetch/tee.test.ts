import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BodyReader } from '../../src/core/body-reader.ts'
import { MemoryBody } from '../../src/core/memory-body.ts'
import { teeBody } from '../../src/fetch/tee.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A body that gives its pieces one by one, and counts. */
class Pieces implements BodyReader {
  readonly trailers = [['x', 'y']] as const
  readonly #pieces: (string | Error)[]
  reads = 0
  isCancelled = false

  constructor(...pieces: (string | Error)[]) {
    this.#pieces = pieces
  }

  get isDone(): boolean {
    return this.isCancelled || this.#pieces.length === 0
  }

  readInto(): Promise<number> {
    throw new Error('not asked for')
  }

  readChunk(): Promise<Buffer | undefined> {
    this.reads++
    const piece = this.#pieces.shift()
    if (piece instanceof Error) return Promise.reject(piece)
    return Promise.resolve(piece === undefined ? undefined : Buffer.from(piece))
  }

  readAll(): Promise<Buffer> {
    throw new Error('not asked for')
  }

  takeAll(): undefined {}

  cancel(): void {
    this.isCancelled = true
  }
}

describe('two readers of one body', () => {
  it('tell each time that they wait, and once that they were given up', async () => {
    const told: string[] = []
    const [one, two] = teeBody(new Pieces('ab', 'cd'), {
      waits: (branch) => told.push(`${branch} waits`),
      leaves: (branch) => told.push(`${branch} leaves`),
    })
    await two.readChunk()
    await one.readChunk()
    await one.readChunk()
    two.cancel()
    two.cancel()
    assert.deepEqual(told, ['1 waits', '0 waits', '1 leaves'])
  })

  it('each have all of it, and it is read once', async () => {
    const inner = new Pieces('ab', 'cd')
    const [one, two] = teeBody(inner)
    const all = await Promise.all([one.readAll(), two.readAll()])
    assert.deepEqual(all.map(String), ['abcd', 'abcd'])
    assert.equal(inner.reads, 3)
    assert.equal(one.isDone && two.isDone, true)
    assert.deepEqual(two.trailers, [['x', 'y']])
  })

  it('may read in any way and order', async () => {
    const [one, two] = teeBody(new Pieces('abc', 'de'))
    const target = new Uint8Array(2)
    assert.equal(await one.readInto(target), 2)
    assert.equal(String(await two.readChunk()), 'abc')
    assert.equal(String(await one.readChunk()), 'c')
    assert.equal(await two.readInto(target), 2)
    assert.equal(await two.readInto(target), 0)
    assert.equal(await two.readChunk(), undefined)
    assert.equal(one.isDone, false)
    assert.equal(String(await one.readAll()), 'de')
    assert.equal((await one.readAll()).length, 0)
  })

  it('have what is there at once', () => {
    const [one, two] = teeBody(new MemoryBody(Buffer.from('abc')))
    assert.equal(String(one.takeAll()), 'abc')
    assert.equal(two.isDone, false)
    assert.equal(String(two.takeAll()), 'abc')
    assert.equal(String(two.takeAll()), '')
  })

  it('cannot have at once what has to be waited for', async () => {
    const [one, two] = teeBody(new Pieces('ab', 'cd'))
    const reading = one.readChunk()
    assert.equal(two.takeAll(), undefined)
    await reading
    await one.readAll()
    assert.equal(String(two.takeAll()), 'abcd')
  })

  it('are told both that it broke off, after what had come', async () => {
    const failure = new Error('broken')
    const [one, two] = teeBody(new Pieces('ab', failure))
    await assert.rejects(one.readAll(), failure)
    assert.equal(String(await two.readChunk()), 'ab')
    await assert.rejects(two.readChunk(), failure)
    assert.equal(two.takeAll(), undefined)
  })

  it('cancel it together, and neither alone', async () => {
    const inner = new Pieces('ab', 'cd')
    const [one, two] = teeBody(inner)
    one.cancel()
    one.cancel()
    assert.equal(one.isDone, true)
    assert.equal(one.takeAll(), undefined)
    await assert.rejects(one.readChunk(), /closed before/)
    assert.equal(inner.isCancelled, false)
    assert.equal(String(await two.readChunk()), 'ab')
    two.cancel()
    assert.equal(inner.isCancelled, true)
  })
})

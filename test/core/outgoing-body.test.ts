import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  isEmptyBody,
  isMeasured,
  measureBody,
  type OutgoingBody,
  type RequestBody,
  takeBody,
  toBytes,
} from '../../src/core/outgoing-body.ts'
import { LocalProtocolError } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A body that needs no asking. */
function prepare(body: RequestBody): OutgoingBody {
  const prepared = takeBody(body, () => 'boundary')
  assert.ok(isMeasured(prepared))
  return prepared
}

describe('takeBody', () => {
  it('is none for undefined, null, and a factory of them', () => {
    for (const body of [undefined, null, () => undefined, () => null]) {
      assert.deepEqual(prepare(body), { kind: 'none' })
    }
  })

  it('shares the memory of bytes it is given', () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    for (const body of [bytes, bytes.buffer, new DataView(bytes.buffer) as unknown as ArrayBuffer]) {
      const prepared = prepare(body)
      assert.ok(prepared.kind === 'bytes')
      assert.equal(prepared.bytes.buffer, bytes.buffer)
      assert.equal(prepared.bytes.length, 4)
    }
  })

  it('is known to be empty where nothing can come', () => {
    const empty: RequestBody[] = [undefined, '', [], ['', new Uint8Array(0)], () => [], new Blob([])]
    const others: RequestBody[] = ['a', ['', 'a'], () => ['a'], (function* () {})(), new Blob(['a'])]
    assert.deepEqual(
      [...empty, ...others].map((body) => isEmptyBody(prepare(body))),
      [...empty.map(() => true), ...others.map(() => false)],
    )
  })

  it('opens nothing: a source is asked for its chunks only when they are sent', () => {
    let asked = 0
    const source = {
      [Symbol.asyncIterator]: (): AsyncIterator<string> => {
        asked++
        return { next: () => Promise.resolve({ done: true, value: undefined }) }
      },
    }
    const prepared = prepare(source)
    assert.ok(prepared.kind === 'chunks')
    assert.equal(prepared.length, undefined)
    assert.equal(asked, 0)
    prepared.open()
    assert.equal(asked, 1)
  })

  it('calls a factory again for each request', () => {
    let made = 0
    const factory = (): string => `body ${++made}`
    for (const text of ['body 1', 'body 2']) {
      const prepared = prepare(factory)
      assert.ok(prepared.kind === 'bytes')
      assert.equal(Buffer.from(prepared.bytes).toString(), text)
    }
  })

  it('raises TypeError for what is no body, and says what to do with an object', () => {
    for (const body of [1, true, 1n, Symbol('x'), {}, () => () => 'x', () => 1]) {
      assert.throws(() => takeBody(body as unknown as string, () => 'boundary'), TypeError)
    }
    assert.throws(() => takeBody({ a: 1 } as unknown as string, () => 'boundary'), /JSON\.stringify/)
  })
})

/** A file with `content`, of which `stat` says what it says. */
function fileLike(content: string, size: number, isFile: boolean): Parameters<typeof measureBody>[0] {
  const bytes = Buffer.from(content)
  let at = 0
  return {
    fd: 1,
    stat: () => Promise.resolve({ size, isFile: () => isFile }),
    read: (buffer: Uint8Array, offset: number, length: number, position: number | null) => {
      const from = position ?? at
      const part = bytes.subarray(from, from + length)
      buffer.set(part, offset)
      at = from + part.length
      return Promise.resolve({ bytesRead: part.length })
    },
  }
}

describe('measureBody', () => {
  it('has nothing to do for a body that is no file', async () => {
    const body = prepare('text')
    assert.equal(await measureBody(body), body)
  })

  it('reads a small file: its size is what was read, whatever stat says', async () => {
    for (const size of [0, 3, 4_096]) {
      const measured = await measureBody(fileLike('seven b', size, true))
      assert.ok(measured.kind === 'bytes')
      assert.equal(String(Buffer.from(measured.bytes)), 'seven b')
    }
  })

  it('believes the size of a large file, and reads no more than it', async () => {
    const content = 'x'.repeat(300_000)
    const measured = await measureBody(fileLike(`${content}grown`, 300_000, true))
    assert.ok(measured.kind === 'chunks')
    assert.equal(measured.length, 300_000)
    assert.equal(measured.isReplayable, true)
    for (let round = 0; round < 2; round++) {
      const chunks = measured.open() as AsyncIterator<Uint8Array>
      let length = 0
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
        length += next.value.length
      assert.equal(length, 300_000)
    }
  })

  it('takes no length from a file that said it was small and is not', async () => {
    const measured = await measureBody(fileLike('x'.repeat(70_000), 10, true))
    assert.ok(measured.kind === 'chunks')
    assert.equal(measured.length, undefined)
  })

  it('reads a pipe from where it is, without a length', async () => {
    const measured = await measureBody(fileLike('through', 0, false))
    assert.ok(measured.kind === 'chunks')
    assert.deepEqual([measured.length, measured.isReplayable], [undefined, false])
    const chunks = measured.open() as AsyncIterator<Uint8Array>
    assert.equal(String(Buffer.from((await chunks.next()).value as Uint8Array)), 'through')
    assert.equal((await chunks.next()).done, true)
  })
})

describe('toBytes', () => {
  it('takes bytes as they are and strings as UTF-8', () => {
    const bytes = new Uint8Array([1])
    assert.equal(toBytes(bytes), bytes)
    assert.deepEqual(toBytes('é'), Buffer.from([0xc3, 0xa9]))
    assert.deepEqual(toBytes(new Uint8Array([7]).buffer), new Uint8Array([7]))
  })

  it('refuses anything else without showing it', () => {
    for (const piece of [undefined, null, 5, {}, ['secret']]) {
      assert.throws(
        () => toBytes(piece),
        (error) => error instanceof LocalProtocolError && !error.message.includes('secret'),
      )
    }
  })
})

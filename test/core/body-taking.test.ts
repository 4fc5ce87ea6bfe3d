import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { WebStreamSource } from '../../src/core/body-sources.ts'
import { writeForm } from '../../src/core/form-data.ts'
import { toFieldLines } from '../../src/core/headers.ts'
import { takeOptions } from '../../src/core/options.ts'
import {
  assertHeld,
  ChunkedBody,
  measureBody,
  type OutgoingBody,
  type RequestBody,
  takeBody,
  takeTrailers,
  toBytes,
} from '../../src/core/outgoing-body.ts'
import { settle } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const take = (body: unknown): ChunkedBody => {
  const taken = takeBody(body as RequestBody, () => 'b')
  assert.ok(taken instanceof ChunkedBody)
  return taken
}

async function textOf(body: ChunkedBody): Promise<string> {
  const chunks = body.open()
  let text = ''
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
    text += Buffer.from(next.value as Uint8Array).toString()
  return text
}

describe('a body that can be sent once', () => {
  it('is claimed once: what is left of it would look whole', () => {
    for (const source of [
      (function* () {
        yield 'a'
      })(),
      Readable.from(['a']),
    ]) {
      const body = take(source)
      body.claim()
      assert.throws(() => body.claim(), /can be sent once, and was sent or given back before/)
      body.close()
    }
    const given = take(Readable.from(['a']))
    given.close()
    assert.throws(() => given.claim(), TypeError)
    const list = take(['a'])
    list.claim()
    list.claim()
  })

  it('is given back also where the stream refuses to be destroyed', () => {
    const stream = Readable.from(['a'])
    stream.destroy = () => {
      throw new Error('not now')
    }
    take(stream).close()
    Readable.prototype.destroy.call(stream)
  })
})

describe('a body that is taken', () => {
  it('is refused where it was read, destroyed or sent before', async () => {
    const read = Readable.from(['x'])
    for await (const _ of read);
    const destroyed = new PassThrough()
    destroyed.destroy()
    const generator = (function* () {
      yield 'x'
    })()
    take(generator)
    for (const body of [read, destroyed, generator]) assert.throws(() => take(body), TypeError)
  })

  it('hears a stream that is closed before its end', async () => {
    const stream = new PassThrough()
    const body = take(stream)
    const failed = new Promise((resolve) => {
      body.listen(resolve)
    })
    stream.destroy()
    assert.match(String(await failed), /closed before its end/)
  })

  it('is refused as a promise, whatever becomes of it, and as a stream of the old kind', () => {
    assert.throws(() => takeBody(Promise.reject(new Error('x')) as unknown as string, () => 'b'), /promise/)
    assert.throws(() => takeBody((() => Promise.resolve('x')) as unknown as string, () => 'b'), /promise/)
    assert.throws(() => takeBody({ pipe: () => {} } as unknown as string, () => 'b'), /old kind/)
  })

  it('is made again by a factory each time it is opened, of the same kind', async () => {
    let made = 0
    const factory = (): unknown => (++made < 3 ? Readable.from([Buffer.from(String(made))]) : 'text')
    const body = take(factory)
    assert.equal(body.isReplayable, true)
    assert.equal(await textOf(body), '1')
    assert.equal(await textOf(body), '2')
    assert.throws(() => body.open(), /same kind/)
    body.close()
  })

  it('can be made again, whatever is still done to the one before', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'httplib-body-'))
    const file = await open(path.join(folder, 'large'), 'w+')
    try {
      await file.write(Buffer.alloc(600_000, 'x'))
      const bodies: readonly [ChunkedBody, length: number][] = [
        [take(['a', 'b']), 2],
        [take(new Blob([Buffer.alloc(600_000, 'x')])), 600_000],
        [take(() => Readable.from(['a', 'b'])), 2],
        [(await measureBody(file)) as ChunkedBody, 600_000],
      ]
      for (const [body, length] of bodies) {
        await body.open().next()
        const again = body.again()
        const chunks = again.open()
        let read = Buffer.from((await chunks.next()).value as Uint8Array).length
        // Late, as a sender does that was waiting for a chunk.
        body.close()
        for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
          read += Buffer.from(next.value as Uint8Array).length
        assert.equal(read, length)
        assert.deepEqual([again.length, again.contentType], [body.length, body.contentType])
        again.finish()
      }
    } finally {
      await file.close()
      rmSync(folder, { recursive: true })
    }
  })

  it('is another one for whoever sends it while it is sent', async () => {
    const body = take(['a', 'b'])
    assert.equal(body.claim(), body)
    await body.open().next()
    const other = body.claim()
    assert.notEqual(other, body)
    const chunks = other.open()
    body.close()
    assert.deepEqual(await chunks.next(), { done: false, value: 'a' })
    assert.equal(body.claim(), body)
    other.close()
  })

  it('is given up in all of its sendings, those made of others too', () => {
    const body = take(['a'])
    const second = body.again()
    const third = second.again()
    second.close()
    let told = 0
    for (const one of [third, body.again()]) {
      one.open()
      one.guard(() => told++)
    }
    body.giveUp()
    assert.equal(told, 2)
    body.giveUp()
    assert.equal(told, 2)
  })

  it('is made again by its factory where it was given back unread', async () => {
    let made = 0
    const body = take(() => Readable.from([String(++made)]))
    body.close()
    assert.equal(await textOf(body), '2')
    const again = body.again()
    again.close()
    assert.equal(await textOf(again), '3')
  })

  it('is read from a stream that has no iterator of its own kind, as other packages make them', async () => {
    const stream = Readable.from([Buffer.from('a'), Buffer.from('b')])
    const other = Object.defineProperty(stream, 'iterator', { value: undefined })
    const body = take(other)
    assert.equal(await textOf(body), 'ab')
    body.finish()
  })

  it('fails once: what comes after the first failure is not told', async () => {
    const stream = new PassThrough()
    const body = take(stream)
    const told: unknown[] = []
    body.listen((error) => told.push(error))
    const first = new Error('first')
    stream.destroy(first)
    await settle()
    stream.emit('error', new Error('second'))
    assert.deepEqual(told, [first])
    assert.deepEqual(body.failure, { error: first })
  })

  it('tells a failure to the next who listens, and to nobody where nobody does', async () => {
    const stream = new PassThrough()
    const body = take(stream)
    const failure = new Error('unheard')
    stream.destroy(failure)
    await settle()
    body.listen(undefined)
    const told: unknown[] = []
    body.listen((error) => told.push(error))
    assert.deepEqual(told, [failure])
  })

  it('is given back once, however often that is asked for', async () => {
    const reasons: unknown[] = []
    const stream = new ReadableStream({ cancel: (reason) => void reasons.push(reason) })
    const body = take(stream)
    body.close('first')
    body.close('second')
    body.finish()
    await settle()
    assert.deepEqual(reasons, ['first'])
    assert.equal(stream.locked, false)
  })

  it('is not cancelled where it was read to its end', async () => {
    const reasons: unknown[] = []
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Buffer.from('x'))
        controller.close()
      },
      cancel: (reason) => void reasons.push(reason),
    })
    const source = new WebStreamSource(stream, () => assert.fail())
    const chunks = source.open()
    while ((await chunks.next()).done !== true);
    source.finish()
    source.close('late')
    source.close('later')
    await settle()
    assert.deepEqual([reasons, stream.locked], [[], false])
  })
})

describe('memory that a caller has lent', () => {
  it('must be there when it is sent: transferred, or made another size, it is refused', () => {
    const ResizableBuffer = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void }
    const shrunk = new ResizableBuffer(4, { maxByteLength: 8 })
    const body = takeBody(shrunk, () => 'b') as OutgoingBody
    assertHeld(body)
    shrunk.resize(2)
    assert.throws(() => assertHeld(body), TypeError)
    const moved = Uint8Array.of(1, 2, 3)
    const other = takeBody(moved, () => 'b') as OutgoingBody
    structuredClone(moved, { transfer: [moved.buffer] })
    assert.throws(() => assertHeld(other), { name: 'TypeError', message: /transferred/ })
  })

  it('must be there when it is given: a view of memory that was made smaller says that it is empty', () => {
    const ResizableBuffer = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void }
    const shrunk = new ResizableBuffer(4, { maxByteLength: 8 })
    const views = [new Uint8Array(shrunk, 0, 4), new Uint16Array(shrunk, 0, 2), new DataView(shrunk, 0, 4)]
    const moved = Uint8Array.of(1)
    shrunk.resize(2)
    structuredClone(moved, { transfer: [moved.buffer] })
    for (const view of [...views, moved]) {
      assert.throws(() => takeBody(view, () => 'b'), TypeError)
      assert.throws(() => takeBody(Object.freeze([view]) as unknown as RequestBody, () => 'b'))
    }
    assert.throws(() => toBytes(moved), TypeError)
    assert.equal(toBytes(new Uint8Array(0)).length, 0)
  })

  it('must be there when it is sent, also in a list, however often', async () => {
    for (const act of [
      (body: ChunkedBody) => body,
      (body: ChunkedBody) => body.again(),
      (body: ChunkedBody) => body.again().again(),
    ]) {
      const moved = Uint8Array.of(1, 2, 3)
      const body = take(['a', moved])
      structuredClone(moved, { transfer: [moved.buffer] })
      await assert.rejects(textOf(act(body)), { name: 'TypeError', message: /transferred/ })
    }
  })

  it('is a list of its own: what becomes of the caller’s does nothing to it', async () => {
    const list = ['a', Buffer.from('b')]
    const body = take(list)
    const set = new Set(list)
    const other = take(set)
    list.push('c')
    set.clear()
    assert.deepEqual(
      [await textOf(body), await textOf(body.again()), await textOf(other)],
      ['ab', 'ab', 'ab'],
    )
  })

  it('is looked through at once where it is in a list', () => {
    for (const list of [[1], new Set([1]), new Map([['a', 'b']])])
      assert.throws(() => takeBody(list as unknown as RequestBody, () => 'b'), { code: 'INVALID_BODY' })
  })

  it('is its bytes, whatever kind of view is given', () => {
    const memory = Uint8Array.of(1, 2, 3, 4, 5, 6)
    for (const view of [new DataView(memory.buffer, 2, 2), new Uint8ClampedArray(memory.buffer, 2, 2)]) {
      const body = takeBody(view, () => 'b') as OutgoingBody & { kind: 'bytes' }
      assert.deepEqual([...body.bytes], [3, 4])
    }
  })
})

/** A Blob as another package has it: with what the platform would not let through. */
function blob(facts: object): object {
  return Object.defineProperty({ size: 1, stream: () => {}, ...facts }, Symbol.toStringTag, { value: 'Blob' })
}

/** The first segment of a form with one entry. */
function firstOf(entry: unknown): string {
  const [head] = writeForm([entry], 'b')
  assert.ok(head instanceof Uint8Array)
  return Buffer.from(head).toString()
}

describe('a form', () => {
  it('names a Blob that is no File `blob`, as browsers do, and escapes the names it is given', () => {
    assert.equal(
      firstOf(['a"\r\nb', blob({ type: 'text/plain' })]),
      '--b\r\nContent-Disposition: form-data; name="a%22%0D%0Ab"; filename="blob"\r\nContent-Type: text/plain\r\n\r\n',
    )
    assert.match(firstOf(['a', blob({ type: 'text/plain', name: 'x.txt' })]), /; filename="x\.txt"\r\n/)
  })

  it('gives a Blob without a type, or with one that no field can carry, the type of any bytes', () => {
    for (const type of ['', 'text/plain\r\nX: y', 'text/é']) {
      assert.match(firstOf(['a', blob({ type })]), /\r\nContent-Type: application\/octet-stream\r\n\r\n$/)
    }
  })
})

describe('what is no form, no fields, no options and no trailers', () => {
  it('is refused', async () => {
    assert.throws(() => writeForm([['a', 5]], 'b'), /pairs/)
    assert.throws(() => toFieldLines(Promise.resolve({}) as unknown as Record<string, string>), /promise/)
    for (const given of [[], 'x', 5, new AbortController().signal])
      assert.throws(() => takeOptions(given as object, {}, 'Options'), /are an object/)
    const late = Promise.reject(new Error('no trailers'))
    await assert.rejects(takeTrailers(late) as Promise<unknown>, /no trailers/)
  })
})

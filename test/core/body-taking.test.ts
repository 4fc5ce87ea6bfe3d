import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { writeForm } from '../../src/core/form-data.ts'
import { toFieldLines } from '../../src/core/headers.ts'
import { takeOptions } from '../../src/core/options.ts'
import { ChunkedBody, type RequestBody, takeBody, takeTrailers } from '../../src/core/outgoing-body.ts'
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

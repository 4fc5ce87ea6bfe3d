import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type OutgoingBody,
  prepareBody,
  prepareSlowBody,
  type RequestBody,
  toBytes,
} from '../../src/core/outgoing-body.ts'
import { LocalProtocolError } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A body that needs no asking. */
function prepare(body: RequestBody): OutgoingBody {
  const prepared = prepareBody(body)
  assert.ok('kind' in prepared)
  return prepared
}

describe('prepareBody', () => {
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

  it('opens nothing: a source is asked for its pieces only when they are sent', () => {
    let asked = 0
    const source = {
      [Symbol.asyncIterator]: (): AsyncIterator<string> => {
        asked++
        return { next: () => Promise.resolve({ done: true, value: undefined }) }
      },
    }
    const prepared = prepare(source)
    assert.ok(prepared.kind === 'pieces')
    assert.equal(prepared.length, undefined)
    prepared.open()
    assert.equal(asked, 0)
  })

  it('calls a factory anew for each request', () => {
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
      assert.throws(() => prepareBody(body as unknown as string), TypeError)
    }
    assert.throws(() => prepareBody({ a: 1 } as unknown as string), /JSON\.stringify/)
  })
})

const fileLike = (size: number, isFile: boolean): Parameters<typeof prepareSlowBody>[0] => ({
  fd: 1,
  stat: () => Promise.resolve({ size, isFile: () => isFile }),
  createReadStream: () => ['x'] as unknown as AsyncIterable<unknown>,
})

describe('prepareSlowBody', () => {
  it('asks a file for its size, and believes it for a regular file only', async () => {
    for (const [isFile, expected] of [
      [true, 7],
      [false, undefined],
    ] as const) {
      const file = fileLike(7, isFile)
      assert.equal(prepareBody(file), file)
      const prepared = await prepareSlowBody(file)
      assert.ok(prepared.kind === 'pieces')
      assert.equal(prepared.length, expected)
      assert.deepEqual([...(prepared.open() as Iterable<unknown>)], ['x'])
    }
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

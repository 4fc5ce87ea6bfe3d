import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IncompleteRead } from '../../src/errors/index.ts'
import { IncomingBody } from '../../src/transport/incoming-body.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A body, and what it asks of its connection. */
function make(): { body: IncomingBody; asked: string[]; told: string[] } {
  const asked: string[] = []
  const told: string[] = []
  const body = new IncomingBody({
    pause: () => asked.push('pause'),
    resume: () => asked.push('resume'),
    awaited: () => {},
    cancel: () => asked.push('cancel'),
    consumed: () => told.push('consumed'),
  })
  return { body, asked, told }
}

/** Memory that a read waits with, and what becomes of it in the meantime. */
const LOSSES: Readonly<Record<string, (memory: ArrayBuffer) => unknown>> = {
  transferred: (memory) => structuredClone(memory, { transfer: [memory] }),
  'made too small': (memory) => (memory as ArrayBuffer & { resize(length: number): void }).resize(0),
}
const resizable = (length: number): ArrayBuffer =>
  new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(length, { maxByteLength: 64 })

describe('the memory of readInto()', () => {
  for (const [how, lose] of Object.entries(LOSSES)) {
    for (const [kind, view] of [
      ['a view of fixed length', (memory: ArrayBuffer) => new Uint8Array(memory, 0, 16)],
      ['a view that follows', (memory: ArrayBuffer) => new Uint8Array(memory)],
    ] as const) {
      it(`rejects where it was ${how} while it was waited for, and gives the bytes to the next read: ${kind}`, async () => {
        const { body, told } = make()
        const memory = resizable(16)
        const reading = body.readInto(view(memory))
        lose(memory)
        body.push(Buffer.from('hello'))
        assert.ok((await rejectionOf(reading)) instanceof TypeError)
        body.finish([])
        assert.equal(String(await body.readAll()), 'hello')
        assert.deepEqual(told, ['consumed'])
      })

      it(`rejects where it was ${how} before: ${kind}`, async () => {
        const { body } = make()
        const memory = resizable(16)
        const target = view(memory)
        lose(memory)
        body.push(Buffer.from('hello'))
        assert.ok((await rejectionOf(body.readInto(target))) instanceof TypeError)
        assert.equal(String(await body.readChunk()), 'hello')
      })
    }
  }

  it('rejects where it was made smaller, though something would fit', async () => {
    const { body } = make()
    const memory = resizable(16)
    const reading = body.readInto(new Uint8Array(memory))
    ;(memory as ArrayBuffer & { resize(length: number): void }).resize(2)
    body.push(Buffer.from('hello'))
    assert.ok((await rejectionOf(reading)) instanceof TypeError)
    assert.equal(String(await body.readChunk()), 'hello')
  })

  it('takes the bytes where it was made larger', async () => {
    const { body } = make()
    const memory = resizable(4)
    const reading = body.readInto(new Uint8Array(memory))
    ;(memory as ArrayBuffer & { resize(length: number): void }).resize(8)
    body.push(Buffer.from('hello'))
    assert.equal(await reading, 5)
  })

  it('rejects with what a target of another class throws', async () => {
    const { body } = make()
    const thrown = new RangeError('no')
    class Odd extends Uint8Array {
      override set(): void {
        throw thrown
      }
    }
    const reading = body.readInto(new Odd(4))
    body.push(Buffer.from('hello'))
    assert.equal(await rejectionOf(reading), thrown)
    assert.equal(await rejectionOf(body.readInto(new Odd(4))), thrown)
    assert.equal(String(await body.readChunk()), 'hello')
  })

  it('answers 0 at the end, whatever became of it', async () => {
    const { body } = make()
    const memory = resizable(16)
    const reading = body.readInto(new Uint8Array(memory))
    LOSSES['transferred']!(memory)
    body.finish([])
    assert.equal(await reading, 0)
  })

  it('is given to the caller for good: empty bodies do not share theirs', async () => {
    const [one, other] = [make(), make()]
    for (const { body } of [one, other]) body.finish([])
    const bytes = [
      await one.body.readAll(),
      await other.body.readAll(),
      await one.body.readAll(),
      await other.body.readAll(),
    ]
    assert.equal(new Set(bytes).size, 4)
    assert.equal(new Set(bytes.map(({ buffer }) => buffer)).size, 4)
  })
})

describe('IncomingBody', () => {
  it('tells that it was consumed when its last byte was given out, and not before', async () => {
    const early = make()
    early.body.push(Buffer.from('abc'))
    early.body.finish([])
    assert.deepEqual(early.told, [])
    await early.body.readInto(Buffer.alloc(2))
    assert.deepEqual(early.told, [])
    await early.body.readInto(Buffer.alloc(2))
    assert.deepEqual(early.told, ['consumed'])

    const waiting = make()
    const all = waiting.body.readAll()
    waiting.body.push(Buffer.from('abc'))
    waiting.body.finish([])
    assert.equal(String(await all), 'abc')
    assert.deepEqual(waiting.told, ['consumed'])

    const empty = make()
    empty.body.finish([])
    assert.deepEqual(empty.told, ['consumed'])

    const broken = make()
    broken.body.push(Buffer.from('abc'))
    broken.body.fail(new IncompleteRead(Buffer.alloc(0)))
    assert.deepEqual(broken.told, [])
    await rejectionOf(broken.body.readAll())
    broken.body.cancel()
    assert.deepEqual(broken.told, ['consumed'])
  })

  it('copies what it keeps: lent bytes may change behind it', async () => {
    const { body } = make()
    const lent = Buffer.from('abc')
    body.push(lent)
    body.push(lent)
    lent.fill('x')
    body.finish([])
    assert.equal((await body.readAll()).toString(), 'abcabc')
  })

  it('gives each byte once and in order, however it is pushed and taken', async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1_000, max: 9_000 })),
      {
        maxLength: 30,
      },
    )
    const takes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5_000 })), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(sizes, takes, async (pushed, taken) => {
        const { body } = make()
        let sent = 0
        const got: Buffer[] = []
        const pending: Promise<unknown>[] = []
        const take = async (isChunk: boolean, size: number): Promise<void> => {
          const target = Buffer.alloc(size)
          const piece = isChunk ? await body.readChunk() : target.subarray(0, await body.readInto(target))
          // What was handed out belongs to the caller: later bytes must not be written into it.
          got.push(Buffer.from(piece ?? []))
        }
        for (let i = 0; i < Math.max(pushed.length, taken.length); i++) {
          const size = pushed[i]
          if (size !== undefined) {
            body.push(Buffer.from(Array.from({ length: size }, (_, at) => (sent + at) % 251)))
            sent += size
          }
          const next = taken[i]
          if (next !== undefined && pending.length === 0) {
            const settled = (): void => {
              pending.length = 0
            }
            pending.push(take(...next).finally(settled))
          }
          await Promise.resolve()
        }
        body.finish([['X', '1']])
        await Promise.all(pending)
        got.push(await body.readAll())
        const all = Buffer.concat(got)
        assert.equal(all.length, sent)
        for (let at = 0; at < sent; at++) if (all[at] !== at % 251) assert.fail(`byte ${at} is ${all[at]}`)
        assert.equal(body.isDone, true)
        assert.deepEqual(body.trailers, [['X', '1']])
      }),
      { numRuns: 300 },
    )
  })

  it('holds the peer back at 64 KiB unread, and lets go when the queue is empty or somebody waits', async () => {
    const { body, asked } = make()
    body.push(Buffer.alloc(65_535))
    assert.deepEqual(asked, [])
    body.push(Buffer.alloc(1))
    body.push(Buffer.alloc(10))
    assert.deepEqual(asked, ['pause'])
    await body.readInto(Buffer.alloc(65_000))
    assert.deepEqual(asked, ['pause'])
    await body.readChunk()
    await body.readChunk()
    assert.deepEqual(asked, ['pause', 'resume'])
    body.push(Buffer.alloc(70_000))
    const all = body.readAll()
    assert.deepEqual(asked, ['pause', 'resume', 'pause', 'resume'])
    body.push(Buffer.alloc(70_000))
    assert.equal(asked.length, 4)
    body.finish([])
    assert.equal((await all).length, 140_000)
  })

  it('lets go at its end, so that the next response can come although this one is unread', () => {
    const { body, asked } = make()
    body.push(Buffer.alloc(70_000))
    body.finish([])
    assert.deepEqual(asked, ['pause', 'resume'])
  })

  it('answers who waits when the end comes', async () => {
    for (const [wait, expected] of [
      [(body: IncomingBody) => body.readInto(Buffer.alloc(1)), 0],
      [(body: IncomingBody) => body.readChunk(), undefined],
      [(body: IncomingBody) => body.readAll(), Buffer.alloc(0)],
    ] as const) {
      const { body } = make()
      const waiting = wait(body)
      body.finish([])
      assert.deepEqual(await waiting, expected)
      assert.deepEqual(await wait(body), expected)
    }
  })

  it('gives what had come before a failure, then the failure; readAll with all of it', async () => {
    const failure = new IncompleteRead(Buffer.alloc(0), 9, { reused: true, address: 'a:1', phase: 'body' })
    const { body } = make()
    body.push(Buffer.from('abc'))
    body.fail(failure)
    assert.equal(body.isDone, false)
    assert.equal(await body.readInto(Buffer.alloc(1)), 1)
    const error = await rejectionOf(body.readAll())
    assert.ok(error instanceof IncompleteRead)
    assert.equal(error.partial.toString(), 'bc')
    assert.equal(error.expected, 9)
    assert.equal(error.reused, true)
    assert.equal(error.address, 'a:1')
    assert.equal(body.isDone, true)
    assert.equal(await rejectionOf(body.readChunk()), failure)
  })

  it('abandons the connection when it is given up before its end, and only then', async () => {
    const open = make()
    const waiting = rejectionOf(open.body.readChunk())
    open.body.cancel()
    open.body.cancel()
    assert.deepEqual(open.asked, ['cancel'])
    assert.equal((await waiting).name, 'ImproperConnectionState')
    assert.equal((await rejectionOf(open.body.readChunk())).name, 'ImproperConnectionState')
    open.body.push(Buffer.from('late'))
    open.body.finish([])
    open.body.fail(new Error('late'))
    assert.equal((await rejectionOf(open.body.readAll())).name, 'ImproperConnectionState')

    const ended = make()
    ended.body.push(Buffer.from('x'))
    ended.body.finish([])
    ended.body.cancel()
    assert.deepEqual(ended.asked, [])
    assert.equal(ended.body.isDone, true)
  })
})

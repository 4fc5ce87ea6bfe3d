// What onProgress is told: over bodies that the test gives, on a clock that the test moves.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import type { BodyReader } from '../../src/core/body-reader.ts'
import type { AnyIterator } from '../../src/core/body-sources.ts'
import { ChunkedBody, type OutgoingBody, type RequestBody, takeBody } from '../../src/core/outgoing-body.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { Progress } from '../../src/core/settings.ts'
import { ImproperConnectionState, IncompleteRead } from '../../src/errors/index.ts'
import { decompressLayer } from '../../src/layers/decompress.ts'
import { Pauses } from '../../src/layers/pause.ts'
import { declaredLength, isToldNow, progressLayer } from '../../src/layers/progress.ts'
import { type Answer, answerWith, requestWith, through } from '../support/layer-exchange.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

interface Told {
  readonly calls: Progress[]
  readonly onProgress: (progress: Progress) => void
}

function listener(): Told {
  const calls: Progress[] = []
  return { calls, onProgress: (progress) => void calls.push(progress) }
}

function download(
  body: BodyReader,
  {
    clock = new ManualClock(),
    told = listener(),
    ...answer
  }: Answer & { clock?: ManualClock; told?: Told } = {},
  method = 'GET',
): Promise<HTTPResponse> {
  return through(
    progressLayer({ clock, pauses: new Pauses() }),
    { onProgress: told.onProgress },
    answerWith(body, answer),
    method,
  )
}

/** The request as it comes out of the layer. */
async function uploaded(
  body: RequestBody,
  onProgress: (progress: Progress) => void | Promise<void>,
  clock = new ManualClock(),
): Promise<OutgoingRequest> {
  let sent: OutgoingRequest | undefined
  const handler = progressLayer({ clock, pauses: new Pauses() })((request) => {
    sent = request
    return Promise.resolve(answerWith(new PieceBody([]), { head: { framing: { kind: 'none' } } }))
  })
  const taken = takeBody(body, () => 'b') as OutgoingBody
  await handler(requestWith({ onProgress }, { method: 'PUT', body: taken }))
  return sent!
}

/** Takes all chunks, as a connection does; `between` is called before each. */
async function drain(chunks: AnyIterator, between: () => void = () => {}): Promise<Buffer> {
  const pieces: Buffer[] = []
  while (true) {
    between()
    const result = await chunks.next()
    if (result.done === true) return Buffer.concat(pieces)
    pieces.push(Buffer.from(result.value as string))
  }
}

function opened(body: OutgoingBody): AnyIterator {
  assert.ok(body instanceof ChunkedBody)
  return body.open()
}

function* pieces(): Generator<string, void, void> {
  yield 'one'
  yield 'two'
}

const progress = (
  phase: Progress['phase'],
  bytes: number,
  total: number | undefined,
  bytesPerSecond: number,
): Progress => ({ phase, bytes, total, bytesPerSecond })

describe('isToldNow', () => {
  it('says yes at the end, and every 50 ms', () => {
    assert.equal(isToldNow(1, undefined, Infinity), true)
    assert.equal(isToldNow(1, 2, 49), false)
    assert.equal(isToldNow(1, 2, 50), true)
    assert.equal(isToldNow(2, 2, 0), true)
  })
})

describe('declaredLength', () => {
  it('is what the framing says, or Content-Length where there is none', () => {
    const head = { version: 11, status: 200, reason: '', codings: [], defects: [] } as const
    assert.equal(declaredLength({ ...head, fields: [], framing: { kind: 'length', length: 5 } }), 5)
    assert.equal(
      declaredLength({ ...head, fields: [['Content-Length', '5']], framing: { kind: 'chunked' } }),
      undefined,
    )
    assert.equal(declaredLength({ ...head, fields: [['content-length', '7']] }), 7)
    assert.equal(declaredLength({ ...head, fields: [['content-length', 'x']] }), undefined)
    assert.equal(declaredLength({ ...head, fields: [] }), undefined)
  })
})

describe('onProgress of a download', () => {
  it('is told at the first bytes, every 50 ms, and at the end, with the average speed', async () => {
    const clock = new ManualClock()
    const told = listener()
    const body = new PieceBody(['12345', '678', '90', 'ab', 'cdef'])
    const response = await download(body, { clock, told, head: { framing: { kind: 'length', length: 16 } } })
    for await (const piece of response) {
      assert.ok(piece.length > 0)
      clock.advance(25)
    }
    assert.deepEqual(told.calls, [
      progress('download', 5, 16, 5_000),
      progress('download', 10, 16, 200),
      progress('download', 16, 16, 160),
    ])
    assert.ok(told.calls.every((call) => Object.isFrozen(call)))
  })

  it('has a total at the end where none was said', async () => {
    const clock = new ManualClock()
    const told = listener()
    const response = await download(new PieceBody(['12345', '678']), {
      clock,
      told,
      head: { framing: { kind: 'chunked' } },
    })
    assert.equal(await response.text(), '12345678')
    assert.deepEqual(told.calls, [
      progress('download', 5, undefined, 5_000),
      progress('download', 8, 8, 8_000),
    ])
  })

  it('is told once of an empty body that is read', async () => {
    const told = listener()
    const response = await download(new PieceBody([]), { told })
    await response.text()
    await response.read(1)
    assert.deepEqual(told.calls, [progress('download', 0, 0, 0)])
  })

  it('is told the same in whatever way the body is read', async () => {
    const reads: readonly ((response: HTTPResponse) => Promise<unknown>)[] = [
      (response) => response.text(),
      (response) => response.bytes(),
      (response) => response.read(),
      async (response) => [await response.read(7), await response.read(1)],
      async (response) => [await response.readLine(), await response.readLine()],
      async (response) => {
        while ((await response.readInto(Buffer.alloc(100))) > 0);
      },
    ]
    for (const read of reads) {
      for (const isThere of [true, false]) {
        const told = listener()
        const clock = new ManualClock()
        await read(await download(new PieceBody(['123\n567'], { isThere }), { told, clock }))
        assert.deepEqual(told.calls, [
          progress('download', 7, undefined, 7_000),
          progress('download', 7, 7, 7_000),
        ])
      }
    }
  })

  it('counts coded bytes: what comes over', async () => {
    const told = listener()
    const clock = new ManualClock()
    const plain = 'a'.repeat(10_000)
    const coded = zlib.gzipSync(plain)
    const inner = progressLayer({ clock, pauses: new Pauses() })
    const answer = answerWith(new PieceBody([coded]), {
      fields: [['Content-Encoding', 'gzip']],
      head: { framing: { kind: 'length', length: coded.length } },
    })
    const settings = {
      onProgress: told.onProgress,
      decompress: { maxBytes: 1e9, maxRatio: 1e3, maxChain: 3 },
    }
    const response = await through((next) => decompressLayer()(inner(next)), settings, answer)
    assert.equal(await response.text(), plain)
    assert.deepEqual(
      told.calls.map(({ bytes, total }) => [bytes, total]),
      [[coded.length, coded.length]],
    )
  })

  it('keeps the framing, so that limits know how long the body is', async () => {
    const framing = { kind: 'length', length: 3 } as const
    assert.deepEqual((await download(new PieceBody(['123']), { head: { framing } })).head.framing, framing)
  })

  it('is not told of a response without a body', async () => {
    const told = listener()
    for (const kind of ['none', 'switch'] as const) {
      await (await download(new PieceBody([]), { told, head: { framing: { kind } } })).text()
    }
    await (await download(new PieceBody([]), { told, fields: [['Content-Length', '5']] }, 'HEAD')).text()
    assert.deepEqual(told.calls, [])
  })

  it('fails the read with what it throws, and gives the body up', async () => {
    const thrown = new Error('of the caller')
    const told: Told = {
      calls: [],
      onProgress: () => {
        throw thrown
      },
    }
    for (const pieces of [['12', '34'], []]) {
      for (const read of [
        (response: HTTPResponse): Promise<unknown> => response.text(),
        (response: HTTPResponse): Promise<unknown> => response.readInto(Buffer.alloc(10)),
      ]) {
        const body = new PieceBody(pieces)
        const response = await download(body, { told })
        await assert.rejects(read(response), (error) => error === thrown)
        await assert.rejects(response.readInto(Buffer.alloc(1)), (error) => error === thrown)
        assert.equal(body.isDone, true)
        assert.equal(response.isClosed, true)
      }
    }
  })

  it('is told nothing of the end of a body that breaks off', async () => {
    const told = listener()
    const failure = new IncompleteRead(Buffer.from('3'), 7)
    const response = await download(new PieceBody(['1', '2'], { failure }), { told })
    const error = await rejectionAs(response.read(), IncompleteRead)
    assert.equal(error.partial.toString(), '123')
    assert.deepEqual(
      told.calls.map(({ bytes }) => bytes),
      [1],
    )
  })

  it('leaves the rules of a body as they are: trailers, one read at a time, close', async () => {
    const body = new PieceBody(['1'], { isOpen: true })
    const response = await download(body)
    assert.equal(response.isClosed, false)
    assert.equal((await response.read(1)).toString(), '1')
    const read = response.readInto(Buffer.alloc(1))
    await rejectionAs(response.readInto(Buffer.alloc(1)), ImproperConnectionState)
    response.close()
    await rejectionAs(read, ImproperConnectionState)
    assert.equal(body.isCancelled, true)
    assert.deepEqual([...response.trailers], [['X-Sum', '1']])
  })
})

describe('onProgress of an upload', () => {
  it('keeps length, type and whether it can be sent again', async () => {
    const told = listener()
    for (const [body, length, contentType, isReplayable] of [
      ['text', 4, undefined, true],
      [new URLSearchParams({ a: '1' }), 3, 'application/x-www-form-urlencoded;charset=UTF-8', true],
      [new Blob(['abc'], { type: 'text/x' }), 3, 'text/x', true],
      [['a', 'b'], undefined, undefined, true],
      [() => new PassThrough(), undefined, undefined, true],
      [new PassThrough(), undefined, undefined, false],
    ] as const) {
      const { body: watched } = await uploaded(body as RequestBody, told.onProgress)
      assert.ok(watched instanceof ChunkedBody)
      assert.deepEqual(
        [watched.length, watched.contentType, watched.isReplayable],
        [length, contentType, isReplayable],
      )
      watched.close()
    }
  })

  it('tells of bytes when the connection has taken them, and from 0 when they are sent again', async () => {
    const clock = new ManualClock()
    const told = listener()
    const bytes = Buffer.alloc(150_000, 'x')
    const { body } = await uploaded(bytes, told.onProgress, clock)
    const expected = [
      // 100 ms before the first chunk is asked for, and 100 ms with each.
      progress('upload', 65_536, 150_000, 65_536 / 0.2),
      progress('upload', 131_072, 150_000, Math.round(131_072 / 0.3)),
      progress('upload', 150_000, 150_000, 150_000 / 0.4),
    ]
    for (let turn = 0; turn < 2; turn++) {
      told.calls.length = 0
      const chunks = opened(body)
      assert.deepEqual(await drain(chunks, () => clock.advance(100)), bytes)
      assert.deepEqual(told.calls, expected)
      ;(body as ChunkedBody).finish()
    }
  })

  it('has a total at the end where none was said, and counts UTF-8', async () => {
    const told = listener()
    const { body } = await uploaded(['ä', new Uint8Array(3)], told.onProgress)
    await drain(opened(body))
    assert.deepEqual(told.calls, [progress('upload', 2, undefined, 2_000), progress('upload', 5, 5, 5_000)])
  })

  it('tells of no end where the body was given back while a promise was waited for', async () => {
    const told: Progress[] = []
    const onProgress = (one: Progress): Promise<never> => {
      told.push(one)
      return new Promise(() => {})
    }
    const { body } = await uploaded(pieces(), onProgress)
    const chunks = opened(body)
    await chunks.next()
    const next = chunks.next()
    ;(body as ChunkedBody).close()
    await next
    assert.deepEqual(told, [progress('upload', 3, undefined, 3_000)])
    assert.equal((await chunks.next()).done, true)
    assert.ok(told.every(({ total }) => total === undefined))
  })

  it('leaves a request without a body, or with an empty one, as it is', async () => {
    const told = listener()
    for (const body of [undefined, '']) {
      const request = await uploaded(body, told.onProgress)
      assert.equal(request.first, undefined)
    }
    assert.deepEqual(told.calls, [])
  })

  it('leaves a request as it is where nobody listens', async () => {
    const request = requestWith({}, { body: takeBody('x', () => 'b') as OutgoingBody })
    const answer = answerWith(new PieceBody([]))
    const response = await progressLayer({ clock: new ManualClock(), pauses: new Pauses() })((given) => {
      assert.equal(given, request)
      return Promise.resolve(answer)
    })(request)
    assert.equal(response, answer)
  })

  it('fails the source with what it throws', async () => {
    const thrown = new Error('of the caller')
    const { body } = await uploaded('text', () => {
      throw thrown
    })
    await assert.rejects(drain(opened(body)), (error) => error === thrown)
  })

  it('gives the source back, and hears it fail, as before', async () => {
    const told = listener()
    const stream = new PassThrough()
    const { body } = await uploaded(stream, told.onProgress)
    assert.ok(body instanceof ChunkedBody)
    const failures: unknown[] = []
    body.listen((error) => failures.push(error))
    const broken = new Error('broken')
    stream.destroy(broken)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    assert.deepEqual(failures, [broken])
    const second = new PassThrough()
    const closed = (await uploaded(second, told.onProgress)).body as ChunkedBody
    const chunks = closed.open()
    second.write('x')
    assert.equal(((await chunks.next()) as { value: Buffer }).value.toString(), 'x')
    closed.close()
    assert.equal(second.destroyed, true)
    const source = new PassThrough()
    source.end('all')
    const whole = (await uploaded(source, told.onProgress)).body as ChunkedBody
    assert.equal((await drain(whole.open())).toString(), 'all')
    whole.finish()
  })

  it('lets the connection refuse what is no chunk', async () => {
    const told = listener()
    const { body } = await uploaded(
      (function* () {
        yield 5 as never
      })(),
      told.onProgress,
    )
    const result = (await opened(body).next()) as { value: unknown }
    assert.equal(result.value, 5)
  })
})

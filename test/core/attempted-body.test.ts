// The attempts that led to a response, as the failures of its body tell of them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withAttempts } from '../../src/core/attempted-body.ts'
import type { BodyReader } from '../../src/core/body-reader.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { BodyFraming } from '../../src/core/response-head.ts'
import type { Attempt } from '../../src/errors/exception.ts'
import { IncompleteRead } from '../../src/errors/index.ts'
import { answerWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'

checkOpenHandles()

const EARLIER: Attempt = { status: 503, decision: 'again' }
const LAST: Attempt = { status: 200 }
const OWN: Attempt = { status: 200, phase: 'body' }

function cutShort(): IncompleteRead {
  const error = new IncompleteRead(Buffer.alloc(0), 3)
  error.attempts = [OWN]
  return error
}

describe('the attempts of a response', () => {
  const WAYS: Readonly<Record<string, (response: HTTPResponse) => Promise<unknown>>> = {
    'in one piece': (response) => response.read(),
    'piece by piece': async (response) => {
      for await (const _ of response) continue
    },
    'into memory': async (response) => {
      while ((await response.readInto(new Uint8Array(8))) > 0) continue
    },
  }
  for (const [way, read] of Object.entries(WAYS))
    it(`are told by what its body fails with, read ${way}`, async () => {
      const failure = cutShort()
      const response = withAttempts(answerWith(new PieceBody(['a'], { failure })), [EARLIER, LAST], undefined)
      assert.deepEqual(response.attempts, [EARLIER, LAST])
      await assert.rejects(read(response), (error) => {
        assert.deepEqual((error as IncompleteRead).attempts, [EARLIER, OWN])
        return true
      })
    })

  it('leave a body that is whole, its end and its trailers as they are', async () => {
    const body = new PieceBody(['whole'], { isThere: true })
    const response = withAttempts(answerWith(body), [EARLIER, LAST], undefined)
    assert.equal(response.isClosed, false)
    assert.equal(await response.text(), 'whole')
    assert.deepEqual([response.isClosed, response.trailers.raw], [true, body.trailers])
    const given = new PieceBody(['a', 'b'])
    withAttempts(answerWith(given), [EARLIER, LAST], undefined).close()
    assert.equal(given.isCancelled, true)
  })

  it('leave what a pool asks of a body: whether it holds its connection, and that who waits is told', () => {
    class Asked extends PieceBody {
      isOpen = false
      told = 0
      stopWaiting(): void {
        this.told++
      }
    }
    const bodies: BodyReader[] = []
    const derived = (inner: BodyReader): void => {
      withAttempts(answerWith(inner), [EARLIER, LAST], undefined).derive({
        body: (body) => {
          bodies.push(body)
          return body
        },
      })
    }
    const asked = new Asked(['a'])
    derived(asked)
    derived(new PieceBody(['a']))
    bodies[0]!.stopWaiting?.()
    assert.deepEqual([bodies[0]!.isOpen, asked.told], [false, 1])
    assert.deepEqual([bodies[1]!.isOpen, bodies[1]!.stopWaiting], [undefined, undefined])
  })

  it('are not written onto what is not of this package, or is the reason of an abort', async () => {
    const signal = AbortSignal.abort(cutShort())
    for (const [failure, of] of [
      [new Error('mine'), undefined],
      [signal.reason as IncompleteRead, signal],
    ] as const) {
      const response = withAttempts(answerWith(new PieceBody(['a'], { failure })), [EARLIER, LAST], of)
      await assert.rejects(
        response.readInto(new Uint8Array(8)).then(() => response.readInto(new Uint8Array(8))),
        (error) => error === failure,
      )
    }
    assert.deepEqual((signal.reason as IncompleteRead).attempts, [OWN])
    const untold = new IncompleteRead(Buffer.alloc(0))
    const response = withAttempts(
      answerWith(new PieceBody([], { failure: untold })),
      [EARLIER, LAST],
      undefined,
    )
    await assert.rejects(response.read(), (error) => (error as IncompleteRead).attempts === undefined)
  })

  it('need no body of their own where it was the first, or where there is none', async () => {
    const framings: readonly BodyFraming[] = [{ kind: 'none' }, { kind: 'switch' }]
    for (const framing of framings) {
      const response = withAttempts(
        answerWith(new PieceBody([]), { head: { framing } }),
        [EARLIER, LAST],
        undefined,
      )
      assert.deepEqual(response.head.framing, framing)
      assert.deepEqual(response.attempts, [EARLIER, LAST])
    }
    const failure = cutShort()
    const first = withAttempts(answerWith(new PieceBody(['a'], { failure })), [LAST], undefined, { queue: 3 })
    assert.equal(first.timings.queue, 3)
    await assert.rejects(first.read(), (error) => {
      assert.deepEqual((error as IncompleteRead).attempts, [OWN])
      return true
    })
  })
})

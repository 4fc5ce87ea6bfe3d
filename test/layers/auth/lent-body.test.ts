// A body that is lent until it is read: each way it goes out, and comes back.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { ChunkedBody, takeBody } from '../../../src/core/outgoing-body.ts'
import { LentBody, lending } from '../../../src/layers/auth/lent-body.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const SPENT = /can be sent once, and was sent or given back before/

function bodyOf(source: Readable): ChunkedBody {
  const body = takeBody(source, () => 'b')
  assert.ok(body instanceof ChunkedBody)
  return body
}

async function readAll(body: ChunkedBody): Promise<string> {
  const iterator = body.open()
  const chunks: string[] = []
  for (let step = await iterator.next(); step.done !== true; step = await iterator.next())
    chunks.push(String(step.value))
  body.finish()
  return chunks.join('')
}

describe('a lent body', () => {
  it('can be lent again as long as it was not read, and is the whole then', async () => {
    const source = Readable.from(['a', 'b'])
    const lent = new LentBody(bodyOf(source))
    for (let i = 0; i < 3; i++) {
      lent.lend().close(new Error('refused'))
      assert.equal(source.destroyed, false)
    }
    assert.equal(lent.wasOpened, false)
    const last = lent.lend()
    assert.equal(last.isReplayable, false)
    assert.equal(await readAll(last), 'ab')
    assert.equal(lent.wasOpened, true)
    lent.end()
  })

  it('has the length and the type of its body', () => {
    const body = new ChunkedBody(
      () => ({ isReplayable: false, open: () => [].values(), close: () => {}, finish: () => {} }),
      5,
      'text/plain',
    )
    const current = new LentBody(body).lend()
    assert.deepEqual([current.length, current.contentType], [5, 'text/plain'])
  })

  it('is no one else’s: it is claimed when it is lent for the first time, and each time it is sent', () => {
    const body = bodyOf(Readable.from(['a']))
    const lent = new LentBody(body)
    assert.throws(() => new LentBody(body), SPENT)
    assert.throws(() => body.claim(), SPENT)
    const current = lent.lend()
    current.claim()
    assert.throws(() => current.claim(), SPENT)
    current.close()
    lent.end()
  })

  it('given back cannot be opened any more, and giving it back twice is nothing to the next one', async () => {
    const source = Readable.from(['a'])
    const lent = new LentBody(bodyOf(source))
    const first = lent.lend()
    first.close()
    const second = lent.lend()
    // Late, by whoever had the first one.
    first.close(new Error('late'))
    assert.equal(source.destroyed, false)
    assert.throws(() => first.open(), /given back before it was sent/)
    first.close(new Error('later'))
    assert.equal(await readAll(second), 'a')
    lent.end()
  })

  it('given back while it is read is given back whole: what is left of it is nobody’s', () => {
    const source = new Readable({ read: () => {} })
    const lent = new LentBody(bodyOf(source))
    const current = lent.lend()
    current.open()
    current.close()
    assert.equal(source.destroyed, true)
    assert.equal(lent.wasOpened, true)
    lent.end()
  })

  it('goes back at the end where it is not out, and once it comes back where it is', () => {
    for (const isOut of [false, true]) {
      const source = new Readable({ read: () => {} })
      const lent = new LentBody(bodyOf(source))
      const current = lent.lend()
      if (!isOut) current.close()
      lent.end()
      assert.equal(source.destroyed, !isOut)
      current.close()
      assert.equal(source.destroyed, true)
    }
  })

  it('tells whoever has it that its source has failed, and nobody once it is back', async () => {
    const failure = new Error('gone')
    const told: unknown[] = []
    const source = new Readable({ read: () => {} })
    const lent = new LentBody(bodyOf(source))
    const first = lent.lend()
    first.listen((error) => told.push(['first', error]))
    first.close()
    lent.lend().listen((error) => told.push(['second', error]))
    source.destroy(failure)
    await new Promise((resolve) => source.once('close', resolve))
    assert.deepEqual(told, [['second', failure]])
    lent.end()
  })

  it('is given back by `lending` on each way out, with the reason', async () => {
    const failure = new Error('no token')
    for (const run of [
      () => Promise.resolve('done'),
      () => Promise.reject(failure),
      (lent: LentBody) => {
        lent.lend().close()
        return Promise.resolve('done')
      },
    ]) {
      const reasons: unknown[] = []
      const body = new ChunkedBody(
        () => ({
          isReplayable: false,
          open: () => [].values(),
          close: (reason) => reasons.push(reason),
          finish: () => {},
        }),
        undefined,
      )
      const ended = await lending(body, run).catch((error: unknown) => error)
      assert.deepEqual(reasons, [ended === failure ? failure : undefined])
    }
  })

  it('that was read to its end is not given back', async () => {
    let isFinished = false
    const body = new ChunkedBody(
      () => ({
        isReplayable: false,
        open: () => ['x'].values(),
        close: () => assert.fail('all of it was read'),
        finish: () => {
          isFinished = true
        },
      }),
      undefined,
    )
    assert.equal(await lending(body, (lent) => readAll(lent.lend())), 'x')
    assert.equal(isFinished, true)
  })
})

// A transfer that is too slow: on a clock that the test moves.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AnyIterator } from '../../src/core/body-sources.ts'
import { ChunkedBody, type OutgoingBody, type RequestBody, takeBody } from '../../src/core/outgoing-body.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { TimeoutError } from '../../src/errors/index.ts'
import { decideSpeed, minSpeedLayer } from '../../src/layers/min-speed.ts'
import { answerWith, requestWith, through } from '../support/layer-exchange.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { outcomeOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const LIMIT = { bytesPerSecond: 100, overMs: 2_000 }
/** The grid of deadlines: a timeout may be so much late. */
const GRID_MS = 63

function download(body: PieceBody, clock: ManualClock): Promise<HTTPResponse> {
  return through(minSpeedLayer({ clock }), { minSpeed: LIMIT }, answerWith(body))
}

async function upload(body: RequestBody, clock: ManualClock): Promise<ChunkedBody> {
  let sent: OutgoingRequest | undefined
  const handler = minSpeedLayer({ clock })((request) => {
    sent = request
    return Promise.resolve(answerWith(new PieceBody([]), { head: { framing: { kind: 'none' } } }))
  })
  await handler(requestWith({ minSpeed: LIMIT }, { body: takeBody(body, () => 'b') as OutgoingBody }))
  assert.ok(sent?.body instanceof ChunkedBody)
  return sent.body
}

describe('decideSpeed', () => {
  it('says enough as soon as enough has moved, slow when the time is over, open until then', () => {
    assert.equal(decideSpeed(200, 0, LIMIT), 'enough')
    assert.equal(decideSpeed(200, 9_000, LIMIT), 'enough')
    assert.equal(decideSpeed(199, 1_999, LIMIT), 'open')
    assert.equal(decideSpeed(199, 2_000, LIMIT), 'slow')
    assert.equal(decideSpeed(0, 0, LIMIT), 'open')
  })
})

describe('minSpeed of a download', () => {
  it('[pain 14] gives up a server that drips: a byte now and then keeps no transfer alive', async () => {
    const clock = new ManualClock()
    const body = new PieceBody([], { isOpen: true })
    const response = await download(body, clock)
    const read = response.text()
    const dripping = async (): Promise<void> => {
      for (let drop = 0; drop < 10; drop++) {
        await clock.pass(500)
        body.give('x')
        await settle()
      }
    }
    const [error] = await Promise.all([rejectionAs(read, TimeoutError), dripping()])
    assert.equal(error.phase, 'minSpeed')
    assert.equal(error.code, 'TIMEOUT_SPEED')
    assert.equal(error.timeoutMs, 2_000)
    assert.equal(error.url, 'http://a.test/x')
    assert.match(error.message, /timeout\.minSpeed/)
    assert.equal(body.isCancelled, true)
    assert.equal(clock.pending, 0)
    await rejectionAs(response.readInto(Buffer.alloc(1)), TimeoutError)
  })

  it('gives up a read that waits, though nothing comes at all', async () => {
    const clock = new ManualClock()
    const body = new PieceBody([], { isOpen: true })
    const response = await download(body, clock)
    const read = response.readInto(Buffer.alloc(10))
    await clock.pass(1_999)
    assert.equal((await outcomeOf(read)).state, 'pending')
    await clock.pass(1 + GRID_MS)
    const error = await rejectionAs(read, TimeoutError)
    assert.equal(error.phase, 'minSpeed')
    assert.equal(body.isCancelled, true)
    // As of the failure, and not of the head.
    const waited = error.timings?.['body'] ?? 0
    assert.ok(waited >= 2_000 && waited <= 2_000 + GRID_MS, String(waited))
    assert.equal(error.elapsedMs, (response.facts.elapsedMs ?? 0) + waited)
  })

  it('lets a transfer live that is as fast as it has to be', async () => {
    const clock = new ManualClock()
    const body = new PieceBody([], { isOpen: true })
    const read = (await download(body, clock)).text()
    for (let piece = 0; piece < 20; piece++) {
      await clock.pass(990)
      body.give(Buffer.alloc(100, 'x'))
      await settle()
    }
    body.end()
    assert.equal((await read).length, 2_000)
    assert.equal(clock.pending, 0)
  })

  it('[pain 14] does not count the time in which the caller does not read', async () => {
    const clock = new ManualClock()
    const body = new PieceBody([], { isOpen: true })
    const response = await download(body, clock)
    for (let piece = 0; piece < 10; piece++) {
      const read = response.read(1)
      await clock.pass(100)
      body.give('x')
      assert.equal((await read).length, 1)
      await clock.pass(60_000)
    }
    // 1,000 ms of waiting so far, and 10 bytes.
    const read = response.read(1)
    await clock.pass(999)
    assert.equal((await outcomeOf(read)).state, 'pending')
    await clock.pass(1 + GRID_MS)
    await rejectionAs(read, TimeoutError)
  })

  it('does not count the time in which what it reads is read ahead', async () => {
    const clock = new ManualClock()
    const body = new PieceBody([], { isOpen: true })
    const response = await download(body, clock)
    response.readAhead(true)
    const ahead = response.read(1)
    await clock.pass(60_000)
    response.readAhead(false)
    await clock.pass(1_000)
    response.readAhead(true)
    await clock.pass(60_000)
    body.give('x')
    assert.equal((await ahead).length, 1)
    response.readAhead(false)
    // Nothing is read now.
    await clock.pass(60_000)
    assert.equal(clock.pending, 0)
    // 1,000 ms of waiting so far.
    const read = response.read(1)
    await clock.pass(999)
    assert.equal((await outcomeOf(read)).state, 'pending')
    await clock.pass(1 + GRID_MS)
    await rejectionAs(read, TimeoutError)
    response.readAhead(true)
    response.readAhead(false)
    assert.equal(clock.pending, 0)
  })

  it('tells of a slow transfer also where bytes come just before the timer', async () => {
    const clock = new ManualClock(1_001)
    const body = new PieceBody([], { isOpen: true })
    const read = (await download(body, clock)).text()
    await clock.pass(2_000)
    body.give('x')
    await rejectionAs(read, TimeoutError)
    assert.equal(body.isCancelled, true)
  })

  it('sets no timer for a body that is there, closed, or none', async () => {
    const clock = new ManualClock()
    assert.equal(await (await download(new PieceBody(['x']), clock)).text(), 'x')
    const closed = await download(new PieceBody(['x'], { isOpen: true }), clock)
    closed.close()
    assert.equal(clock.pending, 0)
    for (const kind of ['none', 'switch'] as const) {
      const answer = answerWith(new PieceBody([]), { head: { framing: { kind } } })
      assert.equal(await through(minSpeedLayer({ clock }), { minSpeed: LIMIT }, answer), answer)
    }
    const answer = answerWith(new PieceBody([]))
    assert.equal(await through(minSpeedLayer({ clock }), {}, answer), answer)
  })
})

describe('minSpeed of an upload', () => {
  it('gives up a peer that does not take the body', async () => {
    const clock = new ManualClock()
    const body = await upload('x'.repeat(70_000), clock)
    const failures: unknown[] = []
    body.listen((error) => failures.push(error))
    const chunks: AnyIterator = body.open()
    await chunks.next()
    await clock.pass(1_999)
    assert.deepEqual(failures, [])
    await clock.pass(1 + GRID_MS)
    assert.equal(failures.length, 1)
    const error = await rejectionAs(Promise.reject(failures[0]), TimeoutError)
    assert.equal(error.phase, 'minSpeed')
    body.close()
    assert.equal(clock.pending, 0)
  })

  it('lets a peer live that takes it, and does not count a slow source', async () => {
    const clock = new ManualClock()
    const slow = (async function* () {
      for (let i = 0; i < 5; i++) {
        await clock.pass(10_000)
        yield 'x'
      }
    })()
    const body = await upload(slow, clock)
    body.listen((error) => assert.fail(String(error)))
    const chunks = body.open()
    let count = 0
    while ((await chunks.next()).done !== true) count++
    body.finish()
    assert.equal(count, 5)
    assert.equal(clock.pending, 0)
  })
})

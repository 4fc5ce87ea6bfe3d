// Several addresses of one host, tried side by side: RFC 8305, section 5. The delay between attempts passes on a clock
// of the test; that an address does not answer is real.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError, TimeoutError } from '../../src/errors/index.ts'
import { ATTEMPT_DELAY_MS, dial, type Lookup } from '../../src/io/dial.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { openAttempts, SilentListener } from '../support/silent-listener.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

const FIRST = '127.0.0.2'
const SECOND = '127.0.0.3'
const THIRD = '127.0.0.4'

/** A resolver that answers these addresses. */
function answering(...addresses: string[]): Lookup {
  return (_host, _options, done) => {
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
}

async function untilOpenAttempts(count: number): Promise<void> {
  while (openAttempts() !== count) await settle()
}

/** Lets pass what would happen by itself. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle()
}

describe('RFC 8305 section 5', { timeout: 60_000 }, () => {
  it('waits about 250 ms before it tries a next address, never more than 2 s, never less than 10 ms [8305-5-3, 8305-5-4]', () => {
    assert.ok(ATTEMPT_DELAY_MS >= 100 && ATTEMPT_DELAY_MS <= 2_000)
    assert.equal(ATTEMPT_DELAY_MS, 250)
  })

  it('tries the next address at once where one refuses', async () => {
    await using server = await startRawServer(() => {}, { host: '::1' })
    const clock = new ManualClock()
    const lookup = answering(FIRST, '::1')
    const { stream } = await dial({ host: 'name.test', port: server.port, lookup }, makeWaiting({ clock }))
    assert.equal(stream.address, `[::1]:${server.port}`)
    assert.equal(clock.now(), 1_000)
    assert.equal(clock.pending, 0)
    stream.destroy()
  })

  it('does not try all addresses at the same moment, nor two within the delay [8305-5-1]', async () => {
    await using good = await startRawServer(() => {}, { host: SECOND })
    await using silent = await SilentListener.start(FIRST, good.port)
    const clock = new ManualClock()
    const lookup = answering(FIRST, SECOND, THIRD)
    const dialled = dial({ host: 'name.test', port: silent.port, lookup }, makeWaiting({ clock }))
    await untilOpenAttempts(1)
    clock.advance(ATTEMPT_DELAY_MS - 1)
    await turns()
    assert.equal(openAttempts(), 1)
    assert.equal(good.accepted, 0)
    clock.advance(1)
    const { stream } = await dialled
    assert.equal(stream.address, `${SECOND}:${good.port}`)
    stream.destroy()
  })

  it('tries the next address as soon as attemptDelayMs says', async () => {
    await using good = await startRawServer(() => {}, { host: SECOND })
    await using silent = await SilentListener.start(FIRST, good.port)
    const clock = new ManualClock()
    const lookup = answering(FIRST, SECOND)
    const target = { host: 'name.test', port: silent.port, lookup, attemptDelayMs: 40 }
    const dialled = dial(target, makeWaiting({ clock }))
    await untilOpenAttempts(1)
    clock.advance(39)
    await turns()
    assert.equal(openAttempts(), 1)
    clock.advance(1)
    const { stream } = await dialled
    assert.equal(stream.address, `${SECOND}:${good.port}`)
    stream.destroy()
  })

  it('lets an attempt go on when the next one begins, and takes it where it succeeds after all [8305-5-2]', async () => {
    await using first = await SilentListener.start(FIRST)
    await using second = await SilentListener.start(SECOND, first.port)
    const clock = new ManualClock()
    const lookup = answering(FIRST, SECOND)
    const dialled = dial({ host: 'name.test', port: second.port, lookup }, makeWaiting({ clock }))
    await untilOpenAttempts(1)
    clock.advance(ATTEMPT_DELAY_MS)
    await untilOpenAttempts(2)
    first.wake()
    const { stream } = await dialled
    assert.equal(stream.address, `${FIRST}:${first.port}`)
    stream.destroy()
  })

  it('gives the other attempts up when one succeeds, and tries no further address [8305-5-5]', async () => {
    await using good = await startRawServer(() => {}, { host: SECOND })
    await using unneeded = await startRawServer(() => {}, { host: THIRD }).catch(() => undefined)
    await using silent = await SilentListener.start(FIRST, good.port)
    const clock = new ManualClock()
    const lookup = answering(FIRST, SECOND, THIRD)
    const dialled = dial({ host: 'name.test', port: silent.port, lookup }, makeWaiting({ clock }))
    await untilOpenAttempts(1)
    clock.advance(ATTEMPT_DELAY_MS)
    const { stream } = await dialled
    await turns()
    assert.equal(openAttempts(), 0)
    assert.equal(clock.pending, 0)
    clock.advance(10_000)
    await turns()
    assert.equal(openAttempts(), 0)
    assert.equal(unneeded?.accepted ?? 0, 0)
    stream.destroy()
  })

  it('tells of every address, in the order in which they failed', async () => {
    await using silent = await SilentListener.start(FIRST)
    const { port } = silent
    const clock = new ManualClock()
    const lookup = answering(FIRST, SECOND, THIRD)
    const controller = new AbortController()
    const { signal } = controller
    const waiting = makeWaiting({ clock, signal, timeouts: { connect: 5_000 } })
    const rejected = rejectionOf(dial({ host: 'name.test', port, lookup }, waiting))
    await untilOpenAttempts(1)
    // The second refuses and so does the third: the first is still waited for.
    clock.advance(ATTEMPT_DELAY_MS)
    await turns()
    assert.equal(openAttempts(), 1)
    clock.advance(5_000)
    const error = await rejected
    assert.ok(error instanceof TimeoutError)
    assert.deepEqual([error.code, error.address], ['TIMEOUT_CONNECT', `name.test:${port}`])
    await turns()
    assert.equal(openAttempts(), 0)
  })

  it('fails when the last attempt has failed, whichever that is', async () => {
    const server = await startRawServer(() => {})
    const { port } = server
    await server.close()
    const lookup = answering('::1', FIRST, SECOND)
    const error = await rejectionOf(dial({ host: 'name.test', port, lookup }, makeWaiting()))
    assert.ok(error instanceof ConnectError)
    assert.deepEqual(
      error.attempts.map(({ address }) => address),
      [`[::1]:${port}`, `${FIRST}:${port}`, `${SECOND}:${port}`],
    )
  })

  it('gives all attempts up on an abort', async () => {
    await using first = await SilentListener.start(FIRST)
    await using second = await SilentListener.start(SECOND, first.port)
    const clock = new ManualClock()
    const controller = new AbortController()
    const lookup = answering(FIRST, SECOND, THIRD)
    const rejected = rejectionOf(
      dial(
        { host: 'name.test', port: second.port, lookup },
        makeWaiting({ clock, signal: controller.signal }),
      ),
    )
    await untilOpenAttempts(1)
    clock.advance(ATTEMPT_DELAY_MS)
    await untilOpenAttempts(2)
    controller.abort(new Error('enough'))
    assert.equal(await rejected, controller.signal.reason)
    await turns()
    assert.equal(openAttempts(), 0)
    assert.equal(clock.pending, 0)
  })
})

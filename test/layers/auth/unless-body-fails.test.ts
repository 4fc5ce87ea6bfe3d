// What is waited for before a body is sent, and the source of the body that fails meanwhile.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { listenForAbort } from '../../../src/core/abort-listeners.ts'
import { ChunkedBody, NO_BODY, takeBody } from '../../../src/core/outgoing-body.ts'
import type { RequestDeadlines } from '../../../src/core/request.ts'
import { unlessBodyFails } from '../../../src/layers/auth/unless-body-fails.ts'
import { requestWith } from '../../support/layer-exchange.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const { deadlines } = requestWith(undefined)

/** Ends with the signal, and never before. */
function untilAborted({ signal }: RequestDeadlines): Promise<never> {
  return new Promise((_, reject) => {
    if (signal!.aborted) reject(signal!.reason as Error)
    listenForAbort(signal!, () => reject(signal!.reason as Error))
  })
}

function sourceAndBody(): { source: Readable; body: ChunkedBody } {
  const source = new Readable({ read: () => {} })
  const body = takeBody(source, () => 'b')
  assert.ok(body instanceof ChunkedBody)
  return { source, body }
}

describe('a wait before a body is sent', () => {
  it('is called off with what the source fails with, during it or before', async () => {
    const failure = new Error('gone')
    const { source, body } = sourceAndBody()
    setTimeout(() => source.destroy(failure), 5)
    for (let i = 0; i < 2; i++)
      await assert.rejects(unlessBodyFails(body, deadlines, untilAborted), (error) => error === failure)
    body.close()
  })

  it('ends with the signal of the caller as before', async () => {
    const { source, body } = sourceAndBody()
    const calling = new AbortController()
    const reason = new Error('called off')
    setTimeout(() => calling.abort(reason), 5)
    const own = { ...deadlines, signal: calling.signal }
    await assert.rejects(unlessBodyFails(body, own, untilAborted), (error) => error === reason)
    assert.equal(source.destroyed, false)
    body.close()
  })

  it('gives what it gives, and leaves nobody at the body', async () => {
    const { source, body } = sourceAndBody()
    let calledOff: AbortSignal | undefined
    const given = await unlessBodyFails(body, deadlines, ({ signal }) => {
      calledOff = signal
      return Promise.resolve('token')
    })
    assert.equal(given, 'token')
    source.destroy(new Error('later'))
    await new Promise((resolve) => source.once('close', resolve))
    assert.equal(calledOff?.aborted, false)
    body.close()
  })

  it('knows nothing of a body that is bytes, or none', async () => {
    for (const body of [undefined, NO_BODY])
      assert.equal(await unlessBodyFails(body, deadlines, (until) => Promise.resolve(until)), deadlines)
  })
})

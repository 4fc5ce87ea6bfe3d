// Whether a stream was used, as a runtime has to be asked that does not tell by Node's `isDisturbed`: Deno. Run there by hand, too.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { before, describe, it } from 'node:test'
import { isRefusedAsBody, isStreamUsed } from '../../src/fetch/body-feed.ts'
import type { Fetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSites, type Site } from './site.ts'

const openSites = closingSites()
checkOpenHandles()

let site: Site
let fetch: Fetch

before(async () => {
  ;({ site, fetch } = await openSites())
})

/** Takes from a stream what tells of its use. */
const hide = (stream: ReadableStream): ReadableStream =>
  Object.defineProperty(stream, Symbol.for('nodejs.stream.disturbed'), { value: false })

const bytes = (): ReadableStream<Uint8Array> => new Blob(['abc']).stream()

describe('isRefusedAsBody', () => {
  it('says of streams that are not locked what isDisturbed says', async () => {
    const fresh = bytes()
    const cancelled = bytes()
    await cancelled.cancel()
    const read = bytes()
    const reader = read.getReader()
    await reader.read()
    reader.releaseLock()
    for (const stream of [fresh, cancelled, read]) {
      const isUsed = Readable.isDisturbed(stream as unknown as Readable)
      assert.deepEqual([isRefusedAsBody(stream), isStreamUsed(stream)], [isUsed, isUsed])
    }
    // And it leaves the stream as it was.
    assert.deepEqual([fresh.locked, isStreamUsed(fresh)], [false, false])
  })
})

describe('the body of an answer, where the runtime tells of no use', () => {
  it('is used once it was read', async () => {
    const response = await fetch(`${site.origin}/echo`)
    const reader = hide(response.body!).getReader()
    assert.equal(response.bodyUsed, false)
    await reader.read()
    assert.equal(response.bodyUsed, true)
    reader.releaseLock()
    await assert.rejects(response.text(), TypeError)
    assert.throws(() => response.clone(), TypeError)
    await response.body!.cancel()
  })

  it('is used once it was cancelled', async () => {
    const response = await fetch(`${site.origin}/echo`)
    await hide(response.body!).cancel()
    assert.equal(response.bodyUsed, true)
  })
})

// Aborts at every moment of a fetch: the reason comes out as it is, nothing is left behind.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { before, describe, it } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSite, type FetchSite } from './site.ts'

const openSite = closingSite()
checkOpenHandles()

let site: FetchSite['site']
let fetch: FetchSite['fetch']

before(async () => {
  ;({ site, fetch } = await openSite())
})

/** What a promise rejects with, whatever it is. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not reject')
}

const REASONS: readonly (readonly [title: string, reason: unknown])[] = [
  ['a text', 'enough'],
  ['an error', new RangeError('enough')],
  ['null', null],
  ['a number', 17],
]

describe('an abort', () => {
  it('in a layer that has the response already rejects with the reason', async () => {
    const controller = new AbortController()
    await using client = new Client({
      layers: [
        (next) => async (request) => {
          const response = await next(request)
          controller.abort('late')
          return response
        },
      ],
    })
    const answer = createFetch(client)(`${site.origin}/typed?body=x`, { signal: controller.signal })
    assert.equal(await reasonOf(answer), 'late')
  })

  for (const [title, reason] of REASONS) {
    it(`before the call rejects with the reason: ${title}`, async () => {
      const asked = site.asked.length
      const signal = AbortSignal.abort(reason)
      assert.equal(await reasonOf(fetch(`${site.origin}/echo`, { signal })), reason)
      assert.equal(site.asked.length, asked)
    })

    it(`while the head is awaited rejects with the reason: ${title}`, async () => {
      const controller = new AbortController()
      const response = fetch(`${site.origin}/hang`, { signal: controller.signal })
      await setTimeout(10)
      controller.abort(reason)
      assert.equal(await reasonOf(response), reason)
    })

    it(`between head and text() rejects with the reason: ${title}`, async () => {
      const controller = new AbortController()
      const response = await fetch(`${site.origin}/typed?body=all%20of%20it`, { signal: controller.signal })
      controller.abort(reason)
      assert.equal(await reasonOf(response.text()), reason)
    })

    it(`during text() rejects with the reason: ${title}`, async () => {
      const controller = new AbortController()
      const response = await fetch(`${site.origin}/hang-in-body`, { signal: controller.signal })
      const text = response.text()
      await setTimeout(5)
      controller.abort(reason)
      assert.equal(await reasonOf(text), reason)
    })

    it(`errors the stream with the reason, read or not: ${title}`, async () => {
      const controller = new AbortController()
      const response = await fetch(`${site.origin}/hang-in-body`, { signal: controller.signal })
      const reader = response.body!.getReader()
      await reader.read()
      controller.abort(reason)
      assert.equal(await reasonOf(reader.closed), reason)
      assert.equal(await reasonOf(reader.read()), reason)
    })
  }

  it('with the default reason is an AbortError, with that of a timeout a TimeoutError', async () => {
    const aborted = (await reasonOf(fetch(site.origin, { signal: AbortSignal.abort() }))) as DOMException
    assert.equal(aborted.name, 'AbortError')
    const signal = AbortSignal.timeout(10)
    const late = (await reasonOf(fetch(`${site.origin}/hang`, { signal }))) as DOMException
    assert.equal(late.name, 'TimeoutError')
    assert.equal(late, signal.reason)
  })

  it('comes after the arguments were found to be wrong', async () => {
    const error = await reasonOf(fetch('/relative', { signal: AbortSignal.abort('enough') }))
    assert.ok(error instanceof TypeError)
  })

  it('in the same turn as the call rejects', async () => {
    const controller = new AbortController()
    const response = fetch(`${site.origin}/echo`, { signal: controller.signal })
    controller.abort('at once')
    assert.equal(await reasonOf(response), 'at once')
  })

  it('by the signal of a Request works, and that of init goes before it', async () => {
    const controller = new AbortController()
    const request = new Request(`${site.origin}/hang`, { signal: controller.signal })
    const response = fetch(request)
    await setTimeout(5)
    controller.abort('by the Request')
    assert.equal(await reasonOf(response), 'by the Request')
    const other = fetch(request, { signal: AbortSignal.abort('by init') })
    assert.equal(await reasonOf(other), 'by init')
  })

  it('signal: null frees a request from that of its Request', async () => {
    const request = new Request(`${site.origin}/echo`, { signal: AbortSignal.abort('not this') })
    const response = await fetch(request, { signal: null })
    assert.equal(response.status, 200)
    await response.text()
  })

  it('after the body was read changes nothing', async () => {
    const controller = new AbortController()
    const response = await fetch(`${site.origin}/typed?body=x`, { signal: controller.signal })
    assert.equal(await response.text(), 'x')
    controller.abort('late')
    assert.equal(response.status, 200)
  })

  it('leaves an empty body that was closed before as it is', async () => {
    const controller = new AbortController()
    const response = await fetch(`${site.origin}/typed?body=`, { signal: controller.signal })
    const reader = response.body!.getReader()
    controller.abort('late')
    assert.equal((await reader.read()).done, true)
  })

  it('reaches both branches of a clone', async () => {
    const controller = new AbortController()
    const response = await fetch(`${site.origin}/hang-in-body`, { signal: controller.signal })
    const clone = response.clone()
    const texts = [reasonOf(response.text()), reasonOf(clone.text())]
    controller.abort('both')
    assert.deepEqual(await Promise.all(texts), ['both', 'both'])
  })

  it('is told by a clone that is made after it', async () => {
    for (const isAsked of [false, true]) {
      const controller = new AbortController()
      const response = await fetch(`${site.origin}/hang-in-body`, { signal: controller.signal })
      if (isAsked) assert.ok(response.body)
      controller.abort('before')
      const clone = response.clone()
      assert.ok(clone.body)
      assert.equal(await reasonOf(clone.text()), 'before')
      assert.equal(await reasonOf(response.text()), 'before')
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    }
  })

  it('before a body that is all there is looked at takes it away from a clone, too', async () => {
    const controller = new AbortController()
    const response = await fetch(`${site.origin}/typed?body=x`, { signal: controller.signal })
    await setTimeout(20)
    controller.abort('before')
    assert.ok(response.body)
    const clone = response.clone()
    assert.equal(await reasonOf(clone.body!.getReader().read()), 'before')
    assert.equal(await reasonOf(response.body.getReader().read()), 'before')
  })

  it('is heard once by an answer whose body was looked at before it was cloned', async () => {
    const { signal } = new AbortController()
    const response = await fetch(`${site.origin}/typed?body=abc`, { signal })
    assert.ok(response.body)
    const texts = [response.clone().text(), response.text()]
    assert.deepEqual(await Promise.all(texts), ['abc', 'abc'])
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('cancels the stream of the request with the reason', async () => {
    let cancelled: unknown
    const body = new ReadableStream({
      cancel: (reason) => {
        cancelled = reason
      },
    })
    const signal = AbortSignal.abort('no more')
    const init = { method: 'POST', body, duplex: 'half', signal } as RequestInit
    assert.equal(await reasonOf(fetch(`${site.origin}/echo`, init)), 'no more')
    await setImmediate()
    assert.equal(cancelled, 'no more')
  })

  it('during an upload rejects with the reason, and cancels the stream', async () => {
    const controller = new AbortController()
    let cancelled: unknown
    const body = new ReadableStream({
      pull: async (stream) => {
        await setTimeout(1)
        stream.enqueue(new Uint8Array(10))
      },
      cancel: (reason) => {
        cancelled = reason
      },
    })
    const init = { method: 'POST', body, duplex: 'half', signal: controller.signal } as RequestInit
    const response = fetch(`${site.origin}/echo`, init)
    await setTimeout(10)
    controller.abort('mid-way')
    assert.equal(await reasonOf(response), 'mid-way')
    await setImmediate()
    assert.equal(cancelled, 'mid-way')
  })
})

describe('a signal', () => {
  it('that serves many requests has one listener, and none when they are over', async () => {
    const { signal } = new AbortController()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${site.origin}/pieces?pause=5`, { signal })),
    )
    assert.ok(getEventListeners(signal, 'abort').length <= 1)
    const streams = answers.map((answer) => answer.body!.getReader())
    assert.ok(getEventListeners(signal, 'abort').length <= 1)
    await Promise.all(
      streams.map(async (reader) => {
        while (!(await reader.read()).done);
      }),
    )
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('of another package works, with and without a reason', async () => {
    class ForeignSignal extends EventTarget {
      aborted = false
      reason: unknown
    }
    const old = new ForeignSignal()
    const response = fetch(`${site.origin}/hang`, { signal: old as unknown as AbortSignal })
    await setTimeout(5)
    old.aborted = true
    old.dispatchEvent(new Event('abort'))
    assert.equal(((await reasonOf(response)) as Error).name, 'AbortError')
    old.reason = 'known'
    const again = new ForeignSignal()
    again.aborted = true
    again.reason = 'before'
    assert.equal(await reasonOf(fetch(site.origin, { signal: again as unknown as AbortSignal })), 'before')
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { createFetch, fetch, install } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type Seen, Site } from './site.ts'

let site: Site

function other(): never {
  throw new Error('not called')
}

/** The URL of a text with so many codings over each other. */
function codedOften(count: number): string {
  const codings = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 'gzip' : 'deflate'))
  return `${site.origin}/coded?body=text&as=${codings.join()}`
}

after(() => site.close())
checkOpenHandles()

before(async () => {
  site = await Site.open()
})

describe('install()', () => {
  it('puts fetch in the place of the global one, and gives back what undoes it', async () => {
    const former = globalThis.fetch
    const before = Object.getOwnPropertyDescriptor(globalThis, 'fetch')
    const undo = install()
    assert.equal(globalThis.fetch, fetch)
    const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'fetch')!
    assert.deepEqual([writable, enumerable, configurable], [true, true, true])
    const response = await globalThis.fetch(`${site.origin}/typed?body=x`)
    assert.equal(await response.text(), 'x')
    undo()
    assert.equal(globalThis.fetch, former)
    assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, 'fetch'), before)
    undo()
    assert.equal(globalThis.fetch, former)
  })

  it('sends what the platform sends besides, also to another origin', async () => {
    const native = globalThis.fetch
    const other = await Site.open()
    const said = async (fetcher: typeof native): Promise<unknown> => {
      const to = encodeURIComponent(`${other.origin}/echo`)
      const { fields } = (await (await fetcher(`${site.origin}/redirect?to=${to}`)).json()) as Seen
      return ['accept', 'accept-language', 'sec-fetch-mode'].map((name) => fields[name])
    }
    assert.deepEqual(await said(fetch), await said(native))
    await other.close()
  })

  it('decodes a body that is more than a thousand times as long as its code, as the platform does', async () => {
    const url = `${site.origin}/coded?as=gzip&body=x&times=${4 * 1024 * 1024}`
    assert.equal((await (await fetch(url)).arrayBuffer()).byteLength, 4 * 1024 * 1024)
  })

  it('decodes five codings that lie over each other, and no more, as the platform does', async () => {
    for (const one of [fetch, globalThis.fetch]) {
      for (const count of [1, 4, 5]) assert.equal(await (await one(codedOften(count))).text(), 'text')
      await assert.rejects(one(codedOften(6)), { name: 'TypeError', message: 'fetch failed' })
    }
  })

  it('takes a client of your own', async () => {
    await using client = new Client({ headers: { 'x-own': '1' } })
    const undo = install(client)
    const seen = (await (await globalThis.fetch(`${site.origin}/echo`)).json()) as {
      fields: Record<string, string>
    }
    undo()
    assert.equal(seen.fields['x-own'], '1')
  })

  it('leaves alone what was put in its place meanwhile', () => {
    const former = globalThis.fetch
    const undo = install()
    globalThis.fetch = other
    undo()
    assert.equal(globalThis.fetch, other)
    globalThis.fetch = former
  })

  it('is undone in any order', async () => {
    const former = globalThis.fetch
    await using client = new Client()
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      // Two of them put in the same function.
      const undo = [install(), install(client), install()]
      const [first, second, third] = order as [number, number, number]
      undo[first]!()
      assert.notEqual(globalThis.fetch, former, order.join())
      undo[second]!()
      assert.notEqual(globalThis.fetch, former, order.join())
      undo[third]!()
      assert.equal(globalThis.fetch, former, order.join())
    }
  })

  it('is undone around a mock, whichever goes first', () => {
    const former = globalThis.fetch
    const undo = install()
    const mocked = globalThis.fetch
    globalThis.fetch = other
    const undoOuter = install()
    undo()
    assert.equal(globalThis.fetch, fetch)
    undoOuter()
    assert.equal(globalThis.fetch, other)
    // The mock puts back what it had found.
    globalThis.fetch = mocked
    undo()
    assert.equal(globalThis.fetch, former)
  })

  it('works where there was no fetch', () => {
    const former = Object.getOwnPropertyDescriptor(globalThis, 'fetch')!
    Reflect.deleteProperty(globalThis, 'fetch')
    const undo = install()
    assert.equal(globalThis.fetch, fetch)
    undo()
    assert.equal('fetch' in globalThis, false)
    Object.defineProperty(globalThis, 'fetch', former)
  })
})

describe('createFetch()', () => {
  it('gives a function of the name and the length of the platform', async () => {
    await using client = new Client()
    const own = createFetch(client)
    assert.equal(own.name, 'fetch')
    assert.equal(own.length, globalThis.fetch.length)
    assert.equal(fetch.name, 'fetch')
  })

  it('refuses what is no client', () => {
    assert.throws(() => createFetch({} as Client), TypeError)
    assert.throws(() => createFetch(undefined as unknown as Client), TypeError)
  })

  it('gives a 500 as an answer, whatever the client throws, and does not retry by default', async () => {
    await using client = new Client({ throwOnError: true, retry: false })
    const response = await createFetch(client)(`${site.origin}/status?code=500&body=wrong`)
    assert.equal(response.status, 500)
    assert.equal(await response.text(), 'wrong')
    const asked = site.asked.length
    assert.equal((await fetch(`${site.origin}/status?code=503`)).status, 503)
    assert.equal(site.asked.length, asked + 1)
  })

  it('init.client sends one request by another client', async () => {
    await using client = new Client({ headers: { 'x-own': '1' } })
    const seen = (await (await fetch(`${site.origin}/echo`, { client })).json()) as {
      fields: Record<string, string>
    }
    assert.equal(seen.fields['x-own'], '1')
    await assert.rejects(fetch(site.origin, { client: {} as Client }), /takes a Client/)
    await assert.rejects(
      fetch(site.origin, { onInformational: 5 as unknown as () => void }),
      /takes a function/,
    )
  })

  it('holds a hundred answers unread', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`${site.origin}/hang-in-body`)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    await Promise.all(answers.map((answer) => answer.body!.cancel()))
  })
})

describe('a call of fetch', () => {
  it('rejects, and never throws', async () => {
    for (const input of [undefined, '', '/relative', Symbol('x'), 5, null])
      await assert.rejects(fetch(input as string), TypeError)
  })

  it('reads a plain init without what Object.prototype was given', async () => {
    const prototype = Object.prototype as { method?: string }
    prototype.method = 'DELETE'
    try {
      const seen = (await (await fetch(`${site.origin}/echo`, { headers: { a: 'b' } })).json()) as {
        method: string
      }
      assert.equal(seen.method, 'GET')
    } finally {
      delete prototype.method
    }
  })

  it('keeps the signal of a Request where Object.prototype was given none', async () => {
    const request = new Request(`${site.origin}/echo`, { signal: AbortSignal.abort() })
    const prototype = Object.prototype as { signal?: null }
    prototype.signal = null
    try {
      await assert.rejects(fetch(request, {}), { name: 'AbortError' })
    } finally {
      delete prototype.signal
    }
  })

  it('sends the bytes as they were when it was called', async () => {
    const body = new Uint8Array([97, 98])
    const response = fetch(`${site.origin}/echo`, { method: 'POST', body })
    body.fill(120)
    assert.equal(((await (await response).json()) as { body: string }).body, 'ab')
  })

  it('rejects where a stream gives anything but bytes', async () => {
    for (const piece of ['text', 5, null, undefined]) {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(piece)
          controller.close()
        },
      })
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit
      await assert.rejects(fetch(`${site.origin}/echo`, init), { name: 'TypeError', message: 'fetch failed' })
    }
  })

  it('is not confused by classes that were put in the place of the global ones', async () => {
    const { Response, Headers, Request } = globalThis
    const response = fetch(`${site.origin}/typed?body=x`)
    try {
      const nothing = null as never
      Object.assign(globalThis, { Response: nothing, Headers: nothing, Request: nothing })
      const answer = await response
      assert.ok(answer instanceof Response)
      assert.ok(answer.headers instanceof Headers)
      assert.equal(await answer.text(), 'x')
    } finally {
      Object.assign(globalThis, { Response, Headers, Request })
    }
  })
})

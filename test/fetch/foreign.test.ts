// Inputs of other copies of the platform's classes: undici from npm, node-fetch, formdata-node.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Blob as OtherBlob, File as OtherFile, FormData as OtherForm } from 'formdata-node'
import { Request as NodeFetchRequest } from 'node-fetch'
import { FormData as UndiciForm, Headers as UndiciHeaders, Request as UndiciRequest } from 'undici'
import { Client } from '../../src/client/client.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type Seen, Site } from './site.ts'

let site: Site
let client: Client

after(async () => {
  await client.close()
  await site.close()
})
checkOpenHandles()

before(async () => {
  site = await Site.open()
  client = new Client({ retry: false })
})

/** What the server sees of a call with arguments of another package. */
async function seen(input: unknown, init?: unknown): Promise<Seen> {
  const response = await createFetch(client)(input as string, init as RequestInit)
  return (await response.json()) as Seen
}

interface RequestClass {
  new (url: string, init?: object): object
}

const REQUESTS: readonly (readonly [name: string, kind: RequestClass])[] = [
  ['the platform', Request],
  ['undici', UndiciRequest],
  ['node-fetch', NodeFetchRequest],
]

for (const [name, OneRequest] of REQUESTS) {
  const make = (init?: object): object => new OneRequest(`${site.origin}/echo`, init)

  describe(`a Request of ${name}`, () => {
    it('is sent with its method and its fields', async () => {
      const { method, fields } = await seen(make({ method: 'DELETE', headers: { 'X-One': '1' } }))
      assert.equal(method, 'DELETE')
      assert.equal(fields['x-one'], '1')
    })

    const bodies: readonly (readonly [title: string, body: () => unknown, length: number])[] = [
      ['a text', () => 'tëxt', 5],
      ['an empty text', () => '', 0],
      ['bytes', () => new Uint8Array([97, 98]), 2],
      ['a long text', () => 'x'.repeat(200_000), 200_000],
      ['URLSearchParams', () => new URLSearchParams({ a: 'b' }), 3],
    ]
    for (const [title, body, length] of bodies) {
      it(`is sent with the length of its body: ${title}`, async () => {
        const request = make({ method: 'POST', body: body() })
        const { fields, body: sent } = await seen(request)
        assert.equal(fields['content-length'], String(length))
        assert.equal(sent.length, length)
        // node-fetch does not know that its stream is read.
        if (name !== 'node-fetch') assert.equal((request as { bodyUsed: boolean }).bodyUsed, true)
      })
    }

    it('is used by that, and cannot be sent again', async () => {
      const request = make({ method: 'POST', body: 'text' })
      await seen(request)
      await assert.rejects(seen(request), {
        name: 'TypeError',
        message: 'Cannot construct a Request with a Request object that has already been used.',
      })
    })

    it('gives way to what init says', async () => {
      const request = make({ method: 'POST', body: 'text', headers: { 'x-one': '1' } })
      const { method, fields, body } = await seen(request, { method: 'PUT', body: 'other', headers: {} })
      assert.equal(method, 'PUT')
      assert.equal(body, 'other')
      assert.equal(fields['x-one'], undefined)
    })

    it('gives its stream back where it is called off, although that owes a chunk', async () => {
      let isGivenBack = false
      const give = (): void => {
        isGivenBack = true
      }
      const web = new ReadableStream(
        { pull: () => new Promise(() => {}), cancel: give },
        { highWaterMark: 0 },
      )
      const node = new Readable({ read() {} }).on('close', give)
      const body = name === 'node-fetch' ? node : web
      const controller = new AbortController()
      const { signal } = controller
      const request = new OneRequest(`${site.origin}/hang`, { method: 'POST', body, duplex: 'half', signal })
      const response = seen(request)
      await setTimeout(10)
      controller.abort()
      await assert.rejects(response, { name: 'AbortError' })
      await setTimeout(10)
      assert.ok(isGivenBack)
    })

    it('is called off by its own signal', async () => {
      const controller = new AbortController()
      const request = new OneRequest(`${site.origin}/hang`, { signal: controller.signal })
      const response = seen(request)
      await setTimeout(10)
      controller.abort()
      await assert.rejects(response, { name: 'AbortError' })
    })
  })
}

describe('what only looks like a Request', () => {
  const bodies: readonly (readonly [title: string, body: unknown, type: string | undefined])[] = [
    ['a text', 'body', 'text/plain;charset=UTF-8'],
    ['bytes', Buffer.from('body'), undefined],
    ['a Blob', new Blob(['body'], { type: 'text/x-own' }), 'text/x-own'],
  ]
  for (const [title, body, type] of bodies)
    it(`is sent with ${title} as its body`, async () => {
      const headers = new Headers({ 'x-one': '1' })
      const sent = await seen({ url: `${site.origin}/echo`, method: 'POST', headers, body })
      assert.deepEqual([sent.body, sent.fields['x-one'], sent.fields['content-type']], ['body', '1', type])
    })
})

async function* slowly(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('one')
  // Longer than a busy machine takes for what is there at once.
  await setTimeout(200)
  yield Buffer.from('two')
}

describe('bodies of Requests that come in pieces', () => {
  it('are sent in pieces, and not gathered', async () => {
    for (const OneRequest of [Request, UndiciRequest]) {
      const body = Readable.toWeb(Readable.from(slowly())) as unknown as NonNullable<RequestInit['body']>
      const init = { method: 'POST', body, duplex: 'half' }
      const request = new (OneRequest as unknown as RequestClass)(`${site.origin}/echo`, init)
      const { fields, body: sent } = await seen(request)
      assert.equal(sent, 'onetwo')
      assert.equal(fields['content-length'], undefined)
    }
    const { body } = await seen(
      new NodeFetchRequest(`${site.origin}/echo`, { method: 'POST', body: Readable.from(slowly()) }),
    )
    assert.equal(body, 'onetwo')
  })

  it('that are large are sent in pieces, too', async () => {
    const init = { method: 'POST', body: 'x'.repeat(3_000_000) }
    const { body } = await seen(new UndiciRequest(`${site.origin}/echo`, init))
    assert.equal(body.length, 3_000_000)
  })

  it('that fail reject', async () => {
    for (const OneRequest of [Request, UndiciRequest] as unknown as RequestClass[]) {
      const body = new ReadableStream({ pull: () => Promise.reject(new Error('of the stream')) })
      const request = new OneRequest(`${site.origin}/echo`, { method: 'POST', body, duplex: 'half' })
      await assert.rejects(seen(request))
    }
  })
})

describe('forms', () => {
  for (const [name, OneForm, OneFile, OneBlob] of [
    ['the platform', FormData, File, Blob],
    ['undici', UndiciForm, File, Blob],
    ['formdata-node', OtherForm, OtherFile, OtherBlob],
  ] as const) {
    it(`of ${name} are multipart with a known length`, async () => {
      const form = new (OneForm as typeof FormData)()
      form.append('a', 'b')
      form.append('file', new (OneFile as typeof File)(['content'], 'n.txt', { type: 'text/x' }))
      form.append('blob', new (OneBlob as typeof Blob)(['more']))
      const { fields, body } = await seen(`${site.origin}/echo`, { method: 'POST', body: form })
      assert.match(fields['content-type']!, /^multipart\/form-data; boundary=/)
      assert.equal(fields['content-length'], String(body.length))
      assert.match(body, /name="file"; filename="n.txt"\r\nContent-Type: text\/x\r\n\r\ncontent\r\n/)
      assert.match(
        body,
        /name="blob"; filename="blob"\r\nContent-Type: application\/octet-stream\r\n\r\nmore\r\n/,
      )
    })
  }

  it('of a Request keep the boundary that the Request has', async () => {
    const form = new FormData()
    form.append('a', 'b')
    for (const OneRequest of [Request, UndiciRequest] as unknown as RequestClass[]) {
      const init = { method: 'POST', body: form }
      if (OneRequest === (UndiciRequest as unknown)) {
        const other = new UndiciForm()
        other.append('a', 'b')
        init.body = other
      }
      const { fields, body } = await seen(new OneRequest(`${site.origin}/echo`, init))
      const boundary = /boundary=(.*)/.exec(fields['content-type']!)![1]!
      assert.ok(body.startsWith(`--${boundary}\r\n`))
      assert.equal(fields['content-length'], String(body.length))
    }
  })
})

describe('headers', () => {
  it('of undici are read', async () => {
    const headers = new UndiciHeaders({ 'x-one': '1' })
    const { fields } = await seen(`${site.origin}/echo`, { headers })
    assert.equal(fields['x-one'], '1')
  })
})

// Bodies of another realm, as a test runner's environment or a vm context makes them. Node's fetch takes them all.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Fetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { FOREIGN_BODIES, FOREIGN_CHUNKS, fromOtherRealm } from '../support/other-realm.ts'
import { closingSites, type Seen, type Site } from './site.ts'

const openSites = closingSites({ headers: { 'accept-language': '*' } })
checkOpenHandles()

let site: Site
let fetch: Fetch

before(async () => {
  ;({ site, fetch } = await openSites())
})

const ALL = [...FOREIGN_BODIES, ...FOREIGN_CHUNKS]

/** What arrives of a body. */
async function arrived(send: typeof globalThis.fetch, input: unknown, body?: unknown): Promise<string> {
  const init = body === undefined ? undefined : { method: 'POST', body, duplex: 'half' }
  const response = await send(input as string, init as RequestInit)
  return ((await response.json()) as Seen).body
}

describe('a body of another realm', () => {
  for (const [what, code] of ALL) {
    it(`is sent as one of this realm: ${what}`, async () => {
      for (const send of [fetch, globalThis.fetch])
        assert.equal(await arrived(send, `${site.origin}/echo`, fromOtherRealm(code)), 'abc')
    })

    it(`is sent out of a Request: ${what}`, async () => {
      const init = { method: 'POST', body: fromOtherRealm(code), duplex: 'half' } as RequestInit
      assert.equal(await arrived(fetch, new Request(`${site.origin}/echo`, init)), 'abc')
    })
  }

  it('is a text where an object only says that it is memory', async () => {
    for (const tag of ['ArrayBuffer', 'SharedArrayBuffer', 'Uint8Array'])
      for (const send of [fetch, globalThis.fetch])
        assert.equal(
          await arrived(send, `${site.origin}/echo`, { [Symbol.toStringTag]: tag, byteLength: 1 }),
          `[object ${tag}]`,
        )
  })

  it('is refused where a chunk of it is no Uint8Array, whatever it says', async () => {
    for (const chunk of ['Int8Array.of(1)', '({ [Symbol.toStringTag]: "Uint8Array", length: 1 })']) {
      const stream = `new ReadableStream({ start(c) { c.enqueue(${chunk}); c.close() } })`
      await assert.rejects(arrived(fetch, `${site.origin}/echo`, fromOtherRealm(stream)), {
        message: 'fetch failed',
      })
    }
  })
})

// Bodies and other values of another realm, as a test runner's environment or a vm context makes them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Progress } from '../../src/core/settings.ts'
import { respondWith, withChanges } from '../../src/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { FOREIGN_BODIES, FOREIGN_CHUNKS, fromOtherRealm } from '../support/other-realm.ts'
import { serve } from './serving.ts'

checkOpenHandles()

describe('a client and values of another realm', () => {
  const here = serve((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { url = '' } = request
      // The rest never comes.
      if (url === '/half') return response.writeHead(200, { 'Content-Length': 10 }).write('abc')
      if (url === '/again') return response.writeHead(307, { Location: '/echo' }).end()
      return response.end(url.startsWith('/echo?') ? url : Buffer.concat(pieces))
    })
  })

  for (const [what, code] of [...FOREIGN_BODIES, ...FOREIGN_CHUNKS]) {
    it(`sends a body: ${what}`, async () => {
      const body = fromOtherRealm(code)
      assert.equal(await here.client.post('/echo', { body }).text(), 'abc')
    })

    it(`sends a body whose progress is told: ${what}`, async () => {
      let sent = 0
      const body = fromOtherRealm(code)
      const onProgress = ({ phase, bytes }: Progress): void => {
        if (phase === 'upload') sent = bytes
      }
      assert.equal(await here.client.post('/echo', { body, onProgress }).text(), 'abc')
      assert.equal(sent, 3)
    })
  }

  for (const code of ['new Set(["a", Uint8Array.of(98)])', '["a", Uint8Array.of(98)]'])
    it(`sends a list again that a redirect asks for again: ${code}`, async () => {
      const body = fromOtherRealm(code)
      assert.equal(await here.client.post('/again', { body }).text(), 'ab')
    })

  it('writes a date into a query', async () => {
    const query = { at: fromOtherRealm('new Date(0)') }
    assert.equal(await here.client.get('/echo', { query }).text(), '/echo?at=1970-01-01T00%3A00%3A00.000Z')
  })

  it('takes bytes that a layer gives, as a body and as an answer', async () => {
    const changed = here.client.extend({
      layers: [
        (next) => (request) => next(withChanges(request, { body: fromOtherRealm('Uint8Array.of(97)') })),
      ],
    })
    assert.equal(await changed.post('/echo', { body: 'x' }).text(), 'a')
    const answering = here.client.extend({
      layers: [() => async (request) => respondWith(request, { body: fromOtherRealm('Uint8Array.of(98)') })],
    })
    assert.equal(await answering.get('/echo').text(), 'b')
  })

  it('gives an abort for a reason that is an error of its own, also to a stream', async () => {
    const reason = fromOtherRealm('Object.assign(new Error("enough"), { code: "ENOUGH" })')
    const controller = new AbortController()
    const response = await here.client.get('/half', { signal: controller.signal })
    const stream = response.stream()
    const failed = new Promise((resolve) => stream.once('error', resolve))
    controller.abort(reason)
    stream.resume()
    assert.equal(await failed, reason)
  })
})

// The canned responses are what they say they are, read by the library itself and by arithmetic.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { cannedResponse } from '../src/canned.ts'
import { GROWTH, WORKLOADS } from '../src/workloads.ts'

const HEAD_END = '\r\n\r\n'

describe('a canned response', () => {
  for (const { id, request, response } of WORKLOADS.values()) {
    it(`of ${id} has the fields and the body that the table says`, () => {
      const { variants, blocks, totalBytes } = cannedResponse(response, request)
      const decode = response.coding === 'gzip' ? gunzipSync : (bytes: Buffer) => bytes
      const text = variants[0]!.toString('latin1')
      const head = text.slice(0, text.indexOf(HEAD_END))
      assert.equal(head.split('\r\n').length - 1, response.fields)
      const body = text.slice(head.length + HEAD_END.length)
      if (request.method === 'HEAD') assert.equal(body, '')
      else if (blocks !== undefined) assert.equal(blocks.count * blocks.block.length, response.bodyBytes)
      else {
        const coded = Buffer.from(plain(body, response.chunkBytes !== undefined), 'latin1')
        const decoded = decode(coded)
        assert.equal(decoded.length, response.bodyBytes)
        if (response.content === 'json')
          assert.equal(JSON.parse(decoded.toString()).bytes, response.bodyBytes)
      }
      assert.equal(totalBytes, variants[0]!.length + (blocks === undefined ? 0 : response.bodyBytes))
    })
  }

  it('that varies never has the same head twice in a row, nor another length', () => {
    const { request, response } = WORKLOADS.get('varied-50')!
    const { variants } = cannedResponse(response, request)
    const texts = variants.map((bytes) => bytes.toString('latin1'))
    assert.ok(texts.length > 10)
    for (const [index, text] of texts.entries()) {
      assert.notEqual(text, texts[(index + 1) % texts.length])
      assert.equal(text.length, texts[0]!.length)
    }
  })

  it('that is coded is shorter than what it decodes to, and says how it is coded', () => {
    const { request, response } = WORKLOADS.get('client-gzip')!
    const { variants, totalBytes } = cannedResponse(response, request)
    assert.match(variants[0]!.toString('latin1', 0, 300), /\r\nContent-Encoding: gzip\r\n/)
    assert.ok(totalBytes > response.bodyBytes / 10 && totalBytes < response.bodyBytes / 3)
  })

  it('can be made at every size of every axis of growth', () => {
    for (const { at, sizes } of GROWTH) {
      for (const size of sizes) {
        const { request, response } = at(size)
        assert.ok(cannedResponse(response, request).totalBytes > response.bodyBytes)
      }
    }
  })
})

/** Takes a body out of its chunks by the shortest reading of RFC 9112 §7.1. */
function plain(body: string, isChunked: boolean): string {
  if (!isChunked) return body
  const pieces: string[] = []
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    if (size === 0) return pieces.join('')
    pieces.push(body.slice(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

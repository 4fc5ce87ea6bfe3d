// Bodies and dates of another realm, as a test runner's environment or a vm context makes them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RequestBody } from '../../src/core/outgoing-body.ts'
import { memoryConnection } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { FOREIGN_BODIES, FOREIGN_CHUNKS, fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

/** What is written for a body. */
async function written(body: RequestBody, headers = {}): Promise<string> {
  const { connection, network } = memoryConnection()
  await connection.request('POST', '/', body, headers)
  connection.close()
  return network.stream.written.toString('latin1')
}

/** As the same chunks are sent that are made here. */
const CHUNKED = '\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n'

describe('a body of another realm', () => {
  for (const [what, code] of FOREIGN_BODIES) {
    it(`is sent with its length: ${what}`, async () => {
      const text = await written(fromOtherRealm(code))
      assert.match(text, /\r\nContent-Length: 3\r\n/)
      assert.ok(text.endsWith('\r\n\r\nabc'))
    })
  }

  const chunks: readonly (readonly [what: string, code: string])[] = [
    ...FOREIGN_CHUNKS,
    ['a list', '[Uint8Array.of(97), Uint8Array.of(98, 99)]'],
    ['a list with memory', '[Uint8Array.of(97).buffer, Uint8Array.of(98, 99).buffer]'],
    ['a Set', 'new Set([Uint8Array.of(97), "bc"])'],
    ['a factory', '() => [Uint8Array.of(97), Uint8Array.of(98, 99)]'],
    ['a generator of memory', '(function* () { yield Uint8Array.of(97).buffer; yield "bc" })()'],
  ]
  for (const [what, code] of chunks) {
    it(`is sent in its chunks: ${what}`, async () => {
      const text = await written(fromOtherRealm(code))
      assert.ok(text.endsWith(CHUNKED), JSON.stringify(text))
    })
  }

  it('is refused at once where it is a Map, whose entries are no chunks', async () => {
    await assert.rejects(written(fromOtherRealm('new Map([["a", "b"]])')), { code: 'INVALID_BODY' })
  })

  it('is refused where an object says that it is memory, and is none', async () => {
    for (const tag of ['ArrayBuffer', 'SharedArrayBuffer', 'Uint8Array']) {
      const liar = { [Symbol.toStringTag]: tag, byteLength: 2, length: 2 } as unknown as ArrayBuffer
      await assert.rejects(written(liar), { name: 'TypeError' })
    }
  })
})

describe('other values of another realm', () => {
  it('are taken as those of this one: a date as the value of a field', async () => {
    const text = await written('', { Date: fromOtherRealm('new Date(0)') })
    assert.match(text, /\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n/)
  })

  it('are heard: trailers that fail, of a request that is refused', async () => {
    const { connection } = memoryConnection()
    const trailers = fromOtherRealm('Promise.reject(new Error("late"))')
    await assert.rejects(connection.request('POST', '/', 'x', {}, { chunked: 'yes' as never, trailers }))
    // It would be told as one that nobody handles.
    await new Promise((resolve) => setImmediate(resolve))
    connection.close()
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { respondWith } from '../../src/core/memory-response.ts'
import { makeRequest } from '../pool/memory-pool.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('a response from memory', () => {
  const request = makeRequest({ method: 'GET' })
  const make = () => respondWith(request, { body: Buffer.from('one\ntwo') })

  it('has status, phrase, fields and body', async () => {
    const response = respondWith(request, { status: 404, headers: { 'X-A': '1' }, body: 'ü' })
    assert.deepEqual([response.status, response.reason, response.url], [404, 'Not Found', request.url])
    assert.deepEqual(response.rawHeaders, [
      ['X-A', '1'],
      ['Content-Length', '2'],
    ])
    assert.equal(response.connection, undefined)
    assert.equal(await response.text(), 'ü')
    assert.equal(response.isClosed, true)
    assert.deepEqual(response.trailers.get('a'), null)
  })

  it('is 200 and empty by default; own phrase and length are kept', async () => {
    const response = respondWith(request)
    assert.deepEqual([response.status, response.reason, await response.text()], [200, 'OK', ''])
    const own = respondWith(request, {
      status: 299,
      reason: 'Mine',
      headers: { 'content-length': 3 },
      body: 'abc',
    })
    assert.deepEqual([own.reason, own.rawHeaders], ['Mine', [['content-length', '3']]])
    assert.equal(respondWith(request, { status: 599 }).reason, '')
  })

  it('can be read in every way', async () => {
    const target = Buffer.alloc(5)
    const byPieces = make()
    assert.equal(await byPieces.readInto(target), 5)
    assert.equal(await byPieces.readInto(target), 2)
    assert.equal(await byPieces.readInto(target), 0)
    assert.equal(String(await make().readLine()), 'one\n')
    assert.equal(String(await make().read()), 'one\ntwo')
    const lines: string[] = []
    for await (const line of make().lines()) lines.push(line)
    assert.deepEqual(lines, ['one', 'two'])
    const chunks: Buffer[] = []
    for await (const chunk of make().stream()) chunks.push(chunk as Buffer)
    assert.equal(Buffer.concat(chunks).toString(), 'one\ntwo')
    const closed = make()
    closed.close()
    await assert.rejects(closed.text(), /closed before its body was read/)
  })

  it('refuses a status that no final response has', () => {
    for (const status of [99, 101, 1_000, 200.5])
      assert.throws(() => respondWith(request, { status }), /whole number from 200 to 999/)
  })
})

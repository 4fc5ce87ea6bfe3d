// Which request targets are sent, and with which Host; RFC 9112 §3.2, RFC 9110 §7.1.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidURL } from '../../src/index.ts'
import { memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** The request line and the Host line that go out. */
async function firstLines(method: string, target: string): Promise<string[]> {
  const { connection, network } = memoryConnection()
  await connection.request(method, target)
  const lines = Buffer.from(network.stream.written).toString('latin1').split('\r\n')
  connection.close()
  return lines.slice(0, 2)
}

/** Asserts that the target is refused, by request() and by putRequest(), and that nothing is dialled or sent. */
async function assertRefused(method: string, target: string): Promise<void> {
  const { connection, network } = memoryConnection()
  const error = await rejectionOf(connection.request(method, target))
  assert.ok(error instanceof InvalidURL, `${method} ${target}`)
  assert.equal(error.code, 'INVALID_TARGET')
  assert.throws(() => connection.putRequest(method, target), InvalidURL)
  assert.equal(network.streams.length, 0)
  connection.close()
}

describe('the request target', () => {
  it('is path and query as they are given [9112-3.2.1-1]', async () => {
    assert.deepEqual(await firstLines('GET', '/a/b?c=d&e'), ['GET /a/b?c=d&e HTTP/1.1', 'Host: example.test'])
  })

  it('is "/" for an empty path [9112-3.2.1-2]', async () => {
    assert.deepEqual(await firstLines('GET', ''), ['GET / HTTP/1.1', 'Host: example.test'])
  })

  it('may not be a relative path, or a query without one [9112-3.2.1-1]', async () => {
    for (const target of ['index.html', '?q', './a']) await assertRefused('GET', target)
  })

  it('never holds a fragment [9110-7.1-1]', async () => {
    for (const target of ['/a#b', '/#', 'http://example.test/a#b']) await assertRefused('GET', target)
  })

  it('never holds userinfo, and neither does Host [9110-4.2.4-1]', async () => {
    for (const target of ['http://user:secret@example.test/', 'http://user@example.test']) {
      await assertRefused('GET', target)
      await assertRefused('CONNECT', target)
    }
    await assertRefused('CONNECT', 'user@example.test:443')
  })

  it('is host:port for CONNECT only, and "*" for OPTIONS only [9110-7.1-2]', async () => {
    assert.deepEqual(await firstLines('CONNECT', 'inner.test:443'), [
      'CONNECT inner.test:443 HTTP/1.1',
      'Host: inner.test:443',
    ])
    assert.deepEqual(await firstLines('OPTIONS', '*'), ['OPTIONS * HTTP/1.1', 'Host: example.test'])
    await assertRefused('GET', 'inner.test:443')
    await assertRefused('CONNECT', '/')
    const { connection } = memoryConnection()
    const error = await rejectionOf(connection.request('GET', '*'))
    assert.ok(error instanceof InvalidURL)
    connection.close()
  })

  it('may be an absolute URL, for a proxy: Host is its authority [9112-3.2-2]', async () => {
    assert.deepEqual(await firstLines('GET', 'http://other.test:8080/a'), [
      'GET http://other.test:8080/a HTTP/1.1',
      'Host: other.test:8080',
    ])
  })
})

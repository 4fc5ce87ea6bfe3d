// What ends a request that waits on this side says which it was, as every error of an exchange does.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TimeoutError } from '../../src/errors/index.ts'
import { memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const LATE_MS = 40

async function timeoutOf(promise: Promise<unknown>): Promise<TimeoutError> {
  const error = await rejectionOf(promise)
  assert.equal(error.name, 'TimeoutError', error.stack)
  return error as TimeoutError
}

describe('the total timeout, before anything is sent', () => {
  /** A file whose size never comes. */
  const file = {
    fd: 3,
    stat: () => new Promise<never>(() => {}),
    read: () => new Promise<never>(() => {}),
  }

  it('names the request whose file is being measured, and the one that waits for its turn', async () => {
    const { connection, clock } = memoryConnection({ pipelining: 2, timeout: { total: 500 } })
    const first = timeoutOf(connection.request('PUT', '/a?secret', file))
    const second = timeoutOf(connection.request('PUT', '/b', 'x'))
    clock.advance(500 + LATE_MS)
    const shown = [await first, await second].map(({ message, method, url, code, phase }) => {
      return { message: message.replace(/after \d+ ms/, 'after N ms'), method, url, code, phase }
    })
    const hint = 'Try: a larger timeout.total, or find out which part takes so long (response.timings).'
    const common = { method: 'PUT', code: 'TIMEOUT_TOTAL', phase: 'total' }
    const what = 'The exchange timed out: the total timeout is 500 ms'
    assert.deepEqual(shown, [
      {
        ...common,
        url: 'http://example.test/a',
        message: `${what} (PUT http://example.test/a; sending the request; after N ms). ${hint}`,
      },
      {
        ...common,
        url: 'http://example.test/b',
        message: `${what} (PUT http://example.test/b; waiting for a connection; after N ms). ${hint}`,
      },
    ])
    connection.close()
  })

  it('names it where more of a body is being measured', async () => {
    const { connection, clock } = memoryConnection({ timeout: { total: 500 } })
    connection.putRequest('PUT', '/a')
    connection.putHeader('Transfer-Encoding', 'chunked')
    await connection.endHeaders()
    const sent = timeoutOf(connection.send(file))
    clock.advance(500 + LATE_MS)
    const { method, url, requestBytesWritten } = await sent
    assert.deepEqual([method, url, requestBytesWritten], ['PUT', 'http://example.test/a', undefined])
    connection.close()
  })
})

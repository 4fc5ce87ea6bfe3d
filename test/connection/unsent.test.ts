// What proves that a server has not acted: nothing of the request was written, whatever ended it before there was a connection.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HTTPConnection, type HTTPException } from '../../src/index.ts'
import { memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Never opens anything. */
const NOBODY = { connect: () => new Promise<never>(() => {}) }

function assertUnsent(error: Error, url: string | undefined): void {
  const { requestBytesWritten, mayHaveActed, url: told } = error as HTTPException
  assert.deepEqual([requestBytesWritten, mayHaveActed, told], [0, false, url], error.message)
}

describe('a request that ends before there is a connection', () => {
  it('by its own head', async () => {
    const { connection } = memoryConnection()
    assertUnsent(await rejectionOf(connection.request('POST', '/', 'x', { 'bad name': 'x' })), undefined)
  })

  it('by its total timeout', async () => {
    const { connection, clock } = memoryConnection({ ...NOBODY, timeout: { total: 100 } })
    const sent = rejectionOf(connection.request('POST', '/', 'x'))
    clock.advance(200)
    assertUnsent(await sent, 'http://example.test/')
  })

  it('by close(), however many turns after the call', async () => {
    for (let turns = 0; turns < 14; turns++) {
      const network = new MemoryNetwork()
      const { connection } = memoryConnection({ connect: network.connect })
      const sent = endOf(connection)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      connection.close()
      const error = await sent
      if (error !== undefined && network.streams.every(({ bytesWritten }) => bytesWritten === 0))
        assertUnsent(error, 'http://example.test/')
    }
  })
})

function endOf(connection: HTTPConnection): Promise<Error | undefined> {
  return connection.request('POST', '/', 'x').then(
    () => undefined,
    (error: unknown) => error as Error,
  )
}

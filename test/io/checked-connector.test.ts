// What a connector of the caller's gives by mistake is told with the name of the option, at each height that takes it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client, type Connector, HTTPConnection } from '../../src/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const MISTAKES: readonly unknown[] = [
  undefined,
  null,
  'a stream',
  {},
  { stream: null, timings: {} },
  { stream: {}, timings: {} },
  { stream: { start: () => {} } },
  { stream: { start: () => {} }, timings: null },
]

/** A connector that gives this, whatever its type says. */
function giving(mistake: unknown): Connector {
  return () => Promise.resolve(mistake as never)
}

describe('the option connect', () => {
  it('closes the stream of what it refuses: nobody else can', async () => {
    let destroyed = 0
    const stream = { start: () => {}, destroy: () => destroyed++ }
    const connection = new HTTPConnection('a.test', 80, { connect: giving({ stream }) })
    assert.ok((await rejectionOf(connection.request('GET', '/'))) instanceof TypeError)
    assert.equal(destroyed, 1)
    connection.close()
    const throwing = {
      destroy: () => {
        throw new Error('boom')
      },
    }
    const other = new HTTPConnection('a.test', 80, { connect: giving({ stream: throwing, timings: {} }) })
    assert.match((await rejectionOf(other.request('GET', '/'))).message, /^the option connect gave/)
    other.close()
  })

  for (const mistake of MISTAKES) {
    it(`says what it gave where that is no stream: ${JSON.stringify(mistake)}`, async () => {
      const connect = giving(mistake)
      const connection = new HTTPConnection('a.test', 80, { connect })
      const client = new Client({ connect, retry: false })
      for (const failing of [connection.request('GET', '/'), client.get('http://a.test/')]) {
        const error = await rejectionOf(failing)
        assert.ok(error instanceof TypeError)
        assert.match(error.message, /^the option connect gave .*; it gives \{ stream, timings \}/)
      }
      connection.close()
      await client.close()
    })
  }
})

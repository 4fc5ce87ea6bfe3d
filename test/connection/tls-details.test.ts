import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HTTPConnection } from '../../src/index.ts'
import { connectionTo, startOkServer } from '../support/https.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { ca, server } from '../support/tls-fixture.ts'

checkOpenHandles()

describe('tlsDetails', () => {
  it('tells what TLS agreed on, while there is a connection', async () => {
    await using peer = await startOkServer({ ...server, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] })
    await using connection = connectionTo('localhost', peer.port, { ca })
    assert.equal(connection.tlsDetails, undefined)
    await connection.connect()
    const details = connection.tlsDetails
    assert.ok(details !== undefined)
    const { protocol, alpn, isResumed, isVerified } = details
    assert.deepEqual(
      { protocol, alpn, isResumed, isVerified },
      {
        protocol: 'TLSv1.3',
        alpn: 'http/1.1',
        isResumed: false,
        isVerified: true,
      },
    )
    connection.close()
    assert.equal(connection.tlsDetails, undefined)
  })

  it('tells nothing without TLS', () => {
    assert.equal(new HTTPConnection('localhost').tlsDetails, undefined)
  })
})

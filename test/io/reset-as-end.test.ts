// A RST is no end, although Node says `end` where it comes together with data: a body that lasts until the end of the
// connection is not whole then.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectionLost, IncompleteRead } from '../../src/errors/index.ts'
import { HTTPConnection } from '../../src/index.ts'
import { wire } from '../support/bytes.ts'
import { reset } from '../support/cut-relay.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const ANSWER = wire`
HTTP/1.1 200 OK

until the end`

/** GETs from a server that answers and then ends in its way; answers the body. */
async function getFrom(end: (peer: RawPeer) => void): Promise<Buffer> {
  await using server = await startRawServer(async (peer) => {
    await peer.until('\r\n\r\n')
    peer.socket.write(ANSWER)
    end(peer)
  })
  await using connection = new HTTPConnection('127.0.0.1', server.port)
  await connection.request('GET', '/')
  return await (await connection.getResponse()).read()
}

describe('a body that lasts until the end of the connection', () => {
  it('is whole with a FIN', async () => {
    assert.equal((await getFrom((peer) => peer.close())).toString(), 'until the end')
  })

  it('is not whole with a RST, also where that comes together with the last of it [9112-8-2]', async () => {
    const error = await rejectionOf(getFrom((peer) => reset(peer.socket)))
    assert.ok(error instanceof IncompleteRead, String(error))
    assert.equal(error.partial.toString(), 'until the end')
    assert.ok(error.cause instanceof ConnectionLost)
  })
})

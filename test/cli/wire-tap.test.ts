import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tapConnections, type WireWatch } from '../../src/cli/show/wire-tap.ts'
import { systemClock } from '../../src/time/clock.ts'
import type { Deadlines } from '../../src/time/wait.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { ca, server as certificate } from '../support/tls-fixture.ts'

checkOpenHandles()

const WAITING: Deadlines = {
  clock: systemClock,
  timeouts: { dns: 5_000, connect: 5_000, tls: 5_000 },
  endsAt: Infinity,
  totalMs: Infinity,
  signal: undefined,
}

function makeWatch(): WireWatch & { seen: string[] } {
  const seen: string[] = []
  return {
    seen,
    dialing: ({ host }) => seen.push(`dialing ${host}`),
    connected: () => seen.push('connected'),
    secured: ({ protocol }) => seen.push(`secured ${protocol}`),
    sent: (data) => seen.push(`sent ${Buffer.from(data).toString()}`),
    received: (bytes) => seen.push(`received ${Buffer.from(bytes).toString()}`),
  }
}

describe('a tapped connection', () => {
  it('does what the connection under it does, and shows its bytes', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.expect(Buffer.from('spam'))
      await peer.reply(Buffer.from('eggs'))
      await peer.ended()
      peer.end()
    })
    const watch = makeWatch()
    const { stream } = await tapConnections(() => watch)({ host: '127.0.0.1', port: server.port }, WAITING)
    assert.equal(stream.address, `127.0.0.1:${server.port}`)
    assert.match(stream.localAddress!, /^127\.0\.0\.1:[0-9]+$/)
    assert.equal(stream.tls, undefined)
    await new Promise<void>((resolve) => {
      stream.start({
        data: (bytes) => {
          assert.equal(Buffer.from(bytes).toString(), 'eggs')
          stream.pause()
          stream.resume()
          stream.end()
        },
        end: () => stream.destroy(),
        drain: () => {},
        closed: () => resolve(),
      })
      assert.equal(stream.write('spam'), true)
    })
    assert.deepEqual([stream.bytesRead, stream.bytesWritten], [4, 4])
    assert.deepEqual(watch.seen, ['dialing 127.0.0.1', 'connected', 'sent spam', 'received eggs'])
  })

  it('tells of TLS', async () => {
    await using server = await startRawServer((peer) => peer.ended(), { tls: certificate })
    const watch = makeWatch()
    const tls = { options: { ca }, sessions: { session: undefined, judgedBy: undefined } }
    const { stream } = await tapConnections(() => watch)(
      { host: 'localhost', port: server.port, family: 4, tls },
      WAITING,
    )
    assert.equal(stream.tls?.protocol, 'TLSv1.3')
    assert.deepEqual(watch.seen, ['dialing localhost', 'connected', 'secured TLSv1.3'])
    const closed = new Promise<void>((resolve) => {
      stream.start({ data: () => {}, end: () => {}, drain: () => {}, closed: () => resolve() })
    })
    stream.close()
    await closed
  })
})

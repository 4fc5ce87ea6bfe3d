// Whether TLS was ended by its peer or cut on the way: RFC 9112, section 9.8. Whatever lies on the way to the client is cut
// at every byte, for both versions of TLS; the oracle is how many bytes of the server's last record have passed.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, it } from 'node:test'
import tls from 'node:tls'
import { ConnectionLost, IncompleteRead } from '../../../src/errors/index.ts'
import { hasClosureAlert, watchClosure } from '../../../src/io/tls/closure-alert.ts'
import { wire } from '../../support/bytes.ts'
import { type Cut, startCutRelay } from '../../support/cut-relay.ts'
import { connectionTo } from '../../support/https.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { type RawServer, startRawServer } from '../../support/raw-server.ts'
import { TestProxy } from '../../support/test-proxy.ts'
import { ca, server } from '../../support/tls-fixture.ts'

checkOpenHandles()

const BODY = 'until the end of the connection'
const UNTIL_CLOSE = wire`
HTTP/1.1 200 OK

`

type Version = 'TLSv1.2' | 'TLSv1.3'

/** Answers with a body that lasts until the end of the connection, in two records, and a closure alert behind it. */
function startAnnouncing(version: Version, body: string | Buffer = BODY): Promise<RawServer> {
  return startRawServer(
    async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(UNTIL_CLOSE)
      await peer.reply(Buffer.from(body))
      peer.close()
    },
    { tls: { ...server, minVersion: version, maxVersion: version } },
  )
}

/** GETs through a relay that cuts; answers the body, or what reading it raised, and what the server had sent by then. */
async function getThrough(
  port: number,
  cut: Cut | undefined,
): Promise<{ outcome: string | Error; sent: Buffer }> {
  await using relay = await startCutRelay(port, () => cut)
  await using connection = connectionTo('localhost', relay.port, { ca })
  let outcome: string | Error
  await connection.connect()
  relay.connections[0]!.hold()
  try {
    await connection.request('GET', '/')
    const response = await connection.getResponse()
    outcome = (await response.read()).toString()
  } catch (error) {
    outcome = error as Error
  }
  return { outcome, sent: Buffer.concat(relay.connections[0]!.held) }
}

/** How many bytes the last `count` records have. */
function lastRecords(bytes: Buffer, count: number): number {
  const starts: number[] = []
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) starts.push(at)
  return bytes.length - starts.at(-count)!
}

describe('the end of a body that lasts until the end of a TLS connection', { timeout: 120_000 }, () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is believed with the closure alert of ${version} and never without, wherever it is cut [9112-9.8-2]`, async () => {
      await using peer = await startAnnouncing(version)
      const whole = await getThrough(peer.port, undefined)
      assert.equal(whole.outcome, BODY)
      // The alert is the last record. Two records before it hold head and body.
      const records = lastRecords(whole.sent, 3)
      const seen = new Set<string>()
      for (let withheld = 1; withheld <= records; withheld++) {
        const { outcome } = await getThrough(peer.port, { withheld, by: 'fin' })
        assert.ok(outcome instanceof Error, `${withheld} bytes before the end: taken for whole`)
        seen.add(outcome.name)
        if (!(outcome instanceof IncompleteRead) || outcome.code !== 'INCOMPLETE_BODY') continue
        assert.ok(outcome.cause instanceof ConnectionLost)
        assert.match(outcome.cause.message, /TLS ended without a closure alert/)
        assert.ok(BODY.startsWith(outcome.partial.toString()))
      }
      assert.ok(seen.has('IncompleteRead'))
    })

    it(`is believed however the closure alert of ${version} comes: in pieces, alone, held back, long before the FIN`, async () => {
      await using peer = await startAnnouncing(version, Buffer.alloc(300_000, 'x'))
      const answers = new Map<string, number>()
      for (const way of ['in pieces', 'held back', 'without FIN']) {
        const listener = net.createServer((client) => {
          const upstream = net.connect(peer.port, '127.0.0.1')
          // The client's own alert may meet a server that is gone.
          for (const socket of [client, upstream]) socket.on('error', () => {})
          client.on('data', (bytes: Buffer) => upstream.write(bytes))
          upstream.on('data', (bytes: Buffer) => {
            if (way !== 'in pieces') client.write(bytes)
            else for (let at = 0; at < bytes.length; at += 1_009) client.write(bytes.subarray(at, at + 1_009))
          })
          upstream.on('end', () => {
            if (way !== 'without FIN') client.end()
          })
          client.on('close', () => upstream.destroy())
        })
        listener.listen(0, '127.0.0.1')
        await once(listener, 'listening')
        const connection = connectionTo('localhost', (listener.address() as net.AddressInfo).port, { ca })
        await connection.request('GET', '/')
        const response = await connection.getResponse()
        let taken = 0
        // Read byte by byte, the client holds the server back until the server is rid of all.
        if (way === 'held back')
          while (!peer.peer.socket.writableFinished) taken += (await response.read(1)).length
        answers.set(way, taken + (await response.read()).length)
        connection.close()
        listener.close()
        await once(listener, 'close')
      }
      assert.deepEqual([...answers.values()], [300_000, 300_000, 300_000])
    })
  }

  it('is judged in the same way inside a tunnel', async () => {
    await using peer = await startAnnouncing('TLSv1.3')
    await using proxy = await TestProxy.start()
    const through = async (cut: Cut | undefined): Promise<Buffer> => {
      await using relay = await startCutRelay(proxy.port, () => cut)
      await using connection = connectionTo('localhost', relay.port, { ca })
      connection.setTunnel('localhost', peer.port)
      await connection.connect()
      relay.connections[0]!.hold()
      await connection.request('GET', '/')
      return await (await connection.getResponse()).read()
    }
    assert.equal((await through(undefined)).toString(), BODY)
    const error = await rejectionOf(through({ withheld: 1, by: 'fin' }))
    assert.ok(error instanceof IncompleteRead)
    assert.equal(error.partial.toString(), BODY)
  })
})

describe('hasClosureAlert', () => {
  it('is false where the runtime gives no answer', async () => {
    const lone = new tls.TLSSocket(new net.Socket())
    watchClosure(lone)
    ;(lone as unknown as { _handle: null })._handle = null
    lone.push(null)
    assert.equal(hasClosureAlert(lone), false)
    lone.destroy()
  })
})

// The handshake: who shows what, which version, how it fails, and that nothing but TLS is ever sent.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type tls from 'node:tls'
import type { TlsOptions } from '../../../src/core/tls-options.ts'
import { ConnectError, ConnectionLost, HTTPException } from '../../../src/errors/index.ts'
import { wire } from '../../support/bytes.ts'
import { connectionTo, get, startOkServer } from '../../support/https.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { type Script, startRawServer } from '../../support/raw-server.ts'
import * as fixture from '../../support/tls-fixture.ts'
import { startRecordRelay } from '../../support/tls-records.ts'

checkOpenHandles()

const { ca, server, client, passphrase } = fixture

describe('a client certificate', () => {
  const asking = { ...server, ca, requestCert: true, rejectUnauthorized: true }

  const given: [string, TlsOptions][] = [
    ['as certificate and key', { ca, ...client }],
    ['as bytes', { ca, cert: Buffer.from(client.cert), key: [Buffer.from(client.key)] }],
    ['with an encrypted key', { ca, cert: client.cert, key: fixture.encryptedClientKey, passphrase }],
    ['as PKCS #12', { ca, pfx: new Uint8Array(fixture.clientPfx), passphrase }],
  ]
  for (const [how, tls] of given) {
    it(`is shown to a server that asks: given ${how}`, async () => {
      await using peer = await startOkServer(asking)
      await using connection = connectionTo('localhost', peer.port, tls)
      assert.equal((await get(connection)).status, 200)
      assert.equal((peer.peer.socket as tls.TLSSocket).getPeerCertificate().subject.CN, 'client')
    })
  }

  it('that is asked for and not given fails the handshake in TLS 1.2', async () => {
    await using peer = await startOkServer({ ...asking, maxVersion: 'TLSv1.2' })
    await using connection = connectionTo('localhost', peer.port, { ca })
    const error = await rejectionOf(connection.connect())
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'TLS_FAILED')
    assert.equal(peer.peers.length, 0)
  })

  it('that is asked for and not given breaks the connection in TLS 1.3, whose handshake ends before', async () => {
    await using peer = await startOkServer({ ...asking, minVersion: 'TLSv1.3' })
    await using connection = connectionTo('localhost', peer.port, { ca })
    const error = await rejectionOf(get(connection))
    assert.ok(error instanceof ConnectionLost)
    assert.match(error.message, /CERTIFICATE_REQUIRED/)
    assert.equal(peer.peers.length, 0)
  })

  for (const [what, tls] of [
    ['a key that is none', { cert: client.cert, key: 'no key' }],
    ['a key of another certificate', { cert: client.cert, key: server.key }],
    ['a wrong passphrase', { pfx: fixture.clientPfx, passphrase: 'wrong' }],
  ] as const) {
    it(`that cannot be used is told before anything is dialled: ${what}`, async () => {
      await using peer = await startOkServer(asking)
      await using connection = connectionTo('localhost', peer.port, tls)
      const error = await rejectionOf(connection.connect())
      assert.ok(error instanceof ConnectError)
      assert.deepEqual([error.code, error.address], ['TLS_FAILED', `localhost:${peer.port}`])
      assert.equal(peer.accepted, 0)
      assert.ok(!error.message.includes('wrong'), 'the passphrase is in the message')
    })
  }
})

/** The name that a server is asked for; false for none. */
async function nameSeen(host: string, tls: TlsOptions = {}): Promise<string | false | undefined> {
  await using peer = await startOkServer(server)
  await using connection = connectionTo(host, peer.port, { ca, verify: false, ...tls })
  await get(connection)
  return (peer.peer.socket as tls.TLSSocket & { servername?: string | false }).servername
}

describe('the name that is asked for (SNI, RFC 6066 section 3)', () => {
  it('is the host', async () => {
    assert.equal(await nameSeen('localhost'), 'localhost')
    assert.equal(await nameSeen('WWW.Example.test'), 'WWW.Example.test')
  })

  it('is not sent for an address', async () => {
    assert.equal(await nameSeen('127.0.0.1'), false)
  })

  it('is `servername` where that is given, or none where that is an address', async () => {
    assert.equal(await nameSeen('127.0.0.1', { servername: 'wrong.example' }), 'wrong.example')
    assert.equal(await nameSeen('localhost', { servername: '127.0.0.1' }), false)
  })
})

describe('the version of TLS', () => {
  const old = {
    ...server,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const

  it('is 1.2 at least', async () => {
    await using peer = await startOkServer(old)
    await using connection = connectionTo('localhost', peer.port, { ca })
    const error = await rejectionOf(connection.connect())
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'TLS_FAILED')
    assert.equal(peer.peers.length, 0)
  })

  it('is 1.3 at least where that is asked for', async () => {
    await using older = await startOkServer({ ...server, maxVersion: 'TLSv1.2' })
    await using refused = connectionTo('localhost', older.port, { ca, minVersion: 'TLSv1.3' })
    const error = await rejectionOf(refused.connect())
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'TLS_FAILED')
    await using newer = await startOkServer(server)
    await using connection = connectionTo('localhost', newer.port, { ca, minVersion: 'TLSv1.3' })
    assert.equal((await get(connection)).status, 200)
    assert.equal((newer.peer.socket as tls.TLSSocket).getProtocol(), 'TLSv1.3')
  })
})

/** The ServerHello of TLS 1.2 without any extension: a server from before RFC 5746, which would have to show `renegotiation_info`. */
function oldServerHello(): Buffer {
  const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0xc0, 0x2f, 0])])
  const message = Buffer.concat([Buffer.from([2, 0, 0, body.length]), body])
  return Buffer.concat([Buffer.from([0x16, 3, 3, 0, message.length]), message])
}

const playOldServer: Script = async (peer) => {
  await peer.take(1)
  await peer.reply(oldServerHello())
  await peer.ended()
  peer.close()
}

describe('a server that does not know secure renegotiation (RFC 5746)', () => {
  it('is refused, and the error names the option that would accept it', async () => {
    await using peer = await startRawServer(playOldServer)
    await using connection = connectionTo('localhost', peer.port, { ca })
    const error = await rejectionOf(connection.connect())
    assert.ok(error instanceof ConnectError && error.code === 'TLS_FAILED', String(error))
    assert.match(error.message, /secure renegotiation \(RFC 5746\)/)
    assert.equal(error.remedy, 'to accept it: `tls: { legacyRenegotiation: true }`')
  })

  it('is gone on with where that option is given: the handshake waits for the rest of it', async () => {
    await using peer = await startRawServer(playOldServer)
    const clock = new ManualClock()
    const options = { clock, timeout: { tls: 1_000 } }
    await using connection = connectionTo('localhost', peer.port, { ca, legacyRenegotiation: true }, options)
    const rejected = rejectionOf(connection.connect())
    while (!peer.peers.some(({ receivedBytes }) => receivedBytes > 0)) await settle()
    // Time enough for an alert; there is none.
    for (let turn = 0; turn < 200; turn++) await settle()
    clock.advance(1_000)
    assert.equal(((await rejected) as HTTPException).code, 'TIMEOUT_TLS')
  })
})

describe('a peer that does not speak TLS', () => {
  for (const [what, script] of [
    ['closes', (peer) => peer.close()],
    [
      'resets',
      async (peer) => {
        await peer.take(1)
        peer.reset()
      },
    ],
    [
      'closes after the first bytes of the handshake',
      async (peer) => {
        await peer.take(1)
        peer.close()
      },
    ],
  ] satisfies [string, Script][]) {
    it(`fails the handshake where it ${what}`, async () => {
      await using peer = await startRawServer(script)
      await using connection = connectionTo('127.0.0.1', peer.port, { ca })
      const error = await rejectionOf(connection.request('GET', '/'))
      assert.ok(error instanceof ConnectError, String(error))
      const { code, phase, address } = error
      assert.deepEqual([code, phase, address], ['TLS_FAILED', 'tls', `127.0.0.1:${peer.port}`])
      assert.equal(connection.isConnected, false)
    })
  }

  it('is not spoken to in the clear, and its answer in the clear is not taken [9110-4.2.2-1]', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.take(1)
      await one.reply(wire`
HTTP/1.1 200 OK
Content-Length: 2

ok`)
      await one.ended()
      one.close()
    })
    await using connection = connectionTo('localhost', peer.port, { ca })
    const error = await rejectionOf(connection.request('GET', '/secret'))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'TLS_FAILED')
    assert.match(error.message, /ERR_SSL_|EPROTO/)
    assert.ok((await rejectionOf(connection.getResponse())) instanceof HTTPException)
    await peer.played()
    // Nobody tried again without TLS, and what came was a ClientHello.
    assert.equal(peer.accepted, 1)
    assert.equal(peer.peer.received[0], 22)
    assert.ok(!peer.peer.received.includes('GET'))
  })
})

describe('what goes over the wire of an https connection', () => {
  it('is TLS from the first byte to the last: requests and responses are application data [9112-9.7-1]', async () => {
    await using peer = await startOkServer({ ...server, maxVersion: 'TLSv1.2' })
    await using relay = await startRecordRelay(peer.port)
    await using connection = connectionTo('localhost', relay.port, { ca })
    await connection.connect()
    const { fromClient, fromServer } = relay.connections[0]!
    assert.equal(fromClient.count('application'), 0)
    const body = Buffer.alloc(100_000, 'secret ')
    await connection.request('POST', '/secret', body, { 'X-Secret': 'secret' })
    await (await connection.getResponse()).read()
    await get(connection)
    connection.close()
    await relay.connections[0]!.closed
    assert.ok(peer.peer.received.includes('X-Secret: secret'))
    assert.equal(relay.connections.length, 1)
    for (const side of [fromClient, fromServer]) {
      assert.ok(!side.kinds.includes('not-tls'))
      assert.ok(side.count('application') > 0)
      assert.ok(!side.bytes.includes('ecret') && !side.bytes.includes('HTTP/1.1'))
    }
  })
})

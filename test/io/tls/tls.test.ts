// Whom the client trusts: RFC 9110, sections 4.2.2, 4.3.4 and 4.3.5. Every refusal is looked at from three sides: the error,
// the server, and a relay between the two that sees the records of TLS.

import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import type { TlsOptions } from '../../../src/core/tls-options.ts'
import { ConnectError } from '../../../src/errors/index.ts'
import { dial } from '../../../src/io/dial.ts'
import { connectionTo, get, loopback, settings, startOkServer } from '../../support/https.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { foreignBytes } from '../../support/other-realm.ts'
import type { KeyPair } from '../../support/tls-fixture.ts'
import * as fixture from '../../support/tls-fixture.ts'
import { startRecordRelay } from '../../support/tls-records.ts'
import { makeWaiting } from '../../support/wait.ts'

checkOpenHandles()

const { ca, server } = fixture

/** The pin of a certificate by RFC 7469, section 2.4. */
function pinOf(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(key).digest('base64')}`
}

const otherPin = `sha256/${createHash('sha256').update('another key').digest('base64')}`

interface Refusal {
  readonly what: string
  readonly shows: KeyPair
  readonly tls: TlsOptions
  /** Default localhost. */
  readonly host?: string
  readonly code: string
  /** The certificate that the message has to name, and the reason. */
  readonly names: string
  readonly reason: RegExp
}

const signedBy = '(issued by "httplib test authority", valid Jan  1 00:00:00 2020 GMT to'

const refusals: readonly Refusal[] = [
  {
    what: 'has expired',
    shows: fixture.expired,
    tls: { ca },
    code: 'CERTIFICATE_EXPIRED',
    names: `certificate "localhost" ${signedBy} Jan  2 00:00:00 2020 GMT)`,
    reason: /CERT_HAS_EXPIRED/,
  },
  {
    what: 'is not valid yet',
    shows: fixture.notYetValid,
    tls: { ca: fixture.notYetValid.cert },
    code: 'CERTIFICATE_NOT_YET_VALID',
    names: 'certificate "localhost" (issued by "localhost", valid Jan  1 00:00:00 2119 GMT to',
    reason: /CERT_NOT_YET_VALID/,
  },
  {
    what: 'is signed by itself',
    shows: fixture.selfSigned,
    tls: { ca },
    code: 'CERTIFICATE_SELF_SIGNED',
    names: 'certificate "localhost" (issued by "localhost", valid',
    reason: /DEPTH_ZERO_SELF_SIGNED_CERT/,
  },
  {
    what: 'is signed by an authority that nobody has named',
    shows: server,
    tls: {},
    code: 'CERTIFICATE_UNTRUSTED',
    names: `certificate "localhost" ${signedBy}`,
    reason: /UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT_LOCALLY)/,
  },
  {
    what: 'brings its own authority along',
    shows: { key: server.key, cert: server.cert + ca },
    tls: { ca: fixture.selfSigned.cert },
    code: 'CERTIFICATE_UNTRUSTED',
    names: `certificate "httplib test authority" ${signedBy}`,
    reason: /SELF_SIGNED_CERT_IN_CHAIN/,
  },
  {
    what: 'is for another host',
    shows: fixture.wrongHost,
    tls: { ca },
    code: 'CERTIFICATE_WRONG_HOST',
    names: `certificate "wrong.example" ${signedBy}`,
    reason: /it is for DNS:wrong\.example, not for localhost/,
  },
  {
    what: 'is for another host than the name that was asked for',
    shows: server,
    tls: { ca },
    host: 'other.test',
    code: 'CERTIFICATE_WRONG_HOST',
    names: `certificate "localhost" ${signedBy}`,
    reason: /not for other\.test/,
  },
  {
    what: 'is not for the servername that is expected',
    shows: server,
    tls: { ca, servername: 'other.test' },
    code: 'CERTIFICATE_WRONG_HOST',
    names: `certificate "localhost" ${signedBy}`,
    reason: /not for other\.test/,
  },
  {
    what: 'has no pinned key',
    shows: server,
    tls: { ca, pin: [otherPin] },
    code: 'CERTIFICATE_NOT_PINNED',
    names: `certificate "localhost" ${signedBy}`,
    reason: new RegExp(`its key is ${pinOf(server.cert).replaceAll(/[+/]/g, '\\$&')}`),
  },
  {
    what: 'has no pinned key, though verification is off',
    shows: fixture.selfSigned,
    tls: { verify: false, pin: otherPin },
    code: 'CERTIFICATE_NOT_PINNED',
    names: 'certificate "localhost" (issued by "localhost", valid',
    reason: /its key is sha256\//,
  },
]

const commonNameOnly: Refusal = {
  what: 'has the host in its common name only',
  shows: fixture.commonName,
  tls: { ca: fixture.commonName.cert },
  code: 'CERTIFICATE_WRONG_HOST',
  names: 'certificate "localhost" (issued by "localhost", valid',
  reason: /it names no host in its subjectAltName/,
}

const addressAsName: Refusal = {
  what: 'has the address as if it were a name',
  shows: fixture.addressAsName,
  tls: { ca: fixture.addressAsName.cert },
  host: '127.0.0.1',
  code: 'CERTIFICATE_WRONG_HOST',
  names: 'certificate "127.0.0.1" (issued by "127.0.0.1", valid',
  reason: /it is for DNS:127\.0\.0\.1, not for 127\.0\.0\.1/,
}

async function assertRefused(refusal: Refusal, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<void> {
  await using peer = await startOkServer({ ...refusal.shows, maxVersion })
  await using relay = await startRecordRelay(peer.port)
  await using connection = connectionTo(refusal.host ?? 'localhost', relay.port, refusal.tls)
  const error = await rejectionOf(connection.request('POST', '/', 'a secret'))
  assert.ok(error instanceof ConnectError, String(error))
  const address = `127.0.0.1:${relay.port}`
  assert.deepEqual([error.code, error.phase, error.address], [refusal.code, 'tls', address])
  assert.ok(error.message.includes(`${address} showed ${refusal.names}`), error.message)
  assert.match(error.message, refusal.reason)
  assert.equal(connection.isConnected, false)
  await relay.connections[0]!.closed
  assert.equal(relay.connections.length, 1)
  const { fromClient } = relay.connections[0]!
  assert.ok(!fromClient.kinds.includes('not-tls'))
  // TLS 1.3 hides the end of the handshake among the application records; TLS 1.2 does not.
  if (maxVersion === 'TLSv1.2') assert.equal(fromClient.count('application'), 0)
  await peer.allClosed()
  assert.equal(
    peer.peers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    0,
  )
}

describe('a certificate that does not fit ends the connection before a byte of HTTP is sent [9110-4.3.4-1, 9110-4.3.4-4]', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const refusal of refusals) {
      it(`where it ${refusal.what}, in ${version}`, () => assertRefused(refusal, version))
    }
  }
})

describe('the names in a certificate', () => {
  it('count by subjectAltName; the common name is no name [9110-4.3.4-3]', async () => {
    await assertRefused(commonNameOnly, 'TLSv1.2')
    await assertRefused(commonNameOnly, 'TLSv1.3')
  })

  it('match an address only by an entry for addresses [9110-4.3.5-1]', async () => {
    await assertRefused(addressAsName, 'TLSv1.2')
    await assertRefused(addressAsName, 'TLSv1.3')
    for (const [host, listenOn] of [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
    ] as const) {
      await using peer = await startOkServer({ ...server, listenOn })
      await using connection = connectionTo(host, peer.port, { ca })
      assert.equal((await get(connection)).status, 200)
    }
    // Another address of the same machine is another host.
    await using peer = await startOkServer({ ...server, listenOn: '127.0.0.2' })
    await using connection = connectionTo('127.0.0.2', peer.port, { ca })
    const error = await rejectionOf(get(connection))
    assert.match(error.message, /not for 127\.0\.0\.2/)
  })

  it('are held against the host that is connected to, not against a Host field [9110-4.3.4-2]', async () => {
    await using wrong = await startOkServer(fixture.wrongHost)
    await using refused = connectionTo('localhost', wrong.port, { ca })
    const error = await rejectionOf(get(refused, { Host: 'wrong.example' }))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'CERTIFICATE_WRONG_HOST')
    await using right = await startOkServer(server)
    await using connection = connectionTo('127.0.0.1', right.port, { ca })
    assert.equal((await get(connection, { Host: 'wrong.example' })).status, 200)
  })
})

describe('verification', () => {
  it('is on unless it is switched off [9110-4.3.4-5]', async () => {
    await using peer = await startOkServer(fixture.selfSigned)
    for (const tls of [undefined, {}, { verify: undefined }, { verify: true }]) {
      await using connection = connectionTo('localhost', peer.port, tls)
      const error = await rejectionOf(get(connection))
      assert.ok(error instanceof ConnectError)
      assert.equal(error.code, 'CERTIFICATE_SELF_SIGNED')
    }
    assert.equal(
      peer.peers.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
      0,
    )
  })

  for (const [what, shows] of Object.entries({
    expired: fixture.expired,
    'self-signed': fixture.selfSigned,
    'wrong-host': fixture.wrongHost,
    nameless: fixture.commonName,
    untrusted: server,
  })) {
    it(`lets a certificate that is ${what} through where it is switched off, and says so`, async () => {
      await using peer = await startOkServer(shows)
      await using connection = connectionTo('localhost', peer.port, { verify: false })
      assert.equal((await get(connection)).status, 200)
      const target = {
        host: 'localhost',
        port: peer.port,
        lookup: loopback,
        tls: settings({ verify: false }),
      }
      const { stream } = await dial(target, makeWaiting())
      assert.equal(stream.tls?.isVerified, false)
      stream.destroy()
    })
  }

  const authorities: [string, TlsOptions][] = [
    ['text', { ca }],
    ['bytes', { ca: Buffer.from(ca) }],
    ['bytes of another realm', { ca: foreignBytes(ca) }],
    ['one of several', { ca: [fixture.selfSigned.cert, Buffer.from(ca)] }],
  ]
  for (const [what, tls] of authorities) {
    it(`trusts an authority of the caller's, given as ${what}`, async () => {
      await using peer = await startOkServer(server)
      await using connection = connectionTo('localhost', peer.port, tls)
      assert.equal((await get(connection)).status, 200)
    })
  }

  it('trusts a certificate signed by itself where that is named', async () => {
    await using peer = await startOkServer(fixture.selfSigned)
    await using connection = connectionTo('localhost', peer.port, { ca: fixture.selfSigned.cert })
    assert.equal((await get(connection)).status, 200)
  })

  it('holds the certificate against `servername` instead of the host', async () => {
    await using peer = await startOkServer(fixture.wrongHost)
    await using connection = connectionTo('127.0.0.1', peer.port, { ca, servername: 'wrong.example' })
    assert.equal((await get(connection)).status, 200)
  })

  it('tells what was agreed on', async () => {
    await using peer = await startOkServer({
      ...server,
      ALPNProtocols: ['h2', 'http/1.1'],
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    })
    const target = { host: 'localhost', port: peer.port, lookup: loopback, tls: settings({ ca }) }
    const { stream, timings } = await dial(target, makeWaiting())
    assert.deepEqual(stream.tls, {
      protocol: 'TLSv1.2',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      alpn: 'http/1.1',
      isResumed: false,
      isVerified: true,
      fingerprint: new X509Certificate(server.cert).fingerprint256,
    })
    assert.deepEqual(Object.keys(timings), ['dns', 'connect', 'tls'])
    stream.destroy()
  })

  it('tells that no application protocol was agreed on where the server knows none', async () => {
    await using peer = await startOkServer(server)
    const target = { host: 'localhost', port: peer.port, lookup: loopback, tls: settings({ ca }) }
    const { stream } = await dial(target, makeWaiting())
    assert.equal(stream.tls?.alpn, undefined)
    stream.destroy()
  })
})

describe('a pin', () => {
  const chain: KeyPair = { key: server.key, cert: server.cert + ca }
  const accepted: [string, KeyPair, TlsOptions][] = [
    ["of the server's own key", server, { ca, pin: pinOf(server.cert) }],
    ['among others', server, { ca, pin: [otherPin, pinOf(server.cert)] }],
    ["of the authority's key", chain, { ca, pin: pinOf(ca) }],
    ['where verification is off', fixture.selfSigned, { verify: false, pin: pinOf(fixture.selfSigned.cert) }],
  ]
  for (const [what, shows, tls] of accepted) {
    it(`is enough: ${what}`, async () => {
      await using peer = await startOkServer(shows)
      await using connection = connectionTo('localhost', peer.port, tls)
      assert.equal((await get(connection)).status, 200)
    })
  }

  it('does not stand in for verification', async () => {
    await using peer = await startOkServer(fixture.selfSigned)
    await using connection = connectionTo('localhost', peer.port, { pin: pinOf(fixture.selfSigned.cert) })
    const error = await rejectionOf(get(connection))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'CERTIFICATE_SELF_SIGNED')
  })
})

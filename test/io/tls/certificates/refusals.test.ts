// Each exhibit of the certificate zoo is refused by default, with an error that names the certificate, the reason and the
// option, and is accepted with that option.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TlsOptions } from '../../../../src/core/tls-options.ts'
import { HTTPException } from '../../../../src/errors/index.ts'
import { dial } from '../../../../src/io/dial.ts'
import { type CertificateZoo, openZoo } from '../../../support/certificate-zoo.ts'
import { connectionTo, get, loopback, settings, startOkServer } from '../../../support/https.ts'
import { rejectionOf } from '../../../support/memory-connection.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'
import type { RawServer } from '../../../support/raw-server.ts'
import type { KeyPair } from '../../../support/tls-fixture.ts'
import { makeWaiting } from '../../../support/wait.ts'
import { type Exhibit, fingerprintOf, listExhibits } from './exhibits.ts'
import { showExhibit } from './keeper.ts'

checkOpenHandles()

const zoo = openZoo()

function receivedBytes(server: RawServer): number {
  return server.peers.reduce((sum, peer) => sum + peer.receivedBytes, 0)
}

async function assertRefused(exhibit: Exhibit, { root }: CertificateZoo): Promise<void> {
  await using server = await showExhibit(exhibit)
  const { host = 'zoo.test', base, code, names, reason, remedy } = exhibit
  const tls: TlsOptions = { ca: root.cert, ...base }
  await using connection = connectionTo(host, server.port, tls)
  const error = await rejectionOf(get(connection, { Authorization: 'Bearer secret' }))
  assert.ok(error instanceof HTTPException, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, reason)
  assert.ok(error.remedy?.includes(`tls: { ${remedy}`), error.remedy)
  assert.ok(error.message.endsWith(`. Try: ${error.remedy}.`), error.message)
  assert.ok(error.summary.endsWith(`; ${error.remedy}`), error.summary)
  if (names !== undefined) {
    const shown = new RegExp(
      `showed certificate "${names}" \\(issued by ".*", valid .* to .*\\) with SHA-256 [0-9A-F:]{95}: `,
    )
    assert.match(error.message, shown)
  }
  assert.equal(connection.isConnected, false)
  await server.allClosed()
  assert.equal(receivedBytes(server), 0)
  if (code === 'CONNECTION_LOST') return
  const target = { host, port: server.port, lookup: loopback, tls: settings(tls) }
  assert.equal(((await rejectionOf(dial(target, makeWaiting()))) as HTTPException).code, code)
  await server.allClosed()
  assert.equal(target.tls.sessions.session, undefined)
  assert.equal(receivedBytes(server), 0)
}

if (zoo !== undefined) {
  const exhibits = listExhibits(zoo)

  describe('a server is refused by default, without a byte of the request and without a session [9110-4.3.4-1, 9110-4.3.4-4]', () => {
    for (const exhibit of exhibits) it(`that ${exhibit.what}`, () => assertRefused(exhibit, zoo))
  })

  describe('a server is accepted with the option that the refusal names', () => {
    for (const exhibit of exhibits) {
      it(`that ${exhibit.what}: ${Object.keys(exhibit.option).join(', ')}`, async () => {
        await using server = await showExhibit(exhibit)
        const { host = 'zoo.test', base, option } = exhibit
        await using connection = connectionTo(host, server.port, { ca: zoo.root.cert, ...base, ...option })
        const response = await get(connection)
        assert.equal(response.status, 200)
        assert.ok(receivedBytes(server) > 0)
      })
    }
  })

  describe('a server with which nothing is wrong is accepted', () => {
    const pfx = { pfx: zoo.pfxWithStranger, passphrase: 'zoo' }
    const fine: [what: string, shows: KeyPair, host?: string, base?: TlsOptions][] = [
      ['with an EC key', zoo.fine],
      ['with an RSA key of 2048 bits', zoo.rsa],
      ['with an intermediate', zoo.throughIntermediate],
      ['an hour before it expires', zoo.almostExpired],
      ['an hour after it became valid', zoo.justValid],
      ['by a wildcard', zoo.wildcard, 'www.zoo.test'],
      ['by a wildcard, under a name with an underscore', zoo.wildcard, 'my_web.zoo.test'],
      ['by a wildcard below a name with an underscore', zoo.wildcardBelowUnderscore, 'a.my_zone.zoo.test'],
      ['by a name with an underscore', zoo.underscore, 'my_web.zoo.test'],
      ['whose host ends in a dot', zoo.fine, 'zoo.test.'],
      ['by a wildcard, whose host ends in a dot', zoo.wildcard, 'WWW.zoo.test.'],
      ['with an RSASSA-PSS key', zoo.rsaPss],
      ['with an Ed25519 key', zoo.ed25519],
      ['signed with RSASSA-PSS over SHA-256', zoo.signedByPss, 'zoo.test', { ca: zoo.rsaRoot.cert }],
      ['beside a PKCS#12 with strangers in it', zoo.throughIntermediate, 'zoo.test', pfx],
      ['by an authority for its name, beside a PKCS#12', zoo.allowed, 'www.allowed.test', pfx],
      ['by its address', zoo.address, '127.0.0.1'],
      ['by an internationalised name', zoo.punycode, 'xn--bcher-kva.test'],
      ['that was revoked, for nothing is looked up', zoo.revoked],
    ]
    for (const [what, shows, host = 'zoo.test', base] of fine) {
      it(what, async () => {
        await using server = await startOkServer(shows)
        await using connection = connectionTo(host, server.port, { ca: zoo.root.cert, ...base })
        assert.equal((await get(connection)).status, 200)
      })
    }
  })

  describe('a certificate with a length left open', () => {
    it('is refused also where it is signed by itself and trusted by name: nothing of it can be judged', async () => {
      const shows = zoo.openLengthSelfSigned
      await using server = await startOkServer(shows)
      await using connection = connectionTo('zoo.test', server.port, { ca: shows.cert })
      const error = await rejectionOf(get(connection))
      assert.ok(error instanceof HTTPException && error.code === 'CERTIFICATE_REJECTED', String(error))
    })
  })

  describe('a revocation list', () => {
    const { root, revocations } = zoo
    const cases: [what: string, shows: KeyPair, crl: string, code: string | undefined][] = [
      ['has a certificate refused that is on it', zoo.revoked, revocations, 'CERTIFICATE_REVOKED'],
      ['lets others pass', zoo.fine, revocations, undefined],
      [
        'is wanted of every authority of the chain',
        zoo.throughIntermediate,
        revocations,
        'CERTIFICATE_REJECTED',
      ],
    ]
    for (const [what, shows, crl, code] of cases) {
      it(what, async () => {
        await using server = await startOkServer(shows)
        await using connection = connectionTo('zoo.test', server.port, { ca: root.cert, crl })
        if (code === undefined) {
          assert.equal((await get(connection)).status, 200)
          return
        }
        const error = await rejectionOf(get(connection))
        assert.ok(error instanceof HTTPException && error.code === code, error.message)
        assert.match(error.message, /crl: …/)
      })
    }
  })

  describe('the SHA-256 in a message', () => {
    it("is the certificate's, as openssl and browsers show it", async () => {
      await using server = await startOkServer(zoo.expired)
      await using connection = connectionTo('zoo.test', server.port, { ca: zoo.root.cert })
      const { message } = await rejectionOf(get(connection))
      assert.ok(message.includes(`with SHA-256 ${fingerprintOf(zoo.expired)}: `), message)
    })
  })
}

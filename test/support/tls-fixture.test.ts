import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import tls from 'node:tls'
import { checkOpenHandles } from './open-handles.ts'
import * as fixture from './tls-fixture.ts'

checkOpenHandles()

describe('the certificates of the tests', () => {
  const { ca, server, client, expired, wrongHost, selfSigned } = fixture
  const authority = new X509Certificate(ca)

  it('are signed by the authority, all but the self-signed one', () => {
    for (const { cert } of [server, client, expired, wrongHost]) {
      assert.ok(new X509Certificate(cert).verify(authority.publicKey))
    }
    assert.equal(new X509Certificate(selfSigned.cert).verify(authority.publicKey), false)
  })

  it('name the hosts of loopback, or wrong.example', () => {
    for (const { cert } of [server, expired, selfSigned]) {
      const certificate = new X509Certificate(cert)
      assert.equal(certificate.checkHost('localhost'), 'localhost')
      assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
      assert.equal(certificate.checkIP('::1'), '::1')
    }
    assert.equal(new X509Certificate(wrongHost.cert).checkHost('localhost'), undefined)
  })

  it('have localhost as a common name only, or an address as a name only', () => {
    const [named, addressed] = [fixture.commonName, fixture.addressAsName].map(
      ({ cert }) => new X509Certificate(cert),
    )
    assert.deepEqual([named?.subject, named?.subjectAltName], ['CN=localhost', undefined])
    assert.equal(addressed?.subjectAltName, 'DNS:127.0.0.1')
  })

  it('are valid now, all but the expired one and the one of the future', () => {
    for (const { cert } of [server, client, wrongHost, selfSigned]) {
      assert.ok(Date.parse(new X509Certificate(cert).validTo) > Date.now())
    }
    assert.ok(Date.parse(new X509Certificate(expired.cert).validTo) < Date.now())
    assert.ok(Date.parse(new X509Certificate(fixture.notYetValid.cert).validFrom) > Date.now())
  })

  it('have keys that a TLS context takes, encrypted and packed ones under their passphrase', () => {
    const { passphrase } = fixture
    for (const pair of [server, client, expired, wrongHost, selfSigned]) tls.createSecureContext(pair)
    tls.createSecureContext({ key: fixture.encryptedClientKey, cert: client.cert, passphrase })
    tls.createSecureContext({ pfx: fixture.clientPfx, passphrase })
  })
})

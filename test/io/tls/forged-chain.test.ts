// A pin is a promise about the chain that was signed, not about whatever certificates a peer sends along.

import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../src/index.ts'
import { CertificateMaker } from '../../support/certificate-maker.ts'
import { connectionTo, get, startOkServer } from '../../support/https.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { need } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { ca, type KeyPair, server } from '../../support/tls-fixture.ts'

checkOpenHandles()

const DAY_MS = 86_400_000
const REAL = new X509Certificate(ca)
const REAL_PIN = `sha256/${createHash('sha256')
  .update(REAL.publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64')}`

/** A certificate that names the real authority as its issuer and is signed by somebody else. */
function forge(): KeyPair {
  const maker = CertificateMaker.open()!
  const from = new Date(Date.now() - DAY_MS)
  const to = new Date(Date.now() + DAY_MS)
  try {
    const commonName = REAL.subject.replace(/^CN=/, '')
    const forger = maker.make({ commonName, extensions: ['basicConstraints = critical, CA:true'], from, to })
    // What would tell the two authorities apart is left out.
    const extensions = ['basicConstraints = CA:false', 'authorityKeyIdentifier = none']
    return maker.make({ commonName: 'localhost', extensions, from, to, by: forger })
  } finally {
    maker.close()
  }
}

const skip = need('openssl')

describe('a pin of an authority', () => {
  it('is met by a chain that the authority has signed', async () => {
    await using peer = await startOkServer({ key: server.key, cert: `${server.cert}\n${ca}` })
    await using connection = connectionTo('localhost', peer.port, { verify: false, pin: REAL_PIN })
    assert.equal((await get(connection)).status, 200)
  })

  it('is not met by a certificate that only stands in front of it, also where nothing is verified', {
    skip,
  }, async () => {
    const forged = forge()
    const leaf = new X509Certificate(forged.cert)
    assert.deepEqual([leaf.checkIssued(REAL), leaf.verify(REAL.publicKey)], [true, false])
    await using peer = await startOkServer({ key: forged.key, cert: `${forged.cert}\n${ca}` })
    await using connection = connectionTo('localhost', peer.port, { verify: false, pin: REAL_PIN })
    const error = await rejectionOf(get(connection))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'CERTIFICATE_NOT_PINNED')
  })
})

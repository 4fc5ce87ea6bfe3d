// Revocation beside a PKCS#12 whose authority has the name and the key of an intermediate: OpenSSL builds a chain around the one
// that was revoked. RFC 5280 §6.3.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../../../src/index.ts'
import { openZoo } from '../../../support/certificate-zoo.ts'
import { connectionTo, get, startOkServer } from '../../../support/https.ts'
import { rejectionOf } from '../../../support/memory-connection.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'

checkOpenHandles()

const zoo = openZoo()
if (zoo !== undefined) {
  const { root, allowed, revocations, revocationsBelow, revocationOfBridged } = zoo
  const withBridge = { pfx: zoo.pfxWithBridge, passphrase: 'zoo' }
  const withStranger = { pfx: zoo.pfxWithStranger, passphrase: 'zoo' }
  const host = 'www.allowed.test'

  describe('an intermediate below a trusted authority, beside a PKCS#12', () => {
    for (const [what, pfx] of Object.entries({ 'of its own': withBridge, 'of strangers': withStranger })) {
      it(`is accepted where it is on no list, with an authority ${what}`, async () => {
        await using server = await startOkServer(allowed)
        const crl = [revocations, Buffer.from(revocationsBelow)]
        await using connection = connectionTo(host, server.port, { ca: root.cert, crl, ...pfx })
        assert.equal((await get(connection)).status, 200)
      })

      it(`is refused where it was revoked, with an authority ${what}`, async () => {
        await using server = await startOkServer(allowed)
        const crl = [revocationOfBridged, revocationsBelow]
        await using connection = connectionTo(host, server.port, { ca: root.cert, crl, ...pfx })
        const error = await rejectionOf(get(connection))
        assert.ok(error instanceof ConnectError)
        assert.equal(error.code, 'CERTIFICATE_REVOKED')
      })

      it(`is refused where its issuer has no list, with an authority ${what}`, async () => {
        await using server = await startOkServer(allowed)
        await using connection = connectionTo(host, server.port, {
          ca: root.cert,
          crl: revocationsBelow,
          ...pfx,
        })
        const error = await rejectionOf(get(connection))
        assert.ok(error instanceof ConnectError)
        assert.equal(error.code, 'CERTIFICATE_REJECTED')
        assert.match(error.message, /there is no valid revocation list of an authority of its chain/)
      })
    }
  })
}

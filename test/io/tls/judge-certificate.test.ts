// What no server of the zoo can show: no certificate, and one that cannot be read. The rest is in `certificates/`.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import type { DetailedPeerCertificate } from 'node:tls'
import { examineChain } from '../../../src/io/tls/certificate-chain.ts'
import { reasonOfOpenssl, reasonRow } from '../../../src/io/tls/certificate-reasons.ts'
import { ChainCertificate } from '../../../src/io/tls/chain-certificate.ts'
import { judgePeer, type PeerFacts } from '../../../src/io/tls/judge-certificate.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { ca, expired } from '../../support/tls-fixture.ts'

checkOpenHandles()

const facts: Omit<PeerFacts, 'certificate'> = {
  host: 'localhost',
  address: '192.0.2.1:443',
  options: {},
  opensslError: undefined,
  isResumed: false,
  now: Date.parse('2026-01-01T00:00:00Z'),
}

/** As Node shows a certificate, as far as it is looked at. */
function shown(pem: string): DetailedPeerCertificate {
  const x509 = new X509Certificate(pem)
  const { raw, fingerprint256, validFrom, validTo } = x509
  return { raw, fingerprint256, valid_from: validFrom, valid_to: validTo } as DetailedPeerCertificate
}

describe('a peer without a certificate', () => {
  // What `getPeerCertificate` gives then.
  const certificate = {} as DetailedPeerCertificate

  it('is refused, also where only its key counts', () => {
    for (const options of [{}, { verify: false, pin: 'sha256/AAAA' }]) {
      const { refusal } = judgePeer({ ...facts, options, certificate })
      assert.equal(refusal?.code, 'CERTIFICATE_REJECTED')
    }
  })

  it('is accepted where nothing is verified', () => {
    const { refusal, isException } = judgePeer({ ...facts, options: { verify: false }, certificate })
    assert.deepEqual([refusal, isException], [undefined, false])
  })
})

describe('a certificate that cannot be read', () => {
  it('is refused, and the cause kept', () => {
    const certificate = {
      ...shown(expired.cert),
      raw: Buffer.from('no certificate'),
      subjectaltname: 'DNS:localhost',
    }
    const { refusal } = judgePeer({ ...facts, certificate })
    assert.equal(refusal?.code, 'CERTIFICATE_REJECTED')
    assert.ok(refusal?.cause instanceof Error)
  })
})

describe('a chain under a root that is not among those that can be read', () => {
  it('may be trusted or not: that is a reason of its own, and where all can be read it is a stranger', () => {
    const chain = [expired.cert, ca].map((pem) => new ChainCertificate(shown(pem)))
    const reasons = (isComplete: boolean): string[] =>
      examineChain(chain, { authorities: [], isComplete }, facts.now, facts.host).map(({ reason }) => reason)
    assert.deepEqual(reasons(false), ['trustUnknown', 'expired'])
    assert.deepEqual(reasons(true), ['untrustedRoot', 'expired'])
  })
})

describe('the errors of OpenSSL', () => {
  it('each have a code of ours', () => {
    // The left column is OpenSSL's list of X509_V_ERR_… as Node names them.
    const expected = {
      CERT_HAS_EXPIRED: 'CERTIFICATE_EXPIRED',
      CERT_NOT_YET_VALID: 'CERTIFICATE_NOT_YET_VALID',
      DEPTH_ZERO_SELF_SIGNED_CERT: 'CERTIFICATE_SELF_SIGNED',
      SELF_SIGNED_CERT_IN_CHAIN: 'CERTIFICATE_UNTRUSTED',
      UNABLE_TO_GET_ISSUER_CERT: 'CERTIFICATE_UNTRUSTED',
      UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CERTIFICATE_UNTRUSTED',
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CERTIFICATE_UNTRUSTED',
      CERT_UNTRUSTED: 'CERTIFICATE_UNTRUSTED',
      CERT_REVOKED: 'CERTIFICATE_REVOKED',
      INVALID_CA: 'CERTIFICATE_WRONG_ISSUER',
      PATH_LENGTH_EXCEEDED: 'CERTIFICATE_WRONG_ISSUER',
      INVALID_PURPOSE: 'CERTIFICATE_WRONG_PURPOSE',
      CERT_SIGNATURE_FAILURE: 'CERTIFICATE_REJECTED',
      OUT_OF_MEM: 'CERTIFICATE_REJECTED',
    }
    for (const [error, code] of Object.entries(expected)) {
      assert.equal(reasonRow(reasonOfOpenssl(error)).code, code, error)
    }
  })
})

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { readOutline } from '../../../src/io/tls/certificate-der.ts'
import { openZoo } from '../../support/certificate-zoo.ts'
import { need } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { ca, server } from '../../support/tls-fixture.ts'

checkOpenHandles()

const outlineOf = (pem: string): ReturnType<typeof readOutline> => readOutline(new X509Certificate(pem).raw)

// RFC 5758 §3.2, and RFC 5280 §4.2.1: what `scripts/make-certificates.ts` orders.
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const [SUBJECT_KEY, KEY_USAGE, ALTERNATIVE_NAMES, BASIC_CONSTRAINTS, EXTENDED_USAGE] = [
  '14',
  '15',
  '17',
  '19',
  '37',
].map((id) => `2.5.29.${id}`) as [string, string, string, string, string]

describe('the outline of a certificate', () => {
  it("is an authority's: algorithm, extensions, no limit to the path, keyCertSign and cRLSign", () => {
    const { extensions, ...rest } = outlineOf(ca)!
    assert.deepEqual(rest, {
      signatureAlgorithm: ECDSA_WITH_SHA256,
      pssDigest: undefined,
      dnsNames: [],
      maxPathLength: undefined,
      keyUsage: 0b0000_0110,
      nameConstraints: undefined,
    })
    assert.deepEqual(
      [extensions.get(BASIC_CONSTRAINTS), extensions.get(KEY_USAGE), extensions.get(SUBJECT_KEY)],
      [true, true, false],
    )
  })

  it("is a server's: digitalSignature, and names that are not critical", () => {
    const { extensions, keyUsage } = outlineOf(server.cert)!
    assert.equal(keyUsage, 0b1000_0000)
    assert.deepEqual([extensions.get(ALTERNATIVE_NAMES), extensions.get(EXTENDED_USAGE)], [false, false])
  })

  const skip = need('openssl')
  it('knows a limit to the path, SHA-1, and extensions that nobody else knows', { skip }, () => {
    const zoo = openZoo()!
    assert.equal(outlineOf(zoo.intermediate.cert)?.maxPathLength, 0)
    // RFC 3279 §2.2.3: ecdsa-with-SHA1.
    assert.equal(outlineOf(zoo.weakSignature.cert)?.signatureAlgorithm, '1.2.840.10045.4.1')
    assert.equal(outlineOf(zoo.expiredCritical.cert)?.extensions.get('1.2.3.4'), true)
  })

  it('is none where the bytes are cut, and never anything but an outline or none where they are changed', () => {
    const der = new X509Certificate(server.cert).raw
    for (let length = 0; length < der.length; length++)
      assert.equal(readOutline(der.subarray(0, length)), undefined)
    let whole = 0
    for (let at = 0; at < der.length; at++) {
      for (const value of [0x00, 0x7f, 0x80, 0x81, 0x84, 0xff, der[at]! ^ 1]) {
        const changed = Buffer.from(der)
        changed[at] = value
        if (readOutline(changed) !== undefined) whole++
      }
    }
    // Most bytes of a certificate are content, which an outline does not look at; some are not.
    assert.ok(whole > 0 && whole < der.length * 7)
  })

  it('is none where a length is left open, which is BER and not DER', () => {
    assert.equal(readOutline(Buffer.from('3080308000000000', 'hex')), undefined)
  })
})

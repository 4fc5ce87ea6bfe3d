// The values of the TLS options: what each takes, as its documentation says; what it refuses is named, and no secret is shown.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ACCEPTABLE_REASONS,
  acceptedReasons,
  checkTlsOptions,
  type TlsOptions,
} from '../../src/core/tls-options.ts'
import { InvalidURL } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { foreignBytes } from '../support/other-realm.ts'
import { ca, client, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const PIN = `sha256/${'A'.repeat(43)}=`
const FINGERPRINT = 'AB:'.repeat(31) + 'AB'
const CRL = '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n'

function check(options: object): void {
  checkTlsOptions(options)
}

describe('the TLS options', () => {
  const taken: TlsOptions[] = [
    {},
    { ca: undefined, verify: undefined },
    { ca },
    { ca: Buffer.from(ca) },
    { ca: [ca, new Uint8Array(Buffer.from(server.cert))] },
    { ca: `# with a title\r\n${ca.replaceAll('\n', '\r\n')}` },
    { ca: ca.replaceAll(' CERTIFICATE', ' TRUSTED CERTIFICATE') },
    { ca: ca.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE') },
    { cert: client.cert, key: [Buffer.from(client.key)] },
    { pfx: new Uint8Array(1), passphrase: '' },
    { pfx: foreignBytes('p'), ca: [foreignBytes(ca)], crl: foreignBytes(CRL) },
    { servername: 'a.test.' },
    { servername: '[::1]' },
    { minVersion: 'TLSv1.3', ciphers: 'DEFAULT' },
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
    { legacyRenegotiation: true, verify: false },
    { crl: CRL, pin: [PIN] },
    { pin: PIN, accept: [] },
    { accept: { fingerprint: FINGERPRINT, reasons: ACCEPTABLE_REASONS } },
    { accept: [{ fingerprint: FINGERPRINT.replaceAll(':', '').toLowerCase(), reasons: [] }] },
  ]
  for (const options of taken) it(`take ${JSON.stringify(options).slice(0, 60)}`, () => check(options))

  const secret = 'the-secret'
  const refused: [options: object, message: RegExp][] = [
    // An empty variable of the environment would trust everybody whom the system trusts, or look at no revocation list.
    ...['', [], [''], Buffer.alloc(0), [ca, ''], 'no certificate', 'CERTIFICATE', Buffer.from('x')].map(
      (value): [object, RegExp] => [
        { ca: value },
        /^the option tls\.ca: it takes PEM with a certificate in it/,
      ],
    ),
    [{ ca: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----' }, /tls\.ca: .* one without/],
    [{ ca: client.key }, /tls\.ca: .* one without/],
    [{ ca: null }, /tls\.ca: it takes PEM as a string or bytes, or an array of them, not null/],
    [{ ca: [ca, undefined] }, /tls\.ca: .*, not undefined/],
    [{ ca: { file: 'x' } }, /tls\.ca: .*, not an object/],
    [{ ca: [[ca]] }, /tls\.ca: .*, not an array/],
    [{ crl: '' }, /tls\.crl: it takes PEM with a revocation list in it, and got an empty one/],
    [{ crl: [] }, /tls\.crl: .*, not an empty array/],
    [{ crl: ca }, /tls\.crl: .* one without/],
    [{ cert: '' }, /tls\.cert: .* an empty one/],
    [{ key: [] }, /tls\.key: .* an empty array/],
    [{ key: 5 }, /tls\.key: .* not a number/],
    [{ key: { pem: secret } }, /tls\.key: .* not an object/],
    [{ pfx: secret }, /tls\.pfx: it takes bytes of PKCS#12, not a string/],
    [{ pfx: Buffer.alloc(0) }, /tls\.pfx: .* not none/],
    [{ passphrase: Buffer.from(secret) }, /tls\.passphrase: it takes a string, not bytes/],
    [{ servername: 5 }, /tls\.servername: it takes a host as a string, not a number/],
    [{ minVersion: 1.2 }, /tls\.minVersion: it takes 'TLSv1', .*, 'TLSv1\.3', not a number/],
    [{ maxVersion: 'TLSv1.4' }, /tls\.maxVersion: .*, not 'TLSv1\.4'/],
    [{ maxVersion: 'TLSv1.1' }, /tls\.maxVersion: TLSv1\.1 is older than minVersion, which is TLSv1\.2/],
    [{ minVersion: 'TLSv1.4' }, /tls\.minVersion: .*, not 'TLSv1\.4'/],
    [{ ciphers: ' ' }, /tls\.ciphers: .*, not ' '/],
    [{ ciphers: ['DEFAULT'] }, /tls\.ciphers: .*, not an array/],
    [{ legacyRenegotiation: 1 }, /tls\.legacyRenegotiation: it takes true or false, not a number/],
    [{ verify: 'false' }, /tls\.verify: it takes true or false, not 'false'/],
    [{ verify: null }, /tls\.verify: .*, not null/],
    [{ pin: [] }, /tls\.pin: .* not an empty array/],
    [{ pin: ['sha256/AAAA'] }, /tls\.pin: .*, not 'sha256\/AAAA'/],
    [{ pin: [PIN, undefined] }, /tls\.pin: .*, not undefined/],
    [{ pin: PIN.replace('sha256', 'sha1') }, /tls\.pin: .*'sha256\/' and the base64 of 32 bytes/],
    [
      { accept: 'all' },
      /tls\.accept: it takes \{ fingerprint, reasons \}, or an array of them, not a string/,
    ],
    [{ accept: [null] }, /tls\.accept: .* not null/],
    [{ accept: { fingerprint: 'AB:CD', reasons: [] } }, /tls\.accept: 'AB:CD' is no SHA-256 fingerprint/],
    [{ accept: { reasons: [] } }, /tls\.accept: undefined is no SHA-256 fingerprint/],
    [{ accept: { fingerprint: FINGERPRINT } }, /tls\.accept: its reasons are an array, not undefined/],
    [
      { accept: { fingerprint: FINGERPRINT, reasons: ['CERTIFICATE_UNTRUSTED'] } },
      /tls\.accept: 'CERTIFICATE_UNTRUSTED' cannot be accepted; known: /,
    ],
    [
      { accept: { fingerprint: FINGERPRINT, reasons: [undefined] } },
      /tls\.accept: undefined cannot be accepted; known: /,
    ],
    [{ accept: [], crl: CRL }, /exclude each other/],
  ]
  for (const [options, message] of refused) {
    it(`refuse ${JSON.stringify(options).slice(0, 60)}, and say what is taken`, () => {
      assert.throws(
        () => check(options),
        (error) =>
          error instanceof TypeError && message.test(error.message) && !error.message.includes(secret),
      )
    })
  }

  it('are an object', () => {
    for (const options of [null, 'strict', 5])
      assert.throws(() => check(options as unknown as object), /the option 'tls' takes an object/)
  })

  it('refuse a servername that is no host: an empty label would be "any name below" (X509_check_host)', () => {
    for (const servername of ['', '.test', 'a..test', 'a.test:443', 'a b', 'a\0b', 'bücher.example'])
      assert.throws(() => check({ servername }), InvalidURL)
  })
})

describe('the reasons that are accepted', () => {
  it('are those of the certificate with this fingerprint, however it is written', () => {
    const options: TlsOptions = {
      accept: [
        { fingerprint: FINGERPRINT.toLowerCase(), reasons: ['CERTIFICATE_EXPIRED'] },
        { fingerprint: 'CD'.repeat(32), reasons: ['CERTIFICATE_WEAK'] },
      ],
    }
    assert.deepEqual(acceptedReasons(options, FINGERPRINT), ['CERTIFICATE_EXPIRED'])
    assert.deepEqual(acceptedReasons(options, 'EF'.repeat(32)), [])
    assert.deepEqual(acceptedReasons({}, FINGERPRINT), [])
    assert.deepEqual(acceptedReasons({ accept: { fingerprint: FINGERPRINT, reasons: [] } }, FINGERPRINT), [])
  })
})

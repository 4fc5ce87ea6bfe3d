// Makes the committed certificates again: those of the TLS tests in `test/support/certs`, and that of the HTTPS server of
// `httplib demo` in `src/cli/demo/certificate.ts`. They are committed, so that most tests and the demo need no openssl; run
// this only to change them:
//
//     npm run build:test && node build/scripts/make-certificates.js
//
// All keys are P-256; all certificates are valid from 2020 to 2120, but for the expired one and the one that is not valid yet,
// so that neither a slow clock nor time breaks a test. The keys of the authorities are thrown away: nothing else can be signed
// by a certificate that somebody trusts.

import { writeFileSync } from 'node:fs'
import { CertificateMaker, type KeyPair } from '../test/support/certificate-maker.ts'
import { repositoryPath } from '../test/support/repository.ts'

const FROM = new Date('2020-01-01T00:00:00Z')
const TO = new Date('2120-01-01T00:00:00Z')

const AUTHORITY = [
  'basicConstraints = critical, CA:true',
  'keyUsage = critical, keyCertSign, cRLSign',
  'subjectKeyIdentifier = hash',
]
const LEAF = ['basicConstraints = critical, CA:false', 'keyUsage = critical, digitalSignature']
const SERVER = [...LEAF, 'extendedKeyUsage = serverAuth']
const LOOPBACK = 'subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1'
const PASSPHRASE = 'passphrase'

const write = (name: string, data: string | Uint8Array): void =>
  writeFileSync(repositoryPath('test', 'support', 'certs', name), data)

function makeTestCertificates(maker: CertificateMaker): void {
  const make = (
    commonName: string,
    extensions: readonly string[],
    by?: KeyPair,
    from = FROM,
    to = TO,
  ): KeyPair => maker.make({ commonName, extensions, from, to, by })
  const ca = make('httplib test authority', AUTHORITY)
  const client = make('client', [...LEAF, 'extendedKeyUsage = clientAuth'], ca)
  const pairs: Readonly<Record<string, KeyPair>> = {
    server: make('localhost', [...SERVER, LOOPBACK], ca),
    client,
    expired: make('localhost', [...SERVER, LOOPBACK], ca, FROM, new Date('2020-01-02T00:00:00Z')),
    'wrong-host': make('wrong.example', [...SERVER, 'subjectAltName = DNS:wrong.example'], ca),
    'self-signed': make('localhost', [...SERVER, LOOPBACK]),
    // Signed by themselves, for tests that trust them by name: what is wrong with them is something else.
    'not-yet-valid': make('localhost', [...SERVER, LOOPBACK], undefined, new Date('2119-01-01T00:00:00Z')),
    'common-name': make('localhost', SERVER),
    'address-as-name': make('127.0.0.1', [...SERVER, 'subjectAltName = DNS:127.0.0.1']),
  }
  write('ca.crt', ca.cert)
  for (const [name, { key, cert }] of Object.entries(pairs)) {
    write(`${name}.key`, key)
    write(`${name}.crt`, cert)
  }
  const [key, cert, authority] = [
    maker.write('client.key', client.key),
    maker.write('client.crt', client.cert),
    maker.write('ca.crt', ca.cert),
  ]
  const secret = ['-passout', `pass:${PASSPHRASE}`]
  maker.run(
    'pkcs12',
    '-export',
    '-inkey',
    key,
    '-in',
    cert,
    '-certfile',
    authority,
    ...secret,
    '-out',
    'client.p12',
  )
  maker.run('pkey', '-in', key, '-aes256', ...secret, '-out', 'client-encrypted.key')
  for (const name of ['client.p12', 'client-encrypted.key']) write(name, maker.read(name))
}

const constant = (name: string, what: string, pem: string): string =>
  `/** ${what} */\nexport const ${name}: string = \`${pem}\`\n`

function makeDemoCertificate(maker: CertificateMaker): void {
  const ca = maker.make({ commonName: 'httplib demo authority', extensions: AUTHORITY, from: FROM, to: TO })
  const server = maker.make({
    commonName: 'localhost',
    extensions: [...SERVER, LOOPBACK],
    from: FROM,
    to: TO,
    by: ca,
  })
  const parts = [
    `/**
 * The certificate of the demo's HTTPS server, its key, and the authority that signed it. Made by
 * scripts/make-certificates.ts; do not edit.
 *
 * Security: the key is public, and worth nothing: the authority is trusted by the demo alone, and its own key is gone.
 */
`,
    constant('DEMO_CA', 'The authority that the demo trusts.', ca.cert),
    constant('DEMO_CERTIFICATE', 'For localhost, 127.0.0.1 and ::1.', server.cert),
    constant('DEMO_KEY', 'The key of DEMO_CERTIFICATE.', server.key),
  ]
  writeFileSync(repositoryPath('src', 'cli', 'demo', 'certificate.ts'), parts.join('\n'))
}

const maker = CertificateMaker.open()
if (maker === undefined) throw new Error('there is no openssl command')
try {
  makeTestCertificates(maker)
  makeDemoCertificate(maker)
} finally {
  maker.close()
}

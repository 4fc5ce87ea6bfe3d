// A pin is a promise about the chain that was signed, not about whatever certificates a peer sends along.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/index.ts'
import { connectionTo, get, startOkServer } from '../support/https.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { ca, type KeyPair, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const REAL = new X509Certificate(ca)
const REAL_PIN = `sha256/${createHash('sha256')
  .update(REAL.publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64')}`

/** A certificate that names the real authority as its issuer and is signed by somebody else; undefined without openssl. */
function forge(): KeyPair | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'httplib-forged-'))
  const run = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = `/${REAL.subject.replaceAll('\n', '/')}`
  try {
    run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', subject)
    run('req', ...key, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=localhost')
    run(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-out',
      'leaf.crt',
      '-days',
      '2',
      '-CAcreateserial',
    )
    const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8')
    return { cert: read('leaf.crt'), key: read('leaf.key') }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('a pin of an authority', () => {
  it('is met by a chain that the authority has signed', async () => {
    await using peer = await startOkServer({ key: server.key, cert: `${server.cert}\n${ca}` })
    await using connection = connectionTo('localhost', peer.port, { verify: false, pin: REAL_PIN })
    assert.equal((await get(connection)).status, 200)
  })

  it('is not met by a certificate that only stands in front of it, also where nothing is verified', async (test) => {
    const forged = forge()
    if (forged === undefined) {
      console.error('SKIPPED: the forged chain: there is no openssl command')
      test.skip()
      return
    }
    await using peer = await startOkServer({ key: forged.key, cert: `${forged.cert}\n${ca}` })
    await using connection = connectionTo('localhost', peer.port, { verify: false, pin: REAL_PIN })
    const error = await rejectionOf(get(connection))
    assert.ok(error instanceof ConnectError)
    assert.equal(error.code, 'CERTIFICATE_NOT_PINNED')
  })
})

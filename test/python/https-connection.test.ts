// HTTPSConnection with Python's names: verification, which the old module had not, and the files with key and certificate.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import type tls from 'node:tls'
import * as httplib from '../../src/python/index.ts'
import { wire } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, RawServer } from '../support/raw-server.ts'
import * as fixture from '../support/tls-fixture.ts'

checkOpenHandles()

async function script(peer: RawPeer): Promise<void> {
  await peer.request()
  const { subject } = (peer.socket as tls.TLSSocket).getPeerCertificate() as Partial<tls.PeerCertificate>
  const name = String(subject?.CN ?? 'nobody')
  await peer.reply(wire`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`)
  await peer.ended()
  peer.close()
}

async function whoAmI(conn: httplib.HTTPSConnection): Promise<string> {
  await conn.request('GET', '/')
  const body = await (await conn.getresponse()).read()
  conn.close()
  return body.toString()
}

describe('HTTPSConnection', () => {
  it('verifies the certificate', async () => {
    await using server = await RawServer.start(script, { tls: fixture.server })
    const unsure = new httplib.HTTPSConnection('localhost', server.port)
    await assert.rejects(unsure.request('GET', '/'), (error) => {
      assert.ok(error instanceof httplib.ConnectError)
      assert.match(error.code, /^CERTIFICATE_/)
      return true
    })
  })

  it('trusts the authority it is told to trust', async () => {
    await using server = await RawServer.start(script, { tls: fixture.server })
    const { ca } = fixture
    assert.equal(
      await whoAmI(new httplib.HTTPSConnection('localhost', server.port, null, null, 0, { tls: { ca } })),
      'nobody',
    )
  })

  it('trusts anybody with verify: false, as the old module did', async () => {
    await using server = await RawServer.start(script, { tls: fixture.selfSigned })
    const tls = { verify: false }
    assert.equal(
      await whoAmI(new httplib.HTTPSConnection('localhost', server.port, null, null, 0, { tls })),
      'nobody',
    )
  })

  it('shows the certificate of cert_file, with the key of key_file', async () => {
    const { ca } = fixture
    await using server = await RawServer.start(script, {
      tls: { ...fixture.server, ca, requestCert: true, rejectUnauthorized: true },
    })
    const key = fixture.certificatePath('client.key')
    const cert = fixture.certificatePath('client.crt')
    const conn = new httplib.HTTPSConnection('localhost', server.port, key, cert, 0, { tls: { ca } })
    assert.deepEqual([conn.key_file, conn.cert_file, conn.default_port], [key, cert, 443])
    assert.equal(await whoAmI(conn), 'client')
  })

  it('takes both from one file, given as either', async () => {
    const { ca } = fixture
    const folder = await mkdtemp(path.join(os.tmpdir(), 'key-and-cert-'))
    const both = path.join(folder, 'both.pem')
    writeFileSync(
      both,
      ['client.key', 'client.crt']
        .map((name) => readFileSync(fixture.certificatePath(name), 'utf8'))
        .join('\n'),
    )
    await using server = await RawServer.start(script, {
      tls: { ...fixture.server, ca, requestCert: true, rejectUnauthorized: true },
    })
    for (const [key_file, cert_file] of [
      [both, null],
      [null, both],
    ] as const) {
      const conn = new httplib.HTTPSConnection('localhost', server.port, key_file, cert_file, 0, {
        tls: { ca },
      })
      assert.equal(await whoAmI(conn), 'client')
    }
    await rm(folder, { recursive: true })
  })

  it('raises for a file that is not there', () => {
    assert.throws(() => new httplib.HTTPSConnection('h', null, '/nowhere/key.pem'), { code: 'ENOENT' })
  })

  it('writes HTTP/1.0 when told so', async () => {
    const heads: string[] = []
    await using server = await RawServer.start(
      async (peer) => {
        heads.push((await peer.request()).head)
        await peer.reply(wire`HTTP/1.0 200 OK\r\n\r\n`)
        peer.close()
      },
      { tls: fixture.server },
    )
    const { ca } = fixture
    const conn = new httplib.HTTPSConnection('localhost', server.port, null, null, 0, { tls: { ca } })
    conn._http_vsn = 10
    await conn.request('GET', '/')
    await (await conn.getresponse()).read()
    assert.deepEqual(heads, ['GET / HTTP/1.0\r\n\r\n'])
  })
})

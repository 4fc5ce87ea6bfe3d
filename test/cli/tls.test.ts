// The command over TLS: whom it trusts, who it is, and how it fails.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import type tls from 'node:tls'
import { wire } from '../support/bytes.ts'
import { type CommandResult, runCommand } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import {
  ca,
  certificatePath,
  client,
  expired,
  passphrase,
  selfSigned,
  server,
  wrongHost,
} from '../support/tls-fixture.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-cli-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const CACERT = ['--cacert', certificatePath('ca.crt')]

/** Runs the command against a TLS server that answers with the name of the client's certificate. */
async function against(
  options: tls.TlsOptions,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  await using raw = await startRawServer(
    async (peer) => {
      await peer.request()
      const socket = peer.socket as tls.TLSSocket
      const name = String(socket.getPeerCertificate()?.subject?.CN ?? 'nobody')
      await peer.reply(wire`
HTTP/1.1 200 OK
Content-Length: ${name.length}

${name}`)
      peer.close()
    },
    { tls: options },
  )
  return await runCommand([`https://localhost:${raw.port}/`, ...words], { env })
}

function assertFailed(result: CommandResult, code: number, what: RegExp): void {
  assert.match(result.stderr, /^httplib: [^\n]+\n(?:  Why: [^\n]+\n)?  Try: [^\n]+\n$/)
  assert.match(result.stderr, what)
  assert.deepEqual([result.code, result.stdout.length], [code, 0])
}

describe('the certificate of the server', () => {
  it('is trusted by the variables of the environment that curl reads, where no option says another', async () => {
    const [, file = ''] = CACERT
    for (const env of [
      { CURL_CA_BUNDLE: file, SSL_CERT_FILE: '/none' },
      { CURL_CA_BUNDLE: '', SSL_CERT_FILE: file },
      { SSL_CERT_DIR: path.dirname(file) },
    ])
      assert.equal((await against(server, [], env)).code, 0)
    assert.equal((await against(server, CACERT, { CURL_CA_BUNDLE: '/none' })).code, 0)
    assert.equal((await against(server, ['-k'], { CURL_CA_BUNDLE: '/none' })).code, 0)
    assertFailed(
      await against(server, [], { CURL_CA_BUNDLE: '/none' }),
      77,
      /for CURL_CA_BUNDLE could not be read/,
    )
  })

  it('is trusted with --cacert', async () => {
    const result = await against(server, [...CACERT, '-v'])
    assert.deepEqual([result.code, result.stdout.toString()], [0, 'nobody'])
    assert.match(result.stderr, /^\* TLSv1\.3, TLS_AES_256_GCM_SHA384, certificate verified$/m)
  })

  it('is not looked at with -k, which -v says', async () => {
    const result = await against(selfSigned, ['-k', '-v'])
    assert.deepEqual([result.code, result.stdout.toString()], [0, 'nobody'])
    assert.match(result.stderr, /certificate NOT verified/)
  })

  it('is refused with 60 and a way out where nobody vouches for it', async () => {
    assertFailed(await against(server, []), 60, /Try: --cacert/)
    assertFailed(await against(selfSigned, CACERT), 60, /self-signed[^]*Try: --cacert/)
  })

  it('is refused with 60 where it is expired or for another host', async () => {
    assertFailed(await against(expired, CACERT), 60, /expired[^]*Try: check the clock/)
    assertFailed(await against(wrongHost, CACERT), 60, /wrong\.example[^]*Try: the URL with a host/)
  })

  it('is refused by names of the command, and not by those of the library', async () => {
    for (const certificate of [expired, wrongHost, selfSigned]) {
      const { stderr } = await against(certificate, CACERT)
      assert.doesNotMatch(stderr, /tls:|accept:|servername/)
      assert.match(stderr, /SHA-256 [0-9A-F:]{95}[^]* Try: .*(?:-k|--cacert) /)
    }
  })
})

describe('the certificate of the client', () => {
  const asking: tls.TlsOptions = { ...server, ca, requestCert: true, rejectUnauthorized: true }

  it('is taken from --cert and --key', async () => {
    const words = ['--cert', certificatePath('client.crt'), '--key', certificatePath('client.key')]
    assert.equal((await against(asking, [...CACERT, ...words])).stdout.toString(), 'client')
  })

  it('is taken from one file, whose name may have a colon', async () => {
    const both = path.join(folder, 'a:b.pem')
    writeFileSync(both, client.cert + client.key)
    const words = ['-E', both.replace(':', '\\:')]
    assert.equal((await against(asking, [...CACERT, ...words])).stdout.toString(), 'client')
  })

  it('may be under a passphrase, as a key or in a PKCS#12 file', async () => {
    const key = [
      '--cert',
      `${certificatePath('client.crt')}:${passphrase}`,
      '--key',
      certificatePath('client-encrypted.key'),
    ]
    assert.equal((await against(asking, [...CACERT, ...key])).stdout.toString(), 'client')
    const pfx = ['--cert', `${certificatePath('client.p12')}:${passphrase}`]
    assert.equal((await against(asking, [...CACERT, ...pfx])).stdout.toString(), 'client')
  })

  it('is asked for where a server demands one: in the handshake of TLS 1.2, behind it in TLS 1.3', async () => {
    const before = await against({ ...asking, maxVersion: 'TLSv1.2' }, CACERT)
    assertFailed(before, 35, /demands a certificate of the client[^]*Try: --cert and --key/)
    const behind = await against({ ...asking, minVersion: 'TLSv1.3' }, CACERT)
    assertFailed(behind, 56, /demands a certificate of the client[^]*Try: --cert and --key/)
  })

  it('ends with 58 where it cannot be opened', async () => {
    for (const words of [
      ['--cert', `${certificatePath('client.p12')}:wrong`],
      ['--cert', certificatePath('client.crt'), '--key', certificatePath('client-encrypted.key')],
      ['--cert', certificatePath('client.crt')],
      ['--cert', certificatePath('client.crt'), '--key', certificatePath('server.key')],
    ]) {
      assertFailed(await against(asking, [...CACERT, ...words]), 58, /certificate or key cannot be used/)
    }
  })
})

describe('a handshake', () => {
  it('that fails ends with 35', async () => {
    await using raw = await startRawServer((peer) =>
      peer.reply(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
    )
    const result = await runCommand([`https://127.0.0.1:${raw.port}/`])
    assertFailed(result, 35, /something that is not TLS[^]*Try: http:\/\//)
  })

  it('with a server of old ends with 35 too, and says what is old', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    const result = await against({ ...server, ...old }, CACERT)
    assertFailed(result, 35, /no version of TLS that is new enough[^]*Try: tell the server's operator/)
  })
})

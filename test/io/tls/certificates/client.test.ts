// A certificate of the client that a server does not accept. The server is OpenSSL's own, which says why with an alert; Node's
// closes the connection without a word.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { HTTPException } from '../../../../src/errors/index.ts'
import { type CertificateZoo, openZoo } from '../../../support/certificate-zoo.ts'
import { connectionTo, get } from '../../../support/https.ts'
import { rejectionOf } from '../../../support/memory-connection.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-client-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

/** Writes a file; gives its path back. */
function write(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}

/** `openssl s_server`, which demands a certificate of the client and answers one request with a page about it. */
async function startOpenssl(
  { root, fine }: CertificateZoo,
  version: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const files = ['-cert', write('server.crt', fine.cert), '-key', write('server.key', fine.key)]
  const demand = ['-CAfile', write('root.crt', root.cert), '-Verify', '1', '-verify_return_error', '-www']
  const words = ['s_server', '-accept', '127.0.0.1:0', '-naccept', '1', version, ...files, ...demand]
  const server = spawn('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface(server.stdout)
  for await (const line of lines) {
    const port = /^ACCEPT .*:(\d+)$/.exec(line)?.[1]
    if (port === undefined) continue
    server.stdout.resume()
    const closed = once(server, 'close')
    return {
      port: Number(port),
      async [Symbol.asyncDispose]() {
        server.kill()
        await closed
      },
    }
  }
  throw new Error('openssl s_server has ended')
}

const zoo = openZoo()

if (zoo !== undefined) {
  const { root, client, strangeClient } = zoo

  for (const [version, code] of [
    ['-tls1_2', 'TLS_FAILED'],
    ['-tls1_3', 'CONNECTION_LOST'],
  ] as const) {
    describe(`a server that demands a certificate of the client, with ${version},`, () => {
      it('refuses that of a stranger, and the error says so', async () => {
        await using server = await startOpenssl(zoo, version)
        await using connection = connectionTo('zoo.test', server.port, { ca: root.cert, ...strangeClient })
        const error = await rejectionOf(get(connection))
        assert.ok(error instanceof HTTPException && error.code === code, String(error))
        assert.match(
          error.message,
          /UNKNOWN_CA\): it does not accept the certificate of the client \(.*\)\. Try: to give another: /,
        )
        assert.equal(error.remedy, 'to give another: `tls: { cert: …, key: … }`')
      })

      it('accepts the right one', async () => {
        await using server = await startOpenssl(zoo, version)
        await using connection = connectionTo('zoo.test', server.port, { ca: root.cert, ...client })
        assert.equal((await get(connection)).status, 200)
      })
    })
  }
}

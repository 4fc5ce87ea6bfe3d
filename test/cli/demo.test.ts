// The demo: as a process, as `npm start` runs it; and with servers that do not do what it expects.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { describe, it } from 'node:test'
import { DEMO_CA, DEMO_CERTIFICATE } from '../../src/cli/demo/certificate.ts'
import { playActs, playClientActs, runDemo } from '../../src/cli/demo/demo.ts'
import { Stage } from '../../src/cli/demo/stage.ts'
import { makeColors } from '../../src/cli/show/colors.ts'
import { Interrupted } from '../../src/cli/tell/failure.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const colors = makeColors(false)

const TITLES = [
  'A redirect with a cookie',
  'A server that is busy',
  'A compressed body',
  'A hundred requests at once',
  'An upload with progress',
  'Two requests on one connection',
  'A form',
  'The same with TLS',
  'A body of unknown length, with trailers',
  'An early hint',
  'An upload that asks first',
  'A malformed response',
]

describe('the demo', () => {
  it('plays every act as expected, in 80 columns, in less than 5 s', async () => {
    const startedAtMs = performance.now()
    const { code, stdout, stderr } = await runCommand(['demo'])
    const tookMs = performance.now() - startedAtMs
    const text = stdout.toString()
    assert.deepEqual([code, stderr], [0, ''])
    const lines = text.split('\n')
    assert.deepEqual(
      lines.flatMap((line) => /^\d+\. (.*?) ─+ HTTPS? ──$/.exec(line)?.[1] ?? []),
      TITLES,
    )
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    )
    assert.equal(lines.filter((line) => line.startsWith('    ✓ ')).length, 14)
    for (const seen of [
      /^ {4}> GET \/index\.html HTTP\/1\.1 +[\d.]+ ms$/m,
      /^ {4}< HTTP\/1\.1 404 Not Found +[\d.]+ ms$/m,
      /^ {4}> spam=1&eggs=2&bacon=0$/m,
      /^ {4}\* TLSv1\.3, TLS_AES_256_GCM_SHA384, certificate verified$/m,
      /^ {4}< Transfer-Encoding: chunked$[^]*^ {4}< 0\n {4}< Content-Digest: sha-256=/m,
      /^ {4}< HTTP\/1\.1 103 Early Hints [^]*^ {4}< HTTP\/1\.1 200 OK /m,
      /^ {4}< HTTP\/1\.1 100 Continue [^]*^ {4}> Put spam on the plate\.$/m,
      /^ {4}✓ refused: RemoteProtocolError, DIFFERING_CONTENT_LENGTH\n {6}rule .*RFC[^]* byte \d+ of [^]* {6}bytes "/m,
      /^ {4}> GET \/account HTTP\/1\.1 [^]*^ {4}> Cookie: \*\*\*$/m,
      /^ {4}< HTTP\/1\.1 503 Service Unavailable [^]*at attempt 2\n {6}why {3}again in/m,
      /^ {4}< Content-Encoding: gzip$[^]* 3280 bytes in .* of them on the wire$/m,
      /^ {4}6 {2}1\d requests +[█▒ ]+$/m,
      /^ {4}✓ 100 answers over 6 connections in /m,
      /^ {4}✓ 201 Created, 32\.0 MB kept$/m,
      /^✓ 14 calls in 12 acts in [\d.]+ m?s: all as expected$/m,
    ]) {
      assert.match(text, seen)
    }
    assert.ok(tookMs < 5_000, `it took ${tookMs} ms`)
  })

  it('ends quietly where its reader goes away', async () => {
    const child = startCommand(['demo'])
    child.stdin?.end()
    let stderr = ''
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr += bytes.toString()
    })
    assert.ok(child.stdout)
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = (await once(child, 'close')) as [number]
    assert.deepEqual([code, stderr], [0, ''])
  })

  it('stops on Ctrl-C', async () => {
    const reason = new Interrupted()
    const options = { write: () => {}, colors, columns: 80, version: '1', startedFile: 'httplib' }
    await assert.rejects(
      runDemo({ ...options, signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    )
  })

  it('says what of the client was not as expected', async () => {
    await using server = await startRawServer(async (peer) => {
      while ((await peer.request().catch(() => undefined)) !== undefined)
        await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhm'))
      peer.close()
    })
    let text = ''
    const write = (more: string): void => {
      text += more
    }
    const stage = new Stage({ write, colors, columns: 80 })
    const servers = { host: '127.0.0.1', httpPort: server.port, httpsPort: 1, close: () => {} }
    await playClientActs({ stage, servers, signal: new AbortController().signal })
    assert.equal(stage.failures, 5)
    assert.match(text, /not as expected: one redirect, the cookie was there/)
    assert.match(text, /not as expected: a 503 before it, two attempts/)
  })

  it('says what was not as expected', async () => {
    await using server = await startRawServer(async (peer) => {
      for (let isPut = false; !isPut; ) {
        const request = await peer.request().catch(() => undefined)
        if (request === undefined) return
        isPut = request.head.startsWith('PUT')
        if (!isPut) await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhm'))
      }
      peer.close()
    })
    await using closing = await startRawServer((peer) => peer.close())
    let text = ''
    const write = (more: string): void => {
      text += more
    }
    const stage = new Stage({ write, colors, columns: 80 })
    const servers = { host: '127.0.0.1', httpPort: server.port, httpsPort: closing.port, close: () => {} }
    await playActs({ stage, servers, signal: new AbortController().signal })
    assert.equal(stage.failures, 8)
    const verdicts = text.match(/^ {4}✗ .*/gm) ?? []
    assert.deepEqual(
      verdicts.map((line) =>
        line
          .replace(/ in [\d.]+ ms/, '')
          .replace(/✗ refused:.*;/, '✗ error;')
          .slice(6),
      ),
      [
        '200 OK, 2 bytes; not as expected: the page',
        '200 OK, 2 bytes, on the same connection; not as expected: status 404 Not Found',
        '200 OK, 2 bytes; not as expected: the three dishes',
        'error; not as expected: no error',
        '200 OK, 2 bytes, digest in the trailer is right; not as expected: the whole report, the digest in the trailer',
        '200 OK, 2 bytes, after a missing 103 with a Link; not as expected: one 103 before it, its Link, the page',
        'error; not as expected: no error',
        'it was not refused; not as expected: an error',
      ],
    )
  })
})

describe('the last lines of the demo', () => {
  const cases: [startedFile: string, command: string][] = [
    [path.join('dist', 'cli', 'main.js'), `node ${path.join('dist', 'cli', 'main.js')}`],
    [path.join(path.sep, 'a', 'project', 'node_modules', '.bin', 'httplib'), 'npx httplib'],
    [path.join(path.sep, 'usr', 'local', 'bin', 'httplib'), 'httplib'],
  ]
  for (const [startedFile, command] of cases) {
    it(`say how to start again what was started: ${command}`, async () => {
      let text = ''
      const write = (more: string): void => {
        text += more
      }
      const { signal } = new AbortController()
      assert.ok(await runDemo({ write, colors, columns: 80, version: '1', startedFile, signal }))
      assert.deepEqual(
        text
          .trimEnd()
          .split('\n')
          .slice(-2)
          .map((line) => line.trim().split('  ')[0]),
        [`${command} -v https://example.com/`, `${command} --help`],
      )
    })
  }
})

describe('the certificate of the demo', () => {
  it('is signed by its authority, is for loopback, and outlives us', () => {
    const certificate = new X509Certificate(DEMO_CERTIFICATE)
    assert.ok(certificate.verify(new X509Certificate(DEMO_CA).publicKey))
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
    assert.equal(certificate.checkHost('localhost'), 'localhost')
    assert.equal(new Date(certificate.validTo).getUTCFullYear(), 2120)
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  })
})

// The command against servers on loopback: what it sends, and what it writes where.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { latin1, wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import { assertTold, runCommand, runCommandProcess } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-cli-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version
const NO_BODY = wire`
HTTP/1.1 204 No Content

`
const DEFAULTS = `User-Agent: httplib/${version}\r\nAccept: */*\r\n`

/** What the command sends with these words; `URL` in them is the server. */
async function sentBy(words: readonly string[], stdin = '', runner = runCommand): Promise<string> {
  await using server = await answering(NO_BODY)
  const url = `127.0.0.1:${server.port}`
  const { code, stderr } = await runner(
    words.map((word) => word.replace('URL', url)),
    { stdin },
  )
  assert.deepEqual([code, stderr], [0, ''])
  return server.peer.received.toString('latin1').replace(url, 'URL').replace(DEFAULTS, '<defaults>')
}

function file(name: string, content: string | Uint8Array): string {
  const where = path.join(folder, name)
  writeFileSync(where, content)
  return where
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('the request of the command', () => {
  it('is a GET by default, and has the method that is given', async () => {
    assert.equal(await sentBy(['URL/a?b']), 'GET /a?b HTTP/1.1\r\nHost: URL\r\n<defaults>\r\n')
    assert.equal(await sentBy(['DELETE', 'URL']), 'DELETE / HTTP/1.1\r\nHost: URL\r\n<defaults>\r\n')
    assert.equal(
      await sentBy(['-X', 'PROPFIND', 'URL']),
      'PROPFIND / HTTP/1.1\r\nHost: URL\r\n<defaults>\r\n',
    )
    assert.equal(await sentBy(['-I', 'URL']), 'HEAD / HTTP/1.1\r\nHost: URL\r\n<defaults>\r\n')
  })

  it('is a form with -d, several joined by &', async () => {
    assert.equal(
      await sentBy(['URL', '-d', 'spam=1', '--data', 'eggs=2']),
      'POST / HTTP/1.1\r\nHost: URL\r\n<defaults>Content-Length: 13\r\n' +
        'Content-Type: application/x-www-form-urlencoded\r\n\r\nspam=1&eggs=2',
    )
  })

  it('takes bodies from files and from standard input, in the order given', async () => {
    const name = file('form', 'a\r\nb\0\n')
    const sent = await sentBy(
      ['PUT', 'URL', '-H', 'Content-Type: x/y', '-d', `@${name}`, '--data-binary', '@-', '-d', ''],
      'c\r\n\xff',
      runCommandProcess,
    )
    assert.equal(
      sent,
      'PUT / HTTP/1.1\r\nHost: URL\r\n<defaults>Content-Type: x/y\r\nContent-Length: 9\r\n\r\nab&c\r\n\u00c3\u00bf&',
    )
  })

  it('sends a large binary body byte for byte', async () => {
    const body = randomBytes(2_000_000)
    const name = file('binary', body)
    await using server = await answering(NO_BODY)
    const { code } = await runCommand([`http://127.0.0.1:${server.port}/`, '--data-binary', `@${name}`])
    assert.equal(code, 0)
    assert.ok(server.peer.received.subarray(-body.length).equals(body))
  })

  it('has the headers of -H, from a file too', async () => {
    const name = file('headers', 'X-B: 2\r\n\nX-C: 3\n')
    assert.equal(
      await sentBy(['URL', '-H', 'X-A:1', '-H', `@${name}`, '-H', 'Accept:', '-A', '']),
      'GET / HTTP/1.1\r\nHost: URL\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n',
    )
  })

  it('has Basic credentials from -u, else from the URL, and never in its target', async () => {
    for (const [words, credentials] of [
      [['http://me:p%20w@URL/'], 'me:p w'],
      [['-u', 'you:x:y', 'http://me:pw@URL/'], 'you:x:y'],
    ] as const) {
      const value = `Basic ${Buffer.from(credentials).toString('base64')}`
      assert.equal(
        await sentBy(words),
        `GET / HTTP/1.1\r\nHost: URL\r\nAuthorization: ${value}\r\n<defaults>\r\n`,
      )
    }
  })

  it('waits with its body for a 100 that it asks for', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(wire`
HTTP/1.1 100 Continue

`)
      await peer.expect(latin1('spam'))
      await peer.reply(NO_BODY)
      peer.close()
    })
    const words = [`127.0.0.1:${server.port}`, '-d', 'spam', '-H', 'Expect: 100-continue', '-m', '0.9']
    assert.deepEqual((await runCommand(words)).code, 0)
    await server.played()
  })

  it('is sent chunked where -H says so', async () => {
    assert.match(
      await sentBy(['URL', '-d', 'spam', '-H', 'Transfer-Encoding: chunked']),
      /\r\n\r\n4\r\nspam\r\n0\r\n\r\n$/,
    )
  })

  it('goes to a unix socket', async () => {
    const socket = path.join(folder, 'socket')
    await using server = await answering(NO_BODY, { path: socket })
    const { code } = await runCommand(['--unix-socket', socket, 'http://some.host:99/x'])
    assert.equal(code, 0)
    assert.equal(
      server.peer.received.toString().replace(DEFAULTS, ''),
      'GET /x HTTP/1.1\r\nHost: some.host:99\r\n\r\n',
    )
  })
})

describe('the response', () => {
  it('is written byte for byte, whatever its status', async () => {
    const body = randomBytes(100_000)
    for (const head of ['200 OK', '404 Not Found', '302 Found\r\nLocation: /elsewhere']) {
      await using server = await answering(
        Buffer.concat([latin1(`HTTP/1.1 ${head}\r\nContent-Length: 100000\r\n\r\n`), body]),
      )
      const { code, stdout, stderr } = await runCommand([`http://127.0.0.1:${server.port}`])
      assert.deepEqual([code, stderr, stdout.equals(body)], [0, '', true])
      assert.equal(server.accepted, 1)
    }
  })

  it('is refused by a terminal where it is binary, unless -o asks for it', async () => {
    const binary = Buffer.from('GIF89a\0\x01')
    const answer = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n'), binary])
    const run = async (words: readonly string[], columns?: number) => {
      await using server = await answering(answer)
      return await runCommand(
        [`http://127.0.0.1:${server.port}`, ...words],
        columns === undefined ? {} : { columns },
      )
    }
    const refused = await run([], 80)
    assert.deepEqual([refused.code, refused.stdout.toString()], [23, ''])
    assertTold(
      refused,
      /is binary, and this is a terminal\n  Try: -o FILE to save it, or -o - to show it anyway/,
    )
    for (const { code, stdout } of [await run(['-o', '-'], 80), await run([])])
      assert.deepEqual([code, stdout], [0, binary])
    const coded = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n'),
      gzipSync('text'),
    ])
    for (const [words, code] of [
      [[], 23],
      [['--plain'], 23],
      [['--compressed'], 0],
    ] as const) {
      await using packed = await answering(coded)
      const result = await runCommand([`http://127.0.0.1:${packed.port}`, ...words], { columns: 80 })
      assert.equal(result.code, code)
      if (code === 0) assert.equal(result.stdout.toString(), 'text')
      else assertTold(result, /is binary, .*\n {2}Try: --compressed to unpack it/)
    }
    const target = path.join(folder, 'binary')
    assert.equal((await run(['-o', target], 80)).code, 0)
    assert.deepEqual(readFileSync(target), binary)
    // What it began with was text: curl looks no further than that either.
    const long = `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(200_000)}\0`
    await using server = await answering(Buffer.from(long))
    assert.equal((await runCommand([`http://127.0.0.1:${server.port}`], { columns: 80 })).code, 0)
  })

  it('streams 5 MiB in chunks to a file, and an old file gives way', async () => {
    const body = randomBytes(5 * 1024 * 1024)
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(latin1('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
      for (let at = 0; at < body.length; at += 65_536)
        await peer.reply(Buffer.concat([latin1('10000\r\n'), body.subarray(at, at + 65_536), latin1('\r\n')]))
      await peer.reply(latin1('0\r\n\r\n'))
      peer.close()
    })
    const target = file('body', Buffer.alloc(6 * 1024 * 1024))
    const { code, stdout } = await runCommand([`http://127.0.0.1:${server.port}`, '-o', target])
    assert.deepEqual([code, stdout.length], [0, 0])
    assert.equal(hashOf(readFileSync(target)), hashOf(body))
  })

  it('has its head before it with -i, informational responses first, trailers last', async () => {
    await using server = await answering(wire`
HTTP/1.1 103 Early Hints
Link: </a>

HTTP/1.1 200 OK
transfer-encoding: chunked
X-Odd: \xe9

4
spam
0
X-Sum: 1

`)
    const { code, stdout } = await runCommand(['-i', '-o', '-', `http://127.0.0.1:${server.port}`])
    assert.equal(code, 0)
    assert.equal(
      stdout.toString('latin1'),
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nX-Odd: \xe9\r\n\r\nspamX-Sum: 1\r\n',
    )
  })

  it('is its head alone with -I', async () => {
    const head = wire`
HTTP/1.0 200 Fine
Content-Length: 5

`
    await using server = await answering(head)
    const { code, stdout } = await runCommand(['-I', `http://127.0.0.1:${server.port}`])
    assert.equal(code, 0)
    assert.ok(stdout.equals(head))
  })

  it('makes an empty file where it has no body', async () => {
    await using server = await answering(NO_BODY)
    const target = path.join(folder, 'empty')
    assert.equal((await runCommand([`127.0.0.1:${server.port}`, '-o', target])).code, 0)
    assert.equal(readFileSync(target).length, 0)
  })
})

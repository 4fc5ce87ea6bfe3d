// Each way to fail: the exit code, the one line on standard error, and what is on standard output in spite of it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import {
  assertTold,
  type CommandResult,
  endOfCommand,
  runCommand,
  runCommandProcess,
  startCommand,
} from '../support/command.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-cli-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

/** Runs the command against a server that answers with these bytes and then ends as told. */
async function against(
  bytes: Uint8Array,
  words: readonly string[] = [],
  ending: 'close' | 'reset' | 'stay' = 'close',
): Promise<CommandResult> {
  await using server = await startRawServer(async (peer: RawPeer) => {
    await peer.request()
    if (bytes.length > 0) await peer.reply(bytes)
    if (ending === 'close') peer.close()
    else if (ending === 'reset') peer.reset()
  })
  return await runCommand([`http://user:secret@127.0.0.1:${server.port}/?secret`, ...words])
}

describe('a failure on the terminal that the body is on', () => {
  it('begins a line of its own', async () => {
    for (const [body, length, between] of [
      ['abc', 10, '\n'],
      ['abc\n', 10, ''],
      ['', 10, ''],
    ] as const) {
      const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body}`
      await using server = await answering(Buffer.from(answer))
      const words = ['-s', '-S', `http://127.0.0.1:${server.port}/`]
      const shown = await runCommand(words, { columns: 80, errorColumns: 80, env: { NO_COLOR: '1' } })
      assert.equal(shown.code, 18)
      assert.ok(shown.stderr.startsWith(`${between}httplib: the body broke off`), shown.stderr)
      assert.equal(
        (await runCommand(words, { columns: 0, errorColumns: 0, env: { NO_COLOR: '1' } })).stderr,
        shown.stderr,
      )
      const piped = await runCommand(words, { errorColumns: 80, env: { NO_COLOR: '1' } })
      assert.match(piped.stderr, /^httplib: the body/)
    }
  })
})

describe('no connection', () => {
  it('exits with 6 where the name is not found', async () => {
    const result = await runCommand([
      'http://user:secret@no-such-name.invalid/?secret',
      '-o',
      path.join(folder, 'no'),
    ])
    assert.equal(result.code, 6)
    assertTold(result, /no-such-name\.invalid/)
    assert.equal(existsSync(path.join(folder, 'no')), false)
  })

  it('exits with 7 where it is refused', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    server.close()
    await once(server, 'close')
    const result = await runCommandProcess([`http://127.0.0.1:${port}/`])
    assert.equal(result.code, 7)
    assertTold(result, /ECONNREFUSED/)
  })

  it('exits with 7 where there is no such socket', async () => {
    const result = await runCommand(['--unix-socket', path.join(folder, 'none'), 'http://h/'])
    assert.equal(result.code, 7)
    assertTold(result, /none \(ENOENT\)\n {2}Try: another --unix-socket/)
  })

  it('names an address of IPv6 in brackets, and whole', async () => {
    const result = await runCommand(['http://[::1]:1/'])
    assert.equal(result.code, 7)
    assertTold(result, /Why: \[::1\]:1 \(/)
    assertTold(await runCommand(['-4', 'http://[::1]:1/']), /Why: ::1 \(it has no IPv4 address\)/)
  })
})

describe('a peer that breaks the rules', () => {
  it('says which rule, where, and what came; a chunk that is none exits with 56, as in curl', async () => {
    const result = await against(wire`
HTTP/1.1 200 OK
Transfer-Encoding: chunked

0x4
spam`)
    assert.deepEqual([result.code, result.stdout.toString()], [56, ''])
    assertTold(result, /RFC 9112 §7\.1; at byte \d+ of the stream: "/)
  })

  it('exits with 1 where it does not speak HTTP, as in curl', async () => {
    const result = await against(Buffer.from('SSH-2.0-OpenSSH_9\r\n'))
    assert.equal(result.code, 1)
    assertTold(result, /https:\/\//)
  })

  it('exits with 52 where nothing came, 56 where the head did not come whole', async () => {
    const nothing = await against(Buffer.alloc(0))
    assert.equal(nothing.code, 52)
    assertTold(nothing, /before the first byte/)
    const half = await against(Buffer.from('HTTP/1.1 200 OK\r\nX: '))
    assert.equal(half.code, 56)
    assertTold(half, /inside the head/)
  })

  it('exits with 18 where the body breaks off, and writes what came of it', async () => {
    const known = await against(
      wire`
HTTP/1.1 200 OK
Content-Length: 10

spam`,
      ['-v'],
    )
    assert.deepEqual([known.code, known.stdout.toString()], [18, 'spam'])
    assertTold(
      { ...known, stderr: known.stderr.replace(/^[*<>].*\n/gm, '') },
      /after 4 bytes\n  Why: 6 more were to come/,
    )

    const target = path.join(folder, 'partial')
    const chunked = await against(
      wire`
HTTP/1.1 200 OK
Transfer-Encoding: chunked

4
spam
`,
      ['-o', target],
    )
    assert.deepEqual([chunked.code, readFileSync(target, 'utf8')], [18, 'spam'])
    assertTold(chunked, /after 4 bytes\n  Why: the end of it did not come/)

    const reset = await against(
      wire`
HTTP/1.1 200 OK
Content-Length: 10

spam`,
      [],
      'reset',
    )
    assert.equal(reset.code, 18)
    assertTold(reset, /the body broke off after 4 bytes/)
  })
})

describe('a limit of time', () => {
  it('exits with 28 where the head does not come', async () => {
    const result = await against(Buffer.alloc(0), ['-m', '0.2'], 'stay')
    assert.equal(result.code, 28)
    assertTold(result, /not over after 0\.2 s \(--max-time\)/)
  })

  it('exits with 28 where the body stops, and writes what came of it', async () => {
    const result = await against(
      wire`
HTTP/1.1 200 OK

spam`,
      ['--max-time=0.3'],
      'stay',
    )
    assert.deepEqual([result.code, result.stdout.toString()], [28, 'spam'])
    assertTold(result, /0\.3 s/)
  })
})

describe('an output that fails', () => {
  const answer = wire`
HTTP/1.1 200 OK
Content-Length: 4

spam`

  it('exits with 23', async () => {
    const result = await against(answer, ['-o', '/no/such/file'])
    assert.equal(result.code, 23)
    assertTold(result, /\/no\/such\/file \(ENOENT\)/)
  })

  it('exits with 23 where standard output is full', {
    skip: unless(existsSync('/dev/full'), 'there is no /dev/full'),
  }, async () => {
    const result = await against(answer, ['-o', '/dev/full'])
    assert.equal(result.code, 23)
    assertTold(result, /ENOSPC/)
  })

  it('exits with 23 where any other file that is asked for is full', {
    skip: unless(existsSync('/dev/full'), 'there is no /dev/full'),
  }, async () => {
    for (const option of ['-D', '-c', '--etag-save', '--har', '--waterfall']) {
      const result = await against(Buffer.from('HTTP/1.1 200 OK\r\nETag: "v1"\r\nSet-Cookie: a=1\r\n\r\n'), [
        option,
        '/dev/full',
      ])
      assert.equal(result.code, 23, option)
      assertTold(result, /ENOSPC/)
    }
  })

  it('ends quietly where the reader of standard output goes away', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
      const piece = Buffer.alloc(65_536)
      while (peer.ending === undefined) await peer.reply(piece)
    })
    const child = startCommand([`http://127.0.0.1:${server.port}/`])
    child.stdin!.end()
    let stderr = ''
    child.stderr!.on('data', (bytes: Buffer) => {
      stderr += bytes.toString()
    })
    await once(child.stdout!, 'readable')
    child.stdout!.destroy()
    const [code] = (await once(child, 'close')) as [number]
    assert.deepEqual([code, stderr], [0, ''])
  })
})

describe('Ctrl-C', () => {
  it('exits with 130, and says nothing, while a response is awaited', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      child.kill('SIGINT')
    })
    const child = startCommand([`http://127.0.0.1:${server.port}/`])
    child.stdin!.end()
    assert.deepEqual(await endOfCommand(child), [130, ''])
  })

  it('exits with 130 while standard input is awaited, or nobody reads standard output', async () => {
    const waiting = startCommand(['http://127.0.0.1:1/', '-d', '@-'])
    // More than the system keeps: once it is written, the command has begun to read.
    await new Promise<void>((resolve) => {
      waiting.stdin!.write(Buffer.alloc(4_000_000), () => resolve())
    })
    waiting.kill('SIGINT')
    assert.deepEqual(await endOfCommand(waiting), [130, ''])

    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
      peer.socket.write(Buffer.alloc(20_000_000))
      await once(stuck.stdout!, 'readable')
      stuck.kill('SIGINT')
    })
    const stuck = startCommand([`http://127.0.0.1:${server.port}/`])
    stuck.stdin!.end()
    assert.deepEqual(await endOfCommand(stuck), [130, ''])
  })
})

describe('standard input that stays open', () => {
  for (const [how, ...words] of [
    ['nobody takes in time', '-m', '0.5'],
    ['is refused', '--max-redirs', '0'],
  ] as const)
    it(`does not hold the command where what it gives ${how}`, async () => {
      await using server = await startRawServer(async (peer) => {
        await peer.until('\r\n\r\n')
        if (words[0] !== '-m') await peer.reply(wire`HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n`)
      })
      const all = ['-s', '-H', 'Expect:', '-T', '-', ...words, `http://127.0.0.1:${server.port}/x`]
      const child = startCommand(all)
      child.stdin!.write('first')
      try {
        const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })) as [number]
        assert.equal(code, words[0] === '-m' ? 28 : 0)
      } finally {
        child.kill('SIGKILL')
        for (const stream of [child.stdin!, child.stdout!, child.stderr!]) stream.destroy()
      }
    })
})

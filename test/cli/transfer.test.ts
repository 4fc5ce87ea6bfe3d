// The small decisions of a transfer: what is tried again, where connections lead, what -w tells, which file a body goes to.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { peerName, safeName } from '../../src/cli/output/destination.ts'
import { formatWriteOut, type WriteOutFacts } from '../../src/cli/output/write-out.ts'
import { readFormPart } from '../../src/cli/request/form-words.ts'
import { meetsCondition, readTimeCondition } from '../../src/cli/request/time-condition.ts'
import { Pace } from '../../src/cli/transfer/pace.ts'
import { type AttemptFacts, decideRetry } from '../../src/cli/transfer/retry.ts'
import { waitFor } from '../../src/cli/transfer/wait.ts'
import { answering } from '../support/canned-answer.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { server as certificate, certificatePath } from '../support/tls-fixture.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-transfer-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const FACTS: AttemptFacts = {
  exit: 'success',
  errorCode: undefined,
  status: 503,
  retryAfter: undefined,
  attempts: 1,
  elapsedMs: 0,
}

/** The wait before the next attempt; undefined for none. */
const again = (facts: Partial<AttemptFacts>, options: object = { retry: 3 }) => {
  const decision = decideRetry({ ...FACTS, ...facts }, options)
  return decision.kind === 'stop' ? undefined : decision.afterMs
}

describe('--retry', () => {
  it('doubles its waits from one second to ten minutes, unless it is told how long', () => {
    assert.deepEqual(
      [1, 2, 3].map((attempts) => again({ attempts })),
      [1_000, 2_000, 4_000],
    )
    assert.equal(again({ attempts: 4 }), undefined)
    assert.equal(again({ attempts: 20 }, { retry: 30 }), 600_000)
    assert.equal(again({}, { retry: 1, retryDelay: 5 }), 5_000)
    assert.equal(again({ retryAfter: 7 }, { retry: 1, retryDelay: 5 }), 7_000)
    // curl: a wait of its own may end after --retry-max-time, one that Retry-After asks for may not.
    assert.equal(again({ elapsedMs: 9_500 }, { retry: 1, retryMaxTime: 10 }), 1_000)
    assert.equal(again({ elapsedMs: 10_000 }, { retry: 1, retryMaxTime: 10 }), undefined)
    assert.equal(again({ elapsedMs: 9_500, retryAfter: 1 }, { retry: 1, retryMaxTime: 10 }), undefined)
  })

  it('waits six hours at most for a server that asks for more, as curl does', () => {
    for (const retryAfter of [21_600, 21_601, 2_147_484, 1e15])
      assert.equal(again({ retryAfter }), 6 * 3_600_000, String(retryAfter))
    assert.equal(again({ retryAfter: 21_599 }), 21_599_000)
  })

  it('does not try again at once where its delay is longer than a timer can be', async () => {
    for (const wait of [
      (signal: AbortSignal) => waitFor(2 ** 31 + 5, signal),
      // A byte in 100 days.
      (signal: AbortSignal) => new Pace(1 / 8_640_000, signal, Infinity).moved(1),
    ]) {
      const ending = new AbortController()
      const waiting = wait(ending.signal)
      assert.equal(await Promise.race([waiting, setTimeout(50, 'waits')]), 'waits')
      ending.abort(new Error('enough'))
      await assert.rejects(waiting, /enough/)
    }
    await waitFor(1, new AbortController().signal)
  })

  it('is for what passes, as in curl', () => {
    for (const [facts, options, isAgain] of [
      [{ status: 404 }, {}, false],
      [{ status: 500, exit: 'http-error' }, {}, true],
      [{ status: undefined, exit: 'timeout' }, {}, true],
      [{ status: undefined, exit: 'dns' }, {}, true],
      [{ status: undefined, exit: 'connect', errorCode: 'CONNECT_REFUSED' }, {}, false],
      [
        { status: undefined, exit: 'connect', errorCode: 'CONNECT_REFUSED' },
        { retryConnrefused: true },
        true,
      ],
      [{ status: undefined, exit: 'no-response' }, {}, false],
      [{ status: undefined, exit: 'no-response' }, { retryAllErrors: true }, true],
      [{ status: 200 }, { retryAllErrors: true }, false],
      [{ exit: 'interrupted' }, { retryAllErrors: true }, false],
    ] as const)
      assert.equal(
        again(facts, { retry: 1, ...options }) !== undefined,
        isAgain,
        JSON.stringify([facts, options]),
      )
  })

  it('waits without a word with -s, also with -sS, as curl does', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/flaky`
    const { code, stdout, stderr } = await runCommand(['-sS', '--retry', '1', '--retry-delay', '0.05', url])
    assert.deepEqual([code, stdout.toString(), stderr], [0, 'not yet\nnow\n', ''])
  })

  it('says what it waits for, and sends a body again', async () => {
    await using peer = await CommandPeer.start()
    const { code, stdout, stderr } = await runCommand([
      '--retry',
      '1',
      '--retry-delay',
      '0.05',
      '-d',
      'x',
      `http://127.0.0.1:${peer.port}/flaky`,
    ])
    assert.deepEqual([code, stdout.toString()], [0, 'not yet\nnow\n'])
    assert.equal(stderr, 'httplib: status 503; again in 0.05 s, 1 attempt left\n')
    assert.equal(peer.takeRequests().match(/\r\n\r\nx/g)?.length, 2)
  })

  it('tells it on a line of its own, on one terminal', async () => {
    let count = 0
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      const head = count++ === 0 ? '503 Service Unavailable' : '200 OK'
      await peer.reply(Buffer.from(`HTTP/1.1 ${head}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy`))
      peer.close()
    })
    const words = ['--retry', '1', '--retry-delay', '0.05', `http://127.0.0.1:${server.port}/`]
    const terminal = { columns: 80, errorColumns: 80, env: { NO_COLOR: '1' } }
    const { code, stdout, stderr } = await runCommand(words, terminal)
    assert.deepEqual([code, stdout.toString()], [0, 'busybusy'])
    assert.equal(stderr, '\nhttplib: status 503; again in 0.05 s, 1 attempt left\n')
    // Neither where one of both goes elsewhere.
    for (const elsewhere of [{ columns: 80 }, { errorColumns: 80 }]) {
      count = 0
      assert.match(
        (await runCommand(words, { ...elsewhere, env: { NO_COLOR: '1' } })).stderr,
        /^(?:\r)?httplib:/,
      )
    }
    const seen = await runCommand(['-v', '--timings', ...words.slice(-1)], terminal)
    assert.match(seen.stderr, /\n<\n\n\* head after [^\n]+\nGET http/)
  })

  it('begins a file again', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'retried')
    assert.equal(
      (
        await runCommand([
          '-s',
          '--retry',
          '1',
          '--retry-delay',
          '0.05',
          '-o',
          file,
          `http://127.0.0.1:${peer.port}/flaky`,
        ])
      ).code,
      0,
    )
    assert.equal(readFileSync(file, 'utf8'), 'now\n')
  })

  it('goes on with a file from where the first attempt did', async () => {
    const body = 'abcdefghij'
    let asked = 0
    await using server = await startRawServer(async (peer) => {
      const { head } = await peer.request()
      const from = Number(/^range: bytes=(\d+)-/im.exec(head)?.[1])
      asked++
      const end = asked === 1 ? 6 : 10
      await peer.reply(
        Buffer.from(
          `HTTP/1.1 206 P\r\nContent-Length: ${10 - from}\r\nContent-Range: bytes ${from}-9/10\r\nETag: "1"\r\n\r\n${body.slice(from, end)}`,
        ),
      )
      peer.close()
    })
    const file = path.join(folder, 'going-on')
    writeFileSync(file, body.slice(0, 3))
    const words = ['-s', '-C', '-', '--retry', '1', '--retry-delay', '0.05', '--retry-all-errors', '-o', file]
    assert.equal((await runCommand([...words, `http://127.0.0.1:${server.port}/`])).code, 0)
    assert.deepEqual([asked, readFileSync(file, 'utf8')], [2, body])
  })

  it('does not send standard input again', async () => {
    await using peer = await CommandPeer.start()
    const words = ['-s', '--retry', '1', '-T', '-', `http://127.0.0.1:${peer.port}/flaky`]
    const { stdout } = await runCommand(words, { stdin: 'x' })
    assert.equal(stdout.toString(), 'not yet\n')
  })
})

describe('-T of a pipe', { skip: need('mkfifo') }, () => {
  it('is sent as it comes, before its end', async () => {
    const fifo = path.join(folder, 'fifo')
    spawnSync('mkfifo', [fifo])
    const writer = createWriteStream(fifo)
    writer.write('first')
    await using server = await startRawServer(async (peer) => {
      const head = (await peer.until('\r\n\r\n')).toString()
      assert.match(head, /^PUT \/up HTTP\/1\.1\r\n/)
      assert.match(head, /^Transfer-Encoding: chunked\r$/m)
      await peer.until('5\r\nfirst\r\n')
      writer.end('last')
      await peer.until('4\r\nlast\r\n0\r\n\r\n')
      await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'))
      peer.close()
    })
    const words = ['-sS', '-H', 'Expect:', '-T', fifo, `http://127.0.0.1:${server.port}/up`]
    const { code, stderr } = await runCommand(words)
    assert.deepEqual([code, stderr], [0, ''])
  })
})

describe('a connection', () => {
  it('leads where --resolve and --connect-to say, and TLS asks for the name of the URL', async () => {
    await using server = await startRawServer(
      async (peer) => {
        await peer.request()
        await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
        peer.close()
      },
      { tls: certificate },
    )
    const cacert = ['--cacert', certificatePath('ca.crt')]
    const { port } = server
    for (const words of [
      ['--resolve', `localhost:${port}:[::1],127.0.0.1`, `https://localhost:${port}/`],
      ['--resolve', `*:${port}:127.0.0.1`, `https://localhost:${port}/`],
      ['--connect-to', `LOCALHOST:443:127.0.0.1:${port}`, 'https://localhost/'],
      ['--connect-to', `::localhost:${port}`, 'https://localhost/'],
      [
        '--connect-to',
        `localhost:443:other.test:${port}`,
        '--resolve',
        `other.test:${port}:127.0.0.1`,
        'https://localhost/',
      ],
    ]) {
      const { code, stderr } = await runCommand([...cacert, ...words])
      assert.deepEqual([code, stderr], [0, ''], words.join(' '))
    }
    assert.match(server.peer.received.toString(), /^Host: localhost/m)
  })

  it('may be refused for its address or its interface', async () => {
    const result = await runCommand(['--interface', 'lo', '-4', '-m', '2', 'http://127.0.0.1:1/'])
    assert.equal(result.code, 7)
    assert.equal((await runCommand(['-6', 'http://127.0.0.1:1/'])).code, 6)
  })

  it('has a limit of its own', async () => {
    // An address that answers nobody (RFC 5737).
    const result = await runCommand(['--connect-timeout', '0.2', 'http://192.0.2.1/'])
    assert.ok(result.code === 28 || result.code === 7, String(result.code))
    if (result.code === 28)
      assertTold(result, /no connection after 0\.2 s \(--connect-timeout\)\n {2}Why: .*192\.0\.2\.1/)
  })

  it('has that limit for the handshake of TLS, too, and is not begun again', async () => {
    const sockets: Socket[] = []
    const silent = createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const began = performance.now()
    const result = await runCommand(['--connect-timeout', '0.2', `https://127.0.0.1:${port}/`])
    for (const socket of sockets) socket.destroy()
    silent.close()
    assert.deepEqual([result.code, sockets.length], [28, 1])
    assert.ok(performance.now() - began < 5_000)
    assertTold(result, /no connection after 0\.2 s \(--connect-timeout\)/)
  })

  it('speaks at most the version of TLS that --tls-max allows', async () => {
    const seen: (string | null)[] = []
    await using server = await startRawServer(
      async (peer) => {
        await peer.request()
        seen.push((peer.socket as TLSSocket).getProtocol())
        await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
        peer.close()
      },
      { tls: certificate },
    )
    const url = `https://localhost:${server.port}/`
    for (const words of [
      ['--tls-max', '1.2'],
      ['--tlsv1.3'],
      ['--tlsv1.2', '--tls-max', 'default'],
      ['--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256', '--tls-max', '1.2'],
    ])
      assert.equal((await runCommand(['-k', ...words, url])).code, 0, words.join(' '))
    assert.deepEqual(seen, ['TLSv1.2', 'TLSv1.3', 'TLSv1.3', 'TLSv1.2'])
    assert.equal((await runCommand(['-k', '--tlsv1.3', '--tls-max', '1.2', url])).code, 35)
  })

  it('is held to pinned keys, given as hashes or as files', async () => {
    await using server = await startRawServer(
      async (peer) => {
        await peer.request()
        await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
        peer.close()
      },
      { tls: certificate },
    )
    const url = `https://localhost:${server.port}/`
    assert.equal((await runCommand(['-k', '--pinnedpubkey', certificatePath('server.crt'), url])).code, 0)
    const wrong = await runCommand(['-k', '--pinnedpubkey', `sha256//${'A'.repeat(43)}=`, url])
    assert.equal(wrong.code, 90)
    assertTold(wrong, /pinned key/)
    assert.equal((await runCommand(['--capath', path.dirname(certificatePath('ca.crt')), url])).code, 0)
  })
})

describe('--fail-early', () => {
  it('gives up what is under way beside it with -Z, without a word about that', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}`
    const words = ['-Z', '--fail-early', '-f', '-m', '20', `${url}/silent`, `${url}/status/404`]
    const startedAt = performance.now()
    const result = await runCommand(words)
    assert.ok(performance.now() - startedAt < 10_000)
    assert.equal(result.code, 22)
    assertTold(result, /the server answered 404/)
  })
})

describe('a header that is none', () => {
  it('is told of, but with -s, and is not sent', async () => {
    for (const [words, told] of [
      [[], 'httplib: a header of -H has no name and colon, and is not sent\n'],
      [['-sS'], ''],
    ] as const) {
      await using peer = await CommandPeer.start()
      const { code, stderr } = await runCommand([
        ...words,
        '-H',
        'secret',
        `http://127.0.0.1:${peer.port}/ok`,
      ])
      assert.deepEqual([code, stderr], [0, told])
      assert.doesNotMatch(peer.takeRequests(), /secret/)
    }
  })
})

describe('a slow transfer', () => {
  it('is given up below --speed-limit', async () => {
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nspam'))
    })
    const result = await runCommand(['-Y', '1000', '-y', '0.2', `http://127.0.0.1:${server.port}/`])
    assert.deepEqual([result.code, result.stdout.toString()], [28, 'spam'])
    assertTold(
      result,
      /less than 1000 bytes a second for 0\.2 s \(-Y, -y\)\n {2}Why: 4 bytes had come\n {2}Try: a smaller -Y/,
    )
  })

  it('is made so by --limit-rate, both ways', async () => {
    await using peer = await CommandPeer.start()
    const began = performance.now()
    assert.equal(
      (
        await runCommand([
          '-s',
          '--limit-rate',
          '200k',
          '-o',
          '/dev/null',
          `http://127.0.0.1:${peer.port}/big`,
        ])
      ).code,
      0,
    )
    const downMs = performance.now() - began
    assert.ok(downMs > 350, `${downMs}`)
    const file = path.join(folder, 'up')
    writeFileSync(file, Buffer.alloc(60_000))
    for (const words of [
      ['-T', file],
      ['--data-binary', 'x'.repeat(60_000)],
    ]) {
      const at = performance.now()
      assert.equal(
        (await runCommand(['-s', '--limit-rate', '200k', ...words, `http://127.0.0.1:${peer.port}/up`])).code,
        0,
      )
      assert.ok(performance.now() - at > 200)
    }
  })
})

describe('-w', () => {
  const facts = {
    exitcode: 0,
    http_code: 0,
    http_connect: 0,
    size_download: 1_000,
    size_upload: 0,
    time_total: 0.5,
    num_certs: 0,
    certs: '',
    content_type: null,
    url: 'u:p@host/path?q#f',
    url_effective: 'https://host:81/other',
    fields: [
      ['X-A', '1'],
      ['x-a', '2'],
    ],
  } as unknown as WriteOutFacts
  const text = (format: string) =>
    formatWriteOut(format, facts)
      .map((one) => one.text)
      .join('')

  it('writes what is known, and nothing for the rest', () => {
    assert.equal(text('%{http_code} %{response_code} %{http_connect}'), '000 000 000')
    assert.equal(text('%{speed_download} %{speed_upload} %{time_total}'), '2000 0 0.500000')
    assert.equal(text('[%{content_type}%{ftp_entry_path}%{certs}]%{num_certs}'), '[]0')
    assert.equal(text('%header{X-A} %header{none}|'), '1 |')
    assert.equal(
      text(
        '%{url.host} %{url.port} %{url.path} %{url.query} %{url.fragment} %{urle.scheme} %{urle.port} %{url.zoneid}',
      ),
      'host 80 /path q f https 81 ',
    )
    assert.equal(text('100%% \\q'), '100% \\q')
    assert.equal(formatWriteOut('%{header_json}', facts)[0]!.text, '{"x-a":["1","2"]\n}')
    assert.equal(text('a%{onerror}b'), 'a')
  })

  it('has every variable as JSON, also of a transfer that failed', async () => {
    const { stdout } = await runCommand(['-s', '-w', '%{json}', 'http://127.0.0.1:1/x'])
    const all = JSON.parse(stdout.toString()) as Record<string, unknown>
    assert.deepEqual(
      [all['exitcode'], all['http_code'], all['response_code'], all['method']],
      [7, 0, 0, 'GET'],
    )
    assert.equal(all['url_effective'], 'http://127.0.0.1:1/x')
    // As curl does, which adds its version at the end.
    const names = Object.keys(all)
    assert.deepEqual(names.slice(0, -1), names.slice(0, -1).sort())
    assert.match(String(all['curl_version']), /^httplib\/\d/)
  })

  it('writes a field in UTF-8 as that, and other bytes as the characters of Latin-1', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nX-A: caf\u00c3\u00a9\r\nX-B: \u00ff\r\nContent-Length: 0\r\n\r\n'
    await using server = await answering(Buffer.from(answer, 'latin1'))
    const words = ['-w', '%header{x-a}|%header{x-b}|%{header_json}', `http://127.0.0.1:${server.port}/`]
    const [a, b, json = ''] = (await runCommand(words)).stdout.toString().split('|')
    assert.deepEqual([a, b, (JSON.parse(json) as Record<string, unknown>)['x-a']], ['café', 'ÿ', ['café']])
  })

  it('reads its format from a file and from standard input', async () => {
    await using server = await answering(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
    const url = `http://127.0.0.1:${server.port}/`
    assert.equal((await runCommand(['-w', '@-', url], { stdin: '%{http_code}' })).stdout.toString(), '204')
  })
})

const named = (value: string) => peerName([['Content-Disposition', value]], { outputDir: '/d' })
const read = (text: string, isLiteral = false) => readFormPart({ text, isLiteral }).contents[0]

describe('-w with a variable that nobody knows', () => {
  it('says so on standard error, as curl does, and goes on', async () => {
    await using peer = await CommandPeer.start()
    const { code, stdout, stderr } = await runCommand([
      '-s',
      '-w',
      '|%{nonsense}%{http_code}',
      `http://127.0.0.1:${peer.port}/empty`,
    ])
    assert.deepEqual([code, stdout.toString()], [0, '|204'])
    assert.equal(stderr, "httplib: unknown --write-out variable: 'nonsense'\n")
  })
})

describe('the name of a file', () => {
  it('of a peer is a name in this folder, and no path', () => {
    for (const [given, name] of [
      ['a.txt', 'a.txt'],
      ['../../etc/passwd', 'passwd'],
      ['a\\b\\c.txt', 'c.txt'],
      ['..', ''],
      ['.', ''],
      ['a\u0000b\nc', 'abc'],
      ['.bashrc', '.bashrc'],
    ] as const)
      assert.equal(safeName(given), name)
    assert.equal(named('attachment; filename="a \\"b\\".txt"'), '/d/a "b".txt')
    assert.equal(named('attachment; filename=plain; x=y'), '/d/plain')
    assert.equal(named('attachment'), undefined)
    assert.equal(named('attachment; filename="../"'), undefined)
    assert.equal(peerName([], {}), undefined)
  })

  it('that a peer gives does not replace a file', async () => {
    await using peer = await CommandPeer.start()
    const words = ['-OJ', '--output-dir', folder, `http://127.0.0.1:${peer.port}/named`]
    assert.equal((await runCommand(words)).code, 0)
    assert.equal(readFileSync(path.join(folder, 'given.txt'), 'utf8'), 'named\n')
    const again = await runCommand(words)
    assert.equal(again.code, 23)
    assertTold(again, /it is there already/)
  })

  it('gets a number with --no-clobber', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'kept')
    for (let i = 0; i < 3; i++)
      assert.equal(
        (await runCommand(['--no-clobber', '-o', file, `http://127.0.0.1:${peer.port}/ok`])).code,
        0,
      )
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('kept')),
      ['kept', 'kept.1', 'kept.2'],
    )
  })

  it('has the time of the server with -R', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'dated')
    assert.equal((await runCommand(['-R', '-o', file, `http://127.0.0.1:${peer.port}/ok`])).code, 0)
    assert.equal(statSync(file).mtime.toUTCString(), 'Wed, 21 Oct 2015 07:28:00 GMT')
  })
})

describe('-z', () => {
  it('takes dates and files, newer or older', async () => {
    const newer = await readTimeCondition('2026-01-31 12:00')
    assert.deepEqual([newer.field, newer.value], ['If-Modified-Since', 'Sat, 31 Jan 2026 12:00:00 GMT'])
    const older = await readTimeCondition('-Sat, 31 Jan 2026 12:00:00 GMT')
    assert.deepEqual([older.field, older.value], ['If-Unmodified-Since', newer.value])
    assert.equal((await readTimeCondition('package.json')).field, 'If-Modified-Since')
    assert.equal(meetsCondition(newer, 'Sat, 31 Jan 2026 12:00:01 GMT'), true)
    assert.equal(meetsCondition(newer, newer.value), false)
    assert.equal(meetsCondition(older, newer.value), true)
    assert.equal(meetsCondition(newer, 'nonsense'), true)
    assert.equal(meetsCondition(newer, undefined), true)
  })

  it('reads the dates of curl and of ISO 8601, and refuses what is none', async () => {
    for (const [text, value] of [
      ['20260131', 'Sat, 31 Jan 2026 00:00:00 GMT'],
      ['20260131 10:00', 'Sat, 31 Jan 2026 10:00:00 GMT'],
      ['31 Jan 2026 10:00:00 +0200', 'Sat, 31 Jan 2026 08:00:00 GMT'],
      ['Sunday, 06-Nov-94 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['Sun Nov  6 08:49:37 1994', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['06 Nov 94', 'Sun, 06 Nov 1994 00:00:00 GMT'],
      ['2026-01-31', 'Sat, 31 Jan 2026 00:00:00 GMT'],
      ['2026-01-31T12:00:00', 'Sat, 31 Jan 2026 12:00:00 GMT'],
      ['2026-01-31T12:00:00+01:00', 'Sat, 31 Jan 2026 11:00:00 GMT'],
    ] as const)
      assert.equal((await readTimeCondition(text)).value, value, text)
    for (const text of ['', '-', '10', '2026', '1 Jan', 'today', '2026-02-31', 'none of these'])
      await assert.rejects(readTimeCondition(text), /takes a date or a file/, text)
  })
})

describe('a part of a form', () => {
  it('has parameters in any case, and a type of one word', () => {
    const { type, fileName } = read('a=@f;TYPE=x/y;FileName=n')
    assert.deepEqual([type, fileName], ['x/y', 'n'])
    assert.throws(() => read('a=x;type='), /names no type/)
    assert.equal(readFormPart({ text: 'a=@f;type=text/x,g', isLiteral: false }).contents.length, 2)
    assert.equal(read('a=x; y').source.value, 'x; y')
  })

  it('is read with its parameters, quotation marks and literals', () => {
    assert.deepEqual(read('a=@"x,y;z.txt";type=text/plain;charset=utf-8;filename="q\\"q"'), {
      source: { kind: 'file', value: 'x,y;z.txt' },
      type: 'text/plain;charset=utf-8',
      fileName: 'q"q',
      headers: [],
      encoder: undefined,
    })
    assert.deepEqual(read('a=<f').source, { kind: 'text-file', value: 'f' })
    assert.deepEqual(read('a=b;c').source, { kind: 'text', value: 'b;c' })
    assert.deepEqual(read('a=@x;type=y', true).source, { kind: 'text', value: '@x;type=y' })
  })
})

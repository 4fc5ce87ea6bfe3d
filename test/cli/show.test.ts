// What a person sees: bodies in colours on a terminal and raw in a pipe, progress, traces, amounts.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { formatBytes, formatMs, formatSeconds } from '../../src/cli/show/amounts.ts'
import { makeColors } from '../../src/cli/show/colors.ts'
import { painterFor, paintHead, paintJson, paintMarkup } from '../../src/cli/show/paint.ts'
import { formatProgress } from '../../src/cli/show/progress.ts'
import { timelineOf } from '../../src/cli/show/timeline.ts'
import { formatTimings } from '../../src/cli/show/timings.ts'
import { TraceView } from '../../src/cli/show/trace.ts'
import { formatWaterfall } from '../../src/cli/show/waterfall.ts'
import type { Outcome } from '../../src/cli/transfer/record.ts'
import { answering } from '../support/canned-answer.ts'
import { runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { assertLinear } from '../support/growth.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-show-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const plain = makeColors(false)
const colors = makeColors(true)
const NO_COLOR = { NO_COLOR: '1' }

async function onTerminal(
  type: string,
  body: string,
  words: readonly string[] = [],
  columns: number | 'pipe' = 80,
) {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  await using server = await answering(Buffer.from(head + body))
  const options = columns === 'pipe' ? {} : { columns }
  return await runCommand([...words, `http://127.0.0.1:${server.port}/`], {
    ...options,
    env: { TERM: 'xterm' },
  })
}

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth)

describe('a body on a terminal', () => {
  const json = '{"b":1,"a":[true,null,"x\\u00e9"]}'

  it('is JSON in lines and in colours, and as it came in a pipe or with --plain', async () => {
    const shown = (await onTerminal('application/json', json)).stdout.toString()
    assert.match(shown, /\x1b\[36m"b"\x1b\[39m: \x1b\[33m1\x1b\[39m/)
    assert.equal(shown.replace(/\x1b\[\d+m/g, ''), '{\n  "b": 1,\n  "a": [true, null, "x\\u00e9"]\n}\n')
    for (const words of [['--plain'], ['-o', '-']])
      assert.equal((await onTerminal('application/json', json, words)).stdout.toString(), json)
    assert.equal((await onTerminal('application/json', json, [], 'pipe')).stdout.toString(), json)
  })

  it('has its head in colours with -i', async () => {
    const shown = (await onTerminal('application/json', json, ['-i'])).stdout.toString()
    assert.match(
      shown,
      /^\x1b\[1mHTTP\/1\.1 200 OK\x1b\[22m\r\n\x1b\[36mContent-Type\x1b\[39m: application\/json/,
    )
    assert.match(shown, /\n {2}\x1b\[36m"b"/)
  })

  it('is what it is where it is no JSON after all, or is large', async () => {
    assert.equal((await onTerminal('application/json', '{"a":')).stdout.toString(), '{"a":')
    const large = JSON.stringify('x'.repeat(1_100_000))
    assert.equal((await onTerminal('application/json', large)).stdout.toString(), large)
    assert.equal((await onTerminal('text/plain', 'a\u001b')).stdout.toString(), 'a\u001b')
    assert.equal((await onTerminal('text/html', '')).stdout.toString(), '')
  })

  it('that breaks off is shown as far as it came', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":'
    await using server = await answering(Buffer.from(answer))
    const { code, stdout } = await runCommand([`http://127.0.0.1:${server.port}/`], { columns: 80 })
    assert.deepEqual([code, stdout.toString()], [18, '{"a":'])
  })

  it('keeps numbers, escapes and order as they were written, and breaks lines that are long', () => {
    assert.equal(
      paintJson('[1.0, 1e400, -0, 12345678901234567890]', plain),
      '[1.0, 1e400, -0, 12345678901234567890]\n',
    )
    const long = `{"list":[${Array.from({ length: 30 }, (_, i) => i).join(',')}],"o":{"a":{}, "b":[]}}`
    const shown = paintJson(long, plain)!
    assert.match(shown, /^\{\n {2}"list": \[\n {4}0,\n/)
    assert.match(shown, /\n {2}"o": \{ "a": \{\}, "b": \[\] \}\n\}\n$/)
    assert.deepEqual(JSON.parse(shown), JSON.parse(long))
    assert.equal(paintJson('[]', plain), '[]\n')
    assert.equal(paintJson('nonsense', plain), undefined)
  })

  it('has a list on one line where that fits in the terminal, with a comma after it', async () => {
    const list = `[${Array.from({ length: 40 }, (_, index) => index + 100).join(', ')}]`
    // `  "a": ` before it.
    const least = '  "a": '.length + list.length + ','.length
    for (const columns of [20, 80, 120, least - 1, least, 400]) {
      const { stdout } = await onTerminal('application/json', `{"a":${list},"b":1}`, [], columns)
      const lines = stdout
        .toString()
        .replace(/\x1b\[\d+m/g, '')
        .split('\n')
      assert.equal(lines.includes(`  "a": ${list},`), columns >= least, String(columns))
      assert.ok(lines.every((line) => line.length <= columns))
    }
  })

  it('steers no terminal', () => {
    const shown = paintJson('{"a":"\u009b"}', plain)!
    assert.doesNotMatch(shown, /\u009b/)
    assert.equal(paintMarkup('<p>\u001b[2J</p>', plain), '<p>\\u001b[2J</p>')
  })

  it('has tags, attributes and comments in colours', () => {
    assert.equal(
      paintMarkup('<!-- c --><a href="x" b=c>t</a>', colors),
      '\x1b[2m<!-- c -->\x1b[22m\x1b[36m<a\x1b[39m \x1b[33mhref\x1b[39m=\x1b[32m"x"\x1b[39m \x1b[33mb\x1b[39m=\x1b[32mc\x1b[39m\x1b[36m>\x1b[39mt\x1b[36m</a\x1b[39m\x1b[36m>\x1b[39m',
    )
    assert.equal(paintHead('HTTP/1.1 200 OK\r\nA: b\r\n\r\n', plain), 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n')
  })

  it('is painted in linear time, whatever it is', () => {
    for (const piece of ['<!--', '<a ', '<aaaa', 'a=', 'a="', '<', '<p a=b>', '<!-->'])
      assertLinear(
        `HTML of ${piece}`,
        (n) => `<p ${piece.repeat(n)}`,
        (text) => paintMarkup(text, colors),
      )
    for (const piece of ['[],', '{"a":[1,"b"]},', '"\\"",'])
      assertLinear(
        `JSON of ${piece}`,
        (n) => `${'['.repeat(150)}${piece.repeat(n)}0${']'.repeat(150)}`,
        (text) => paintJson(text, colors),
        2_000,
      )
  })

  it('is written as it came where it is nested deeper than anybody reads, or is blanks above all', async () => {
    assert.ok(paintJson(nested(200), plain)?.startsWith('[\n  [\n    ['))
    for (const depth of [201, 20_000, 400_000]) assert.equal(paintJson(nested(depth), plain), undefined)
    assert.equal(paintJson(nested(190, `${'1,'.repeat(100_000)}1`), plain), undefined)
    const shown = await onTerminal('application/json', nested(20_000))
    assert.deepEqual([shown.code, shown.stdout.toString()], [0, nested(20_000)])
  })

  it('is painted by its media type', () => {
    for (const type of [
      'application/json; charset=utf-8',
      'application/problem+json',
      'text/html',
      'image/svg+xml',
      'text/xml',
    ])
      assert.notEqual(painterFor(type, plain), undefined, type)
    for (const type of [null, 'text/plain', 'application/octet-stream', 'text/json5'])
      assert.equal(painterFor(type, plain), undefined)
  })
})

describe('progress', () => {
  const facts = { name: '↓ file.tar.gz', bytes: 5_000_000, total: 10_000_000, bytesPerSecond: 1_000_000 }

  it('says how much, how fast and how long, in the width there is', () => {
    for (const columns of [80, 120]) {
      const line = formatProgress(facts, columns)
      assert.match(
        line,
        /^↓ file\.tar\.gz {3}50% \[=+ +\] {2}5\.0 MB of 10\.0 MB {2}1\.0 MB\/s {2}5\.0 s left$/,
      )
      assert.ok(line.length <= columns, String(line.length))
    }
    assert.match(formatProgress(facts, 50), /^ {1,2}50% /)
    assert.ok(formatProgress({ ...facts, name: 'x'.repeat(99) }, 80).length <= 80)
    assert.equal(formatProgress({ ...facts, total: undefined }, 80), '↓ file.tar.gz  5.0 MB  1.0 MB/s')
    assert.match(
      formatProgress({ ...facts, bytes: 10_000_000 }, 80),
      /100% \[=+\] {2}10\.0 MB of 10\.0 MB {2}1\.0 MB\/s$/,
    )
    assert.equal(formatProgress({ ...facts, total: undefined }, 10).length, 10)
  })

  it('is shown on a terminal while a file comes, and nothing of it in a pipe or with -s', async () => {
    for (const [words, errorColumns, isShown, more] of [
      [[], 80, true],
      [[], 80, true, { TERM: 'dumb' }],
      [['-#'], 80, true],
      [['-s'], 80, false],
      [['--no-progress-meter'], 80, false],
      [[], undefined, false],
    ] as const) {
      await using server = await startRawServer(async (peer) => {
        await peer.request()
        await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n'))
        for (let i = 0; i < 4; i++) {
          await new Promise((resolve) => setTimeout(resolve, 110))
          await peer.reply(Buffer.alloc(100_000))
        }
        peer.close()
      })
      const all = [...words, '-o', path.join(folder, 'slow'), `http://127.0.0.1:${server.port}/`]
      const { code, stderr } = await runCommand(all, {
        env: { ...NO_COLOR, ...more },
        ...(errorColumns !== undefined && { errorColumns }),
      })
      assert.equal(code, 0)
      if (isShown) {
        assert.match(stderr, /(?:\r|\r\x1b\[K)↓ slow +\d+% \[=+ *\] .*✓ slow {2}400 kB in 0\.\d s\n$/s)
        assert.equal(stderr.includes('\u001b'), more === undefined)
      } else assert.equal(stderr, '')
    }
  })

  it('is that of all together with -Z, and of an upload', async () => {
    await using server = await startRawServer(async (peer) => {
      const { head } = await peer.request()
      if (head.startsWith('PUT')) {
        await peer.reply(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
        peer.close()
        return
      }
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n'))
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 120))
        await peer.reply(Buffer.alloc(10_000))
      }
      peer.close()
    })
    const url = `http://127.0.0.1:${server.port}/`
    const two = ['-Z', '-o', path.join(folder, 'a'), '-o', path.join(folder, 'b'), `${url}a`, `${url}b`]
    const { stderr } = await runCommand(two, { env: NO_COLOR, errorColumns: 100 })
    assert.match(stderr, /2 transfers +\d+% \[/)
    assert.match(stderr, /✓ 2 transfers {2}80\.0 kB in /)
    const file = path.join(folder, 'up')
    writeFileSync(file, Buffer.alloc(30_000))
    const up = ['--limit-rate', '60k', '-H', 'Expect:', '-T', file, url]
    const sent = await runCommand(up, { env: NO_COLOR, errorColumns: 100 })
    assert.match(sent.stderr, /↑ up +\d+% \[=* *\] [^]*✓ up {2}30\.0 kB in /)
  })
})

describe('amounts', () => {
  it('are short', () => {
    assert.deepEqual([0, 999, 1_000, 1_234_567, 99_600_000, 5e12, 5e15].map(formatBytes), [
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 MB',
      '100 MB',
      '5.0 TB',
      '5000 TB',
    ])
    assert.deepEqual([0.44, 12.4, 65, 3_723].map(formatSeconds), ['0.4 s', '12 s', '1:05', '1:02:03'])
    assert.deepEqual([0.04, 10, 1_500].map(formatMs), ['0.0 ms', '10 ms', '1.5 s'])
  })
})

describe('a trace', () => {
  it('tells heads from bodies, whatever pieces an interim response and an upload come in', () => {
    const dumped: string[] = []
    const view = new TraceView(
      (text) => dumped.push(text.split('\n')[0]!),
      false,
      () => '',
    )
    view.sent('POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n')
    for (const piece of ['HTTP/1.1 100 Con', 'tinue\r\n\r', '\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nearly'])
      view.received(Buffer.from(piece))
    view.sent('body')
    view.received(Buffer.from(' and late'))
    view.sent('GET / HTTP/1.1\r\n\r\n')
    assert.deepEqual(
      dumped.map((line) => line.replace(/ \(.*$/, '')),
      [
        '=> Send header, 41 bytes',
        '<= Recv header, 16 bytes',
        '<= Recv header, 7 bytes',
        '<= Recv header, 1 bytes',
        '<= Recv header, 1 bytes',
        '<= Recv header, 17 bytes',
        '<= Recv header, 6 bytes',
        '<= Recv header, 2 bytes',
        '<= Recv data, 5 bytes',
        '=> Send data, 4 bytes',
        '<= Recv data, 9 bytes',
        '=> Send header, 18 bytes',
      ],
    )
  })

  it('has every byte, in hexadecimal or as text, in the form of curl', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'trace')
    const url = `http://127.0.0.1:${peer.port}/ok`
    assert.equal((await runCommand(['-s', '--trace', file, '-d', 'spam', '-A', 'me', url, url])).code, 0)
    const hex = readFileSync(file, 'utf8')
    assert.match(
      hex,
      /^== Info: connecting to 127\.0\.0\.1:\d+\n== Info: connected to 127\.0\.0\.1:\d+\n=> Send header, \d+ bytes \(0x[0-9a-f]+\)\n0000: 50 4f 53 54 20 2f 6f 6b /,
    )
    assert.match(hex, /\n=> Send data, 4 bytes \(0x4\)\n0000: 73 70 61 6d {37}spam\n/)
    assert.match(
      hex,
      /\n<= Recv header, 17 bytes \(0x11\)\n0000: 48 54 54 50 2f 31 2e 31 20 32 30 30 20 4f 4b 0d HTTP\/1\.1 200 OK\.\n0010: 0a {46}\.\n/,
    )
    assert.equal(hex.match(/=> Send header/g)?.length, 2)
    const ascii = await runCommand([
      '-s',
      '--trace-ascii',
      '-',
      '--trace-time',
      '-o',
      '/dev/null',
      '-A',
      'me',
      url,
    ])
    assert.match(
      ascii.stdout.toString(),
      /^\d\d:\d\d:\d\d\.\d{6} => Send header, \d+ bytes \(0x[0-9a-f]+\)\n0000: GET \/ok HTTP\/1\.1\n0012: Host: 127\.0\.0\.1:\d+\n/m,
    )
    assert.match(ascii.stdout.toString(), /<= Recv data, 6 bytes \(0x6\)\n0000: hello\.\n/)
    assert.match((await runCommand(['-s', '--trace', '%', url])).stderr, /Recv data/)
  })
})

describe('where standard error goes', () => {
  it('is said by --stderr', async () => {
    const file = path.join(folder, 'errors')
    const refused = await runCommand(['--stderr', file, 'http://127.0.0.1:1/'])
    assert.deepEqual([refused.code, refused.stderr], [7, ''])
    assert.match(readFileSync(file, 'utf8'), /^httplib: the connection was refused\n/)
    const joined = await runCommand(['--stderr', '-', 'http://127.0.0.1:1/'])
    assert.match(joined.stdout.toString(), /^httplib: the connection was refused\n/)
    const nowhere = await runCommand(['--stderr', '/no/such/file', 'http://127.0.0.1:1/'])
    assert.equal(nowhere.code, 7)
  })

  it('has no colours with --no-styled-output, and times with --trace-time', async () => {
    await using peer = await CommandPeer.start()
    const { stderr } = await runCommand(
      ['-v', '--trace-time', '--no-styled-output', `http://127.0.0.1:${peer.port}/ok`],
      {
        env: { FORCE_COLOR: '1' },
      },
    )
    assert.doesNotMatch(stderr, /\x1b/)
    for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^\d\d:\d\d:\d\d\.\d{6} [*<>]/)
  })
})

describe('an exchange that failed', () => {
  it('has the phase in which it failed, to its end', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}`
    for (const [words, phases] of [
      [['-m', '0.3', `${url}/silent`], /^  connection .*\n  answer +[23]\d\d ms /m],
      [[`${url}/nothing`], /^  connection .*\n  answer /m],
      [[`${url}/cut`], /^  connection .*\n  answer .*\n  body /m],
      [['http://127.0.0.1:1/'], /no answer.*\n  connection [^\n]*\n$/],
      [['http://no-such-name.invalid/'], /no answer.*\n  name [^\n]*\n$/],
    ] as const) {
      const { stderr } = await runCommand(['--timings', '-o', path.join(folder, 'failed'), ...words])
      assert.match(stderr, phases)
    }
  })
})

describe('several exchanges', () => {
  it('are one line each, cut at the left where they are long', () => {
    const rows = Array.from({ length: 4 }, (_, i) => ({
      method: 'GET',
      url: `http://host/${'long/'.repeat(20)}${i}`,
      status: i === 3 ? undefined : 200,
      startMs: i * 10,
      endMs: i * 10 + 10,
      phases: i === 3 ? [] : [{ name: 'wait' as const, startMs: i * 10, ms: 10 }],
    }))
    const lines = formatTimings(rows, 80, plain).trimEnd().split('\n')
    assert.equal(lines.length, 4)
    for (const line of lines) {
      assert.ok(line.startsWith('…') && line.length <= 80, line)
    }
    assert.match(lines[3]!, /no answer +10 ms +▏$/)
  })

  it('may be more than a call may have arguments', () => {
    const row = { method: 'GET', url: 'http://host/', status: 200, startMs: 0, endMs: 7, phases: [] }
    const rows = Array.from({ length: 150_000 }, () => row)
    assert.equal(formatTimings(rows, 80, plain).trimEnd().split('\n').length, rows.length)
    assert.match(formatWaterfall(rows, 'Many'), /Many/)
    const outcomes = rows.map((_, index) => ({ startedAt: index + 1, sent: [] }) as unknown as Outcome)
    assert.deepEqual(timelineOf(outcomes), [])
  })
})

describe('-v over several requests', () => {
  it('shows each head, on a connection that is used again', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/ok`
    const { stderr } = await runCommand(['-v', '-d', 'a=b', url, url])
    assert.equal(stderr.match(/^\* connecting/gm)?.length, 1)
    assert.equal(stderr.match(/^> POST \/ok HTTP\/1\.1$/gm)?.length, 2)
    assert.equal(stderr.match(/^< HTTP\/1\.1 200 OK$/gm)?.length, 2)
    assert.doesNotMatch(stderr, /a=b/)
  })
})
